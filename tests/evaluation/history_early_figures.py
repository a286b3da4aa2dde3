"""How many sessions a history needs before and after a step until it is found, on series of random numbers.

python tests/evaluation/history_early_figures.py             print the table of docs/history.md
python tests/evaluation/history_early_figures.py --write     write it there
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from page import filled

from perfgate.stats.history.slow import find_changes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "history.md"
BEFORE = (6, 8, 10, 15, 20)
"""Sessions before the step."""
CASES = ((0.50, 0.01), (0.10, 0.03))
"""Change and noise: a clear step, and a usual one."""
SERIES = 300
WANTED = 0.9
"""Share of the series in which it has to be found."""
AROUND = 2
"""So many places beside the step a mark is one of it."""
LEAST = math.log(1.05)


def share(before: int, after: int, change: float, noise: float) -> float:
    """Return in which share of the series a step is found.

    Args:
        before: sessions before it.
        after: sessions after it.
        change: as a ratio less one.
        noise: standard deviation of the logarithms.
    """
    draw = random.Random(before * 100 + after)
    found = 0
    for _ in range(SERIES):
        values = [draw.gauss(0.0, noise) + math.log1p(change) * (at >= before) for at in range(before + after)]
        found += any(abs(s.at - before) <= AROUND for s in find_changes(values, least=LEAST).steps)
    return found / SERIES


def needed(before: int, change: float, noise: float) -> int:
    """Return how many sessions after a step it takes until it is found in `WANTED` of the series."""
    return next(after for after in count(3) if share(before, after, change, noise) >= WANTED)


def table() -> str:
    """Return the table of the page."""
    lines = ["| before it | after it: +50 %, noise of 1 % | after it: +10 %, noise of 3 % |", "|--:|--:|--:|"]
    lines += [f"| {before} | {needed(before, *CASES[0])} | {needed(before, *CASES[1])} |" for before in BEFORE]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the table into the page")
    options = parser.parse_args()
    if options.write:
        text = filled(PAGE.read_text(encoding="utf-8"), {"steps-early": table()})
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(table(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
