"""Rows -> records by a field map: what to take, what it is called, and what failed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import datetime
from itertools import chain, compress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.metrics import THROUGHPUT
from perfgate.core.sources.field_map import parts_of
from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.logs.column import DOUBLE, Column, packed
from perfgate.formats.parsing.logs.numbers import flags_of, is_true, numbers_of
from perfgate.formats.parsing.logs.rows import STAMP, TOLERATE, are_too_many
from perfgate.formats.parsing.record import Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.timestamps import stated_instant
from perfgate.formats.parsing.values import to_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.core.metrics import Direction
    from perfgate.core.run import Labels
    from perfgate.core.sources.field_map import FieldMap, FieldValue
    from perfgate.formats.parsing.logs.rows import Broken, Columns
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

    Pick = Callable[[Sequence[Any]], Sequence[Any]]

Row = Any
"""A row in the form that its lookups know."""
MOST_BENCHMARKS = 10_000
"""More than these are no benchmarks: the field holds something of each row, such as a request's id."""
LONGEST_NAME = 500
"""Characters of the longest name of a benchmark."""
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


class _Kept(NamedTuple):
    """Which rows of a batch are kept."""

    places: Sequence[tuple[_Group, list[int]]]
    """Of each benchmark those that are its own, at least one."""
    pick: Pick
    """Takes them of a field, benchmark by benchmark."""


