"""Rows -> records by a field map: what to take, what it is called, and what failed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import datetime
from itertools import compress
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.metrics import THROUGHPUT
from perfgate.core.sources.field_map import parts_of
from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.logs.rows import STAMP, TOLERATE, are_too_many
from perfgate.formats.parsing.record import Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.timestamps import stated_instant
from perfgate.formats.parsing.values import to_number
from perfgate.stats.cells import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.core.metrics import Direction
    from perfgate.core.run import Labels
    from perfgate.core.sources.field_map import FieldMap, FieldValue
    from perfgate.formats.parsing.logs.rows import Broken
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

    Lookup = Callable[[Any], object]

Row = Any
"""A row in the form that its lookups know."""
MOST_BENCHMARKS = 10_000
"""More than these are no benchmarks: the field holds something of each row, such as a request's id."""
_LONGEST_NAME = 500
_GOOD = frozenset({"true", "ok", "1", "yes", "success", "passed"})
_FIRST_GOOD, _LAST_GOOD = 200, 399
_SHORTEST = 10.0
"""Seconds of rows from which on there is a throughput: many loggers state whole seconds."""
_NAMELESS = object()
_NO_NUMBER, _NO_AMOUNT = "no finite number", "a time or size of zero or below"
_SINGULAR = {_NO_NUMBER: "1 value is no number", _NO_AMOUNT: "1 value is zero or below"}
_PLURAL = {_NO_NUMBER: "values are no numbers", _NO_AMOUNT: "values are zero or below"}
_ALLOW = "correct what writes the log; or add allow_zero = true to the value in the map, if zero is a measurement"


class RowError(Exception):
    """A row that cannot be placed; the message says why."""


