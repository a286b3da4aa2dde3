"""Distributions as counts by cell: what many values leave behind, so that parts of any size can be put together.

A cell holds the values that agree in sign, in power of two and in the first eleven binary
digits: it is 1/1024 to 1/2048 of its values wide, below 0.1 %. Its least and largest value
and their number are kept. Cells of parts, put together in any order, are the cells of the
whole, to the last bit; a quantile read off them lies in the same cell as that of all values.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STEPS = 2000
"""A distribution is spread over one value more than this: p50, p90, p95, p99 and p99.9 are each one of them."""
MOST_KEPT = 65_536
"""Values of a column that are kept as they are, 8 bytes each."""
_PARTS = 1024  # cells of one power of two
_TINY_EXPONENT = -1000
_TINY = math.ldexp(1.0, _TINY_EXPONENT)  # what is smaller shares the cell of zero: no unit makes a measurement so small


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
    start = 0
    while start < len(ordered):
        low = ordered[start]
        end = _end(ordered, start)
        cells.append(Cell(low, ordered[end - 1], end - start))
        start = end
    return cells


def _end(ordered: Sequence[float], start: int) -> int:
    """Return the position behind the last value of the cell in which the value at `start` lies."""
    value = ordered[start]
    if abs(value) < _TINY:
        return bisect_left(ordered, _TINY, start)
    inner, outer = _bounds(abs(value))
    return bisect_left(ordered, outer, start) if value > 0 else bisect_right(ordered, -inner, start)


def _bounds(size: float) -> tuple[float, float]:
    """Return the bounds of the cell of a positive value; the upper one is not part of it."""
    mantissa, exponent = math.frexp(size)
    step = int(mantissa * 2 * _PARTS)
    try:
        outer = math.ldexp((step + 1) / (2 * _PARTS), exponent)
    except OverflowError:  # the last cell
        outer = math.inf
    return math.ldexp(step / (2 * _PARTS), exponent), outer


def _number(value: float) -> int:
    """Return the number of a value's cell; numbers ascend with values."""
    if abs(value) < _TINY:
        return 0
    mantissa, exponent = math.frexp(abs(value))
    number = (exponent - _TINY_EXPONENT) * _PARTS + int(mantissa * 2 * _PARTS)
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


class Column:
    """Takes the values of one metric batch by batch: few are kept as they are, of many their counts by cell.

    So a log of any length needs the memory of its first values.
    """

    __slots__ = ("_counted", "_factor", "_total", "cells", "values")

    def __init__(self, factor: float = 1.0) -> None:
        """Start with no values.

        Args:
            factor: from the unit of what is taken to the unit of `values` and `cells`.
        """
        self._factor = factor
        self._counted = 0
        self._total = 0.0
        self.values = array("d")
        """As they were taken, until there are `MOST_KEPT`."""
        self.cells: list[Cell] = []
        """All of them, times the factor, after `finish` where they were many; else empty."""

    def __len__(self) -> int:
        """Return how many were taken."""
        return self._counted + len(self.values)

    @property
    def total(self) -> float:
        """The sum of all that was taken."""
        return self._total + math.fsum(self.values)

    def extend(self, values: Iterable[float]) -> None:
        """Take more values, all finite."""
        self.values.extend(values)
        if len(self.values) >= MOST_KEPT:
            self._fold()

    def finish(self) -> Sequence[float]:
        """Return the values times the factor; empty where they were many, and are in `cells`."""
        if self._counted:
            self._fold()
        elif self._factor != 1.0:
            return array("d", [v * self._factor for v in self.values])
        return self.values

    def _fold(self) -> None:
        self._total += math.fsum(self.values)
        self._counted += len(self.values)
        ordered = sorted(self.values) if self._factor == 1.0 else sorted(v * self._factor for v in self.values)
        self.cells = merge_cells([self.cells, cells_of(ordered)])
        self.values = array("d")


def count_of_cells(cells: Iterable[Cell]) -> int:
    """Return how many values cells hold."""
    return sum(cell.size for cell in cells)


def weigh(ordered: Sequence[float], count: int) -> list[Cell]:
    """Return cells of values of which each stands for an equal share of many.

    Args:
        ordered: the values, ascending, length >= 1, such as `spread` returns.
        count: how many they stand for, >= len(ordered).
    """
    length = len(ordered)
    shares = ((i + 1) * count // length - i * count // length for i in range(length))
    return merge_cells([[Cell(value, value, share) for value, share in zip(ordered, shares, strict=True)]])


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
    values = _Ranked(cells)
    for i in range(steps + 1):
        rank, rest = divmod(i * (total - 1), steps)
        low = values.at(rank)
        high = values.at(rank + 1) if rest else low
        found.append(_between(low, high, rest / steps))
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


class _Ranked:
    """The values in cells by rank; ranks are asked for in ascending order, or one less than the last."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = cells
        self._place = 0
        self._before = 0  # values in the cells before that place

    def at(self, rank: int) -> float:
        """Return the value of that rank, from 0."""
        while rank < self._before:
            self._place -= 1
            self._before -= self._cells[self._place].size
        while rank >= self._before + self._cells[self._place].size:
            self._before += self._cells[self._place].size
            self._place += 1
        low, high, count = self._cells[self._place]
        return low if count == 1 or low == high else _between(low, high, (rank - self._before) / (count - 1))


def _between(low: float, high: float, share: float) -> float:
    return min(low + share * (high - low), high)
