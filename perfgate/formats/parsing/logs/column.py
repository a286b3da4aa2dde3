"""Many values of one metric to their counts by cell, without a list of all of them."""

from __future__ import annotations

import math
from array import array
from struct import Struct, pack
from typing import TYPE_CHECKING

from perfgate.stats.cells import MOST_KEPT, PARTS, TINY, TINY_EXPONENT, Cell, cells_of, merge_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DOUBLE = 8
"""Bytes of a value as `packed` returns it."""
_one = Struct("d").pack


class _Counter:
    """Counts values by cell, to the same bit in two ways: by plain Python, and many by numpy.

    Numpy is twice as fast, and takes a tenth of a second to load: below some millions of values it gains nothing.
    """

    few = 2_500_000
    """Values that are counted by plain Python before numpy is loaded."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.done = 0
        """Values that were counted."""

    def cells(self, values: array[float], factor: float) -> list[Cell]:
        """Return the cells of values times a factor, ascending.

        Args:
            values: finite, in any order.
            factor: by which each is multiplied.
        """
        self.done += len(values)
        if self.done > self.few and (found := _counted_by_numpy(values, factor)):
            return found
        return cells_of(sorted(values) if factor == 1.0 else sorted(v * factor for v in values))


_counter = _Counter()


def count_by_cell(values: Sequence[float], factor: float = 1.0) -> list[Cell]:
    """Return the cells of values times a factor, ascending.

    Args:
        values: finite, in any order.
        factor: by which each is multiplied.
    """
    return _counter.cells(values if isinstance(values, array) else array("d", values), factor)


def _counted_by_numpy(values: array[float], factor: float) -> list[Cell]:
    """Return what `cells_of` does, of values in any order; nothing where one is infinite once it is multiplied."""
    import numpy as np

    with np.errstate(over="ignore"):
        ordered = np.frombuffer(values) * factor
    ordered.sort(kind="stable")
    if not ordered.size or not np.isfinite(ordered[[0, -1]]).all():
        return []
    sizes = np.abs(ordered)
    mantissas, exponents = np.frexp(sizes)
    numbers = (exponents.astype(np.int64) - TINY_EXPONENT) * PARTS + (mantissas * (2 * PARTS)).astype(np.int64)
    numbers[sizes < TINY] = 0
    numbers[ordered < 0] *= -1
    begins = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    ends = np.append(begins[1:], numbers.size)
    return list(map(Cell, ordered[begins].tolist(), ordered[ends - 1].tolist(), (ends - begins).tolist()))


class Column:
    """Takes the values of one metric batch by batch: few are kept as they are, of many their counts by cell.

    So a log of any length needs the memory of its first values.
    """

    __slots__ = ("_counted", "_factor", "_held", "_total", "cells")

    def __init__(self, factor: float = 1.0) -> None:
        """Start with no values.

        Args:
            factor: from the unit of what is taken to the unit of `finish` and `cells`.
        """
        self._factor = factor
        self._counted = 0
        self._total = 0.0
        self._held = bytearray()  # doubles as they were taken, until there are `MOST_KEPT`
        self.cells: list[Cell] = []
        """All of them, times the factor, after `finish` where they were many; else empty."""

    def __len__(self) -> int:
        """Return how many were taken."""
        return self._counted + len(self._held) // DOUBLE

    @property
    def total(self) -> float:
        """The sum of all that was taken."""
        return self._total + math.fsum(self._values())

    def extend(self, values: Iterable[float]) -> None:
        """Take more values, all finite."""
        self.extend_packed(packed(values))

    def extend_packed(self, values: bytes | memoryview) -> None:
        """Take more values as `packed` returned them, or a part of them."""
        self._held += values
        if len(self._held) >= DOUBLE * MOST_KEPT:
            self._fold()

    def append(self, value: float) -> None:
        """Take one more value, which is finite."""
        self.extend_packed(_one(value))

    def finish(self) -> Sequence[float]:
        """Return the values times the factor; empty where they were many, and are in `cells`."""
        if self._counted:
            self._fold()
        elif self._factor != 1.0:
            return array("d", [v * self._factor for v in self._values()])
        return self._values()

    def _values(self) -> array[float]:
        values = array("d")
        values.frombytes(self._held)
        return values

    def _fold(self) -> None:
        values = self._values()
        self._total += math.fsum(values)
        self._counted += len(values)
        self.cells = merge_cells([self.cells, count_by_cell(values, self._factor)])
        self._held.clear()


def packed(values: Iterable[float]) -> bytes:
    """Return values as the bytes of doubles, which a column takes in a fifth of the time of `array.extend`."""
    more = tuple(values)
    return pack(f"{len(more)}d", *more)