def is_ok(value: object) -> bool:
    """Does a row count? It says so by true, 1, "ok" or a status code from 200 to 399; silence is no yes."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.strip().lower() in _GOOD:
            return True
        value = to_number(value)
    return isinstance(value, (int, float)) and (value == 1 or _FIRST_GOOD <= value <= _LAST_GOOD)


def is_true(value: object) -> bool | None:
    """Return what a field of true and false says, None when it says neither."""
    text = str(value).strip().lower() if isinstance(value, (bool, int, float, str)) else ""
    return True if text in {"true", "1", "1.0", "yes"} else False if text in {"false", "0", "0.0", "no"} else None


class _Group(Struct):
    """The rows of one benchmark."""

    name: str
    labels: Labels
    """What its rows hold in the fields that divide the rows of one name."""
    columns: tuple[Column, ...]
    """One for each value of the map."""
    wholes: list[float]
    """Of each value that is divided, the sum of what it is divided by."""
    rows: int = 0
    failed: int = 0
    started_at: str = ""
    """When its first row was; empty: unknown, or not asked for."""
    ended_at: str = ""
    """When its last row was."""


class Grouping:
    """Takes the rows of one file batch by batch, keeps their values alone, and gives the records at the end.

    Everything is done a field at a time for a whole batch: so most of the work is done by loops in C.
    """

    def __init__(
        self,
        mapped: FieldMap,
        source: Source,
        lookup: Callable[[str], Lookup],
        broken: Broken,
        split_by: Sequence[str] = (),
    ) -> None:
        """Start with no rows.

        Args:
            mapped: which field says what.
            source: where the rows come from.
            lookup: gives for a field the function that finds it in a row; absent is None.
            broken: takes the rows whose benchmark cannot be named.
            split_by: fields that divide the rows of one benchmark.
        """
        self._map = mapped
        self._source = source
        self._broken = broken
        self._texts, self._fields = _naming_of(mapped, source.name, split_by)
        self._split_by = split_by
        self._naming = [lookup(f) for f in (*self._fields, *mapped.labels, *split_by)]
        self._values = [lookup(v.value) for v in mapped.values]
        self._overs = [lookup(v.over) if v.over else None for v in mapped.values]
        self._where = [(lookup(field), wanted) for field, wanted in mapped.where]
        self._ok = lookup(mapped.ok) if mapped.ok else None
        self._time = lookup(mapped.time) if mapped.time else None
        if mapped.time:
            source.times.field = mapped.time if mapped.time != STAMP else "timestamp"
            source.times.is_asked = mapped.time != STAMP
        self._is_ok_stated = False
        self._started_at = self._ended_at = ""
        self._decode = msgspec.json.Decoder(list[float]).decode
        self._by_key: dict[object, _Group] = {}
        self._by_name: dict[tuple[str, Labels], _Group] = {}
        self._is_amount = [not v.allow_zero and v.is_amount for v in mapped.values]
        plain = {v.value for v in mapped.values if not v.over}
        self._is_counted = [not v.over or v.value not in plain for v in mapped.values]
        """Where a field is a value of its own and is divided, too, what is wrong with it counts once."""
        self._odd: Counter[tuple[str, str]] = Counter()
        self._first_odd: dict[tuple[str, str], int] = {}
        self._is_met: list[bool] = []

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
        times: list[object] = []
        if self._time is not None:
            times = list(map(self._time, rows))
            kept = list(map(self._source.times.keeps, times))
            rows, lines, times = _those(kept, rows), _those(kept, lines), _those(kept, times)
            self._started_at, self._ended_at = _widen(self._started_at, self._ended_at, times)
        places = self._places(self._keys(rows), lines)
        stated = list(map(self._ok, rows)) if self._ok is not None else []
        self._is_ok_stated = self._is_ok_stated or any(cell is not None for cell in stated)
        self._count(places, times)
        if not all(passed := _passed(stated, is_optional=self._map.is_ok_optional)):
            for group, mine in places:
                good = [at for at in mine if passed[at]]
                group.failed += len(mine) - len(good)
                mine[:] = good
        for i, look in enumerate(self._values):
            cells = list(map(look, rows))
            values = self._numbers(i, cells)
            over = self._overs[i]
            if over is not None:
                wholes = list(map(to_number, map(over, rows)))
                for group, mine in places:
                    group.wholes[i] += math.fsum(_wholes_of(cells, values, wholes, mine))
                values = [v if w is not None and w > 0 else None for v, w in zip(values, wholes, strict=True)]
                cells = [c if w is not None and w > 0 else None for c, w in zip(cells, wholes, strict=True)]
            self._keep(i, cells, values, lines, places)

    def _count(self, places: Iterable[tuple[_Group, list[int]]], times: Sequence[object]) -> None:
        """Count the rows of each benchmark; take note of when those of a part of them were."""
        for group, mine in places:
            group.rows += len(mine)
            if self._split_by and times:
                group.started_at, group.ended_at = _widen(group.started_at, group.ended_at, [times[at] for at in mine])

    def _keep(
        self,
        i: int,
        cells: list[object],
        values: Sequence[float | None],
        lines: Sequence[int],
        places: Iterable[tuple[_Group, list[int]]],
    ) -> None:
        """Add the values of one field to the columns of the benchmarks whose rows they are of."""
        has_gaps = None in values
        for group, mine in places:
            if has_gaps:
                group.columns[i].extend(self._there(i, values, cells, lines, mine))
            else:
                group.columns[i].extend(map(values.__getitem__, mine))  # type: ignore[arg-type] # none is None

    def _keys(self, rows: Sequence[Row]) -> list[object]:
        """Return what the rows hold in the fields that name the benchmark: the bare cells of a single field."""
        if len(self._naming) == 1:
            return list(map(self._naming[0], rows))
        return list(zip(*[map(look, rows) for look in self._naming], strict=True)) or [()] * len(rows)

    def _places(self, keys: list[object], lines: Sequence[int]) -> list[tuple[_Group, list[int]]]:
        """Return for each benchmark which of the rows are its own."""
        places: defaultdict[object, list[int]] = defaultdict(list)
        try:
            for at, key in enumerate(keys):
                places[key].append(at)
        except TypeError:  # a list or an object as a name
            return self._places([key if _is_hashable(key) else _NAMELESS for key in keys], lines)
        found = []
        for key, mine in places.items():
            try:
                found.append((self._by_key.get(key) or self._named(key), mine))
            except RowError as caught:
                for at in mine:
                    self._broken.add(lines[at], str(caught))
        return found

    def _named(self, key: object) -> _Group:
        """Return the group of a key that was not met before."""
        if key is _NAMELESS:
            raise RowError("a list or an object as the benchmark's name")
        parts = key if isinstance(key, tuple) else (key,)
        count = len(self._fields)
        name = self._texts[0]
        for field, part, text in zip(self._fields, parts[:count], self._texts[1:], strict=False):
            if part is None or part == "" or (isinstance(part, float) and not math.isfinite(part)):
                raise RowError(f'no "{field}", which names the benchmark')
            name += _as_text(part) + text
        stated = zip((*self._map.labels, *self._split_by), parts[count:], strict=True)
        texts = [(k, _as_text(v) if v is not None else "") for k, v in stated]
        ours, split = texts[: len(self._map.labels)], texts[len(self._map.labels) :]
        if labels := [f"{k}={v}" for k, v in ours if v]:
            name = f"{name}[{','.join(labels)}]"
        if len(name) + sum(len(v) for _, v in split) > _LONGEST_NAME:
            raise RowError(f"the benchmark's name is longer than {_LONGEST_NAME} characters")
        apart = tuple(sorted((k, v) for k, v in split if v))
        group = self._by_name.get((name, apart))
        if group is None:
            columns = tuple(Column(_factor_of(v)) for v in self._map.values)
            group = self._by_name[name, apart] = _Group(name, apart, columns, [0.0] * len(columns))
        self._by_key[key] = group
        if len(self._by_key) > MOST_BENCHMARKS:
            raise self._source.fault(
                f"names more than {MOST_BENCHMARKS:,} benchmarks", "name them by a field that has few values"
            )
        return group

    def _numbers(self, i: int, cells: list[object]) -> Sequence[float | None]:
        """Return the values of a field; None where a row has none, or one that is no measurement."""
        values = self._as_numbers(i, cells)
        if not self._is_amount[i] or (None not in values and min(values, default=1.0) > 0):  # type: ignore[type-var,operator] # none is None
            return values
        return [v if v is not None and v > 0 else None for v in values]

    def _as_numbers(self, i: int, cells: list[object]) -> Sequence[float | None]:
        """Return the values of a field; None where a row has none, or one that is no number."""
        if self._map.values[i].share:
            return [None if flag is None else float(flag) for flag in map(is_true, cells)]
        types = set(map(type, cells))
        if types == {float} and math.isfinite(sum(cells)):  # type: ignore[arg-type]
            return cells  # type: ignore[return-value]
        if types == {str}:
            try:
                found = self._decode(f"[{','.join(cells)}]")  # type: ignore[arg-type] # half the time of float()
            except ValueError:
                found = []
            if len(found) == len(cells):
                return found
        return [to_number(cell) for cell in cells]

    def _there(
        self, i: int, values: Sequence[float | None], cells: list[object], lines: Sequence[int], mine: list[int]
    ) -> Iterator[float]:
        """Yield the values that are there, and count what is there and no measurement."""
        for at in mine:
            value = values[at]
            if value is not None:
                yield value
            elif self._is_counted[i] and cells[at] is not None and cells[at] != "":
                what = _NO_NUMBER if to_number(cells[at]) is None else _NO_AMOUNT
                odd = (self._map.values[i].value, what)
                self._odd[odd] += 1
                self._first_odd[odd] = min(lines[at], self._first_odd.get(odd, lines[at]))

    @property
    def is_empty(self) -> bool:
        """Was no row taken?"""
        return not self._by_name

    def records(self, what: str, better: Direction | None, tolerance: float) -> Iterator[Record | Skipped]:
        """Yield a record for each benchmark and metric, then what could not be used.

        Args:
            what: of what the file is made, ``line`` or ``item``.
            better: direction of metrics of which neither the map nor their suffix says one.
            tolerance: share of the rows that may hold a value that is no measurement.

        Raises:
            CannotDecideError: more than these hold one: what a program writes when it cannot measure is no absence.
        """
        rows = sum(group.rows for group in self._by_name.values())
        for (field, why), count in self._odd.items():
            if are_too_many(count, rows, tolerance):
                message = f'{count:,} of {rows:,} rows hold {why} in the field "{field}"'
                first = self._first_odd[field, why]
                raise self._source.fault(
                    f"{message}; the first is {what} {first:,}", TOLERATE if why == _NO_NUMBER else _ALLOW
                )
        self._is_met = [any(group.columns[i] for group in self._by_name.values()) for i in range(len(self._values))]
        for group in self._by_name.values():
            found = self._of(group, better)
            yield from (_of_part(r, group) if self._split_by and isinstance(r, Record) else r for r in found)
        yield from self._throughput()
        for (field, why), count in self._odd.items():
            values = _SINGULAR[why] if count == 1 else f"{count:,} {_PLURAL[why]}"
            first = self._first_odd[field, why]
            yield Skipped(benchmark=f'field "{field}"', why=f"{values}, the first in {what} {first:,}")

    def _of(self, group: _Group, asked: Direction | None) -> Iterator[Record | Skipped]:
        if group.failed == group.rows:
            metric = self._map.values[0].resolved()[0]
            why = f"failed, in all of {group.rows:,} rows"
            if self._is_ok_stated:
                yield from all_failed(group.name, metric, group.rows, why, self._started_at)
            else:  # a field that no row has is a mistake in the map, and no failure of what was measured
                yield Skipped(benchmark=group.name, why=why)
            return
        if not any(group.columns):
            yield Skipped(benchmark=group.name, why="no values")
            return
        flags = self._flags(group)
        for value, column, whole in zip(self._map.values, group.columns, group.wholes, strict=True):
            if value.over and column and whole > 0:
                share = Single(value=column.total / whole)
                record = self._record(group.name, value, column, asked, flags)
                yield replace(record, payload=share, period=self._period(), weight=whole)
            elif column and not value.over:
                yield self._record(group.name, value, column, asked, flags)
        if self._ok is not None and (self._is_ok_stated or not self._map.is_ok_optional):
            yield Record(
                benchmark=group.name,
                metric="error_rate",
                unit="1",
                better="lower",
                started_at=self._started_at,
                ended_at=self._ended_at,
                payload=Share(hits=group.failed, of=group.rows),
            )

    def _throughput(self) -> Iterator[Record]:
        """Yield how many rows that did not fail there were in a second, where the file states the time of each.

        Of each benchmark, and of all together, under the file's name: limits are for the whole service.
        """
        period = self._period()
        if period is None or period[1] - period[0] < _SHORTEST:
            return
        seconds = period[1] - period[0]
        counts = {key: group.rows - group.failed for key, group in self._by_name.items()}
        if len(counts) > 1 and not self._split_by:
            counts.setdefault((self._source.name, ()), sum(counts.values()))
        for (name, labels), count in counts.items():
            if count > 1:
                yield Record(
                    benchmark=name,
                    labels=labels,
                    metric=THROUGHPUT.name,
                    unit=THROUGHPUT.unit,
                    better="higher",
                    is_derived=True,
                    started_at=self._started_at,
                    ended_at=self._ended_at,
                    period=period,
                    payload=Single(value=(count - 1) / seconds),
                )

    def _period(self) -> tuple[float, float] | None:
        """Return when the first and the last row were, in seconds since 1970; None: they do not say, or are one."""
        is_stated = self._time is not None and self._source.times.are_all_read
        if not is_stated or not "" < self._started_at < self._ended_at:
            return None
        first, last = (datetime.fromisoformat(text).timestamp() for text in (self._started_at, self._ended_at))
        return first, last

    def _flags(self, group: _Group) -> tuple[Flag, ...]:
        """Return the flag for a value that most of a benchmark's good rows lack.

        A map that lists whatever such a log may hold does not ask for what no row of the file has.
        """
        least = (group.rows - group.failed) / 2
        asked = (c for c, is_met in zip(group.columns, self._is_met, strict=True) if is_met or not self._map.is_wide)
        return ("gaps",) if any(len(column) < least for column in asked) else ()

    def _record(
        self, name: str, value: FieldValue, column: Column, asked: Direction | None, flags: tuple[Flag, ...]
    ) -> Record:
        metric, unit, better = value.resolved()
        facts: dict[str, Any] = {"benchmark": name, "metric": metric, "better": better or asked, "n": len(column)}
        facts["flags"] = flags
        facts |= {"started_at": self._started_at, "ended_at": self._ended_at}
        if value.share:
            return Record(**facts, unit="1", payload=Share(hits=int(column.total), of=len(column)))
        base = scale_of(unit)[1] if unit is not None else None
        kept = column.finish()
        return Record(**facts, unit=base, payload=Samples(values=kept, cells=tuple(column.cells)))


def _naming_of(mapped: FieldMap, stem: str, split_by: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts and fields of a benchmark's name; a field that divides its rows is no part of it."""
    texts, fields = parts_of(mapped.benchmark) if mapped.benchmark else ([stem, ""], [])
    for field in split_by:
        while field in fields:
            place = fields.index(field)
            del fields[place], texts[place or 1]
    return (texts, fields) if fields or any(texts) else ([stem, ""], [])


