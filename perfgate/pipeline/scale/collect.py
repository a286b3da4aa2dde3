"""Collect what is too large for one process: two passes over parts, wherever they are counted, and one profile."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.collect.counted import (
    ChangedError,
    CountedSession,
    Measured,
    keep_values,
    needed_ranges,
    profiles_of_counts,
    steps_for,
)
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide
from perfgate.core.metrics import Metric
from perfgate.core.policy import ERROR_RATE
from perfgate.core.run import UNSPECIFIED
from perfgate.core.text.names import list_some
from perfgate.core.text.steps import Work, log_step
from perfgate.core.text.units import scale_of
from perfgate.formats.maps import map_for, map_named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.scale.engines import started
from perfgate.formats.scale.kernel import (
    MOST_GROUPS,
    Wanted,
    count_part,
    take_values,
    too_many_groups,
    versions_here,
)
from perfgate.formats.scale.parts import digest_part, expand
from perfgate.formats.scale.query import Question
from perfgate.formats.scale.tables import Sums, sorted_by_series, split
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs
from perfgate.pipeline.collect import Collected
from perfgate.pipeline.scale.faults import MOST_SHOWN, Faults
from perfgate.stats.cells import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.sources.field_map import FieldMap, FieldValue
    from perfgate.formats.scale.engines import Engine
    from perfgate.formats.scale.parts import Part
    from perfgate.formats.scale.tables import Counted, Series, Taken

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PASSES = 2
"""How often each part is read."""


class Asked(Struct, frozen=True, kw_only=True):
    """Where and how it is counted."""

    engine: str
    """One of `engines.ENGINES`."""
    scheduler: str = ""
    """Address of the scheduler of Dask; empty for the processes of this machine."""
    by_day: bool = False
    """Are the rows of each day (UTC) a session?"""


def collect_parts(
    paths: Sequence[str],
    asked: Asked,
    *,
    config: str | None,
    machine_class: str,
    foreign: ForeignOptions | None = None,
) -> Collected:
    """Collect the rows of large logs into profiles.

    Args:
        paths: files, folders or globs, on disk or in object storage.
        asked: where and how they are counted.
        config: configuration file; None: look for one.
        machine_class: given by hand; empty: the configuration's.
        foreign: what the user says about the files; None: nothing.

    Raises:
        CannotDecideError: a part cannot be read or counted, or nothing was measured; every fault is in it.
    """
    settings = inputs.read_settings(config, machine_class=machine_class)
    options = foreign or ForeignOptions()
    versions_here()
    parts, problems, again = expand(paths or settings.policy.runs)
    if problems:
        raise CannotDecideError(problems)
    question = Question(field_map=_map_of(parts, options, settings.policy.maps), by_day=asked.by_day)
    metrics = _metrics_of(question, options)
    log_step("engine %s: %s parts, %s bytes", asked.engine, len(parts), sum(p.size for p in parts))
    with started(asked.engine, asked.scheduler, parts) as machines:
        engine = _Watched(machines, _PASSES * sum(p.size for p in parts))
        counting = _Counting(question, options.tolerance)
        counting.count(engine, parts)
        held = list(counting.sums.series())
        steps = steps_for(len(held))
        if not steps:
            raise too_many_groups(list_some([p.name for p in parts], MOST_SHOWN))
        series = dict(_with_values(engine, counting, question, held, steps))
        engine.end()
    sessions, remarks = _sessions_of(series, counting.sums, question, metrics, steps)
    if steps < STEPS:
        remarks.append(f"of each of {len(held):,} values {steps + 1:,} quantiles are kept, at even shares")
    if not sessions:
        hint = "correct the field ok of the map, or what writes the log"
        raise cannot_decide("runs-failed", "no row holds a value", place=list_some(paths, MOST_SHOWN), hint=hint)
    own = facts.session_id() if facts.in_ci() else ""
    profiles = profiles_of_counts(sessions, machine_class=settings.policy.machine_class or UNSPECIFIED, own_session=own)
    if again:
        counting.remarks.append(f"left out, files that were named again: {again:,}")
    return Collected(profiles=profiles, shard=None, failed=(), remarks=(*counting.remarks, *remarks))


def _map_of(parts: Sequence[Part], options: ForeignOptions, maps: Sequence[FieldMap]) -> FieldMap:
    """Return the map that reads all parts.

    Raises:
        CannotDecideError: there is none, there are two, or it asks for what only a reader of lines can do.
    """
    if options.source:
        hint = "leave out --from: --engine reads Parquet, JSON lines and CSV by their content"
        raise cannot_decide("usage", "--from and --engine exclude each other", place="--from", hint=hint)
    if options.map:
        found = map_named(options.map, maps)
    else:
        by_name = {m.name if (m := map_for(p.name, maps)) else "": m for p in parts}
        found_maps = list(by_name.values())
        if len(found_maps) != 1 or found_maps[0] is None:
            place = next(p.name for p in parts if map_for(p.name, maps) is None or len(found_maps) > 1)
            message, hint = "several maps name the files", "name one: --map NAME"
            if None in found_maps:
                message = "no map of the configuration names it"
                hint = f'name one: --map NAME; or add "*{_ending_of(place)}" to the files of the map'
            raise cannot_decide("map-unknown", message, place=place, hint=hint)
        found = found_maps[0]
    if found.inside:
        message = f'the map "{found.name}" looks for its fields inside of "{found.inside}", which --engine does not'
        hint = f'write the fields as paths, such as "{found.inside}.{found.values[0].value}"; or leave out --engine'
        raise cannot_decide("usage", message, place="--map", hint=hint)
    return found


def _ending_of(name: str) -> str:
    """Return the ending of a file's name, without that of gzip, which no map has to state."""
    return os.path.splitext(name.removesuffix(".gz"))[1]


