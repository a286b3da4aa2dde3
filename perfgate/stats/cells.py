"""Distributions as counts by cell: what many values leave behind, so that parts of any size can be put together.

A cell holds the values that agree in sign, in power of two and in the first eleven binary
digits: it is 1/1024 to 1/2048 of its values wide, below 0.1 %. Its least and largest value
and their number are kept. Cells of parts, put together in any order, are the cells of the
whole, to the last bit; a quantile read off them lies in the same cell as that of all values.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import partial
from itertools import chain
from math import frexp, ldexp
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STEPS = 2000
"""A distribution is spread over one value more than this: p50, p90, p95, p99 and p99.9 are each one of them."""
MOST_KEPT = 65_536
"""Values of a column that are kept as they are, 8 bytes each."""
PARTS = 1024
"""Cells of one power of two."""
TINY_EXPONENT = -1000
TINY = ldexp(1.0, TINY_EXPONENT)
"""What is smaller shares the cell of zero: no unit makes a measurement so small."""


class Cell(NamedTuple):
    """Values that lie within 0.1 % of each other."""

    low: float
    """The least of them."""
    high: float
    """The largest."""
    size: int
    """How many they are, >= 1."""


def cells_of(ordered: Sequence[float]) -> list[Cell]:
    """Return the cells of values.

    Args:
        ordered: the values, ascending; all finite.

    Returns:
        Their cells, ascending; empty for no values.
    """
    cells: list[Cell] = []
    start, length = 0, len(ordered)
    while start < length:
        low = ordered[start]
        end = start + 1
        if end < length:
            bisect = bisect_left if low > -TINY else bisect_right
            end = bisect(ordered, _bound(low), end)
        cells.append(Cell(low, ordered[end - 1], end - start))
        start = end
    return cells


def _bound(value: float) -> float:
    """Return the upper bound of a value's cell, which is part of the cell below zero alone."""
    if abs(value) < TINY:
        return TINY
    mantissa, exponent = frexp(value)
    step = int(mantissa * 2 * PARTS)  # towards zero
    try:
        return ldexp((step + (value > 0)) / (2 * PARTS), exponent)
    except OverflowError:  # the last cell
        return math.inf


def _number(value: float) -> int:
    """Return the number of a value's cell; numbers ascend with values."""
    if abs(value) < TINY:
        return 0
    mantissa, exponent = frexp(abs(value))
    number = (exponent - TINY_EXPONENT) * PARTS + int(mantissa * 2 * PARTS)
    return number if value > 0 else -number


def merge_cells(parts: Iterable[Iterable[Cell]]) -> list[Cell]:
    """Return the cells of all parts together, ascending.

    Args:
        parts: cells of each part; their order does not matter.
    """
    found: dict[int, Cell] = {}
    for cells in parts:
        for cell in cells:
            number = _number(cell.low)
            held = found.get(number, cell)
            found[number] = cell if held is cell else _join(held, cell)
    return [found[number] for number in sorted(found)]


def _join(one: Cell, other: Cell) -> Cell:
    return Cell(min(one.low, other.low), max(one.high, other.high), one.size + other.size)


def count_of_cells(cells: Iterable[Cell]) -> int:
    """Return how many values cells hold."""
    return sum(cell.size for cell in cells)


