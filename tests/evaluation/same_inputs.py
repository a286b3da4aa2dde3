"""Random inputs for `same_results.py`: the files of a project, and the commands that are run on them."""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "builders"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "replay"))

from families import EXACT, FORMATS, NAMES, OWN, TODAY, Family
from records import summary
from test_faults_in_runs import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Steps = list[list[Any]]

EXAMPLES = Path(__file__).resolve().parents[1] / "formats" / "data"
ODD_NAMES = (
    "日本語", "🔥 fire", "with\x1b[31mred", "tab\there", "two\nlines", "`code` | pipe", "<script>alert(1)</script>",
    "a/b::c[x=1]", "%s {} $HOME", "-dash", "../up", "x" * 150, "e\u0301", "\u00e9", "\u202eback", "::error::no", "A",
    "a", "train\x7f", "#1 @you", "a,b=c", "nul\u2400", '"quoted"', "back\\slash",
)  # fmt: skip
_STARTS = (
    "2026-02-{:02d}T10:00:{:02d}Z", "2026-02-{:02d}T10:00:{:02d}.123456Z", "2026-02-{:02d}T12:00:{:02d}+02:00",
    "2026-02-{:02d} 10:00:{:02d}", "2026-02-{:02d}T10:00:{:02d}.5-05:30",
)  # fmt: skip
_WIDTHS = ("80", "120", "57")


