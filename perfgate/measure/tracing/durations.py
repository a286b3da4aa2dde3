"""How long something took, many times: buckets for Prometheus, and percentiles."""

from __future__ import annotations

from bisect import bisect_left

from perfgate.stats.cells import cells_of, count_of_cells, merge_cells, spread
from perfgate.stats.quantiles import quantile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.stats.cells import Cell

BUCKETS_MS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 150.0, 200.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0)
"""Upper bounds of the buckets of a histogram; the deadline is one more, so that its share can be read off exactly."""
_PERCENTILES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))
_WAITING = 500  # values kept one by one before they are put into cells


class Durations:
    """A histogram with buckets for Prometheus, and cells of 0.1 % for percentiles; of any number of values.

    Attributes:
        total: the sum of all values, in milliseconds.
        count: how many there are.
    """

    __slots__ = ("_bounds", "_buckets", "_cells", "_waiting", "count", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Start with no value.

        Args:
            bounds: upper bounds of the buckets in milliseconds, ascending.
        """
        self._bounds = bounds
        self._buckets = [0] * (len(bounds) + 1)
        self._cells: list[Cell] = []
        self._waiting: list[float] = []
        self.total = 0.0
        self.count = 0

    def add(self, value: float) -> None:
        """Add a duration in milliseconds, >= 0."""
        self._buckets[bisect_left(self._bounds, value)] += 1
        self.total += value
        self.count += 1
        self._waiting.append(value)
        if len(self._waiting) >= _WAITING:
            self._settle()

    def _settle(self) -> None:
        self._cells = merge_cells([self._cells, cells_of(sorted(self._waiting))])
        self._waiting = []

    def percentiles(self) -> dict[str, float]:
        """Return p50, p95 and p99 in milliseconds; a single value is each of them."""
        self._settle()
        values = spread(self._cells) if count_of_cells(self._cells) else (0.0,)
        return {name: quantile(values, q) for name, q in _PERCENTILES}

    def cumulative(self) -> list[tuple[float, int]]:
        """Return each bucket's upper bound in milliseconds and how many values are at most that, the last infinite."""
        found, below = [], 0
        for bound, number in zip((*self._bounds, float("inf")), self._buckets, strict=True):
            below += number
            found.append((bound, below))
        return found
