"""Change points of a series: where the values after a point lie on another level than those before it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from functools import lru_cache
from itertools import accumulate, count
from operator import add, mul
from typing import TYPE_CHECKING, NamedTuple

from perfgate.stats.distributions import normal_quantile
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import mann_whitney

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 3
"""Values on each side of a step: one or two that lie apart are outliers, and mark nothing."""
MOST_COMPARED = 30
"""Values on each side that are compared, up to the next step."""
LEVEL = 0.001
"""Largest two-sided p of a step."""
_CANDIDATE = -normal_quantile(0.005)  # standard deviations of the rank sum, from which a window holds a candidate
_FIRST, _GROWTH, _LONGEST = 2 * FEWEST, math.sqrt(2), 96  # lengths of windows
_WINDOWS = 4  # windows that cover a value, of each length
_SPREAD = 1.4826  # the standard deviation of normal values, in their median absolute deviation
_FEW = 4
"""Values of a side whose test is exact: by the normal approximation three against thirty prove nothing, and a step is
found later. Of 2,500 series of 100 values white noise and heavy tails make 0.040 and 0.038 steps each; at 5 0.046 and
0.047, without it 0.035 and 0.031."""
_NEAR = 2 * FEWEST  # so far from where a step was found its place is looked for again


class Step(NamedTuple):
    """One change of level."""

    at: int
    """Place of the first value after it."""
    change: float
    """Median after it less median before it."""
    p: float
    """Two-sided, of the rank test of both sides."""
    before: int
    """How many values before it were compared."""
    after: int
    """How many values after it were compared."""
    slope: float = 0.0
    """Change from one value to the next on both sides, where it lies in or beside a slow change."""


def find_steps(values: Sequence[float], *, least: float) -> list[Step]:
    """Return the steps of a series, in its order.

    Windows of 6 to 96 values are searched for the split whose rank sum is the most extreme; the shortest that
    hold one propose candidates. Candidates are then compared with each other's neighbourhoods: the one with the
    largest p falls while it is above 0.001, then the smallest one while it is below `least` or below the spread of
    the values around it. What remains is moved to where the two medians leave the least absolute residuals.

    Args:
        values: in the order of time; all finite. Logs, for changes as ratios.
        least: the smallest change that counts, in the unit of `values`, >= 0.0.

    Returns:
        The steps. A series of fewer than 6 values has none; no step lies in its first or last 2 values. White noise
        gives about 0.04 of them for each 100 values; values that follow each other give more (AR(1) of 0.6: 1.8).

    Source:
        Seeded windows, and the shortest first: Kovács, Bühlmann, Li and Munk (2023), "Seeded binary segmentation",
        Biometrika 110(1), and Baranowski, Chen and Fryzlewicz (2019), "Narrowest-over-threshold detection",
        Journal of the Royal Statistical Society B 81(3). The rank sum: Pettitt (1979), "A non-parametric approach
        to the change-point problem", Applied Statistics 28(2).
    """
    search = _Search(values, least, _candidates(values))
    search.reduce()
    return search.steps()


def _candidates(values: Sequence[float]) -> list[int]:
    found = []
    for length in _lengths(len(values)):
        starts = range(0, len(values) - length + 1, max(1, length // _WINDOWS))
        for start in {*starts, len(values) - length}:
            score, split = _best_split(values[start : start + length])
            if score >= _CANDIDATE:
                found.append((length, -score, start + split, start))
    places: list[int] = []
    for length, _, place, start in sorted(found):
        if bisect_right(places, start) == bisect_left(places, start + length):
            insort(places, place)
    return places


def _lengths(size: int) -> list[int]:
    most = min(size, _LONGEST)
    lengths = []
    length = _FIRST
    while length < most:
        lengths.append(length)
        length = math.ceil(length * _GROWTH)
    return [*lengths, most] if most >= _FIRST else []


def _best_split(window: Sequence[float]) -> tuple[float, int]:
    """Return the split of a window whose rank sum is the most extreme, and by how many standard deviations."""
    length = len(window)
    ordered = sorted(window)
    last = dict(zip(ordered, count(), strict=False))  # equal values share the mean of their ranks
    first = dict(zip(reversed(ordered), range(length - 1, -1, -1), strict=True))
    doubled = map(add, map(first.__getitem__, window), map(last.__getitem__, window))
    sums = accumulate(rank - (length - 1) for rank in doubled)
    scores = list(map(mul, map(abs, sums), _weights(length)))
    best = max(scores)
    return best, scores.index(best) + 1


@lru_cache(maxsize=_LONGEST)
def _weights(length: int) -> tuple[float, ...]:
    """Return for each split one over the standard deviation of its doubled rank sum; 0.0 where a side is too short."""
    allowed = range(FEWEST, length - FEWEST + 1)
    return tuple(
        0.5 / math.sqrt(i * (length - i) * (length + 1) / 12) if i in allowed else 0.0 for i in range(1, length + 1)
    )


class _Search:
    """Candidates of a series, and how each compares with the values up to its neighbours."""

    def __init__(self, values: Sequence[float], least: float, places: list[int]) -> None:
        self._values = values
        self._least = least
        self._places = places
        self._judged: list[tuple[float, float]] = []

    def reduce(self) -> None:
        """Drop candidates until each that is left is significant, and large enough."""
        self._judged = [self._judge(i) for i in range(len(self._places))]
        while self._places:
            p, worst = max((p, i) for i, (p, _) in enumerate(self._judged))
            if p <= LEVEL:
                size, worst = min((size, i) for i, (_, size) in enumerate(self._judged))
                if size >= 1.0:
                    return
            del self._places[worst], self._judged[worst]
            for i in (worst - 1, worst):
                if 0 <= i < len(self._places):
                    self._judged[i] = self._judge(i)

    def steps(self) -> list[Step]:
        found = []
        for i, place in enumerate(self._places):
            start, end = self._around(i)
            best = self._settle(place, start, end)
            before, after = self._sides(start, best, end)
            change = median(after) - median(before)
            found.append(Step(best, change, two_sided(before, after), len(before), len(after)))
        return found

    def _judge(self, i: int) -> tuple[float, float]:
        """Return the p of a candidate, and its change in parts of what it has to be."""
        start, end = self._around(i)
        before, after = self._sides(start, self._places[i], end)
        return two_sided(before, after), relative_size(before, after, self._least)

    def _around(self, i: int) -> tuple[int, int]:
        return (
            self._places[i - 1] if i else 0,
            self._places[i + 1] if i + 1 < len(self._places) else len(self._values),
        )

    def _sides(self, start: int, at: int, end: int) -> tuple[Sequence[float], Sequence[float]]:
        return self._values[max(start, at - MOST_COMPARED) : at], self._values[at : min(end, at + MOST_COMPARED)]

    def _settle(self, place: int, start: int, end: int) -> int:
        """Return the place near a step at which two medians leave the least absolute residuals."""
        first, last = max(start, place - MOST_COMPARED), min(end, place + MOST_COMPARED)
        near = range(max(first + FEWEST, place - _NEAR), min(last - FEWEST, place + _NEAR) + 1)

        def cost(at: int) -> tuple[float, int]:
            sides = (self._values[first:at], self._values[at:last])
            return sum(abs(v - middle) for side in sides for middle in (median(side),) for v in side), abs(at - place)

        return min(near, key=cost)


def relative_size(before: Sequence[float], after: Sequence[float], least: float) -> float:
    """Return how far two levels lie apart, in parts of what a step has to be: `least`, and the spread around it."""
    middle_before, middle_after = median(before), median(after)
    residuals = [abs(v - middle_before) for v in before] + [abs(v - middle_after) for v in after]
    needed = max(least, _SPREAD * median(residuals))
    change = abs(middle_after - middle_before)
    return change / needed if needed else math.inf if change else 0.0


def two_sided(before: Sequence[float], after: Sequence[float]) -> float:
    """Return the two-sided p of the rank test of both sides."""
    upward = mann_whitney(before, after, few=_FEW)
    downward = mann_whitney(after, before, few=_FEW)
    return min(1.0, 2 * min(upward.p, downward.p))