def _metrics_of(question: Question, options: ForeignOptions) -> list[tuple[Metric, float]]:
    """Return the metric of each value, and the factor to its base unit.

    Raises:
        CannotDecideError: nobody says which way a value is better, or the map has quotients only.
    """
    name = question.field_map.name
    if not question.values:
        message = f'the map "{name}" has no value but quotients (over), which --engine does not count'
        raise cannot_decide("usage", message, place="--map", hint="add a value; or leave out --engine")
    unclear = [v.value for v in question.values if v.resolved()[2] is None and options.direction is None]
    if unclear:
        message = f'the map "{name}" does not say which way is better, for {", ".join(unclear)}'
        hint = 'write better = "lower" (times) or "higher" (rates) beside the value; or --direction lower, or higher'
        raise cannot_decide("direction-unknown", message, place="--map", hint=hint)
    return [_metric_of(v, options) for v in question.values]


def _metric_of(value: FieldValue, options: ForeignOptions) -> tuple[Metric, float]:
    metric, unit, better = value.resolved()
    factor, base = (1.0, "1") if unit is None or value.share else scale_of(unit)
    return Metric(name=metric or "value", unit=base, better=better or options.direction or "lower"), factor


class _Counting:
    """The first pass: all parts are counted, and each is checked before its counts are added."""

    def __init__(self, question: Question, tolerance: float) -> None:
        self.sums = Sums(question.name_of)
        self.remarks: list[str] = []
        self.parts: list[Part] = []
        """Those whose rows count, for the second pass."""
        self._question = question
        self._faults = Faults(question, tolerance)
        self._first: dict[tuple[object, ...], int] = {}
        self._alike: dict[int, tuple[int, Counted]] = {}

    def count(self, engine: Engine, parts: Sequence[Part]) -> None:
        """Count all parts.

        Raises:
            CannotDecideError: one cannot be counted, or all are empty; every fault is in it.
        """
        empty: list[int] = []
        for i, answer in engine.map(count_part, parts, self._question):
            if isinstance(answer, Diagnostic):
                self._faults.refuse(i, answer)
                continue
            _check_versions(answer, parts[i])
            found, *unplaced = split(answer, self._question.name_of, by_day=self._question.by_day)
            self._faults.check(i, parts[i], answer, unplaced)
            first = self._first.setdefault((parts[i].size, *found.fingerprint), i)
            if not found.total():
                empty.append(i)
            elif first != i:
                self._alike[i] = (first, found)
            else:
                self._add(found, parts[i])
        self._faults.raise_any(parts)
        copies = self._find_copies(engine, parts)
        if len(empty) == len(parts):
            where = list_some([p.name for p in parts], MOST_SHOWN)
            hint = "check the map, or what writes the log"
            raise cannot_decide("parts-empty", "no file holds a row that the map reads", place=where, hint=hint)
        self.parts = [p for i, p in enumerate(parts) if i not in copies and i not in set(empty)]
        self._remark(parts, [parts[i].name for i in sorted(empty)], len(copies))

    def _add(self, found: Counted, part: Part) -> None:
        self.sums.add(found)
        if len(self.sums.names) > MOST_GROUPS:
            raise too_many_groups(part.name)

    def _find_copies(self, engine: Engine, parts: Sequence[Part]) -> set[int]:
        """Return the parts that are the same as another one byte for byte; others of equal counts are added."""
        involved = sorted({*self._alike, *(first for first, _ in self._alike.values())})
        digests: dict[int, str] = {}
        for i, answer in engine.map(digest_part, [parts[i] for i in involved]) if involved else ():
            if isinstance(answer, Diagnostic):
                raise CannotDecideError([answer])
            digests[involved[i]] = answer
        known = {digests[first] for first, _ in self._alike.values()}
        copies = set()
        for i, (_, found) in sorted(self._alike.items()):
            if digests[i] in known:
                copies.add(i)
            else:
                known.add(digests[i])
                self._add(found, parts[i])
        return copies

    def _remark(self, parts: Sequence[Part], empty: Sequence[str], copies: int) -> None:
        if empty:
            self.remarks.append(f"without a row that the map reads: {list_some(empty, MOST_SHOWN)}")
        if copies:
            self.remarks.append(f"left out, copies of other files: {copies:,}")
        self.remarks += self._faults.remarks(parts)
        if quotients := [v.value for v in self._question.field_map.values if v.over]:
            self.remarks.append(f"not counted, quotients of sums: {', '.join(quotients)}")


