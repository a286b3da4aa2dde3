"""How `perfgate canary` does on simulated services: the table of docs/canary.md, through the real command line.

python tests/evaluation/canary_figures.py                  print the table (an hour on two cores)
python tests/evaluation/canary_figures.py --cost           the costs of a million lines, against 2,000
python tests/evaluation/canary_figures.py --quick          few replicates, small logs: does it run?
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from perfgate.__main__ import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
COUNT, COUNT_OF_MANY = 400, 300
"""Replicates: of a case with one analysis, and of one with 24, for which each replicate calls the command 24 times."""
OTHERS, OTHERS_OF_MANY = 200, 60
"""The same of the other shapes."""
ANALYSES = 24
ANALYSED_FOR = 7_200
"""Seconds between the first request and the last, in a case with many analyses: the age that its phase asks for."""
SLOW_SHARE, SLOWED = 0.02, 5.0
FAILED_SHARE = 0.01
START = 1_700_000_000
_CHUNK = 20
_LARGE = 1_000_000


def lognormal(rng: random.Random) -> float:
    """Milliseconds of one request: one peak, with a standard deviation of 0.5 on the logarithm."""
    return 50 * math.exp(rng.gauss(0, 0.5))


def gamma(rng: random.Random) -> float:
    """Milliseconds of one request: four steps that each take an exponential time."""
    return rng.gammavariate(4, 12.5)


def cached(rng: random.Random) -> float:
    """Milliseconds of one request: two peaks, of hits (70 %) and of misses ten times as slow."""
    return missed(rng) / (10 if rng.random() < 0.7 else 1)


def missed(rng: random.Random) -> float:
    """Milliseconds of a request that misses the cache."""
    return 50 * math.exp(rng.gauss(0, 0.3))


SHAPES: dict[str, Callable[[random.Random], float]] = {
    "lognormal": lognormal,
    "gamma": gamma,
    "cache hits and misses": cached,
}
SLOW_OF = {"cache hits and misses": missed}
"""What a slow request takes five times of, where that is not any request: five times a hit is no slow request."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What two arms differ in, and which verdict is counted."""

    what: str
    requests: int
    """Of each arm."""
    counted: str = "rolled back"
    target: str = ""
    """Such as ``<= 2``, in percent; empty: the figure is for information."""
    factor: float = 1.0
    """How many times longer each request of the canary takes."""
    slow: float = SLOW_SHARE
    """Share of the canary's requests that take five times as long; of the baseline's it is 2 %."""
    late: float = 0.0
    """Share of the baseline's requests beyond the deadline; 0: no deadline is set."""
    hosts: float = 0.0
    """Standard deviation of the logarithm of three instances' own factors; 0: no row names an instance."""
    analyses: int = 1

    def holds(self, percent: float) -> bool:
        """Is the target met?"""
        sign, _, bound = self.target.partition(" ")
        return not sign or (percent <= float(bound) if sign == "<=" else percent >= float(bound))


CASES = (
    *(Case(what="identical", requests=n, target="<= 2", late=0.005) for n in (50, 200, 500, 2_000)),
    Case(what="identical", requests=2_000, counted="promoted", target=">= 80", late=0.005),
    *(Case(what="every request 30 % slower", requests=n, factor=1.3) for n in (200, 500)),
    Case(what="every request 30 % slower", requests=2_000, factor=1.3, target=">= 85"),
    Case(what="every request 15 % slower, which is the limit", requests=2_000, factor=1.15),
    Case(what="slow requests (×5) 2 % → 10 %", requests=200, slow=0.1, target=">= 60"),
    Case(what="slow requests (×5) 2 % → 10 %", requests=500, slow=0.1, target=">= 95"),
    Case(what="5 % of both arms miss the deadline", requests=300, late=0.05, target=">= 85"),
    Case(what="2 % of both arms miss the deadline, which is the limit", requests=300, late=0.02),
    Case(what="identical, three instances, hosts differ by 10 %", requests=2_000, hosts=0.1, target="<= 2"),
    Case(what="identical, 24 analyses", requests=2_000, late=0.005, target="<= 2", analyses=ANALYSES),
    Case(what="every request 10 % slower, 24 analyses", requests=2_000, factor=1.1, target="<= 3", analyses=ANALYSES),
)


