"""Random projects: benchmarks, metrics, sessions, changes and configuration, each from its own seed."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TODAY = "2026-03-01"
NAMES = ("train", "score", "portfolio.rebalance", "serve.predict", "load", "io/read", "sort n=1", "Übung", "x")
OWN = (
    ("latency", "s", "lower"),
    ("accuracy", "1", "higher"),
    ("qps", "1/s", "higher"),
    ("queue", "s", ""),
    ("loss", "", ""),
)
EXACT = (("instructions", "1", "lower"), ("allocations", "1", "lower"), ("size", "B", "lower"))
FORMATS = ("text", "markdown", "json", "junit", "openmetrics", "codequality")
FAULTS = (
    "missing", "new", "rows", "source", "failed", "zero", "no-metric", "unit", "direction",
    "mixed-rows", "mixed-source",
)  # fmt: skip


class Family:
    """One random project below a folder, and the steps that are played in it."""

    def __init__(self, seed: str, root: Path) -> None:
        self.rng = random.Random(seed)
        self.root = root
        self.steps: list[list[Any]] = []

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def cli(self, *words: str) -> None:
        self.steps.append(["cli", *words])

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self) -> list[list[Any]]:
        """Write the files and return the steps."""
        self.root.mkdir(parents=True)
        self._choose()
        self.is_unnamed = self.chance(0.2)
        count = 1 if self.is_unnamed else self.rng.choice((1, 1, 2, 3, 3, 4, 5, 5, 6, 8))
        for number in range(1, count + 1):
            self.session("old", number, {})
        fault = self.rng.choice(FAULTS) if self.chance(0.25) else ""
        for number, folder in enumerate(("outputs/model_runs", "second", "third"), 10):
            self.session(folder, number, self.shifts, fault if number == 10 or self.chance(0.5) else "")
        if self.chance(0.1):
            self.session("outputs/model_runs", 14, {}, "")
        self.write("perfgate.toml", self._configuration())
        if self.chance(0.25):
            self.write("baselines/waivers.toml", self._waivers())
        if self.chance(0.12):
            self._percentiles()
        else:
            self._judge(is_in_git=self.chance(0.12))
        return self.steps

    def _choose(self) -> None:
        rng = self.rng
        self.benchmarks = [(n, {}) for n in rng.sample(NAMES, rng.choice((1, 2, 3, 4, 5, 6, 7, 8)))]
        if self.chance(0.3):
            self.benchmarks += [("grid", {"size": s}) for s in ("small", "big")]
        self.centres = {i: 10 ** rng.uniform(-3.5, 2) for i in range(len(self.benchmarks))}
        self.own = rng.sample(OWN, rng.choice((0, 0, 1, 2))) + rng.sample(EXACT, rng.choice((0, 0, 0, 1, 2)))
        self.spread = rng.choice((0.0, 0.001, 0.005, 0.01, 0.03, 0.1))
        self.between = rng.choice((0.0, 0.003, 0.01, 0.03))
        self.runs = rng.choice((1, 2, 3, 5, 6, 8, 10))
        self.extra: dict[str, Any] = {"memory_source": "vmhwm"} if self.chance(0.7) else {}
        if self.chance(0.4):
            self.extra["environment"] = {"os": "linux", "arch": "x86_64", "cpus": rng.choice(("2", "4"))}
        self.has_cpu = self.chance(0.3)
        size = rng.choice((0.7, 0.9, 0.97, 1.02, 1.04, 1.06, 1.11, 1.2, 1.35, 1.6, 2.0, 3.0))
        which = rng.choice(("none", "none", "one", "some", "all"))
        picked = {
            "none": [],
            "one": [0],
            "some": [i for i in self.centres if self.chance(0.5)],
            "all": list(self.centres),
        }
        self.shifts = dict.fromkeys(picked[which], size)

    def session(self, folder: str, number: int, shifts: dict[int, float], fault: str = "") -> None:
        """Write the runs of one session; a fault is that of its first benchmark."""
        rng = self.rng
        common = rng.gauss(1, self.between)
        for i, (name, labels) in enumerate([*self.benchmarks, *([("fresh", {})] if fault == "new" else [])]):
            if fault == "missing" and i == 0 and len(self.benchmarks) > 1:
                continue
            luck = common * rng.gauss(1, self.between) * shifts.get(i, 1.0)
            for run in range(self.runs):
                keys = self._run(i, number, run, luck, fault if i == 0 else "")
                run_id = f"s{number:02d}-{i}-{run:02d}"
                named = {"run_id": run_id, "benchmark": name, **({"labels": labels} if labels else {}), **keys}
                if not self.is_unnamed:
                    named["session"] = f"job-{number}"
                self.write(f"{folder}/{run_id}.json", json.dumps(named))

    def _run(self, i: int, number: int, run: int, luck: float, fault: str) -> dict[str, Any]:
        rng = self.rng
        value = max(self.centres.get(i, 1.0) * luck * rng.gauss(1, self.spread), 1e-9)
        memory = int(1e8 * (i + 1) * luck**0.5 * rng.gauss(1, self.spread / 5))
        keys: dict[str, Any] = {
            "elapsed_sec": round(value, 3), "elapsed_ns": int(value * 1e9), "rows_used": 1000,
            "peak_memory_mb": round(memory / 1e6, 1), "peak_memory_bytes": memory,
            "started_at": f"2026-02-{number:02d}T10:{i:02d}:{run:02d}Z", **self.extra,
        }  # fmt: skip
        if self.has_cpu:
            keys["cpu_sec"] = round(value * 0.9, 6)
        metrics: dict[str, Any] = {}
        for metric, unit, better in self.own:
            sign = -1.0 if better == "higher" else 1.0
            exact = (metric, unit, better) in EXACT
            amount = 100_000 * (i + 1) * luck if exact else 5.0 * luck**sign * rng.gauss(1, self.spread)
            amount = float(int(amount / 1000) * 1000) if exact else amount
            metrics[metric] = {"value": amount, "unit": unit, **({"better": better} if better else {})}
        if fault == "failed":
            keys["status"] = "failed"
        elif fault == "zero":
            keys.update(elapsed_sec=0.0, elapsed_ns=0)
        elif fault == "rows" or (fault == "mixed-rows" and run % 2):
            keys["rows_used"] = 2000
        elif fault == "source" or (fault == "mixed-source" and run % 2):
            keys["memory_source"] = "poll"
        elif metrics and fault == "no-metric":
            metrics.popitem()
        elif metrics and fault == "unit":
            metrics[self.own[0][0]]["unit"] = "B" if self.own[0][1] != "B" else "s"
        elif metrics and fault == "direction":
            metrics[self.own[0][0]]["better"] = "lower" if self.own[0][2] == "higher" else "higher"
        return {**keys, **({"metrics": metrics} if metrics else {})}

    def _configuration(self) -> str:
        rng, lines = self.rng, []
        if self.chance(0.2):
            lines.append(f'exclude = ["{rng.choice(NAMES[:5])}"]')
        lines.append("[defaults]")
        for key, share, choices in (
            ("threshold", 0.5, ("+1%", "+3%", "+5%", "+10%", "+25%")),
            ("floor", 0.4, ("auto", "+1ms", "+100ms", "+1s")),
            ("false_alarms", 0.3, ("0.1%", "1%", "5%", "10%")),
            ("on_suspected", 0.2, ("pass", "fail")),
            ("workload", 0.1, ("same", "rate")),
        ):
            if self.chance(share):
                lines.append(f'{key} = "{rng.choice(choices)}"')
        metrics = ["elapsed", "elapsed", "peak_memory", "throughput", *(m for m, _, _ in self.own)]
        for _ in range(rng.choice((0, 0, 1, 2, 3))):
            metric = rng.choice(metrics)
            falls = metric == "throughput" or any(m == metric and b == "higher" for m, _, b in self.own)
            lines += [
                "[[rule]]",
                f'benchmark = "{rng.choice(("*", "*", self.benchmarks[0][0], "s*"))}"',
                f'metric = "{metric}"',
            ]
            lines.append(f'statistic = "{rng.choice(("p50", "p50", "p95"))}"')
            for key, share, choices in (
                ("threshold", 0.6, ("-2%", "-10%") if falls else ("+2%", "+8%", "+30%")),
                ("method", 0.4, ("auto", "threshold", "exact")),
                ("level", 0.5, ("fail", "warn", "info")),
                ("floor", 0.1, ("auto",)),
            ):
                if self.chance(share):
                    lines.append(f'{key} = "{rng.choice(choices)}"')
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            centre = self.centres[0]
            limit = f"< {rng.choice((0.5, 0.98, 1.02, 1.3, 5)) * centre * 1000:.6g}ms"
            lines += [
                "[[budget]]",
                f'benchmark = "{self.benchmarks[0][0]}"',
                'metric = "elapsed"',
                f'limit = "{limit}"',
            ]
            lines.append(f'statistic = "{rng.choice(("p50", "p90", "p95", "p99"))}"')
            if self.chance(0.3):
                lines.append(f'level = "{rng.choice(("fail", "warn", "info"))}"')
        return "\n".join(lines) + "\n"

    def _waivers(self) -> str:
        lines = []
        names = self.rng.sample([self.benchmarks[0][0], "(all benchmarks)", "gone"], self.rng.choice((1, 1, 2)))
        for name in names:
            until = self.rng.choice(("2026-02-01", "2026-03-01", "2026-12-31"))
            ceiling = self.rng.choice(("+5%", "+30%", "+400%", "+50ms"))
            lines += ["[[waiver]]", f'benchmark = "{name}"', 'metric = "elapsed"', f'ceiling = "{ceiling}"']
            lines += [f"until = {until}", 'reason = "known"']
        return "\n".join(lines) + "\n"

    def _percentiles(self) -> None:
        """Judge by percentiles alone, or one profile file by another."""
        rng = self.rng
        stated = {}
        for i, (name, labels) in enumerate(self.benchmarks):
            if not labels:
                p50, p95 = self.centres[i], self.centres[i] * rng.uniform(1.0, 1.3)
                stated[name] = {
                    "elapsed_sec": {k: v for k, v in (("p50", p50), ("p95", p95)) if self.chance(0.85)} or {"p95": p95}
                }
        if not stated:
            stated = {"x": {"elapsed_sec": {"p95": 1.0}}}
        self.write("plain.json", json.dumps({"benchmarks": stated}))
        self.cli("check", "--baseline", "plain.json", "--report-dir", "out", "--today", TODAY)
        self.cli("collect", "old", "--format", "json", "-o", "base.json")
        self.cli("collect", "outputs/model_runs", "-o", "now.json")
        self.cli("check", "--baseline", "base.json", "--current", "now.json", "--report-dir", "both", "--today", TODAY)
        self.cli("check", "--baseline", "plain.json", "--current", "now.json", "--format", "json", "--today", TODAY)
        self.cli("report", "both/report.json", "--format", rng.choice(FORMATS))

    def _judge(self, *, is_in_git: bool) -> None:
        rng = self.rng
        refresh = ["baseline", "refresh", "old", "--sessions", "all"]
        if self.chance(0.1):
            self.cli(*refresh, "--dry-run")
        self.cli(*refresh)
        now: list[str] = ["--today", TODAY]
        if is_in_git:
            self._commit()
            now += ["--baseline-ref", "main"]
        if self.chance(0.2):
            now += ["--sessions", rng.choice(("all", "newest"))]
        self.cli("check", "--report-dir", "out", *now)
        if self.chance(0.5):
            self.cli("report", "out/report.json", "--format", rng.choice(FORMATS))
        if self.chance(0.4):
            self.cli("check", "second", "--confirm", "out/report.json", "--report", "second.json", *now)
            if self.chance(0.6):
                more = ["--confirm", "out/report.json", "--confirm", "second.json", "--report", "third.json"]
                self.cli("check", "third", *more, *now)
        self._look_around()

    def _look_around(self) -> None:
        """Audit, validate, merge shards, refresh and waive in some projects."""
        rng = self.rng
        if self.chance(0.3):
            self.cli("audit", "--format", "json", "--today", TODAY)
        if self.chance(0.2):
            self.cli("validate")
        if self.chance(0.15):
            self._shards()
        if self.chance(0.15):
            self.cli("explain", self.benchmarks[0][0])
            self.cli("baseline", "list")
        if self.chance(0.25):
            more = rng.choice(([], ["--replace"], ["--keep", "2"], ["--benchmark", "s*"]))
            self.cli("baseline", "refresh", *more, *(["--reason", "accepted"] if self.chance(0.7) else []))
            self.cli("check", "second", "--format", "json", "--today", TODAY)
        if self.chance(0.1):
            words = ["--ceiling", "+40%", "--until", "2099-12-31", "--reason", "known"]
            self.cli("waive", self.benchmarks[0][0], "elapsed", *words)
            self.cli("check", "--format", "json", "--today", TODAY)

    def _commit(self) -> None:
        """Commit the baselines, and what a change edits of them, on a branch."""
        self.steps += [["git", "init", "-q", "-b", "main"], ["git", "add", "perfgate.toml", "baselines"]]
        self.steps += [["git", "commit", "-q", "-m", "base"], ["git", "checkout", "-q", "-b", "change"]]
        if self.chance(0.6):
            edit = '[defaults]\nthreshold = "+90%"\n'
            self.steps.append(["write", "perfgate.toml", edit])
        if self.chance(0.3):
            self.steps.append(["write", "baselines/waivers.toml", self._waivers()])
        self.steps += [
            ["git", "add", "perfgate.toml", "baselines"],
            ["git", "commit", "-q", "--allow-empty", "-m", "edit"],
        ]

    def _shards(self) -> None:
        for number, folder in enumerate(("second", "third"), 1):
            self.steps.append(["shard", "collect", folder, "--shard", f"{number}/2", "-o", f"shard-{number}.json"])
        self.cli("merge", "shard-1.json", "shard-2.json", "--expect-shards", "2", "-o", "merged.json")
        self.cli("check", "--current", "merged.json", "--today", TODAY)


def known(place: Path) -> dict[str, list[list[Any]]]:
    """Write the projects whose verdict changes on purpose, and return their steps by name."""
    cases = {}
    for name in ("suite-below-floor", "mixed-sources"):
        family = Family(name, place / f"known-{name}")
        family.root.mkdir(parents=True)
        family.benchmarks = [(f"b{i}", {}) for i in range(6)]
        family.centres = dict.fromkeys(range(6), 0.002)
        family.own, family.extra, family.has_cpu, family.is_unnamed = [], {"memory_source": "vmhwm"}, False, False
        family.runs, family.spread, family.between = 8, 0.002, 0.002
        is_suite = name == "suite-below-floor"
        for number in range(1, 6):
            family.session("old", number, {}, "" if is_suite else "mixed-source")
        slower = dict.fromkeys(range(6), 1.45) if is_suite else {}
        family.session("outputs/model_runs", 10, slower, "" if is_suite else "mixed-source")
        family.write("perfgate.toml", '[defaults]\nfloor = "+1ms"\n')
        refresh = ["cli", "baseline", "refresh", "old", "--sessions", "all"]
        cases[f"known-{name}"] = [refresh, ["cli", "validate"], ["cli", "check", "--today", TODAY]]
    return cases