class Odd(Family):
    """A project of run summaries that holds whatever such folders may hold."""

    has_faults = True
    """May some runs be wrong?"""

    def build(self) -> Steps:
        """Write the files and return the steps."""
        self.root.mkdir(parents=True)
        self._choose()
        self.is_unnamed = self.chance(0.15)
        self.odd = self.rng.choice((0.0, 0.02, 0.1, 0.4))
        self.wrong = self.rng.choice((0.0, 0.0, 0.0, 0.0, 0.02, 0.1)) if self.has_faults else 0.0
        self.mixed = self.rng.choice((0.0, 0.0, 0.0, 0.02, 0.2))
        self.ties = self.rng.choice((0, 0, 1, 2))
        sessions = 1 if self.is_unnamed else self.rng.choice((1, 2, 3, 5, 8))
        for number in range(1, sessions + 1):
            self.session("old", number, {})
        self.session("outputs/model_runs", 10, self.shifts)
        if self.chance(0.2):
            self.session("outputs/model_runs", 11, self.shifts)
        self.session("second", 12, self.shifts)
        self._beside()
        self.write("perfgate.toml", self._configuration())
        if self.chance(0.3):
            self.write("baselines/waivers.toml", self._waivers())
        self.finish()
        return self.commands()

    def finish(self) -> None:
        """Write what was gathered."""

    def _choose(self) -> None:
        super()._choose()
        count = self.rng.choice((0, 0, 1, 2, 3))
        self.benchmarks += [(name, {}) for name in self.rng.sample(ODD_NAMES, count)]
        if self.chance(0.2):
            self.benchmarks.append(("grid", {"größe": "a b", "x": self.rng.choice(ODD_NAMES)}))
        self.centres = {i: 10 ** self.rng.uniform(-5, 2) for i in range(len(self.benchmarks))}
        self.own += self.rng.sample((*OWN, *EXACT), self.rng.choice((0, 0, 1)))
        self.own = list(dict.fromkeys(self.own))
        self.stages = self.rng.sample(("load", "fit", "Übung", "emit\x07"), self.rng.choice((0, 0, 0, 1, 3)))

    def _run(self, i: int, number: int, run: int, luck: float, fault: str) -> dict[str, Any]:
        keys = super()._run(i, number, run, luck, fault)
        rng = self.rng
        if self.ties:
            keys["elapsed_sec"] = float(f"{keys.pop('elapsed_ns') / 1e9:.{self.ties}g}")
        if self.stages:
            total = int(keys["elapsed_sec"] * 1e9)
            spent = {s: {"calls": 3, "total_ns": total // 4, "own_ns": total // 8} for s in self.stages}
            keys["stages"] = {"tick_total": {"calls": 3, "total_ns": total}, **spent}
            keys["traces"] = {"count": 3, "deadline_ms": 50.0, "deadline_misses": run % 2}
        if self.chance(self.odd):
            keys |= rng.choice(self._harmless(number, run))
        if self.chance(self.mixed):
            keys |= rng.choice((
                {"status": "failed"}, {"rows_used": 0}, {"shard": "1/2"}, {"session": None}, {"started_at": None},
                {"memory_source": rng.choice(("poll", "tracemalloc", "vmhwm", None))},
                {"elapsed_sec": 1e-300, "elapsed_ns": None},
                {"environment": {"os": "linux", "arch": "arm64", "cpus": "8", "cpu": "ein \u2028 Modell"}},
            ))  # fmt: skip
        if self.chance(self.wrong):
            keys |= rng.choice((
                {"elapsed_sec": -1.0}, {"elapsed_sec": math.nan, "elapsed_ns": None}, {"rows_used": "many"},
                {"peak_memory_mb": math.inf}, {"labels": {"n": 1}}, {"status": "done"}, {"metrics": {"a": {}}},
                {"started_at": "yesterday"}, {"environment": {"os": 3}},
            ))  # fmt: skip
        return keys

    def _harmless(self, number: int, run: int) -> list[dict[str, Any]]:
        rng = self.rng
        return [
            {"unknown": [1, {"a": None}], "α": "β"}, {"status": "ok", "commit": "c" * 40}, {"elapsed_ns": None},
            {"started_at": rng.choice(_STARTS).format(number, run % 60)}, {"labels": {}}, {"cpu_sec": rng.random()},
            {"profile": {"function_calls": 17, "fingerprint": "python 3.11", "functions": []}},
            {"command": "0123456789abcdef"}, {"peak_memory_bytes": None},
            {"metrics": {"loss": {"value": -0.0}, "big": {"value": 10**30, "unit": "B", "better": "higher"}}},
            {"schema": "perfgate/run/1"}, {"elapsed_sec": 3, "elapsed_ns": None},
        ]  # fmt: skip

    def _beside(self) -> None:
        """Write copies, runs of one id, broken files, and files that are no runs."""
        rng, folder = self.rng, self.rng.choice(("old", "outputs/model_runs"))
        common = summary("twice", session="job-1", benchmark=self.benchmarks[0][0])
        if self.chance(0.2):
            for name in ("copy-a", "copy-b"):
                self.write(f"{folder}/{name}.json", json.dumps(common))
        if self.chance(0.05):
            self.write(f"{folder}/same-id.json", json.dumps({**common, "elapsed_sec": 9.0}))
        if self.chance(0.15):
            spaced = json.dumps({**common, "run_id": "spaced"}, indent=3, ensure_ascii=False)
            self.write(f"{folder}/spaced.json", rng.choice(("\ufeff", "", "\n\n")) + spaced + "\r\n")
        if self.chance(0.1) and self.has_faults:
            doubled = '{"elapsed_sec": 7.0, ' + json.dumps({**common, "run_id": "doubled"})[1:]
            self.write(f"{folder}/doubled keys.json", doubled)
        if self.chance(0.2):
            self.write(f"{folder}/notes.txt", "no run")
            self.write(f"{folder}/deep/inner.json", json.dumps({**common, "run_id": "inner"}))
        if self.chance(0.12) and self.has_faults:
            content = CONTENTS[rng.choice(sorted(CONTENTS))][0]
            for name in ("broken", "broken \x1b[1m2")[: rng.choice((1, 2))]:
                (self.root / folder).mkdir(parents=True, exist_ok=True)
                (self.root / folder / f"{name}.json").write_bytes(content)

    def commands(self) -> Steps:
        """Run every command that reads runs."""
        rng = self.rng
        name = rng.choice(self.benchmarks)[0]
        collect = ["collect", "old", *(["--machine-class", "own"] if self.chance(0.1) else [])]
        if self.chance(0.5):
            self.cli(*collect)
        self.cli(*collect, "--format", "json", "-o", "base.json")
        judge(self, "old", [])
        if self.chance(0.4):
            self.cli(*rng.choice((["baseline", "list"], ["baseline", "show"], ["runs", "list"], ["validate"])))
            self.cli("explain", *rng.choice(([], ["--", name])))
        if self.chance(0.2):
            for number, folder in enumerate(("outputs/model_runs", "second"), 1):
                self.steps.append(["shard", "collect", folder, "--shard", f"{number}/2", "-o", f"shard-{number}.json"])
            self.cli("merge", "shard-1.json", "shard-2.json", "--expect-shards", "2", "-o", "all.json")
            self.cli("check", "--current", "all.json", "--today", TODAY, "--format", rng.choice(FORMATS))
        if self.chance(0.25):
            self.cli("check", "second", "--confirm", "all/report.json", "--today", TODAY, "--sessions", "all")
        if self.chance(0.25):
            self.cli("check", "--baseline", "base.json", "--today", TODAY, "--verbose", "--benchmark", "*a*")
        if self.chance(0.3):
            more = rng.choice((["--replace"], ["--keep", "2"], ["--benchmark", "s*"], ["--machine-class", "own"]))
            self.cli("baseline", "refresh", "outputs/model_runs", "second", *more, "--reason", "accepted")
        return self.steps


class Lines(Odd):
    """The same runs as JSON lines, in one file for each folder or in two."""

    def __init__(self, seed: str, root: Path) -> None:
        super().__init__(seed, root)
        self.gathered: dict[str, list[str]] = {}

    def write(self, name: str, text: str) -> None:
        """Write a file, or keep a run for the file of its folder."""
        folder, _, file = name.rpartition("/")
        if file.endswith(".json") and folder in {"old", "outputs/model_runs", "second"}:
            self.gathered.setdefault(folder, []).append(text)
        else:
            super().write(name, text)

    def finish(self) -> None:
        """Write the files of lines."""
        names = self.rng.choice((["runs.jsonl"], ["a.jsonl", "b.jsonl"], ["runs.ndjson"], ["runs.json"]))
        end = self.rng.choice(("\n", "\n", "\r\n", "\n\n"))
        for folder, texts in self.gathered.items():
            for i, name in enumerate(names):
                lines = [" ".join(text.split("\n")) for text in texts[i :: len(names)]]
                if self.has_faults and self.chance(0.05):
                    lines.insert(self.rng.randrange(len(lines) + 1), self.rng.choice(("{", "[]", "7", '{"a": 1}')))
                super().write(f"{folder}/{name}", end.join(lines) + self.rng.choice((end, "")))
        if names != ["runs.json"]:
            self.globs = f'runs = ["outputs/model_runs/*{Path(names[0]).suffix}"]\n'
            super().write("perfgate.toml", self.globs + (self.root / "perfgate.toml").read_text())

    def commands(self) -> Steps:
        """Name the files, since a folder means its `*.json`."""
        steps = super().commands()
        for step in steps:
            step[1:] = [w if w not in self.gathered else self._files(w) for w in step[1:]]
        return [[w for part in step for w in (part if isinstance(part, list) else [part])] for step in steps]

    def _files(self, folder: str) -> list[str]:
        return sorted(str(p.relative_to(self.root)) for p in (self.root / folder).iterdir() if p.suffix != ".txt")


class Big(Lines):
    """Hundreds of benchmarks."""

    has_faults = False

    def _choose(self) -> None:
        super()._choose()
        count = self.rng.randrange(300, 800)
        self.benchmarks = [(f"suite/{NAMES[i % 5]}.case_{i}", {}) for i in range(count)]
        self.centres = {i: 10 ** self.rng.uniform(-4, 0) for i in range(count)}
        self.runs, self.own = self.rng.choice((1, 2, 3)), self.own[:1]
        self.shifts = {i: 1.5 for i in self.centres if self.chance(0.01)}
        self.odd = 0.0


class BigFolders(Big):
    """Hundreds of benchmarks, with a file for each run."""

    write = Family.write

    def finish(self) -> None:
        """Nothing was gathered."""

    def commands(self) -> Steps:
        """Name folders."""
        return Odd.commands(self)


def judge(project: Family, base: str | list[str], now: list[str], more: list[str] | None = None) -> None:
    """Refresh three times, check with every report, compare, audit and draw the report again."""
    rng, given = project.rng, more or []
    old = [base] if isinstance(base, str) else base
    sessions = ["--sessions", rng.choice(("all", "newest"))] if project.chance(0.6) else []
    if project.chance(0.25):
        project.cli("baseline", "refresh", *old, *given, *sessions, "--dry-run")
    project.cli("baseline", "refresh", *old, *given, *sessions)
    if project.chance(0.5):
        project.cli("baseline", "refresh", *old, *given, *sessions)
    shown = ["--format", rng.choice((*FORMATS, "html")), "--width", rng.choice(_WIDTHS)]
    shown += rng.choice(([], ["--top", "all"], ["--verbose"], ["--quiet"], ["--color", "always"], ["--github"]))
    reports = [w for s in ("txt", "xml", "prom") for w in ("--report", f"all/r.{s}")]
    reports += ["--report", "all/codequality.json", "--report-dir", "all"]
    project.cli("check", *now, *given, "--today", TODAY, *shown, *reports)
    for form in rng.sample((*FORMATS, "html"), rng.choice((0, 1, 1, 2))):
        project.cli("report", "all/report.json", "--format", form, *rng.choice(([], ["--junit-flavor", "gitlab"])))
    if project.chance(0.35):
        project.cli("compare", *old[:1], *(now or ["outputs/model_runs"]), *given, "--format", rng.choice(FORMATS))
    if project.chance(0.35):
        project.cli("audit", "--today", TODAY, "--format", rng.choice(("text", "json", "markdown", "html")))


class Foreign(Family):
    """Files of one other tool, before and after a change."""

    def __init__(self, seed: str, root: Path, tool: str) -> None:
        super().__init__(seed, root)
        self.tool = tool

    def build(self) -> Steps:
        """Write the files and return the steps."""
        self.root.mkdir(parents=True)
        self._choose()
        write = WRITERS[self.tool]
        rows = self.rng.choice((1, 3, 20, 200, 1500, 6000))
        shift = self.rng.choice((0.5, 1.0, 1.0, 1.03, 1.2, 2.0))
        for folder, factor in (("old", 1.0), ("old2", 1.0), ("new", shift)):
            name, text = write(self.rng, rows, factor)
            if self.chance(0.08):
                text = damage(self.rng, text)
            self.write(f"{folder}/{name}", text)
        old, again, new = (f"{folder}/{name}" for folder in ("old", "old2", "new"))
        self.write("perfgate.toml", self._configuration() + self._logs())
        given = self.rng.choice(([], ["--direction", "lower"], ["--direction", "lower", "--min-time", "0"]))
        given = [*given, *(["--tolerance", "0.2"] if self.chance(0.3) else [])]
        if self.tool == "log":
            given += ["--map", "web"] if self.chance(0.6) else []
        self.cli("import", "--dry-run", *self.rng.choice(([], ["--json"])), old, *given)
        if self.chance(0.5):
            self.cli("collect", old, again, *given)
        self.cli("collect", old, *given, "--format", "json", "-o", "base.json")
        judge(self, [old, again] if self.chance(0.5) else [old], [new], given)
        if self.chance(0.4):
            self.cli("import", old, *given, "-o", "imported")
            self.cli("collect", "imported", "--format", "json")
        return self.steps

    def _logs(self) -> str:
        """Return budgets on shares of errors, and the field map of logs."""
        lines = []
        if self.chance(0.6):
            lines += ["[[budget]]", 'benchmark = "*"', 'metric = "error_rate"', 'statistic = "p50"']
            lines += [f'limit = "< {self.rng.choice(("0.1%", "1%", "30%"))}"']
        if self.tool == "log":
            lines += ["[[map]]", 'name = "web"', f"files = {json.dumps(self.rng.choice((['*.jsonl'], ['none'])))}"]
            lines += [self.rng.choice(('benchmark = "route"', 'benchmark = "{route} {at.model}"', ""))]
            lines += [self.rng.choice(('labels = ["at.model"]', ""))]
            lines += [self.rng.choice(('ok = "status"', 'ok = "good"', ""))]
            lines += [self.rng.choice(('time = "at.time"', ""))]
            lines += ["[[map.values]]", 'value = "took_ms"', "[[map.values]]", 'value = "rows"', 'unit = "1"']
        return "\n".join([*lines, ""])


class Percentiles(Family):
    """Percentiles alone on one side or on both."""

    def build(self) -> Steps:
        """Write the files and return the steps."""
        self.root.mkdir(parents=True)
        self._choose()
        rng = self.rng
        names = rng.sample((*NAMES, *ODD_NAMES), rng.choice((1, 3, 12)))
        metrics = rng.sample(("elapsed_sec", "wait_ms", "peak_memory_mb", "size_bytes", "qps_per_s", "odd"), 3)
        for file, factor in (("plain.json", 1.0), ("now.json", rng.choice((0.9, 1.0, 1.02, 1.2)))):
            stated: dict[str, Any] = {}
            for name in names:
                for metric in metrics[: rng.choice((1, 1, 2, 2, 3))]:
                    p50 = factor * 10 ** rng.uniform(-3, 3)
                    found = {"p50": p50, "p95": p50 * rng.uniform(1, 2), "p99": p50 * rng.uniform(1.9, 3)}
                    kept = {q: v for q, v in found.items() if self.chance(0.8)} or found
                    stated.setdefault(name, {})[metric] = {**kept, **({"n": 7} if self.chance(0.05) else {})}
            self.write(file, json.dumps({"benchmarks": stated}))
        self.is_unnamed = self.chance(0.3)
        self.session("outputs/model_runs", 10, {})
        self.write("perfgate.toml", self._configuration())
        reports = ["--today", TODAY, "--report-dir", "all"]
        self.cli("check", "--baseline", "plain.json", "--current", "now.json", *reports)
        self.cli("check", "--baseline", "plain.json", "--format", rng.choice(FORMATS), "--today", TODAY)
        self.cli("compare", "plain.json", "now.json", "--threshold", "+10%")
        self.cli("report", "all/report.json", "--format", rng.choice(FORMATS))
        self.cli("audit", "--baseline", "plain.json", "--today", TODAY)
        return self.steps


def damage(rng: random.Random, text: str) -> str:
    """Return a text with a fault."""
    at = rng.randrange(len(text) + 1)
    return rng.choice((text[:at], text[:at] + rng.choice('{}",<\x00é') + text[at:], text[:at] + text[at + 5 :], ""))


def _times(rng: random.Random, n: int, factor: float, centre: float = 0.02) -> list[float]:
    digits = rng.choice((2, 4, 9))
    return [float(f"{abs(centre * factor * rng.gauss(1, 0.1)) or centre:.{digits}g}") for _ in range(n)]


def _cases(rng: random.Random, rows: int) -> Iterator[tuple[str, int]]:
    fixed = random.Random("names")
    names = [*NAMES, *fixed.sample(ODD_NAMES, 6)]
    count = min(rows, rng.choice((1, 3, 9)))
    for name in names[:count]:
        yield name, max(rows // count, 1)


def _junit(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    cases = []
    for i, elapsed in enumerate(_times(rng, rows, factor, 0.4)):
        inner = rng.choice(["", "", "", "", '<failure message="no"/>', "<skipped/>", "<system-out>a</system-out>"])
        head = f"classname={quoteattr('pkg.mod')} name={quoteattr(f'test[{i // 2 if rows < 9 else i}]')}"
        cases.append(f'<testcase {head} time="{elapsed}">{inner}</testcase>')
    suite = f'<testsuite name="s" tests="{rows}" timestamp="2026-02-03T10:00:00">{"".join(cases)}</testsuite>'
    return "junit.xml", f'<?xml version="1.0"?>\n<testsuites>{suite}</testsuites>'


def _pytest_benchmark(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    document = json.loads((EXAMPLES / "pytest-benchmark" / "bench_raw.json").read_text())
    pattern = document["benchmarks"][0]
    document["benchmarks"] = []
    for name, n in _cases(rng, rows):
        times = _times(rng, max(n, 2), factor)
        stats = {
            **pattern["stats"], "min": min(times), "max": max(times), "mean": fmean(times), "median": median(times),
            "stddev": pstdev(times), "rounds": len(times), "data": times,
        }  # fmt: skip
        if rng.random() < 0.2:
            del stats["data"]
        document["benchmarks"].append({**pattern, "name": name, "fullname": f"t.py::{name}", "stats": stats})
    return "bench.json", json.dumps(document)


def _hyperfine(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    found = []
    for name, n in _cases(rng, rows):
        times = _times(rng, n, factor, 0.3)
        found.append({
            "command": name, "mean": fmean(times), "stddev": pstdev(times), "median": median(times), "user": 0.1,
            "system": 0.01, "min": min(times), "max": max(times), "times": times,
            "exit_codes": [rng.choice((0,) * 30 + (1,)) for _ in times],
        })  # fmt: skip
        if rng.random() < 0.2:
            found[-1]["parameters"] = {"n": "10"}
    return "hyperfine.json", json.dumps({"results": found}, indent=rng.choice((None, 2)))


def _k6(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    metric = {"name": "http_req_duration", "type": "trend", "contains": "time", "thresholds": [], "submetrics": None}
    failed = {"name": "http_req_failed", "type": "rate", "contains": "default", "thresholds": [], "submetrics": None}
    lines = [{"type": "Metric", "data": m, "metric": m["name"]} for m in (metric, failed)]
    for i, elapsed in enumerate(_times(rng, rows, factor, 13.0)):
        tags = {"name": rng.choice(("slow", "home", "Über")), "status": "200", "scenario": "default"}
        point = {"time": f"2026-02-03T10:{i // 60 % 60:02}:{i % 60:02}.123456789Z", "tags": tags}
        lines.append({"metric": metric["name"], "type": "Point", "data": {**point, "value": elapsed}})
        if rng.random() < 0.5:
            point = {**point, "value": int(rng.random() < 0.1)}
            lines.append({"metric": failed["name"], "type": "Point", "data": point})
    return "k6.ndjson", "".join(json.dumps(line) + "\n" for line in lines)


def _jtl(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    lines = ["timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes,Latency"]
    for i, elapsed in enumerate(_times(rng, rows, factor, 40)):
        label, is_good = rng.choice(("home", "slow", '"a, b"', "Ü")), rng.random() > 0.05
        code = 200 if is_good else 500
        lines.append(f"{1770000000000 + i * 7},{round(elapsed)},{label},{code},OK,t 1,{str(is_good).lower()},99,2")
    return "samples.jtl", "\n".join(lines) + "\n"


def _go(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    lines = ["goos: linux", "goarch: amd64", "pkg: example.org/demo", "cpu: AMD EPYC"]
    for name, n in _cases(rng, min(rows, 300)):
        letters = "".join(filter(str.isalnum, name)) or "X"
        times = _times(rng, n, factor)
        lines += [f"Benchmark{letters}/n=10-2 \t 2000\t {t * 1e5} ns/op\t 16 B/op\t 1 allocs/op" for t in times]
    return "bench.txt", "\n".join([*lines, "PASS", "ok  \texample.org/demo\t1.2s", ""])


def _google(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    context = {"date": "2026-02-03T10:00:00+00:00", "host_name": "ci", "num_cpus": 2, "mhz_per_cpu": 2596}
    found = []
    for name, n in _cases(rng, min(rows, 300)):
        for i, elapsed in enumerate(_times(rng, n, factor)):
            found.append({
                "name": f"BM/{name}", "run_name": f"BM/{name}", "run_type": "iteration", "repetitions": n,
                "repetition_index": i, "threads": 1, "iterations": 100, "real_time": elapsed * 1e9,
                "cpu_time": elapsed * 9e8, "time_unit": "ns",
            })  # fmt: skip
            if rng.random() < 0.02:
                found[-1] |= {"error_occurred": True, "error_message": "no"}
    return "google.json", json.dumps({"context": context, "benchmarks": found})


def _log(rng: random.Random, rows: int, factor: float) -> tuple[str, str]:
    lines, broken = [], rng.choice((0.0, 0.0, 0.005, 0.1))
    for i, elapsed in enumerate(_times(rng, rows, factor, 30.0)):
        row = {
            "route": rng.choice(("/a", "/b", "/Ü \u202e")), "took_ms": elapsed, "rows": rng.choice((1, 2, 2.5, None)),
            "status": rng.choice((200, 200, 200, 204, 302, 500)), "good": rng.choice((True, True, False)),
            "at": {"time": f"2026-02-03T10:{i // 60 % 60:02}:{i % 60:02}Z", "model": rng.choice(("v1", "v2"))},
        }  # fmt: skip
        lines.append(json.dumps(row) if rng.random() >= broken else rng.choice(("{", "", '{"took_ms": "x"}', "NaN")))
    return "web.jsonl", "\n".join(lines) + "\n"


WRITERS: dict[str, Callable[[random.Random, int, float], tuple[str, str]]] = {
    "junit": _junit, "pytest-benchmark": _pytest_benchmark, "hyperfine": _hyperfine, "k6": _k6, "jtl": _jtl,
    "go": _go, "google": _google, "log": _log,
}  # fmt: skip
SHARES: dict[str, int] = {
    "projects": 20, "summaries": 25, "lines": 12, "percentiles": 5, "big": 1, "big-folders": 1,
    **dict.fromkeys(WRITERS, 4), "log": 6,
}  # fmt: skip
"""How many of a hundred inputs are of a kind, about."""
_KINDS = {
    "projects": Family, "summaries": Odd, "lines": Lines, "percentiles": Percentiles, "big": Big,
    "big-folders": BigFolders,
}  # fmt: skip


def kind_of(seed: int, number: int) -> str:
    """Return the kind of an input."""
    draw = random.Random(f"kind-{seed}-{number}")
    return draw.choices(list(SHARES), list(SHARES.values()))[0]


def build(kind: str, seed: int, number: int, root: Path) -> Steps:
    """Write an input below a folder, and return its steps: commands of perfgate and of git, and files to write."""
    named = f"same-{kind}-{seed}-{number}"
    made = Foreign(named, root, kind) if kind in WRITERS else _KINDS[kind](named, root)
    return made.build()