def weigh(ordered: Sequence[float], count: int) -> list[Cell]:
    """Return cells of values of which each stands for an equal share of many.

    Args:
        ordered: the values, ascending, length >= 1.
        count: how many they stand for, >= len(ordered).
    """
    length = len(ordered)
    shares = ((i + 1) * count // length - i * count // length for i in range(length))
    return merge_cells([[Cell(value, value, share) for value, share in zip(ordered, shares, strict=True)]])


class Pool:
    """Parts together, each as `spread` returned it or as all its values; between two of them, its others are even.

    To take each value for an equal share instead would count the largest, which is one of many, as a two-thousandth
    of all: the p99 of parts together would be too large by several percent where the tail is long.
    """

    def __init__(self, parts: Iterable[tuple[Sequence[float], int]]) -> None:
        """Take the parts.

        Args:
            parts: the values of each, ascending, at least one; and how many they stand for, at least as many.
        """
        self._parts = [(ordered, count, (count - 1) / max(len(ordered) - 1, 1)) for ordered, count in parts]
        self._ordered = sorted(chain.from_iterable(ordered for ordered, *_ in self._parts))
        self.count = sum(count for _, count, _ in self._parts)
        """How many values all stand for."""

    def spread(self) -> tuple[float, ...]:
        """Return about what `spread` returns of all values."""
        found: list[float] = []
        place = 0
        for step in range(self.steps + 1):
            value, place = self._find(step, place)
            found.append(value)
        return tuple(found)

    @property
    def steps(self) -> int:
        """One less than the values of `spread`."""
        return min(STEPS, self.count - 1)

    def at(self, step: int) -> float:
        """Return one value of `spread`, from 0 to `steps`, in a hundredth of the time of all."""
        return self._find(step, 0)[0]

    def _find(self, step: int, start: int) -> tuple[float, int]:
        """Return the value of a step, and the place of the first known value that is not below it."""
        if step in {0, self.steps}:
            return self._ordered[-1 if step else 0], start
        rank = step * (self.count - 1) / self.steps + 0.5
        end, size = start, 1
        while end < len(self._ordered) and self._count(bisect_right, self._ordered[end]) < rank:
            start, end, size = end + 1, end + size, 2 * size
        place = bisect_left(
            self._ordered, rank, start, min(end, len(self._ordered) - 1), key=partial(self._count, bisect_right)
        )
        value = self._ordered[place]
        if not place or (before := self._count(bisect_left, value)) <= rank:
            return value, place
        lower = self._ordered[place - 1]
        reached = self._count(bisect_right, lower)
        return _between(lower, value, (rank - reached) / (before - reached)), place

    def _count(self, bisect: Callable[[Sequence[float], float], int], value: float) -> float:
        """Return how many values lie below one (`bisect_left`), or are not above it (`bisect_right`)."""
        total = 0.0
        for ordered, count, step in self._parts:
            behind = bisect(ordered, value)
            if behind == len(ordered):
                total += count
            elif behind:
                low, width = ordered[behind - 1], ordered[behind] - ordered[behind - 1]
                total += (behind - 1 + ((value - low) / width if width < math.inf else 0.5)) * step + 0.5
        return total


def spread(cells: Sequence[Cell]) -> tuple[float, ...]:
    """Return `STEPS` + 1 values that have the quantiles of the values in cells, at most as many as there are.

    Each is the quantile of all values (`quantiles.quantile`) at i / `STEPS`; inside a cell
    its values are taken to be evenly spaced.

    Args:
        cells: ascending, at least one.

    Returns:
        The values, ascending.
    """
    total = count_of_cells(cells)
    steps = min(STEPS, total - 1)
    if not steps:
        return (cells[0].low,)
    found: list[float] = []
    place = before = 0  # of a cell, and how many values lie in the cells before it
    low, high, size = cells[0]
    for i in range(steps + 1):
        rank, rest = divmod(i * (total - 1), steps)
        while rank >= before + size:
            before += size
            place += 1
            low, high, size = cells[place]
        value = low if low == high else _between(low, high, (rank - before) / (size - 1))
        following, at = value, rank + 1 - before
        if rest and at >= size:
            following = cells[place + 1].low
        elif rest and low != high:
            following = _between(low, high, at / (size - 1))
        found.append(_between(value, following, rest / steps))
    return tuple(found)


def order_statistics(cells: Sequence[Cell], ranks: Iterable[int]) -> tuple[float, ...]:
    """Return the values of some ranks; inside a cell its values are taken to be evenly spaced.

    Args:
        cells: ascending, at least one.
        ranks: ascending, each from 0 to the number of values less one.
    """
    found: list[float] = []
    before, place = 0, 0
    low, high, size = cells[0]
    for rank in ranks:
        while rank >= before + size:
            before += size
            place += 1
            low, high, size = cells[place]
        step = rank - before
        # the ends of a cell are values: no rounding
        found.append(low if not step else high if step == size - 1 else _between(low, high, step / (size - 1)))
    return tuple(found)


def _between(low: float, high: float, share: float) -> float:
    return min(low + share * (high - low), high)
