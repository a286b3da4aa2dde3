"""Rows -> records by a field map: what to take, what it is called, and what failed."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.core.field_map import parts_of
from perfgate.core.units import scale_of
from perfgate.formats.instants import stated_instant
from perfgate.formats.record import Record, Skipped
from perfgate.formats.values import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfgate.core.field_map import FieldMap, FieldValue
    from perfgate.formats.source import Source

MOST_BENCHMARKS = 10_000
"""More than these are no benchmarks: the field holds something of each row, such as a request's id."""
_LONGEST_NAME = 500
_GOOD = frozenset({"true", "ok", "1", "yes", "success", "passed"})
_FIRST_GOOD, _LAST_GOOD = 200, 399


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
    """Takes the rows of one file one by one, keeps their values alone, and gives the records at the end."""

    def __init__(self, mapped: FieldMap, source: Source, lookup: Callable[[str], Callable[[Any], object]]) -> None:
        """Start with no rows.

        Args:
            mapped: which field says what.
            source: where the rows come from.
            lookup: gives for a field the function that finds it in a row; absent is None.
        """
        self._map = mapped
        self._source = source
        self._texts, self._fields = parts_of(mapped.benchmark) if mapped.benchmark else ([source.name], [])
        self._naming = [lookup(f) for f in (*self._fields, *mapped.labels)]
        self._only = self._naming[0] if len(self._naming) == 1 else None
        self._values = [lookup(v.value) for v in mapped.values]
        self._shares = [v.share for v in mapped.values]
        self._where = [(lookup(field), wanted) for field, wanted in mapped.where]
        self._ok = lookup(mapped.ok) if mapped.ok else None
        self._fine: dict[Any, bool] = {}
        self._time = lookup(mapped.time) if mapped.time else None
        self._started_at = ""
        self._by_key: dict[Any, _Group] = {}
        self._by_name: dict[str, _Group] = {}
        self._odd: Counter[str] = Counter()
        self._first_odd: dict[str, int] = {}

    def add(self, row: Any, line: int) -> None:  # noqa: ANN401 - whatever the lookups find their way in
        """Take a row.

        Args:
            row: in the form that the lookups know.
            line: its place in the file, from 1, for messages.

        Raises:
            RowError: it lacks the fields that name its benchmark.
            CannotDecideError: each row seems to be a benchmark of its own.
        """
        for look, wanted in self._where:
            if not _equal(look(row), wanted):
                return
        only = self._only
        key = only(row) if only is not None else tuple([look(row) for look in self._naming])
        try:
            group = self._by_key.get(key) or self._named(key)
        except TypeError:
            raise RowError("a list or an object as the benchmark's name") from None
        group.rows += 1
        if self._time is not None and not self._started_at:
            self._started_at = stated_instant(self._time(row))
        if self._ok is not None and not self._passes(self._ok(row)):
            group.failed += 1
            return
        for i, column in enumerate(group.columns):
            value = self._values[i](row)
            if type(value) is float and value - value == 0.0 and not self._shares[i]:
                column.append(value)
            elif value is not None and value != "":
                self._taken(i, column, value, line)

    def _taken(self, i: int, column: array[float], value: object, line: int) -> None:
        """Keep a value that is not plainly a number, or take note of it."""
        if self._shares[i]:
            said = is_true(value)
            found = None if said is None else float(said)
        else:
            found = parsed(value)
        if found is not None:
            column.append(found)
            return
        field = self._map.values[i].value
        self._odd[field] += 1
        self._first_odd.setdefault(field, line)

    def _passes(self, value: object) -> bool:
        try:
            fine = self._fine.get((type(value), value))
            if fine is None:
                fine = is_ok(value)
                if len(self._fine) < _LONGEST_NAME:
                    self._fine[type(value), value] = fine
        except TypeError:  # a list or an object
            return False
        return fine

    def _named(self, key: object) -> _Group:
        """Return the group of a key that was not met before."""
        parts = list(key) if isinstance(key, tuple) else [key]
        count = len(self._fields)
        name = self._texts[0]
        for field, part, text in zip(self._fields, parts[:count], self._texts[1:], strict=True):
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
        if len(self._by_key) > MOST_BENCHMARKS:
            raise self._source.fault(
                f"names more than {MOST_BENCHMARKS:,} benchmarks", "name them by a field that has few values"
            )
        return group

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