def _factor_of(value: FieldValue) -> float:
    """Return the factor from the unit of a field to its base unit."""
    unit = value.resolved()[1]
    return 1.0 if unit is None or value.share or value.over else scale_of(unit)[0]


def _of_part(record: Record, group: _Group) -> Record:
    """Return a record of a part of the rows of its name, with what the part is and when it was."""
    return replace(record, labels=group.labels, started_at=group.started_at, ended_at=group.ended_at)


def _widen(first: str, last: str, times: list[object]) -> tuple[str, str]:
    """Return the first and the last of points in time, and of some more."""
    if not times:
        return first, last
    begin, end = map(stated_instant, _ends(times))
    return min(filter(None, (first, begin)), default=""), max(last, end)


def _ends(times: list[object]) -> tuple[object, object]:
    """Return the first and the last of the times of some rows, whatever their order.

    Where they are of several forms, those that stand first and last.
    """
    types = set(map(type, times))
    if types == {str} and len(set(map(len, times))) == 1:  # type: ignore[arg-type] # texts
        return min(times), max(times)  # type: ignore[type-var] # of one length, they sort as they follow each other
    if types <= {int, float}:
        return min(times), max(times)  # type: ignore[type-var] # numbers
    return times[0], times[-1]


def _those(kept: list[bool], items: Sequence[Any]) -> list[Any]:
    """Return the items that are kept."""
    return list(items) if all(kept) else list(compress(items, kept))


def _passed(cells: list[object], *, is_optional: bool) -> list[bool]:
    """Return for each row whether it counts; with `is_optional` one that does not say it does."""
    try:
        verdicts = {cell: is_ok(cell) for cell in set(cells)}  # 1 and True are one key, and say the same
    except TypeError:
        return [is_ok(cell) or (cell is None and is_optional) for cell in cells]
    if is_optional:
        verdicts[None] = True
    return [verdicts[cell] for cell in cells]


def _wholes_of(
    cells: list[object], values: Sequence[float | None], wholes: list[float | None], mine: list[int]
) -> Iterator[float]:
    """Yield by what the values of some rows are divided.

    A row without the value counts as 0 of its whole, as a counter that did not move does; one whose value is no
    number counts nowhere.
    """
    for at in mine:
        whole = wholes[at]
        if whole is not None and whole > 0 and (values[at] is not None or cells[at] is None):
            yield whole


def _is_hashable(key: object) -> bool:
    return not any(isinstance(part, (list, dict)) for part in (key if isinstance(key, tuple) else (key,)))


def _as_text(value: object) -> str:
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
    return not isinstance(value, bool) and to_number(value) == wanted
