"""How often is the stage that got slower named first? A delay in one of five stages, and a duplicate call.

Run it by hand: ``python tests/evaluation/where.py``. Each trial measures a small traced program before
and after one stage of it became slower, checks it with the command line, and reads ``report.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("fetch_md", "spread", "guards", "emit", "log")
PROGRAM = """
import sys
from perfgate.measure import init_tracer, measure_run_context

steps, calls = eval(sys.argv[1]), eval(sys.argv[2])
tracer = init_tracer()


def work(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


for run in range(int(sys.argv[3])):
    with measure_run_context(benchmark="tick"):
        for tick in range(10):
            tracer.start_trace(f"tick-{tick}")
            for stage, n in steps.items():
                for _ in range(calls.get(stage, 1)):
                    with tracer.span(stage):
                        work(n)
            tracer.finish_trace()
"""


def perfgate(folder: Path, *words: str) -> int:
    """Run perfgate in a folder, and return its exit code."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PERFGATE_", "GITHUB_")) and k != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "perfgate", *words],
        cwd=folder,
        env={**env, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    return done.returncode


def measure(folder: Path, steps: dict[str, int], calls: dict[str, int], runs: int) -> None:
    """Run the program in a folder, where it leaves its summaries."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, repr(steps), repr(calls), str(runs)], cwd=folder, env=env, check=True
    )


def trial(steps: dict[str, int], slower: dict[str, int], calls: dict[str, int], runs: int) -> tuple[int, list[dict]]:
    """Return the exit code of a check before and after a change, and the stages that the report names."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(folder, steps, {}, runs)
        perfgate(folder, "baseline", "refresh")
        measure(folder, slower, calls, runs)
        code = perfgate(folder, "check", "--report", "report.json")
        found = json.loads((folder / "report.json").read_text())["attribution"]
    return code, found[0]["stages"] if found else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=float, default=1.0, help="as a share of the whole")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    first = exact = failed = 0
    for _ in range(options.trials):
        steps = {name: draw.randrange(2_000, 20_000) for name in STAGES}
        stage = draw.choice(STAGES)
        delay = round(sum(steps.values()) * options.delay)
        code, named = trial(steps, {**steps, stage: steps[stage] + delay}, {}, options.runs)
        failed += code == 1
        first += bool(named) and named[0]["stage"] == stage
    share = f"{options.delay * 100:g} %"
    print(f"a delay of {share} of the whole: exit code 1 in {failed} of {options.trials}, named first in {first}")
    for _ in range(options.trials):
        steps = {name: draw.randrange(2_000, 20_000) for name in STAGES}
        stage = draw.choice(STAGES)
        code, named = trial(steps, steps, {stage: 2}, options.runs)
        exact += code == 1 and any(s["stage"] == stage and s["calls_current"] == 2.0 for s in named)
    print(f"a duplicate call: exit code 1 with the stage and its calls named in {exact} of {options.trials}")


if __name__ == "__main__":
    main()