class _Watched:
    """An engine whose work on all parts together, in both passes, is shown to whoever watches."""

    def __init__(self, engine: Engine, whole: int) -> None:
        """Begin.

        Args:
            engine: what does the work.
            whole: how many bytes are read in the end.
        """
        self._engine, self._whole = engine, whole
        self._work = Work("collecting", "files", 1)

    def map(self, kernel: Callable[..., Any], parts: Sequence[Part], *shared: object) -> Iterator[tuple[int, Any]]:
        """Yield the place of each part, and what the kernel returns for it."""
        for i, answer in self._engine.map(kernel, parts, *shared):
            self._work.add_part(parts[i].size, self._whole)
            yield i, answer

    def end(self) -> None:
        """Show that all is done."""
        self._work.add()


def _check_versions(found: Counted, part: Part) -> None:
    """Return when a part was counted by the versions of this process.

    Raises:
        CannotDecideError: it was not: what they count may differ.
    """
    here = versions_here()
    if found.versions != here:
        there = "perfgate {} with duckdb {}".format(*found.versions)
        message = f"a worker runs {there}, this process perfgate {here[0]} with duckdb {here[1]}"
        hint = "install the same versions on every worker"
        raise cannot_decide("engine-versions", message, place=part.name, hint=hint)


def _with_values(
    engine: Engine,
    counting: _Counting,
    question: Question,
    held: Sequence[tuple[tuple[str, int], int, Series]],
    steps: int,
) -> Iterator[tuple[tuple[tuple[str, int], int], tuple[Series, Sequence[float]]]]:
    """Yield each benchmark and day and the place of each value, with its counts and the values that were needed.

    This is the second pass, over the parts that hold rows; nothing is read where all values are known.

    Raises:
        CannotDecideError: a part cannot be read any more.
    """
    sums = counting.sums
    numbers: dict[tuple[tuple[str, int], int], int] = {}
    ranges: list[tuple[tuple[float, float], ...]] = []
    for name, value, series in held:
        is_share = question.values[value].share
        if series.cells and not is_share and (needed := needed_ranges(series.cells, steps)):
            numbers[name, value] = len(ranges)
            ranges.append(needed)
    by_place = {place: name for name, place in sums.names.items()}
    wanted = [
        Wanted(series=number, group=group, value=value, ranges=ranges[number])
        for group, place in sums.groups.items()
        for value in range(len(question.values))
        if (number := numbers.get((by_place[place], value))) is not None
    ]
    problems: dict[int, Diagnostic] = {}
    taken: list[Taken] = []
    for i, answer in engine.map(take_values, counting.parts, question, wanted) if wanted else ():
        if isinstance(answer, Diagnostic):
            problems[i] = answer
        else:
            taken.append(answer)
    if problems:
        raise CannotDecideError([problems[i] for i in sorted(problems)])
    values = sorted_by_series(taken, len(ranges))
    for name, value, series in held:
        number = numbers.get((name, value))
        yield (name, value), (series, () if number is None else values[number].tolist())


