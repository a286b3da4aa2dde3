"""What profiling costs the profiled code, as ratios in one run, by kind of code.

Run it by hand: `python tests/benchmarks/bench_profile.py`. CPU time, minima of several repeats.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from perfgate.measure import profile

if TYPE_CHECKING:
    from collections.abc import Callable

_REPEATS = 7
_ROWS = [{"id": i, "name": f"row {i}", "values": [i, i / 3, None]} for i in range(2000)]


def _fibonacci(n: int = 21) -> int:
    return n if n < 2 else _fibonacci(n - 1) + _fibonacci(n - 2)


def _records() -> int:
    class Point:
        def __init__(self, x: int) -> None:
            self.x = x
            self.tags = [x, str(x), {"x": x}]

    return sum(Point(i).x for i in range(10_000))


def _in_c() -> int:
    return sum(len(json.dumps(json.loads(json.dumps(_ROWS)))) for _ in range(3))


def _cost(work: Callable[[], object], *, on: bool) -> float:
    """Return the CPU seconds of one call."""
    os.environ["PERFGATE_PROFILE"] = str(int(on))
    best = float("inf")
    for _ in range(_REPEATS):
        began = time.process_time()
        with profile():
            work()
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    """Print the ratios."""
    for name, work in (("calls and little else", _fibonacci), ("objects", _records), ("C code", _in_c)):
        off, on = _cost(work, on=False), _cost(work, on=True)
        print(f"{name:22} {off * 1e3:7.2f} ms, profiled {on * 1e3:7.2f} ms: x {on / off:.2f}")
    os.environ["PERFGATE_PROFILE"] = "0"
    best = float("inf")
    for _ in range(_REPEATS):
        began = time.perf_counter_ns()
        for _ in range(10_000):
            with profile():
                pass
        best = min(best, (time.perf_counter_ns() - began) / 10_000)
    print(f"a block that is not profiled: {best:.0f} ns")


if __name__ == "__main__":
    main()
