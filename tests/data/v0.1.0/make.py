"""Writes the files of this folder anew: ``python make.py PERFGATE_0_1_0 TARGET``.

PERFGATE_0_1_0 is the `perfgate` executable of that release, beside the `python` that has it; TARGET
a folder that does not exist. Everything but ``project/runs`` is what that release wrote; only the
facts of the machine (environment, session) are replaced by neutral ones, before they are used.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

PERFGATE, TARGET = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
FACTS = {"os": "linux", "arch": "x86_64", "cpus": "4", "cpu_model": "neutral"}
TODAY = ("--today", "2026-03-01")
EXPECTED: list[dict[str, Any]] = []
CONFIGURATION = """[defaults]
threshold = "+5%"

[[rule]]
metric = "accuracy"
threshold = "-2%"
level = "fail"

[[rule]]
benchmark = "train"
metric = "elapsed"
statistic = "p95"
threshold = "+60%"
method = "threshold"

[[budget]]
benchmark = "score"
metric = "elapsed"
statistic = "p95"
limit = "< 30s"
"""
INSIDE = """import time

from perfgate.measure import measure_run_context

for _ in range(3):
    with measure_run_context(benchmark="inside", rows_used=10):
        time.sleep(0.02)
"""


def perfgate(folder: Path, *arguments: str, code: int = 0) -> None:
    """Run the release in a folder of the target, outside CI."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "TMPDIR"}}
    done = subprocess.run(
        [PERFGATE, *arguments], cwd=folder, env={**kept, "HOME": str(folder), "LANG": "C.UTF-8"}, check=False
    )
    assert done.returncode == code, (arguments, done.returncode)


def judge(folder: str, report: str, *arguments: str, code: int) -> None:
    """Check, keep the report, and note what was decided."""
    perfgate(TARGET / folder, "check", *arguments, *TODAY, "--report", report, code=code)
    found = json.loads((TARGET / folder / report).read_text())
    command = ["check", *arguments, *TODAY]
    EXPECTED.append(
        {"folder": folder, "report": report, "arguments": command, "exit_code": code, "verdict": found["verdict"]}
    )


def write_session(folder: str, number: int, factor: float = 1.0, drop: str = "", accuracy: float = 0.9) -> None:
    """Write the runs of one session of two benchmarks, as a program without perfgate may write them."""
    rng = random.Random(f"{folder}-{number}")
    place = TARGET / "project" / folder
    place.mkdir(parents=True, exist_ok=True)
    for benchmark in ("train", "score"):
        for i in range(5 if benchmark != drop else 0):
            time = 10 * factor * rng.gauss(1, 0.01)
            share = round(accuracy * rng.gauss(1, 0.002), 4)
            run = {
                "run_id": f"s{number:02d}-{benchmark}-{i}", "elapsed_sec": round(time, 3), "rows_used": 1000,
                "peak_memory_mb": round(100 * rng.gauss(1, 0.001), 1), "benchmark": benchmark, "memory_source": "vmhwm",
                "session": f"job-{number}", "started_at": f"2026-02-{number:02d}T10:00:{i:02d}Z", "environment": FACTS,
                "metrics": {"accuracy": {"value": share, "unit": "1", "better": "higher"}},
            }  # fmt: skip
            (place / f"{run['run_id']}.json").write_text(json.dumps(run) + "\n")


def scrub(folder: Path, session: str) -> None:
    """Replace the facts of this machine in run summaries."""
    for path in sorted(folder.glob("*.json")):
        run = json.loads(path.read_text())
        facts = {key: FACTS.get(key, "neutral") for key in run.get("environment", {})}
        run.update({"environment": facts, "session": session} if "environment" in run else {})
        path.write_text(json.dumps(run, indent=2) + "\n")