def _sessions_of(
    series: dict[tuple[tuple[str, int], int], tuple[Series, Sequence[float]]],
    sums: Sums,
    question: Question,
    metrics: Sequence[tuple[Metric, float]],
    steps: int,
) -> tuple[list[CountedSession], list[str]]:
    """Return what was counted of each benchmark and day, and remarks on it.

    Raises:
        CannotDecideError: a part has changed between the passes.
    """
    sessions: list[CountedSession] = []
    remarks: list[str] = []
    for name in sums.names:
        measured = []
        for place, (metric, factor) in enumerate(metrics):
            counted = series.get((name, place))
            if counted is None:
                continue
            found = _measured(metric, factor, *counted, steps, is_share=question.values[place].share)
            measured += [found] if found else []
            good = counted[0].rows - counted[0].failed
            if good and counted[0].size < good / 2 and not question.field_map.is_wide:
                remarks.append(f'most rows of "{name[0]}" have no value in the field "{question.values[place].value}"')
        if question.field_map.ok and (sums.is_ok_stated or not question.field_map.is_ok_optional):
            first = series[name, 0][0]
            measured.append(_share(Metric(name=ERROR_RATE, unit="1", better="lower"), first.failed, first.rows))
            if first.failed == first.rows:
                rows = "its only row" if first.rows == 1 else f"all of {first.rows:,} rows"
                remarks.append(f'"{name[0]}" failed in {rows}')
        if measured:
            sessions.append(_session(name, sums, measured, by_day=question.by_day))
    return sessions, remarks


def _measured(
    metric: Metric, factor: float, counted: Series, taken: Sequence[float], steps: int, *, is_share: bool
) -> Measured | None:
    """Return what was measured of one value in base units; None: no row has it.

    Raises:
        CannotDecideError: a part has changed between the passes.
    """
    if not counted.cells:
        return None
    if is_share:
        return _share(metric, sum(c.size for c in counted.cells if c.low > 0), counted.size)
    try:
        values, stands_for = keep_values(counted.cells, taken, steps)
    except ChangedError:
        message = "the files have changed while they were read"
        hint = "name files that nobody writes any more"
        raise cannot_decide("part-unreadable", message, hint=hint) from None
    return Measured(metric=metric, values=tuple(v * factor for v in values), stands_for=stands_for)


def _share(metric: Metric, hits: int, of: int) -> Measured:
    return Measured(metric=metric, values=(hits / of,), stands_for=of, hits=hits)


def _session(name: tuple[str, int], sums: Sums, measured: Sequence[Measured], *, by_day: bool) -> CountedSession:
    benchmark, day = name
    first = sums.first_time(name)
    return CountedSession(
        benchmark=benchmark,
        day=f"{_EPOCH + timedelta(days=day):%Y-%m-%d}" if by_day else "",
        started_at=f"{_EPOCH + timedelta(microseconds=first):%Y-%m-%dT%H:%M:%S.%fZ}" if first is not None else "",
        measured=tuple(sorted(measured, key=lambda m: m.metric.name)),
    )
