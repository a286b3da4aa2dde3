"""What all benchmarks of a session did together: the machine was slower, or everything was."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.history.trends import Series

FEWEST = 5
"""Benchmarks of a session that make a suite."""
_PRESENT = 0.97
"""Share of the sessions of a section in which a benchmark has to be present to count."""


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
            (dict(zip((self._place[p.session] for p in s.points), s.heights(), strict=True)), self._breaks(s))
            for s in series
            if s.is_ratio
        ]
        self._known: dict[tuple[int, int], Mapping[int, float]] = {}

    def _breaks(self, series: Series) -> list[int]:
        return [self._place[series.points[section.start].session] for section in series.sections[1:]]

    def place(self, session: str) -> int:
        """Return the place of a session."""
        return self._place[session]

    def between(self, first: int, last: int) -> Mapping[int, float]:
        """Return the shift of each session from one to another, by its place; empty: too few benchmarks make one.

        It is the median, over the benchmarks that are there all the time, of how far each lies above its own median.
        """
        if (first, last) not in self._known:
            self._known[first, last] = self._find(first, last)
        return self._known[first, last]

    def newest(self) -> tuple[int, Mapping[int, float]]:
        """Return from which place on the sessions up to the newest have a common shift, the longest such part, and it.

        A break of many benchmarks at once, as by other rows, begins a part; no part has one: it is empty.
        """
        last = len(self._place) - 1
        for first in sorted({0, *(place for _, breaks in self._rows for place in breaks)}):
            if found := self.between(first, last):
                return first, found
        return last, {}

    def _find(self, first: int, last: int) -> Mapping[int, float]:
        size = last - first + 1
        above: dict[int, list[float]] = defaultdict(list)
        count = 0
        for heights, breaks in self._rows:
            inside = {place: height for place, height in heights.items() if first <= place <= last}
            if len(inside) < _PRESENT * size or any(first < place <= last for place in breaks):
                continue
            count += 1
            middle = median(list(inside.values()))
            for place, height in inside.items():
                above[place].append(height - middle)
        return {place: median(found) for place, found in above.items()} if count >= FEWEST else {}
