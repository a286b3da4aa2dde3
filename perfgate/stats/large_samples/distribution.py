"""A sample as its distribution: how many values lie where, whether as values, cells or buckets."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from perfgate.stats.cells import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Distribution:
    """The cells of a sample, ascending, with their cumulative counts.

    Of a value that is known the cell is the value itself; of one in a bucket its bounds
    are all that is known, and the last bucket may be unbounded.
    """

    __slots__ = ("_upto", "cells", "is_bucketed")

    def __init__(self, cells: Sequence[Cell], *, is_bucketed: bool = False) -> None:
        """Take the cells.

        Args:
            cells: ascending, at least one; sizes >= 1.
            is_bucketed: are they buckets, which hold their upper bound and not their lower one?
        """
        self.cells = tuple(cells)
        self.is_bucketed = is_bucketed
        self._upto = tuple(accumulate(c.size for c in self.cells))

    def __len__(self) -> int:
        """Return how many values it stands for."""
        return self._upto[-1]

    def at(self, rank: int) -> Cell:
        """Return the cell that holds the value of a rank.

        Args:
            rank: 1 to `len(self)`, ascending.
        """
        return self.cells[bisect_left(self._upto, rank)]

    def quantile(self, q: float) -> float:
        """Return the ``q``-quantile: the order statistic of rank ``ceil(q n)``, in the middle of its cell.

        Args:
            q: 0.0 < q <= 1.0.
        """
        return _middle(self.at(rank_of(q, len(self))))

    def above(self, limit: float, *, at_limit: bool) -> tuple[int, int]:
        """Return how many values lie above a limit: for certain, and at most.

        Args:
            limit: in the unit of the values.
            at_limit: do values that are equal to the limit count? In buckets these are not known, and count as below.
        """
        surely = possibly = 0
        touches = self.is_bucketed or at_limit
        for low, high, size in self.cells:
            if low > limit or (touches and low == limit):
                surely += size
                possibly += size
            elif high > limit or (at_limit and not self.is_bucketed and high == limit):
                possibly += size
        return surely, possibly

    def points(self, most: int) -> list[float]:
        """Return at most so many values that stand for equal shares of the sample, ascending.

        Args:
            most: >= 1; a sample of no more values is returned whole.
        """
        count = len(self)
        if count <= most:
            return [_middle(c) for c in self.cells for _ in range(c.size)]
        ranks = [(2 * i + 1) * count // (2 * most) + 1 for i in range(most)]
        return [_middle(self.at(rank)) for rank in ranks]


def rank_of(q: float, count: int) -> int:
    """Return the rank, from 1, of the ``q``-quantile of so many values: ``ceil(q n)``."""
    return min(max(math.ceil(q * count - 1e-9), 1), count)  # 0.95 * 100 is a little above 95 in binary


def of_values(values: Iterable[float]) -> Distribution:
    """Return the distribution of values in any order; at least one, all finite."""
    return Distribution([Cell(v, v, sum(1 for _ in same)) for v, same in groupby(sorted(values))])


def of_buckets(buckets: Sequence[tuple[float, float]]) -> Distribution:
    """Return the distribution of counts by bucket.

    Args:
        buckets: upper bounds, ascending, each with the *cumulative* count; the first bucket begins at 0
            where its bound is positive.
    """
    cells = []
    low, before = (0.0 if buckets[0][0] >= 0 else -math.inf), 0
    for bound, count in buckets:
        size = round(count) - before
        if size > 0:
            cells.append(Cell(low, bound, size))
        low, before = bound, max(round(count), before)
    return Distribution(cells, is_bucketed=True)


def _middle(cell: Cell) -> float:
    """Return the middle of a cell; of an unbounded one the bound that is known."""
    if math.isinf(cell.high):
        return cell.low
    return cell.high if math.isinf(cell.low) else cell.low + (cell.high - cell.low) / 2
