"""How steps of a history are found: false marks on recorded and on made series, and how soon a true step is found.

python tests/evaluation/history_figures.py             print the tables of docs/history.md
python tests/evaluation/history_figures.py --check     and say whether the page holds the same
python tests/evaluation/history_figures.py --write     write them there
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import random
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from page import filled, stale

from perfgate.stats.history.creep import OF_ANCHOR, OF_NOW, compare_with_anchor
from perfgate.stats.history.slow import find_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "noise"
PAGE = ROOT / "docs" / "history.md"
LENGTH = 100
STEP = 60
"""Place of the step that is put into a series."""
EARLY, LATE = 3, 5
"""So far before and behind its place a mark is one of that step."""
AFTER = (3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)
"""Sessions after the step at which the history is looked at."""
LEAST = math.log(1.05)

SLOW_SERIES = 200
_SIZE = 66
SHAPES = [
    ("+0.3 % each session", [i * math.log(1.003) for i in range(_SIZE)], ()),
    ("+0.4 % in each of the last 24 of 124", [max(0, i - 100) * math.log(1.004) for i in range(124)], ()),
    ("+12 % at one session", [math.log(1.12) * (i >= 37) for i in range(_SIZE)], (37,)),
    ("+8 % at each of two", [math.log(1.08) * ((i >= 20) + (i >= 45)) for i in range(_SIZE)], (20, 45)),
    ("+0.3 % each, and +12 %", [i * math.log(1.003) + math.log(1.12) * (i >= 37) for i in range(_SIZE)], (37,)),
]
"""Series without their noise, and the places of their steps."""

Logs = list[float]


def recorded() -> dict[str, list[Logs]]:
    """Return parts of series whose code did not change, as logs, by where they were measured."""
    return {
        "PHP, nightly on a machine of its own": list(_parts("aa_php_nightly", "session")),
        "Fibonacci numbers on hosted runners": list(_parts("series_gha", "order")),
    }


def _parts(name: str, order: str) -> Iterator[Logs]:
    """Yield the values of each benchmark in parts of `LENGTH`; what is left over is not used."""
    by_benchmark: dict[str, list[tuple[object, float]]] = defaultdict(list)
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            place: object = int(line[order]) if line[order].isdecimal() else line[order]
            by_benchmark[line["benchmark"]].append((place, float(line["value"])))
    for _, values in sorted(by_benchmark.items()):
        logs = [math.log(value) for _, value in sorted(values)]
        yield from (logs[i : i + LENGTH] for i in range(0, len(logs) - LENGTH + 1, LENGTH))


def made() -> dict[str, list[Logs]]:
    """Return series without a step, from random numbers."""
    return {
        "normal noise of 10 %": [[draw.gauss(0.0, 0.10) for _ in range(LENGTH)] for draw in _draws(1000)],
        "heavy tails (t with 2 degrees of freedom, 5 %)": [
            [0.05 * _heavy(draw) for _ in range(LENGTH)] for draw in _draws(1000)
        ],
        "values that follow each other (AR(1) of 0.6, 5 %)": [_following(draw, 0.6) for draw in _draws(500)],
    }


def _draws(number: int) -> Iterator[random.Random]:
    yield from map(random.Random, range(number))


def _heavy(draw: random.Random) -> float:
    return draw.gauss(0.0, 1.0) / math.sqrt(draw.expovariate(1.0))


def _following(draw: random.Random, share: float) -> Logs:
    values = [0.0]
    for _ in range(LENGTH - 1):
        values.append(share * values[-1] + draw.gauss(0.0, 0.05 * math.sqrt(1 - share * share)))
    return values


def false_marks(series: Sequence[Logs]) -> float:
    """Return how many steps and slow changes are found in 100 values."""
    found = [find_changes(values, least=LEAST) for values in series]
    return 100 * sum(len(f.steps) + len(f.slow) for f in found) / sum(map(len, series))


def shuffled(series: Sequence[Logs]) -> list[Logs]:
    """Return the same values without their order."""
    draw = random.Random(3)
    return [draw.sample(values, len(values)) for values in series]


def found_after(series: Sequence[Logs], factor: float) -> list[int]:
    """Return for each series how many sessions after a step it is found; 99: not within 30."""
    return [_found_after(values, factor) for values in series]


def _found_after(values: Logs, factor: float) -> int:
    slower = [*values[:STEP], *(v + math.log(factor) for v in values[STEP:])]
    for after in AFTER:
        steps = find_changes(slower[: STEP + after], least=LEAST).steps
        if any(STEP - EARLY <= s.at <= STEP + LATE and s.change > 0 for s in steps):
            return after
    return 99


def marks_table() -> str:
    """Return false marks as a table of the page."""
    lines = ["| series | parts of 100 | false marks in 100 | the same values, shuffled |", "|---|--:|--:|--:|"]
    for name, series in recorded().items():
        lines.append(f"| {name} | {len(series)} | {false_marks(series):.2f} | {false_marks(shuffled(series)):.2f} |")
    lines += [f"| {name} | {len(series)} | {false_marks(series):.2f} | |" for name, series in made().items()]
    return "\n".join(lines) + "\n"


def found_table() -> str:
    """Return how soon steps are found as a table of the page."""
    lines = ["| series | step | found within 5 | 10 | 30 sessions |", "|---|--:|--:|--:|--:|"]
    for name, series in recorded().items():
        for factor in (1.05, 1.10, 1.25):
            after = found_after(series, factor)
            shares = (f"{sum(a <= most for a in after) / len(after):.0%}".replace("%", " %") for most in (5, 10, 30))
            lines.append(f"| {name} | +{round(100 * (factor - 1))} % | {' | '.join(shares)} |")
    return "\n".join(lines) + "\n"


def creep_table() -> str:
    """Return how often unchanged series are called worse than an anchor, and a true creep of 10 % is found."""
    lines = ["| series | anchor, sessions back | called worse, unchanged | +10 % by then, found |", "|---|--:|--:|--:|"]
    for name, series in recorded().items():
        for back in (20, 50):
            looks = [(values, now) for values in series for now in range(back + OF_ANCHOR, LENGTH + 1, OF_NOW)]
            shares = [sum(_is_creep(*look, back, factor) for look in looks) / len(looks) for factor in (1.0, 1.10)]
            lines.append(f"| {name} | {back} | {shares[0]:.1%} | {shares[1]:.0%} |".replace("%", " %"))
    return "\n".join(lines) + "\n"


def _is_creep(values: Logs, now: int, back: int, factor: float) -> bool:
    """Is the newest of so many values called worse than `back` values before, where they crept up by a factor?"""
    end = now - back
    crept = [v + math.log(factor) * min(max(i - end + 1, 0) / back, 1.0) for i, v in enumerate(values[:now])]
    return compare_with_anchor(crept[end - OF_ANCHOR : end], crept[-OF_NOW:]).is_above(LEAST)


def slow_table() -> str:
    """Return what is found in series with a slow rise, with steps, and with both as a table of the page."""
    lines = ["| 200 series each | noise | steps | true steps found | slow changes |", "|---|--:|--:|--:|--:|"]
    for name, heights, true in SHAPES:
        for noise in (0.01, 0.02, 0.03):
            found = [
                find_changes([h + draw.gauss(0.0, noise) for h in heights], least=LEAST) for draw in _draws(SLOW_SERIES)
            ]
            steps = sum(len(f.steps) for f in found)
            at_place = sum(any(abs(s.at - at) <= LATE for s in f.steps) for f in found for at in true)
            shown = f"{at_place} of {len(true) * SLOW_SERIES}" if true else "none to find"
            lines.append(f"| {name} | {100 * noise:.0f} % | {steps} | {shown} | {sum(len(f.slow) for f in found)} |")
    return "\n".join(lines) + "\n"


def places() -> str:
    """Return how exactly a step of 10 % is placed at noise of 3 %, in words."""
    away = []
    for draw in _draws(200):
        values = [draw.gauss(0.0, 0.03) + (math.log(1.1) if i >= STEP else 0.0) for i in range(2 * STEP)]
        away.append(min((abs(s.at - STEP) for s in find_changes(values, least=LEAST).steps), default=99))
    shares = ", ".join(f"{sum(a <= most for a in away) / len(away):.1%} within {most}" for most in (0, 1, 2))
    return f"+10 % at noise of 3 %: {sum(a < 99 for a in away) / len(away):.1%} found; {shares}"


def cost() -> str:
    """Return the processor time of 1,000 values, the least of some, in words."""
    draw = random.Random(0)
    values = [draw.gauss(0.0, 0.03) + (math.log(1.1) if i >= 500 else 0.0) for i in range(1000)]
    times = []
    for _ in range(7):
        began = time.process_time()
        find_changes(values, least=LEAST)
        times.append(time.process_time() - began)
    return f"1,000 values: {1000 * min(times):.0f} ms"


TABLES: dict[str, Callable[[], str]] = {
    "steps-false": marks_table,
    "steps-found": found_table,
    "slow": slow_table,
    "creep": creep_table,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    tables = {name: make() for name, make in TABLES.items()}
    for name, table in tables.items():
        print(f"{name}\n{table}")
    print(places())
    print(cost())
    text = PAGE.read_text(encoding="utf-8")
    if given.write:
        PAGE.write_text(filled(text, tables), encoding="utf-8")
    other = stale(PAGE.read_text(encoding="utf-8"), tables) if given.check else []
    if other:
        print(f"{PAGE.name} is out of date: {', '.join(other)}; run with --write")
    return bool(other)


if __name__ == "__main__":
    sys.exit(main())