@cache
def deadline(shape: str, late: float) -> float:
    """Return the milliseconds that a share of a shape's requests exceeds."""
    rng = random.Random(shape)
    drawn = sorted(_draw(shape, rng, SLOW_SHARE) for _ in range(200_000))
    return drawn[round(len(drawn) * (1 - late))]


def _draw(shape: str, rng: random.Random, slow: float) -> float:
    ms = SHAPES[shape](rng)
    if rng.random() >= slow:
        return ms
    return SLOWED * (SLOW_OF[shape](rng) if shape in SLOW_OF else ms)


def rows(case: Case, shape: str, rng: random.Random, *, is_canary: bool) -> Iterator[str]:
    """Yield the lines of one arm's prediction log."""
    factors = [math.exp(rng.gauss(0, case.hosts)) for _ in range(3)] if case.hosts else [1.0]
    slow, slower = (case.slow, case.factor) if is_canary else (SLOW_SHARE, 1.0)
    gap = (ANALYSED_FOR + 60) / case.requests
    for i in range(case.requests):
        instance = i % len(factors)
        ms = _draw(shape, rng, slow) * slower * factors[instance]
        row: dict[str, Any] = {
            "event": "prediction_metrics",
            "timestamp": round(START + i * gap, 3),
            "series_id": "s",
            "model_version": "v2" if is_canary else "v1",
            "latency_total_ms": ms,
            "ok": rng.random() >= FAILED_SHARE,
        }
        if case.hosts:
            row["instance"] = f"{'c' if is_canary else 'b'}{instance}"
        yield json.dumps(row)


def configuration(case: Case, shape: str) -> str:
    """Return the configuration that a case is judged with."""
    lines = ["[canary]", f"looks = {case.analyses}"]
    lines.append('phases = [{ weight = 10, min_age = "2h", min_samples = 500 }]')
    lines += [f"deadline_ms = {deadline(shape, case.late):.3f}"] if case.late else []
    return "\n".join(lines) + "\n"


def judge(folder: Path, *words: str) -> str:
    """Return the verdict that the command's exit code states on the logs in a folder."""
    paths = [f"--{arm}={folder / arm}.jsonl" for arm in ("baseline", "canary")]
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        code = run(["canary", *paths, "--config", str(folder / "perfgate.toml"), *words])
    if stderr.getvalue():
        raise RuntimeError(stderr.getvalue())
    return ("promoted", "rolled back", "held")[code]


def once(case: Case, shape: str, number: int) -> str:
    """Return the verdict on one replicate; with many analyses, the one that ends them, or the last."""
    rng = random.Random(f"{shape}, {case.what}, {case.requests}, {number}")
    arms = {arm: list(rows(case, shape, rng, is_canary=arm == "canary")) for arm in ("baseline", "canary")}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "perfgate.toml").write_text(configuration(case, shape), encoding="utf-8")
        verdict = ""
        for analysis in range(1, case.analyses + 1):
            for arm, lines in arms.items():
                upto = len(lines) * analysis // case.analyses
                (folder / f"{arm}.jsonl").write_text("\n".join(lines[:upto]) + "\n", encoding="utf-8")
            words = ["--phase=10", f"--state={folder / 'state.json'}"] if case.analyses > 1 else []
            verdict = judge(folder, *words)
            if verdict == "rolled back":
                break
        return verdict


