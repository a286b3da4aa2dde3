"""What measuring costs the measured program, as microseconds and as ratios in one run.

Run it by hand: `python tests/benchmarks/bench_measure.py`. Minima of several repeats:
the cost itself, not what a busy machine adds to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

CHILD = """
import sys, time
from perfgate.measure import measure_run_context as context
def cost(n, **options):
    best = 1e9
    for _ in range(7):
        begin = time.perf_counter()
        for _ in range(n):
            with context(**options):
                pass
        best = min(best, (time.perf_counter() - begin) / n)
    return best * 1e6
def empty(n):
    best = 1e9
    for _ in range(7):
        begin = time.perf_counter()
        for _ in range(n):
            pass
        best = min(best, (time.perf_counter() - begin) / n)
    return best * 1e6
if sys.argv[1] == 'on':
    print(cost(200, write=False), cost(200))
else:
    print(cost(100_000) - empty(100_000), 0)
"""


def child(mode: str, folder: str) -> tuple[float, float]:
    """Return the costs that a process of its own measures, in microseconds."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PERFGATE_")}
    environ |= {"PYTHONPATH": str(ROOT), "PERFGATE_ENABLED": "1" if mode == "on" else "0"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, mode], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.split()
    return float(first), float(second)


def timed(work: Callable[[], object], repeat: int) -> float:
    """Return the least time of a call, in microseconds."""
    best = float("inf")
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best * 1e6


def main() -> None:
    """Print the costs."""
    with tempfile.TemporaryDirectory() as folder:
        without, with_file = child("on", folder)
        disabled, _ = child("off", folder)
    status = timed(lambda: Path("/proc/self/status").read_bytes(), 200)
    print(
        f"enabled, no file    {without:8.1f} us   (goal 150), {without / status:.1f} x reading /proc/self/status once"
    )
    print(f"enabled, with file  {with_file:8.1f} us   (goal 1000)")
    print(f"disabled            {disabled:8.3f} us   (goal 0.5)")


if __name__ == "__main__":
    main()
