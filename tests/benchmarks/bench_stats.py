"""What a row's statistics cost, as ratios in one run, against the ways people usually compute them.

Run it by hand: `python tests/benchmarks/bench_stats.py`. 1,000 benchmarks of 20 and 20
runs; medians of interleaved repetitions, so that a busy moment hits all alike.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import scipy.stats

from perfgate.stats.medians import median_ratio_interval
from perfgate.stats.ranks import mann_whitney, smallest_flagged_factor
from perfgate.stats.shifts import hodges_lehmann

if TYPE_CHECKING:
    from collections.abc import Callable

BENCHMARKS, RUNS, REPEAT, FEW = 1000, 20, 7, 20
LEVEL = 0.01
_NOISE = random.Random(1)
PAIRS = [tuple([_NOISE.lognormvariate(0, 0.05) for _ in range(RUNS)] for _ in range(2)) for _ in range(BENCHMARKS)]


def ours() -> None:
    """Test and interval of every pair."""
    for base, current in PAIRS:
        mann_whitney(base, current)
        median_ratio_interval(base, current)


def whole() -> None:
    """Everything that a row of `check` asks for: also what it could have seen, and the shift of a typical run."""
    for base, current in PAIRS:
        mann_whitney(base, current)
        median_ratio_interval(base, current)
        smallest_flagged_factor(base, current, LEVEL)
        hodges_lehmann([math.log(b) for b in base], [math.log(c) for c in current])


def scipys() -> None:
    """The same test by scipy, one call a pair, on a part of the pairs."""
    for base, current in PAIRS[: BENCHMARKS // 10]:
        scipy.stats.mannwhitneyu(current, base, alternative="greater")


def bootstrap() -> None:
    """An interval of the ratio of medians from 10,000 resamples, on a few pairs."""
    rng = np.random.default_rng(1)
    for base, current in PAIRS[:FEW]:
        medians = [np.median(rng.choice(side, (10_000, RUNS)), axis=1) for side in (base, current)]
        np.quantile(medians[1] / medians[0], [0.025, 0.975])


def main() -> None:
    """Print milliseconds a benchmark, and ratios."""
    jobs: dict[str, tuple[Callable[[], None], int]] = {
        "test and interval": (ours, BENCHMARKS),
        "the whole row": (whole, BENCHMARKS),
        "scipy, the test alone": (scipys, BENCHMARKS // 10),
        "numpy, 10,000 resamples": (bootstrap, FEW),
    }
    seen: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(REPEAT):
        for name, (job, count) in jobs.items():
            begin = time.perf_counter()
            job()
            seen[name].append((time.perf_counter() - begin) / count * 1000)
    typical = {name: statistics.median(times) for name, times in seen.items()}
    for name, cost in typical.items():
        print(f"{name:24} {cost:8.3f} ms a benchmark, {cost / typical['test and interval']:6.1f} x")
    print("goal: test and interval below 0.05 ms")


if __name__ == "__main__":
    main()