def make_project() -> None:
    """Several sessions, several metrics, rules, a budget and a waiver; reports of every verdict."""
    for number in range(1, 6):
        write_session("old", number)
    project = TARGET / "project"
    (project / "perfgate.toml").write_text(CONFIGURATION)
    perfgate(project, "baseline", "refresh", "old", "--sessions", "all")
    for path in (project / "old").iterdir():
        path.unlink()
    (project / "old").rmdir()
    write_session("runs/pass", 10)
    write_session("runs/regression", 11, 1.9, accuracy=0.7)
    write_session("runs/undecided", 12, drop="score")
    write_session("runs/candidate", 13, 1.11)
    write_session("runs/second", 14, 1.11)
    write_session("runs/third", 15, 1.11)
    judge("project", "pass.json", "runs/pass", code=0)
    judge("project", "regression.json", "runs/regression", code=1)
    judge("project", "undecided.json", "runs/undecided", code=2)
    judge("project", "candidate.json", "runs/candidate", code=0)
    judge("project", "second.json", "runs/second", "--confirm", "candidate.json", code=1)
    judge("project", "third.json", "runs/third", "--confirm", "candidate.json", "--confirm", "second.json", code=1)
    (project / "percentiles.json").write_text(
        '{"benchmarks": {"train": {"elapsed_sec": {"p50": 10.0, "p95": 10.1}}}}\n'
    )
    judge("project", "plain.json", "runs/regression", "--baseline", "percentiles.json", code=1)
    perfgate(project, "collect", "runs/pass", "-o", "profile.json")
    perfgate(project, "collect", "runs/regression", "-o", "slow-profile.json")
    judge("project", "profiles.json", "--baseline", "profile.json", "--current", "slow-profile.json", code=1)
    words = ("--ceiling", "+400%", "--until", "2099-12-31", "--reason", "a new format")
    waived = TARGET / "waived"
    (waived / "baselines").mkdir(parents=True)
    for path in (project / "baselines").rglob("*.json"):
        copy = waived / path.relative_to(project)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    for benchmark in ("train", "score"):
        perfgate(waived, "waive", benchmark, "elapsed", *words)
    judge("waived", "waived.json", "../project/runs/regression", code=0)


def make_measured() -> None:
    """Summaries of a program that measures itself, and of `perfgate run`."""
    folder = TARGET / "measured"
    folder.mkdir()
    (folder / "inside.py").write_text(INSIDE)
    runs = folder / "outputs" / "model_runs"
    for session in ("measured-1", "measured-2"):
        subprocess.run([PERFGATE.with_name("python"), "inside.py"], cwd=folder, check=True)
        perfgate(
            folder, "run", "-n", "3", "--warmup", "0", "--benchmark", "command", "--rows", "5", "--", "sleep", "0.02"
        )
        fresh = folder / session
        runs.rename(fresh)
        scrub(fresh, session)
    perfgate(folder, "baseline", "refresh", "measured-1")
    judge("measured", "measured.json", "measured-2", code=0)


def make_foreign() -> None:
    """A baseline of quantiles that another tool stated, and imported series of values."""
    folder = TARGET / "foreign"
    folder.mkdir()
    data = Path(__file__).absolute().parents[2] / "formats" / "data"
    rows = list(csv.reader((data / "locust" / "run_stats.csv").read_text().splitlines()))
    for name, factor in (("before_stats.csv", 1), ("after_stats.csv", 2)):
        with (folder / name).open("w", newline="") as file:
            write = csv.writer(file).writerow
            write(rows[0])
            for row in rows[1:]:
                is_time = ["%" in title or "Response Time" in title for title in rows[0]]
                write(
                    [f"{float(v) * factor:.6g}" if t and v != "N/A" else v for v, t in zip(row, is_time, strict=True)]
                )
    perfgate(folder, "baseline", "refresh", "before_stats.csv")
    judge("foreign", "quantiles.json", "after_stats.csv", code=1)
    perfgate(folder, "import", str(data / "hyperfine" / "named.json"), "-o", "imported")
    perfgate(folder, "collect", "imported", "-o", "imported-profile.json")
    series = json.loads((data / "hyperfine" / "named.json").read_text())
    for entry in series["results"]:
        entry.update(
            times=[2 * t for t in entry["times"]], **{k: 2 * entry[k] for k in ("mean", "median", "min", "max")}
        )
    (folder / "after.json").write_text(json.dumps(series))
    judge("foreign", "series.json", "after.json", "--baseline", "imported-profile.json", code=0)


if __name__ == "__main__":
    TARGET.mkdir()
    make_project()
    make_measured()
    make_foreign()
    (TARGET / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")
