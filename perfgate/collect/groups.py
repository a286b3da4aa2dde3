"""The runs of one benchmark in one session, and the profiles that are made of them."""

from __future__ import annotations

import math
from array import array
from operator import truediv
from typing import TYPE_CHECKING, cast

from msgspec import Struct, field

from perfgate.collect.series import Held, MetricBuilder, merge_series
from perfgate.core.comparability import compare_definitions
from perfgate.core.errors import CannotDecideError, Diagnostic
from perfgate.core.measured import CALLS, OWN, STAGE, WHOLE
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.profile import Profile, Sample, Session
from perfgate.core.run import CPU_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.run import Labels, Run, RunColumns

Place = tuple[str, str, "Labels", str]
"""Machine class, benchmark, labels, session."""
ONE_DEFINITION = "record the metric with one unit and one direction, and measure again"
"""Hint for a metric that is defined in two ways."""
NOT_MEASURED = math.nan
"""Fills the place of a run that lacks a metric; values themselves are always finite."""


class Column(Struct):
    """The values of one metric in one group, aligned with the group's runs."""

    metric: Metric
    values: array[float]


class Group(Struct):
    """The runs of one benchmark in one session on one class of machine."""

    keeps_order: bool = True
    """Are id and start of each run kept? A table shows neither them nor the order of the runs."""
    count: int = 0
    """Measured runs."""
    run_ids: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    rows: array[int] = field(default_factory=lambda: array("q"))
    columns: dict[str, Column] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)  # method of peak memory -> ids of its runs
    commands: dict[str, str] = field(default_factory=dict)
    machines: set[str] = field(default_factory=set)
    newest: Run | None = None
    latest: str = ""  # newest start of a measured run
    failed: int = 0
    known: int = 0
    others_at: str = ""  # newest start among failed and known runs
    ended_at: str = ""  # newest end that a run states
    failed_ids: list[str] = field(default_factory=list)
    failed_files: list[str] = field(default_factory=list)
    shards: set[str] = field(default_factory=set)
    commits: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    origins: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)  # of the runs that state no session
    files: dict[str, bool] = field(default_factory=dict)  # of other tools, and no session: has it several values?
    series: dict[str, list[Held]] = field(default_factory=dict)

    def absorb(self, other: Group) -> Iterator[Diagnostic]:
        """Take in the runs of another group of the same benchmark and session; yield what does not fit.

        The groups that are collected apart are only found to be of one session once all are known.
        """
        count = self.count
        for name, column in other.columns.items():
            mine = self.columns.setdefault(name, Column(column.metric, array("d")))
            if mine.metric != column.metric:
                if other.newest is not None:
                    yield from mixed(other.newest, column.metric, mine.metric)
                continue
            mine.values.extend([NOT_MEASURED] * (count - len(mine.values)))
            mine.values.extend(column.values)
        for name, entries in other.series.items():
            held = self.series.setdefault(name, [])
            if held and held[0][2].metric != entries[0][2].metric and other.newest is not None:
                yield from mixed(other.newest, entries[0][2].metric, held[0][2].metric)
            else:
                held.extend(entries)
        for source, run_ids in other.sources.items():
            self.sources.setdefault(source, []).extend(run_ids)
        for ours, theirs in (
            (self.run_ids, other.run_ids),
            (self.digests, other.digests),
            (self.started, other.started),
            (self.failed_ids, other.failed_ids),
            (self.failed_files, other.failed_files),
        ):
            ours.extend(theirs)
        self.rows.extend(other.rows)
        self.count += other.count
        self.latest = max(self.latest, other.latest)
        self.commands.update(other.commands)
        for known, more in (
            (self.machines, other.machines),
            (self.shards, other.shards),
            (self.commits, other.commits),
            (self.folders, other.folders),
            (self.origins, other.origins),
            (self.places, other.places),
        ):
            known.update(more)
        self.files.update(other.files)
        self.failed += other.failed
        self.known += other.known
        self.others_at = max(self.others_at, other.others_at)
        self.ended_at = max(self.ended_at, other.ended_at)
        if other.newest is not None:
            self.take_newest(other.newest)

    def order(self) -> Sequence[int] | None:
        """Return the places of the runs in their order, by start and id; None: it is not kept."""
        if not self.keeps_order:
            return None
        keys = list(zip(self.started, self.run_ids, strict=True))
        return sorted(range(self.count), key=keys.__getitem__)

    def extend(self, run: Run, more: RunColumns) -> bool:
        """Add measured runs that are of one kind with another; False: the group lacks one of their metrics as it is.

        Args:
            run: the other one.
            more: the runs.
        """
        columns = [c for metric, _ in run.values if (c := self.columns.get(metric.name)) and c.metric == metric]
        if len(columns) < len(run.values):
            return False
        for column, values in zip(columns, more.values, strict=True):
            column.values.extend([NOT_MEASURED] * (self.count - len(column.values)))
            column.values.extend(values)
        self.count += len(more)
        self.rows.extend(more.rows)
        self.digests.extend(more.digests)
        ids = self.sources.setdefault(run.memory_source, [])
        if self.keeps_order:
            self.run_ids.extend(more.run_ids)
            self.started.extend(more.started)
            ids.extend(more.run_ids)
        latest = max(more.started)
        self.latest = max(self.latest, latest)
        if self.newest is None or latest >= self.newest.started_at:
            last = max((i for i, at in enumerate(more.started) if at == latest), key=more.run_ids.__getitem__)
            self.take_newest(more.run(run, last))
        return True

    def take_newest(self, run: Run) -> None:
        """Remember a run if it began last."""
        if self.newest is None or _order(run) > _order(self.newest):
            self.newest = run