class Grouping:
    """Takes the rows of one file batch by batch, keeps their values alone, and gives the records at the end.

    Everything is done a field at a time for a whole batch: so most of the work is done by loops in C.
    """

    def __init__(
        self,
        mapped: FieldMap,
        source: Source,
        columns: Callable[[Sequence[str]], Columns],
        broken: Broken,
        split_by: Sequence[str] = (),
    ) -> None:
        """Start with no rows.

        Args:
            mapped: which field says what.
            source: where the rows come from.
            columns: gives for fields the function that finds them in rows; absent is None.
            broken: takes the rows whose benchmark cannot be named.
            split_by: fields that divide the rows of one benchmark.
        """
        self._map = mapped
        self._source = source
        self._broken = broken
        self._texts, self._fields = _naming_of(mapped, source.name, split_by)
        self._split_by = split_by
        self._naming = [*self._fields, *mapped.labels, *split_by]
        values, overs = [v.value for v in mapped.values], [v.over for v in mapped.values]
        where = [field for field, _ in mapped.where]
        fields = list(dict.fromkeys(filter(None, (*self._naming, *values, *overs, *where, mapped.ok, mapped.time))))
        columns(fields)  # of those that are not there, the first one is named
        self._wanted = [wanted for _, wanted in mapped.where]
        self._find_wanted = columns(where)
        self._asked = list(dict.fromkeys(filter(None, (*self._naming, *values, *overs, mapped.ok, mapped.time))))
        self._find = columns(self._asked)
        if mapped.time:
            source.times.field = mapped.time if mapped.time != STAMP else "timestamp"
            source.times.is_asked = mapped.time != STAMP
        self._is_ok_stated = False
        self._started_at = self._ended_at = ""
        self._by_key: dict[object, _Group] = {}
        self._by_name: dict[tuple[str, Labels], _Group] = {}
        self._is_amount = [not v.allow_zero and v.is_amount for v in mapped.values]
        plain = {v.value for v in mapped.values if not v.over}
        self._is_counted = [not v.over or v.value not in plain for v in mapped.values]
        """Where a field is a value of its own and is divided, too, what is wrong with it counts once."""
        self._odd: Counter[tuple[str, str]] = Counter()
        self._first_odd: dict[tuple[str, str], int] = {}
        self._is_met: list[bool] = []
        asked = () if mapped.is_wide else (*mapped.labels, *split_by, *values, *filter(None, overs))
        self.absent = list(dict.fromkeys(asked))
        """Labels and values of the map that no row held so far."""

    def take(self, rows: Sequence[Row], lines: Sequence[int]) -> None:
        """Take a few rows.

        Args:
            rows: in the form that the lookups know.
            lines: the place of each in the file, from 1, for messages.

        Raises:
            CannotDecideError: each row seems to be a benchmark of its own.
        """
        for i, wanted in enumerate(self._wanted):
            found = self._find_wanted(rows)[i] if rows else ()
            if isinstance(wanted, str) and found.count(wanted) == len(rows):
                continue
            hit = _equal_to(wanted, found)
            rows, lines = _those(hit, rows), _those(hit, lines)
        if not rows:
            return
        cells = dict(zip(self._asked, self._find(rows), strict=True))
        self.absent = [field for field in self.absent if all(cell is None for cell in cells[field])]
        times: Sequence[object] = ()
        if self._map.time:
            read = self._source.times.keep_each(cells[self._map.time])
            ordered = self._source.times.ordered
            if not all(read):
                cells, lines = {field: _those(read, column) for field, column in cells.items()}, _those(read, lines)
                ordered = ()
            times = cells[self._map.time]
            self._started_at, self._ended_at = _widen(self._started_at, self._ended_at, times, ordered)
        places = self._places(self._keys(cells, len(lines)), lines)
        stated = cells[self._map.ok] if self._map.ok else ()
        self._is_ok_stated = self._is_ok_stated or any(cell is not None for cell in stated)
        self._count(places, times)
        if not all(passed := _passed(stated, is_optional=self._map.is_ok_optional)):
            for group, mine in places:
                good = [at for at in mine if passed[at]]
                group.failed += len(mine) - len(good)
                mine[:] = good
        picked = [(group, mine) for group, mine in places if mine]
        if not picked:
            return
        kept = _Kept(picked, _picker([*chain.from_iterable(mine for _, mine in picked)]))
        for i, value in enumerate(self._map.values):
            self._keep(i, cells[value.value], cells[value.over] if value.over else None, lines, kept)

    def _keep(
        self,
        i: int,
        cells: Sequence[object],
        overs: Sequence[object] | None,
        lines: Sequence[int],
        kept: _Kept,
    ) -> None:
        """Add the values of one field to the columns of the benchmarks whose rows they are of.

        Args:
            i: number of the value in the map.
            cells: of the field.
            overs: cells of the field by which it is divided; None: it is not.
            lines: the place of each row.
            kept: the rows that did not fail.
        """
        values, has_gaps = self._numbers(i, cells)
        if overs is not None:
            wholes, may_lack = numbers_of(overs)
            is_whole = not has_gaps and not may_lack and min(wholes, default=1.0) > 0  # type: ignore[type-var,operator] # none is None
            ordered, begin = kept.pick(wholes) if is_whole else (), 0
            for group, mine in kept.places:
                end = begin + len(mine)
                group.wholes[i] += math.fsum(
                    ordered[begin:end] if is_whole else _wholes_of(cells, values, wholes, mine)
                )
                begin = end
            if not is_whole:
                values = [v if w is not None and w > 0 else None for v, w in zip(values, wholes, strict=True)]
                cells = [c if w is not None and w > 0 else None for c, w in zip(cells, wholes, strict=True)]
                has_gaps = None in values
        if has_gaps:
            for group, mine in kept.places:
                group.columns[i].extend(self._there(i, values, cells, lines, mine))
            return
        ready, begin = memoryview(packed(kept.pick(values))), 0
        for group, mine in kept.places:
            end = begin + DOUBLE * len(mine)
            group.columns[i].extend_packed(ready[begin:end])
            begin = end

    def _count(self, places: Iterable[tuple[_Group, list[int]]], times: Sequence[object]) -> None:
        """Count the rows of each benchmark; take note of when those of a part of them were."""
        for group, mine in places:
            group.rows += len(mine)
            if self._split_by and times:
                group.started_at, group.ended_at = _widen(group.started_at, group.ended_at, [times[at] for at in mine])

    def _keys(self, cells: dict[str, Sequence[object]], count: int) -> Sequence[object]:
        """Return what the rows hold in the fields that name the benchmark: the bare cells of a single field."""
        if len(self._naming) == 1:
            return cells[self._naming[0]]
        return list(zip(*[cells[field] for field in self._naming], strict=True)) or [()] * count

    def _places(self, keys: Sequence[object], lines: Sequence[int]) -> list[tuple[_Group, list[int]]]:
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
        if len(name) + sum(len(v) for _, v in split) > LONGEST_NAME:
            raise RowError(f"the benchmark's name is longer than {LONGEST_NAME} characters")
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

    def _numbers(self, i: int, cells: Sequence[object]) -> tuple[Sequence[float | None], bool]:
        """Return the values of a field, None where a row has none that is a measurement; and whether any lacks it."""
        if self._map.values[i].share:
            return flags_of(cells)
        values, has_gaps = numbers_of(cells)
        if not self._is_amount[i] or (not has_gaps and min(values, default=1.0) > 0):  # type: ignore[type-var,operator] # none is None
            return values, has_gaps
        return [v if v is not None and v > 0 else None for v in values], True

    def _there(
        self, i: int, values: Sequence[float | None], cells: Sequence[object], lines: Sequence[int], mine: list[int]
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
        self._is_met = [any(group.columns[i] for group in self._by_name.values()) for i in range(len(self._map.values))]
        for group in self._by_name.values():
            found = self._of(group, better)
            yield from (_of_part(r, group) if self._split_by and isinstance(r, Record) else r for r in found)
        yield from self._throughput()
        for (field, why), count in self._odd.items():
            values = _SINGULAR[why] if count == 1 else f"{count:,} {_PLURAL[why]}"
            first = self._first_odd[field, why]
            yield Skipped(benchmark=f"field {field}", why=f"{values}, the first in {what} {first:,}")

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
        if self._map.ok and (self._is_ok_stated or not self._map.is_ok_optional):
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
        is_stated = bool(self._map.time) and self._source.times.are_all_read
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


def fields_of(mapped: FieldMap, split_by: Sequence[str]) -> list[str]:
    """Return all fields of a row that a map asks for, but not under which of its usual names the time is."""
    values = [field for v in mapped.values for field in (v.value, v.over) if field]
    named = [*(parts_of(mapped.benchmark)[1] if mapped.benchmark else ()), *mapped.labels, *split_by]
    facts = [field for field in (mapped.ok, mapped.time) if field not in {"", STAMP}]
    return [*values, *named, *facts, *(field for field, _ in mapped.where)]


def _picker(mine: Sequence[int]) -> Pick:
    """Return what takes the items at some positions, at least one."""
    if len(mine) == 1:
        return lambda items: (items[mine[0]],)
    return itemgetter(*mine)


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


def _widen(first: str, last: str, times: Sequence[object], ordered: Sequence[str] = ()) -> tuple[str, str]:
    """Return the first and the last of points in time, and of some more; `ordered` are these, where they are texts."""
    if not times:
        return first, last
    begin, end = map(stated_instant, _ends(times, ordered))
    return min(filter(None, (first, begin)), default=""), max(last, end)


def _ends(times: Sequence[object], ordered: Sequence[object]) -> tuple[object, object]:
    """Return the first and the last of the times of some rows, whatever their order and their forms."""
    types = {str} if ordered else set(map(type, times))
    # texts of one length sort as they follow each other; most rows do already, and then sorting is faster than min()
    if types <= {int, float} or (types == {str} and len(set(map(len, times))) == 1):  # type: ignore[arg-type] # texts
        ordered = ordered or sorted(times)  # type: ignore[type-var] # see above
        return ordered[0], ordered[-1]
    instants = sorted(filter(None, map(stated_instant, times)))  # as after a clock of other digits
    return (instants[0], instants[-1]) if instants else (times[0], times[-1])


def _those(kept: list[bool], items: Sequence[Any]) -> Sequence[Any]:
    """Return the items that are kept."""
    return items if all(kept) else list(compress(items, kept))


def _passed(cells: Sequence[object], *, is_optional: bool) -> list[bool]:
    """Return for each row whether it counts; with `is_optional` one that does not say it does."""
    try:
        verdicts = {cell: is_ok(cell) for cell in set(cells)}  # 1 and True are one key, and say the same
    except TypeError:
        return [is_ok(cell) or (cell is None and is_optional) for cell in cells]
    if is_optional:
        verdicts[None] = True
    return [verdicts[cell] for cell in cells]


def _wholes_of(
    cells: Sequence[object], values: Sequence[float | None], wholes: Sequence[float | None], mine: list[int]
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


def _equal_to(wanted: str | float | bool, cells: Sequence[object]) -> list[bool]:  # noqa: FBT001 - data
    """Return for each row whether a field holds what is wanted."""
    if isinstance(wanted, str):
        return [cell == wanted for cell in cells]
    return [_equal(cell, wanted) for cell in cells]


def _equal(value: object, wanted: str | float | bool) -> bool:  # noqa: FBT001 - data
    """Does a field hold what is wanted? In CSV everything is text: there ``3`` is 3, and ``True`` is true."""
    if isinstance(wanted, bool):
        return value is wanted or (isinstance(value, str) and is_true(value) is wanted)
    return not isinstance(value, bool) and to_number(value) == wanted
