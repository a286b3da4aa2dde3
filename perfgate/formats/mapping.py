"""Rows -> records by a field map: what to take, what it is called, and what failed."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, Any

from perfgate.core.field_map import parts_of
from perfgate.core.units import scale_of
from perfgate.formats.instants import stated_instant
from perfgate.formats.record import Record, Skipped
from perfgate.formats.values import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.field_map import FieldMap, FieldValue
    from perfgate.formats.rows import Broken
    from perfgate.formats.source import Source

    Lookup = Callable[[Any], object]

Row = Any
"""A row in the form that its lookups know."""
MOST_BENCHMARKS = 10_000
"""More than these are no benchmarks: the field holds something of each row, such as a request's id."""
_LONGEST_NAME = 500
_GOOD = frozenset({"true", "ok", "1", "yes", "success", "passed"})
_FIRST_GOOD, _LAST_GOOD = 200, 399
_NUMBERS, _TEXT = {float, int}, {str}
_NAMELESS = object()


class RowError(Exception):
    """A row that cannot be placed; the message says why."""


def is_ok(value: object) -> bool:
    """Does a row count? It says so by true, 1, "ok" or a status code from 200 to 399; silence is no yes."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.strip().lower() in _GOOD:
            return True
        value = parsed(value)
    return isinstance(value, (int, float)) and (value == 1 or _FIRST_GOOD <= value <= _LAST_GOOD)


def is_true(value: object) -> bool | None:
    """Return what a field of true and false says, None when it says neither."""
    told = str(value).strip().lower() if isinstance(value, (bool, int, float, str)) else ""
    return True if told in {"true", "1", "1.0", "yes"} else False if told in {"false", "0", "0.0", "no"} else None


@dataclass(slots=True)
class _Group:
    """The rows of one benchmark."""

    name: str
    columns: tuple[array[float], ...]
    """One for each value of the map."""
    rows: int = 0
    failed: int = 0


class Grouping:
    """Takes the rows of one file batch by batch, keeps their values alone, and gives the records at the end.

    Everything is done a field at a time for a whole batch: so most of the work is done by loops in C.
    """

    def __init__(self, mapped: FieldMap, source: Source, lookup: Callable[[str], Lookup], broken: Broken) -> None:
        """Start with no rows.

        Args:
            mapped: which field says what.
            source: where the rows come from.
            lookup: gives for a field the function that finds it in a row; absent is None.
            broken: takes the rows whose benchmark cannot be named.
        """
        self._map = mapped
        self._source = source
        self._broken = broken
        self._texts, self._fields = parts_of(mapped.benchmark) if mapped.benchmark else ([source.name, ""], [])
        self._naming = [lookup(f) for f in (*self._fields, *mapped.labels)]
        self._values = [lookup(v.value) for v in mapped.values]
        self._where = [(lookup(field), wanted) for field, wanted in mapped.where]
        self._ok = lookup(mapped.ok) if mapped.ok else None
        self._time = lookup(mapped.time) if mapped.time else None
        self._started_at = ""
        self._by_key: dict[object, _Group] = {}
        self._by_name: dict[str, _Group] = {}
        self._keep: tuple[dict[object, Callable[[float], None]], ...] = tuple({} for _ in mapped.values)
        self._odd: Counter[str] = Counter()
        self._first_odd: dict[str, int] = {}

    def take(self, rows: Sequence[Row], lines: Sequence[int]) -> None:
        """Take a few rows.

        Args:
            rows: in the form that the lookups know.
            lines: the place of each in the file, from 1, for messages.

        Raises:
            CannotDecideError: each row seems to be a benchmark of its own.
        """
        for look, wanted in self._where:
            hit = [_equal(value, wanted) for value in map(look, rows)]
            rows, lines = _those(hit, rows), _those(hit, lines)
        keys = self._keys(rows)
        placed = self._place(keys, lines)
        if placed is not None:
            keys, rows, lines = _those(placed, keys), _those(placed, rows), _those(placed, lines)
        if self._time is not None and not self._started_at and rows:
            self._started_at = stated_instant(self._time(rows[0]))
        for key, count in Counter(keys).items():
            self._by_key[key].rows += count
        if self._ok is not None:
            passed = _passed(list(map(self._ok, rows)))
            if not all(passed):
                for key in compress(keys, map(not_, passed)):
                    self._by_key[key].failed += 1
                keys, rows, lines = _those(passed, keys), _those(passed, rows), _those(passed, lines)
        for i, look in enumerate(self._values):
            self._store(i, keys, self._numbers(i, list(map(look, rows)), lines))

    def _store(self, i: int, keys: list[object], values: Sequence[float | None]) -> None:
        """Keep the values of a field, each with its benchmark."""
        for append, value in zip(map(self._keep[i].__getitem__, keys), values, strict=True):
            if value is not None:
                append(value)

    def _keys(self, rows: Sequence[Row]) -> list[object]:
        """Return what the rows hold in the fields that name the benchmark: the bare cells of a single field."""
        if len(self._naming) == 1:
            return list(map(self._naming[0], rows))
        return list(zip(*[map(look, rows) for look in self._naming], strict=True)) or [()] * len(rows)

    def _place(self, keys: list[object], lines: Sequence[int]) -> list[bool] | None:
        """Find the group of each row; return which rows have one, None when all do."""
        try:
            new = set(keys).difference(self._by_key)
        except TypeError:  # a list or an object as a name
            keys[:] = [key if _is_hashable(key) else _NAMELESS for key in keys]
            new = set(keys).difference(self._by_key)
        if not new:
            return None
        faults: dict[object, str] = {}
        for key in dict.fromkeys(k for k in keys if k in new):
            try:
                self._name(key)
            except RowError as caught:
                faults[key] = str(caught)
        if not faults:
            return None
        for key, line in zip(keys, lines, strict=True):
            if key in faults:
                self._broken.add(line, faults[key])
        return [key not in faults for key in keys]

    def _name(self, key: object) -> None:
        """Find the group of a key that was not met before."""
        if key is _NAMELESS:
            raise RowError("a list or an object as the benchmark's name")
        parts = key if isinstance(key, tuple) else (key,)
        count = len(self._fields)
        name = self._texts[0]
        for field, part, text in zip(self._fields, parts[:count], self._texts[1:], strict=False):
            if part is None or part == "":
                raise RowError(f'no "{field}", which names the benchmark')
            name += _told(part) + text
        labels = [(k, v) for k, v in zip(self._map.labels, parts[count:], strict=True) if v is not None and v != ""]
        if labels:
            name = f"{name}[{','.join(f'{k}={_told(v)}' for k, v in labels)}]"
        if len(name) > _LONGEST_NAME:
            raise RowError(f"the benchmark's name is longer than {_LONGEST_NAME} characters")
        group = self._by_name.get(name)
        if group is None:
            group = self._by_name[name] = _Group(name, tuple(array("d") for _ in self._map.values))
        self._by_key[key] = group
        for keep, column in zip(self._keep, group.columns, strict=True):
            keep[key] = column.append
        if len(self._by_key) > MOST_BENCHMARKS:
            raise self._source.fault(
                f"names more than {MOST_BENCHMARKS:,} benchmarks", "name them by a field that has few values"
            )

    def _numbers(self, i: int, cells: list[object], lines: Sequence[int]) -> Sequence[float | None]:
        """Return the values of a field; None where a row has none, or one that is no number, which is counted."""
        if self._map.values[i].share:
            found = [None if said is None else float(said) for said in map(is_true, cells)]
        else:
            types = set(map(type, cells))
            try:
                if types <= _NUMBERS or (types == _TEXT and "_" not in "".join(cells)):  # type: ignore[arg-type]
                    plain = list(map(float, cells))  # type: ignore[arg-type]
                    if math.isfinite(sum(plain)):
                        return plain
            except (ValueError, OverflowError):
                pass
            found = [parsed(cell) for cell in cells]
        for cell, value, line in zip(cells, found, lines, strict=True):
            if value is None and cell is not None and cell != "":
                field = self._map.values[i].value
                self._odd[field] += 1
                self._first_odd.setdefault(field, line)
        return found

    @property
    def is_empty(self) -> bool:
        """Was no row taken?"""
        return not self._by_name

    def found(self, what: str) -> Iterator[Record | Skipped]:
        """Yield a record for each benchmark and metric, then what could not be used.

        Args:
            what: of what the file is made, ``line`` or ``item``.
        """
        for group in self._by_name.values():
            yield from self._of(group)
        for field, count in self._odd.items():
            values = "1 value is no number" if count == 1 else f"{count:,} values are no numbers"
            yield Skipped(benchmark=f'field "{field}"', why=f"{values}, the first in {what} {self._first_odd[field]:,}")

    def _of(self, group: _Group) -> Iterator[Record | Skipped]:
        if group.failed == group.rows:
            yield Skipped(benchmark=group.name, why=f"failed, in all of {group.rows:,} rows")
            return
        if not any(group.columns):
            yield Skipped(benchmark=group.name, why="no values")
            return
        for value, column in zip(self._map.values, group.columns, strict=True):
            if column:
                yield self._record(group.name, value, column)
        if self._ok is not None:
            yield Record(
                benchmark=group.name, metric="error_rate", unit="1", better="lower", kind="value", n=group.rows,
                values=[group.failed / group.rows], started_at=self._started_at,
            )  # fmt: skip

    def _record(self, name: str, value: FieldValue, column: array[float]) -> Record:
        metric, unit, better = value.resolved()
        facts: dict[str, Any] = {"benchmark": name, "metric": metric, "better": better, "n": len(column)}
        facts["started_at"] = self._started_at
        if value.share:
            return Record(**facts, unit="1", kind="value", values=[math.fsum(column) / len(column)])
        factor, base = scale_of(unit) if unit is not None else (1.0, None)
        kept = column if factor == 1.0 else array("d", [v * factor for v in column])
        return Record(**facts, unit=base, kind="samples", values=kept)


def _those(kept: list[bool], items: Sequence[Any]) -> list[Any]:
    """Return the items that are kept."""
    return list(items) if all(kept) else list(compress(items, kept))


def _passed(cells: list[object]) -> list[bool]:
    """Return for each row whether it counts."""
    try:
        verdicts = {cell: is_ok(cell) for cell in set(cells)}  # 1 and True are one key, and say the same
    except TypeError:
        return [is_ok(cell) for cell in cells]
    return [verdicts[cell] for cell in cells]


def _is_hashable(key: object) -> bool:
    return not any(isinstance(part, (list, dict)) for part in (key if isinstance(key, tuple) else (key,)))


def _told(value: object) -> str:
    """Return a value as a part of a name."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else str(value)


def _equal(value: object, wanted: str | float | bool) -> bool:  # noqa: FBT001 - data
    """Does a field hold what is wanted? In CSV everything is text: there ``3`` is 3, and ``True`` is true."""
    if isinstance(wanted, str):
        return value == wanted
    if isinstance(wanted, bool):
        return value is wanted or (isinstance(value, str) and is_true(value) is wanted)
    return not isinstance(value, bool) and parsed(value) == wanted