def _order(run: Run) -> tuple[str, str]:
    return (run.started_at, run.run_id)


class MethodTally(Struct, frozen=True, kw_only=True):
    """The runs of one session in which one metric was measured by one method."""

    metric: str
    """Name of the metric."""
    source: str
    """The method, such as ``vmhwm``; empty when the runs do not state it."""
    run_ids: tuple[str, ...]
    """The runs, ascending by id."""


def mixed(run: Run, metric: Metric, other: Metric) -> Iterator[Diagnostic]:
    """Yield the error for a metric that a run states in another unit or direction than others do."""
    if found := compare_definitions(metric, other, ("here", "in other runs")):
        key = "unit" if metric.unit != other.unit else "better"
        yield found.as_error(f"{run.origin}: /metrics/{metric.name}/{key}", ONE_DEFINITION)


def tally_methods(group: Group) -> tuple[MethodTally, ...]:
    """Return by which methods the metrics of a session were measured, as far as its runs can state one."""
    by_method: dict[tuple[str, str], list[str]] = {}
    if PEAK_MEMORY.name in group.columns:
        by_method = {(PEAK_MEMORY.name, source): list(run_ids) for source, run_ids in group.sources.items()}
    for name, entries in group.series.items():
        for _, run_id, series in entries:
            by_method.setdefault((name, series.source), []).append(run_id)
    return tuple(
        MethodTally(metric=name, source=source, run_ids=tuple(sorted(run_ids)))
        for (name, source), run_ids in sorted(by_method.items())
    )


def profiles_of(groups: dict[Place, Group], problems: list[Diagnostic]) -> tuple[Profile, ...]:
    """Return one profile for each benchmark and class, its sessions oldest first."""
    by_benchmark: dict[tuple[str, str, Labels], list[tuple[str, Group]]] = {}
    for place, group in groups.items():
        if group.count:
            by_benchmark.setdefault(place[:3], []).append((place[3], group))
    return tuple(
        _profile(place, sorted(sessions, key=lambda s: (s[1].latest, s[0])), problems)
        for place, sessions in sorted(by_benchmark.items(), key=lambda item: item[0])
    )


def _profile(place: tuple[str, str, Labels], sessions: list[tuple[str, Group]], problems: list[Diagnostic]) -> Profile:
    found: dict[str, MetricBuilder] = {}
    for name, group in sessions:
        for metric, values in _values(group):
            builder = found.setdefault(metric.name, MetricBuilder(metric))
            if builder.metric != metric and group.newest is not None:
                problems.extend(mixed(group.newest, metric, builder.metric))
                continue
            kept = cast("tuple[float, ...]", values)  # of a table an array
            builder.add_sample(Sample(session=name, values=kept), _sources(metric, group))
        _add_series(found, name, group, problems)
    newest = max((g.newest for _, g in sessions if g.newest), key=lambda r: (r.started_at, r.run_id))
    return Profile(
        benchmark=place[1],
        labels=place[2],
        machine_class=place[0],
        sessions=tuple(_session(name, group) for name, group in sessions),
        metrics=tuple(found[name].build() for name in sorted(found)),
        environment=_environment(newest),
    )