def simulate(cases: tuple[Case, ...], counts: dict[str, tuple[int, int]], jobs: int) -> int:
    """Print a row for each case, as soon as it is known; return how many figures miss their target.

    Args:
        cases: the rows.
        counts: replicates of each shape, of a case with one analysis and with many.
        jobs: processes.
    """
    tasks = []
    for case in dict.fromkeys(map(_simulated, cases)):
        for shape, each in counts.items():
            numbers = range(each[case.analyses > 1])
            tasks += [(case, shape, numbers[i : i + _CHUNK]) for i in range(0, len(numbers), _CHUNK)]
    print(f"| canary | requests an arm | counted | {' | '.join(counts)} | target |")
    print("|---|--:|---|" + "--:|" * len(counts) + "---|", flush=True)
    missed_targets = 0
    with ProcessPoolExecutor(jobs) as pool:
        found = zip(tasks, pool.map(_chunk, tasks), strict=True)
        for simulated, parts in groupby(found, key=lambda part: part[0][0]):
            verdicts: dict[str, list[str]] = {}
            for (_, shape, _), those in parts:
                verdicts.setdefault(shape, []).extend(those)
            for case in cases:
                if _simulated(case) == simulated:
                    shares = [100 * each.count(case.counted) / len(each) for each in verdicts.values()]
                    missed_targets += sum(not case.holds(share) for share in shares)
                    print(_row(case, shares), flush=True)
    return missed_targets


def _simulated(case: Case) -> Case:
    """Return a case as it is simulated, whatever is counted."""
    return replace(case, counted="", target="")


def _chunk(task: tuple[Case, str, range]) -> list[str]:
    case, shape, numbers = task
    return [once(case, shape, number) for number in numbers]


def _row(case: Case, shares: list[float]) -> str:
    shown = " | ".join(f"{share:.1f}{'' if case.holds(share) else ' (missed)'}" for share in shares)
    return f"| {case.what} | {case.requests:,} | {case.counted} | {shown} | {case.target} |"


_MEASURE = """\
import re, sys, time
from perfgate.__main__ import run
run(["canary", "--baseline", "baseline.jsonl", "--canary", "canary.jsonl", "--report", "r.json"])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(f"\\n{time.process_time()} {peak[1]}")
"""


def cost(requests: int) -> tuple[float, float]:
    """Return the CPU seconds and the peak of memory in MB of one call, on two logs of so many lines."""
    with tempfile.TemporaryDirectory() as folder:
        for arm in ("baseline", "canary"):
            with open(Path(folder) / f"{arm}.jsonl", "w", encoding="utf-8") as log:
                case, rng = Case(what="cost", requests=requests), random.Random(arm)
                log.writelines(f"{row}\n" for row in rows(case, "lognormal", rng, is_canary=arm == "canary"))
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE], cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
    if done.stderr:
        raise RuntimeError(done.stderr)
    cpu, peak = done.stdout.splitlines()[-1].split()
    return float(cpu), int(peak) * 1024 / 1e6


def main() -> int:
    """Print what was asked for; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cost", action="store_true", help="CPU and memory of a million lines")
    parser.add_argument("--quick", action="store_true", help="two replicates of small logs")
    parser.add_argument("--shape", choices=SHAPES, help="only this one")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases with it in their name")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.cost:
        print("| lines of each arm | CPU | peak memory |\n|--:|--:|--:|")
        for requests in (200, 400) if options.quick else (2_000, _LARGE):
            cpu, peak = cost(requests)
            print(f"| {requests:,} | {cpu:.2f} s | {peak:.0f} MB |", flush=True)
        return 0
    cases = tuple(case for case in CASES if options.only in case.what)
    counts = {
        shape: (COUNT, COUNT_OF_MANY) if i == 0 else (OTHERS, OTHERS_OF_MANY)
        for i, shape in enumerate(SHAPES)
        if options.shape in {None, shape}
    }
    if options.quick:
        cases = tuple(replace(c, requests=min(c.requests, 60), analyses=min(c.analyses, 2), target="") for c in cases)
        counts = dict.fromkeys(counts, (2, 2))
    return int(simulate(cases, counts, options.jobs) > 0)


if __name__ == "__main__":
    sys.exit(main())
