"""What all benchmarks of a session did together: the machine was slower, or everything was."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.history.trends import Series

FEWEST = 5
"""Benchmarks of a session that make a suite."""
_PRESENT = 0.97
"""Share of the sessions of a section in which a benchmark has to be present to count."""


class _Part(Struct, frozen=True):
    """How far the benchmarks lay above their own medians, in a part of the sessions."""

    own: Mapping[int, Mapping[int, float]]
    """By the place of the benchmark's series, and of the session: of those that are there all the time."""
    ordered: Mapping[int, list[float]]
    """All of them by the place of the session, ascending."""

    def common(self) -> dict[int, float]:
        """Return the median of all benchmarks for each session; empty: there are too few of them."""
        return {place: median(above) for place, above in self.ordered.items()} if len(self.own) >= FEWEST else {}

    def of_others(self, number: int) -> dict[int, float]:
        """Return the median of all benchmarks but one for each session; empty: there are too few of them."""
        own = self.own.get(number)
        if own is None or len(self.own) < FEWEST:
            return self.common()
        return {
            place: _median_without(above, own[place]) if place in own else median(above)
            for place, above in self.ordered.items()
        }


class Shifts:
    """The common shift of the sessions of one class of machine, for one metric."""

    def __init__(self, series: Sequence[Series], sessions: Sequence[str]) -> None:
        """Take the series whose changes are ratios.

        Args:
            series: of one class of machine and one metric.
            sessions: names of their sessions, oldest first.
        """
        self._place = {name: place for place, name in enumerate(sessions)}
        self._rows = [
            (number, dict(zip((self._place[p.session] for p in s.points), s.heights(), strict=True)), self._breaks(s))
            for number, s in enumerate(series)
            if s.is_ratio
        ]
        self._own: Mapping[int, Mapping[int, float]] = {}
        self._known: dict[tuple[int, int], _Part] = {}

    def leave_out(self, own: Mapping[int, Mapping[int, float]]) -> None:
        """Take what benchmarks did by themselves off their values before the others are compared with them.

        Of five benchmarks one that steps and one that creeps would else move the median of the rest.

        Args:
            own: by the place of the series: how far each session lies above the first by its own changes.
        """
        self._own = own
        self._known.clear()

    def _breaks(self, series: Series) -> list[int]:
        return [self._place[series.points[section.start].session] for section in series.sections[1:]]

    def place(self, session: str) -> int:
        """Return the place of a session."""
        return self._place[session]

    def between(self, first: int, last: int) -> Mapping[int, float]:
        """Return the shift of each session from one to another, by its place; empty: too few benchmarks make one.

        It is the median, over the benchmarks that are there all the time, of how far each lies above its own median.
        """
        return self._part(first, last).common()

    def of_others(self, number: int, first: int, last: int) -> Mapping[int, float]:
        """Return what `between` does, without one benchmark, whose own steps would be a part of it.

        Args:
            number: place of its series among those of the class.
            first: place of the first session.
            last: place of the last one.
        """
        return self._part(first, last).of_others(number)

    def newest(self) -> Mapping[int, float]:
        """Return the shift of each session of the longest part up to the newest one that has some; empty: none has.

        A break of many benchmarks at once, as by other rows, begins a part.
        """
        last = len(self._place) - 1
        for first in sorted({0, *(place for _, _, breaks in self._rows for place in breaks)}):
            if found := self.between(first, last):
                return found
        return {}

    def _part(self, first: int, last: int) -> _Part:
        if (first, last) not in self._known:
            self._known[first, last] = self._find(first, last)
        return self._known[first, last]

    def _find(self, first: int, last: int) -> _Part:
        size = last - first + 1
        own: dict[int, dict[int, float]] = {}
        ordered: dict[int, list[float]] = defaultdict(list)
        for number, heights, breaks in self._rows:
            by_itself = self._own.get(number, {})
            inside = {
                place: height - by_itself.get(place, 0.0) for place, height in heights.items() if first <= place <= last
            }
            if len(inside) < max(_PRESENT * size, 1) or any(first < place <= last for place in breaks):
                continue
            middle = median(list(inside.values()))
            own[number] = {place: height - middle for place, height in inside.items()}
            for place, above in own[number].items():
                ordered[place].append(above)
        return _Part(own, {place: sorted(above) for place, above in ordered.items()})


def _median_without(ordered: list[float], one: float) -> float:
    """Return the median of ascending values without one of them; of that one where there is no other."""
    place = bisect_left(ordered, one)
    return median([*ordered[:place], *ordered[place + 1 :]] or ordered)
