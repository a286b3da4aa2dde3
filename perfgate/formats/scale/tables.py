"""What the parts answer, as arrays, and their sums: the same for every division into parts, and in any order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from perfgate.formats.scale.query import ABSENT, BROKEN, FAILED, LEAST, NO_AMOUNT, NO_DAY, NO_NUMBER, NO_TIME, OTHERS
from perfgate.stats.cells import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from perfgate.formats.scale.query import Question

Group = tuple[tuple[str | None, ...], int]
"""What the rows of one benchmark hold in the fields that name it, None for nothing; and their day, from 1970."""
_PENDING = 1_000_000
"""Lines of tables that wait to be summed: 40 MB."""
TYPES = {"i": np.int32, "b": np.int32, "n": np.int64, "low": np.float64, "high": np.float64}
"""The columns of a table of counts beside ``group``: value, cell, number of rows, least and largest value."""
_COLUMNS = ("group", *TYPES)


class Oddities(Struct, frozen=True, kw_only=True):
    """What is odd in a part beside its counts."""

    undated: int = 0
    """Rows that state no time that is read, although the map names its field."""
    lacks: tuple[str, ...] = ()
    """Fields of the map that no row of a part in JSON lines holds."""
    names: tuple[str, ...] = ()
    """Fields that its first rows hold; empty where none is missing."""
    broken: str = ""
    """Which line cannot be read first, and why; empty: all can, or it is not among those that were looked at."""


class Counted(Struct, frozen=True, eq=False, kw_only=True):
    """What one part counted: a line for each group, value and cell."""

    versions: tuple[str, str]
    """Of perfgate and of DuckDB, where it was counted."""
    groups: list[Group]
    """The groups of the part."""
    times: NDArray[np.int64]
    """First time of each group in us since 1970; `NO_TIME`: unknown."""
    lines: dict[str, NDArray[Any]]
    """``group`` (its place in `groups`) and `TYPES`, all of one length."""
    is_ok_stated: bool
    """Does any row say whether it is good?"""
    broken: int
    """Lines of the part that are no rows."""
    odd: Oddities = Oddities()
    """What is odd in it beside its counts."""

    def total(self, *cells: int) -> int:
        """Return how many rows are in some cells; none: in all. Each row counts once, by its first value."""
        first = self.lines["i"] == 0
        if cells:
            first &= np.isin(self.lines["b"], cells)
        return int(self.lines["n"][first].sum())

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """What the counts of a copy have, too; others may have it by chance."""
        lines = self.lines
        bits = (int(lines[c].view(np.int64).sum()) for c in ("low", "high"))
        return (hash(tuple(self.groups)), *bits, int((lines["n"] * lines["b"]).sum()), int(lines["n"].sum()))


class Taken(Struct, frozen=True, eq=False, kw_only=True):
    """The values of one part in the wanted ranges."""

    series: NDArray[np.int32]
    """Of which series each is."""
    values: NDArray[np.float64]
    """The values."""


class Sums:
    """The sums of what parts counted."""

    def __init__(self, name_of: Callable[[tuple[str | None, ...]], str]) -> None:
        """Start with no part.

        Args:
            name_of: returns the name of the benchmark of some keys; several may have the same.
        """
        self._name_of = name_of
        self.groups: dict[Group, int] = {}
        """Keys and day -> place of their benchmark."""
        self.names: dict[tuple[str, int], int] = {}
        """Benchmark and day -> its place."""
        self.is_ok_stated = False
        """Does any row say whether it is good?"""
        self._times: dict[int, int] = {}
        self._pending: list[dict[str, NDArray[Any]]] = []
        self._waiting = 0

    def add(self, part: Counted) -> None:
        """Add a part, all of whose groups are benchmarks."""
        self.is_ok_stated |= part.is_ok_stated
        places = np.empty(len(part.groups), dtype=np.int64)
        for i, group in enumerate(part.groups):
            if group not in self.groups:
                name = (self._name_of(group[0]), group[1])
                self.groups[group] = self.names.setdefault(name, len(self.names))
            places[i] = self.groups[group]
            first = int(part.times[i])
            if first != NO_TIME:
                self._times[int(places[i])] = min(self._times.get(int(places[i]), first), first)
        self._pending.append({**part.lines, "group": places[part.lines["group"]]})
        self._waiting += len(part.lines["group"])
        if self._waiting > _PENDING:
            self._fold()

    def first_time(self, name: tuple[str, int]) -> int | None:
        """Return when the first row of a benchmark and day was, in us since 1970; None: they do not say."""
        return self._times.get(self.names[name])

    def _fold(self) -> dict[str, NDArray[Any]]:
        """Return the sums of all lines, sorted by group, value and cell."""
        if not self._pending:
            return {}
        held = {c: np.concatenate([lines[c] for lines in self._pending]) for c in _COLUMNS}
        key = held["group"]
        for c in ("i", "b"):
            key = key * (int(np.ptp(held[c])) + 1) + (held[c] - held[c].min())
        order = np.argsort(key, kind="stable")  # one number a line sorts in a third of the time of three
        starts = np.flatnonzero(np.concatenate(([True], _changes(key[order]))))
        found = {c: held[c][order[starts]] for c in ("group", "i", "b")}
        held = {c: held[c][order] for c in ("n", "low", "high")}
        found["n"] = np.add.reduceat(held["n"], starts)
        found["low"] = np.minimum.reduceat(held["low"], starts)
        found["high"] = np.maximum.reduceat(held["high"], starts)
        self._pending, self._waiting = [found], 0
        return found

    def series(self) -> Iterator[tuple[tuple[str, int], int, Series]]:
        """Yield each benchmark and day, and the place of each value, with all that was counted of it."""
        lines = self._fold()
        if not lines:
            return
        by_place = {place: name for name, place in self.names.items()}
        edges = np.flatnonzero(np.concatenate(([True], _changes(lines["group"]) | _changes(lines["i"]), [True])))
        for start, end in itertools.pairwise(edges):
            part = {c: column[start:end].tolist() for c, column in lines.items()}
            yield by_place[part["group"][0]], part["i"][0], _series_of(part)


def _changes(column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(column[1:] != column[:-1])


class Series(Struct, frozen=True, kw_only=True):
    """All that was counted of one value of one group."""

    cells: tuple[Cell, ...]
    """The values, ascending."""
    failed: int
    """Rows that failed."""
    absent: int
    """Good rows without the value."""
    no_number: int
    """Good rows that hold something else in its place."""
    no_amount: int
    """Good rows with a time or a size of zero or below."""

    @property
    def size(self) -> int:
        """How many values there are."""
        return sum(cell.size for cell in self.cells)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.size + self.failed + self.absent + self.no_number + self.no_amount


def _series_of(lines: dict[str, list[Any]]) -> Series:
    without = {cell: size for cell, size in zip(lines["b"], lines["n"], strict=True) if cell < LEAST}
    cells: list[Cell] = []
    for number, size, low, high in zip(*(lines[c] for c in ("b", "n", "low", "high")), strict=True):
        if number < LEAST:
            continue
        last = cells[-1] if cells else None
        if last is not None and low <= last.high:  # two machines whose logarithms differ in the last bit
            cells[-1] = Cell(min(last.low, low), max(last.high, high), last.size + size)
        else:
            cells.append(Cell(low, high, size))
    return Series(
        cells=tuple(cells),
        failed=without.get(FAILED, 0),
        absent=without.get(ABSENT, 0),
        no_number=without.get(NO_NUMBER, 0),
        no_amount=without.get(NO_AMOUNT, 0),
    )


def split(part: Counted, name_of: Callable[[tuple[str | None, ...]], str], *, by_day: bool) -> tuple[Counted, int, int]:
    """Return a part without the rows that are no benchmark's; how many of these cannot be placed; how many have no day.

    Args:
        part: what it counted.
        name_of: returns the name of the benchmark of some keys; empty: they name none.
        by_day: are days needed?
    """
    is_named = np.array([name_of(keys) != "" for keys, _ in part.groups], dtype=bool)
    is_dated = np.array([not by_day or day != NO_DAY for _, day in part.groups], dtype=bool)
    mine = ~np.isin(part.lines["b"], (OTHERS, BROKEN))
    first = mine & (part.lines["i"] == 0)
    group = part.lines["group"]
    nameless = int(part.lines["n"][first & ~is_named[group]].sum()) if len(group) else 0
    undated = int(part.lines["n"][first & is_named[group] & ~is_dated[group]].sum()) if len(group) else 0
    keep = mine & is_named[group] & is_dated[group] if len(group) else mine
    kept = {c: column[keep] for c, column in part.lines.items()}
    used, places = np.unique(kept["group"], return_inverse=True)
    kept["group"] = places
    return replace(part, groups=[part.groups[i] for i in used], times=part.times[used], lines=kept), nameless, undated


def find_lacking(part: Counted, asked: Question) -> list[str]:
    """Return the fields of a map in which no row of a part holds anything, as far as its counts say; not its time.

    Args:
        part: all that it counted, with the rows that are no benchmark's.
        asked: what it was asked.
    """
    of = asked.field_map
    mine = ~np.isin(part.lines["b"], (OTHERS, BROKEN))
    if not mine.any():
        return []
    groups = [part.groups[i][0] for i in np.unique(part.lines["group"][mine])]
    lacking = [name for i, name in enumerate(asked.keys) if not any(keys[i] for keys in groups)]
    if of.ok and not of.is_ok_optional and not part.is_ok_stated:
        lacking.append(of.ok)
    for i, value in enumerate(asked.values if not of.is_wide else ()):
        cells = part.lines["b"][mine & (part.lines["i"] == i)]
        if ABSENT in cells and np.isin(cells, (ABSENT, FAILED)).all():
            lacking.append(value.value)
    return list(dict.fromkeys(lacking))


def sorted_by_series(taken: Sequence[Taken], count: int) -> list[NDArray[np.float64]]:
    """Return the values of all parts by series, each ascending.

    Args:
        taken: what the parts gave.
        count: how many series there are.
    """
    series = np.concatenate([np.zeros(0, np.int32), *(t.series for t in taken)])
    values = np.concatenate([np.zeros(0), *(t.values for t in taken)])
    order = np.lexsort((values, series))
    edges = np.searchsorted(series[order], np.arange(count + 1))
    ordered = values[order]
    return [ordered[a:b] for a, b in itertools.pairwise(edges)]