def _environment(run: Run) -> Labels:
    """Return the facts of a run's machine, and the digest of the command, which is part of what was measured."""
    return (
        tuple(sorted({**dict(run.environment.facts), "command": run.command}.items()))
        if run.command
        else run.environment.facts
    )


def _sources(metric: Metric, group: Group) -> set[str]:
    """Return by which methods a metric was measured; runs state it for memory only."""
    return group.sources.keys() - {""} if metric.name == PEAK_MEMORY.name else set()


def _add_series(found: dict[str, MetricBuilder], session: str, group: Group, problems: list[Diagnostic]) -> None:
    """Add what foreign files hold in one session to the metrics of a profile."""
    try:
        for one in merge_series(group.series):
            builder = found.setdefault(one.metric.name, MetricBuilder(one.metric))
            if builder.metric != one.metric and group.newest is not None:
                problems.extend(mixed(group.newest, one.metric, builder.metric))
            else:
                builder.add_series(session, one)
    except CannotDecideError as caught:
        problems.extend(caught.diagnostics)


def _values(group: Group) -> list[tuple[Metric, Sequence[float]]]:
    """Return the group's values by metric in run order, throughput included where it can be derived.

    Where the order is not kept they are an array, which takes a quarter of the memory of a tuple.
    """
    found: list[tuple[Metric, Sequence[float]]] = []
    traced = _traced_runs(group)
    order = group.order()
    for name, column in group.columns.items():
        values = column.values
        if traced and name.startswith((STAGE, CALLS, OWN)):
            values = _fill_stage(group, column, traced)
        kept = _pick(values, order)
        if kept:
            found.append((column.metric, kept))
    elapsed = group.columns.get(ELAPSED.name)
    if elapsed and THROUGHPUT.name not in group.columns and all(group.rows):
        times = elapsed.values
        is_known = len(times) == group.count and min(times, default=0.0) > 0 and not any(map(math.isnan, times))
        rates = array("d", map(truediv, group.rows, times)) if is_known else array("d")
        if len(rates) and all(map(math.isfinite, rates)):
            found.append((THROUGHPUT, _pick(rates, order)))
    return found


def _pick(values: array[float], order: Sequence[int] | None) -> Sequence[float]:
    """Return the values of the runs that have one: in the order of the runs, or as they are where that is not known."""
    has_gaps = any(map(math.isnan, values))
    if order is None:
        return array("d", (v for v in values if not math.isnan(v))) if has_gaps else values
    length = len(values)
    if has_gaps or length < len(order):
        return tuple(values[i] for i in order if i < length and not math.isnan(values[i]))
    return tuple(map(values.__getitem__, order))


def _traced_runs(group: Group) -> set[int]:
    """Return the places of the runs that state any stage."""
    times = (c.values for name, c in group.columns.items() if name.startswith(STAGE))
    return {i for values in times for i, value in enumerate(values) if not math.isnan(value)}


def _fill_stage(group: Group, column: Column, traced: set[int]) -> array[float]:
    """Return the values of a stage in all runs: a traced run that lacks it never entered it, which is a zero.

    Left out, a stage that is rare would be as frequent as in the runs that have it. The own time of a stage is
    stated only where it differs from its time.
    """
    filled = array("d", column.values)
    filled.extend([NOT_MEASURED] * (group.count - len(filled)))
    name = column.metric.name
    whole = group.columns.get(STAGE + name.removeprefix(OWN)) if name.startswith(OWN) else None
    times = whole.values if whole else ()
    least = 1.0 if name == CALLS + WHOLE else 0.0  # each trace is a call of the whole, stated only where others are
    for i in traced:
        if math.isnan(filled[i]):
            filled[i] = times[i] if i < len(times) and not math.isnan(times[i]) else least
    return filled


def _session(name: str, group: Group) -> Session:
    newest = group.newest
    return Session(
        id=name,
        started_at=group.latest,
        machine=next(iter(group.machines)) if len(group.machines) == 1 else "",
        commit=newest.commit if newest else "",
        rows_used=tuple(sorted(set(group.rows))),
        runs=tuple(sorted(group.digests)),
        cpu_model=dict(newest.environment.facts).get(CPU_MODEL, "") if newest else "",
        failed=group.failed,
    )
