"""Slow changes of a series: a rise, or a fall, that no single value begins, and the steps that are none of it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from perfgate.stats.history.steps import FEWEST, LEVEL, MOST_COMPARED, Step, find_steps, relative_size, two_sided
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_REACHES = ((MOST_COMPARED, FEWEST, 1.0), (MOST_COMPARED // 2, 2 * FEWEST, 0.9))
"""Values on each side of a step that are compared at most, and at least; and the residuals of a line in those of two
levels below which the step is a part of a slow change.

Where series of 66 values rise by 0.3 % a value, all steps fall in 100, 97 and 75 of 100 series at noise of 1, 2 and
3 %. Of true steps of 10 % none fall at 1 and 2 %, and 2 of 600 at 3 %. With 1.05 for 1.0 it would be 100, 99 and 85,
and 4 times as many true steps. The shorter reach is for a rise that began late: of 24 values with 0.4 % each behind
100 level ones all are found at noise of 0.4 %, and 56 of 59 at 1 %; without it 0 and 11. It costs 1 % of the steps of
8 % at noise of 3 %, and none at 2 %.
"""
_PLACES = 24
"""Ends of a slow change that are tried on each side."""


class Slow(NamedTuple):
    """One change of level in many small parts."""

    start: int
    """Place of the value from which on it rises or falls."""
    end: int
    """Place behind its last value."""
    slope: float
    """Change from one value to the next."""

    @property
    def change(self) -> float:
        """The whole change, from its first to its last value."""
        return self.slope * (self.end - 1 - self.start)


class Changes(NamedTuple):
    """What a series did."""

    steps: list[Step]
    """In its order."""
    slow: list[Slow]
    """In its order; none covers a step."""

    def heights(self, size: int) -> list[float]:
        """Return how far each of so many values lies above the first one by these changes, without noise."""
        found = [0.0] * size
        for step in self.steps:
            for place in range(step.at, size):
                found[place] += step.change
        for slow in self.slow:
            for place in range(slow.start, size):
                found[place] += slow.slope * (min(place, slow.end - 1) - slow.start)
        return found


def find_changes(values: Sequence[float], *, least: float) -> Changes:
    """Return the steps of a series, and the slow changes that would look like steps.

    Around each step of `find_steps` a robust line is compared with the two levels. Where it leaves smaller absolute
    residuals, and no significant jump remains above a common slope of both sides, the step falls, the one first that a
    line fits best. What the fallen steps covered is a slow change, which grows to where the series is flat.

    Args:
        values: in the order of time; all finite. Logs, for changes as ratios.
        least: the smallest change that counts, in the unit of `values`, >= 0.0.

    Source:
        The line: Sen (1968), "Estimates of the regression coefficient based on Kendall's tau", Journal of the
        American Statistical Association 63(324).
    """
    steps = find_steps(values, least=least)
    if not steps:
        return Changes([], [])
    sieve = _Sieve(values, least, sorted({s.at for s in steps}))
    sieve.reduce()
    found = {s.at: s for s in steps}
    return Changes([sieve.restate(found[place]) for place in sieve.places], list(sieve.slow()))


class _Sieve:
    """Steps of a series, of which those fall that a line explains."""

    def __init__(self, values: Sequence[float], least: float, places: list[int]) -> None:
        self._values = values
        self._least = least
        self._covered: list[tuple[int, int]] = []
        self.places = places

    def reduce(self) -> None:
        """Drop steps until none is left that a line explains."""
        found = [self._compare(i) for i in range(len(self.places))]
        while found and min(found)[0] < math.inf:
            i = found.index(min(found))
            self._covered.append(self._window(i, found[i][1]))
            del self.places[i], found[i]
            for near in (i - 1, i):
                if 0 <= near < len(found):
                    found[near] = self._compare(near)

    def slow(self) -> Iterator[Slow]:
        """Yield what the steps that fell covered, as far as the series goes on rising or falling."""
        joined: list[tuple[int, int]] = []
        for start, end in sorted(self._covered):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        for number, (start, end) in enumerate(joined):
            first, last = self._bounds(start, end)
            first = max(first, joined[number - 1][1] if number else 0)
            last = min(last, joined[number + 1][0] if number + 1 < len(joined) else last)
            yield self._grow(start, end, first, last)

    def restate(self, step: Step) -> Step:
        """Return a step; beside a slow change with its height above the slope, which would count twice."""
        if not self._is_beside_slow(step.at):
            return step
        i = self.places.index(step.at)
        before, after = self._sides(i, MOST_COMPARED)
        slope = _slope(before, after)
        change = median(_level(after, slope)) - median(_level(before, slope)) - slope * len(before)
        return step._replace(change=change, slope=slope, before=len(before), after=len(after))

    def _compare(self, i: int) -> tuple[float, int]:
        """Return the residuals of a line in those of two levels, and how many values of a side were compared.

        Infinity where two levels fit better, or a jump remains above a slope.
        """
        for reach, fewest, wins in _REACHES:
            before, after = self._sides(i, reach)
            if min(len(before), len(after)) >= fewest and (ratio := self._ratio(before, after)) < wins:
                return ratio, reach
        return math.inf, MOST_COMPARED

    def _ratio(self, before: Sequence[float], after: Sequence[float]) -> float:
        both = [*before, *after]
        levels = _residuals(before) + _residuals(after)
        line = _residuals(_level(both, _slope(both)))
        if line >= levels:
            return math.inf
        level = _level(both, _slope(before, after))
        flat, above = level[: len(before)], level[len(before) :]
        goes_on = (median(above) > median(flat)) == (median(after) > median(before))
        is_jump = goes_on and relative_size(flat, above, self._least) >= 1.0 and two_sided(flat, above) <= LEVEL
        return math.inf if is_jump else line / levels

    def _is_beside_slow(self, place: int) -> bool:
        return any(start <= place <= end for start, end in self._covered)

    def _sides(self, i: int, reach: int) -> tuple[Sequence[float], Sequence[float]]:
        start, end = self._window(i, reach)
        return self._values[start : self.places[i]], self._values[self.places[i] : end]

    def _window(self, i: int, reach: int) -> tuple[int, int]:
        place = self.places[i]
        start, end = (self.places[i - 1] if i else 0), (self.places[i + 1 :] or [len(self._values)])[0]
        return max(start, place - reach), min(end, place + reach)

    def _bounds(self, start: int, end: int) -> tuple[int, int]:
        """Return the steps on both sides of some values, or the ends of the series."""
        before, after = bisect_right(self.places, start), bisect_left(self.places, end)
        return (
            self.places[before - 1] if before else 0,
            self.places[after] if after < len(self.places) else len(self._values),
        )

    def _grow(self, start: int, end: int, first: int, last: int) -> Slow:
        """Return a slow change with the ends between which a line, and levels outside it, fit best."""
        inside = self._values[start:end]
        slope = _slope(inside)
        base = median(_level(inside, slope)) - slope * start
        rest = [v - base for v in self._values[first:last]]
        quarter = (end - start) // 4

        def cost(begins: int, ends: int) -> float:
            shape = (slope * min(max(place, begins), ends - 1) for place in range(first, last))
            return sum(abs(v - level) for v, level in zip(rest, shape, strict=True))

        begins = min(_some(first, start + quarter), key=lambda place: cost(place, end))
        ends = min(_some(end - quarter, last), key=lambda place: cost(begins, place))
        return Slow(begins, ends, slope)


def _some(first: int, last: int) -> list[int]:
    """Return at most `_PLACES` + 1 numbers from one to another, with both."""
    parts = max(1, min(_PLACES, last - first))
    return [first + (last - first) * part // parts for part in range(parts + 1)]


def _slope(*parts: Sequence[float]) -> float:
    """Return the median slope of pairs of values inside parts, which lie three to five sixths of a part apart.

    Nearer pairs say little of a slope, and there are many of them.
    """
    return median(
        [
            (b - a) / apart
            for part in parts
            for apart in {max(1, len(part) * sixths // 6) for sixths in (3, 4, 5)}
            for a, b in zip(part, part[apart:], strict=False)
        ]
    )


def _level(values: Sequence[float], slope: float) -> list[float]:
    return [v - slope * place for place, v in enumerate(values)]


def _residuals(values: Sequence[float]) -> float:
    middle = median(values)
    return math.fsum(abs(v - middle) for v in values)
