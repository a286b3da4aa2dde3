"""Score the tests of interleaved runs on recorded series of a busy machine: tests/data/noise/ab_own.csv.gz.

python tests/evaluation/drifting.py [FILE.csv.gz]

Prints, for each effect, the share of windows that are significant at p <= 1 %: by the rank test of all runs, by
aligned ranks, and by the test that perfgate chooses.
"""

from __future__ import annotations

import csv
import gzip
import math
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from noise import DATA

from perfgate.stats.aligned import aligned_ranks, does_drift
from perfgate.stats.ranks import mann_whitney

RUNS = (10, 20)
"""Of each side in a window."""
LEVEL = 0.01
_STEP = 2  # rounds from the start of one window to the next: windows overlap


def windows(series, runs):
    """Yield both sides of each window, on logs, in the order of the runs."""
    rounds = len(series) // 4
    for start in range(0, rounds - runs // 2 + 1, _STEP):
        part = series[4 * start : 4 * start + 2 * runs]
        yield [[math.log(v) for side, v in part if side == name] for name in ("base", "head")]


def score(series, runs):
    """Return the number of windows, and how many are significant by each test, and aligned."""
    found = {"windows": 0, "ranks": 0, "aligned": 0, "chosen": 0, "drifting": 0}
    for base, head in windows(series, runs):
        drifts = does_drift(base, head)
        ranks, aligned = mann_whitney(base, head).p <= LEVEL, aligned_ranks(base, head).p <= LEVEL
        found["windows"] += 1
        found["ranks"] += ranks
        found["aligned"] += aligned
        found["drifting"] += drifts
        found["chosen"] += aligned if drifts else ranks
    return found


def main() -> int:
    """Print a table."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "ab_own.csv.gz"
    series = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            for clock in ("elapsed_ns", "cpu_ns"):
                series[clock, int(line["slower_percent"])].append((line["side"], float(line[clock])))
    print("| time | runs a side | slower | windows | aligned | rank test | aligned ranks | perfgate |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (clock, slower), values in sorted(series.items()):
        for runs in RUNS:
            found = score(values, runs)
            of = found.pop("windows")
            shares = " | ".join(f"{100 * found[k] / of:.0f} %" for k in ("drifting", "ranks", "aligned", "chosen"))
            print(f"| {clock.removesuffix('_ns')} | {runs} | {slower} % | {of} | {shares} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
