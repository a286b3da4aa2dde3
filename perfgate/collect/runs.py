"""Runs -> profiles: values by benchmark, metric and session, in one pass.

Nothing is averaged here: a profile keeps every value, in the order of the runs. That
order comes from the runs themselves (start time, then run id), so that neither the
order of the files nor the process changes a byte.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.core.canonical import short_hash
from perfgate.core.errors import Diagnostic, error
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.profile import MetricProfile, Profile, Sample, Session, title
from perfgate.core.run import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfgate.core.run import Labels, Run

    _Place = tuple[str, str, Labels, str]  # machine class, benchmark, labels, session

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A benchmark: its name and its labels."""

_NOT_MEASURED = math.nan  # fills the place of a run that lacks a metric; values themselves are always finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one benchmark in one session."""

    machine_class: str
    """Class of the machine."""
    key: Key
    """Benchmark and labels."""
    session: str
    """Id of the session."""
    started_at: str
    """Newest start among all its runs; empty when none states it."""
    ok: int
    """Measured runs that are in the profile."""
    failed: int
    """Runs that failed."""
    known: int
    """Runs left out because they belong to the baseline."""
    shards: tuple[str, ...] = ()
    """The different shards of its runs that are not known, ascending; empty text: one states none."""
    commits: tuple[str, ...] = ()
    """The different commits of these runs, ascending; empty text: one states none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Everything that a set of runs amounts to."""

    profiles: tuple[Profile, ...]
    """One for each benchmark and machine class, sorted; failed runs are not in them."""
    seen: tuple[Seen, ...]
    """One for each benchmark, machine class and session, sorted."""
    problems: tuple[Diagnostic, ...]
    """What kept runs from being collected."""


@dataclass(slots=True)
class _Column:
    """The values of one metric in one group, aligned with the group's runs."""

    metric: Metric
    values: array[float]


@dataclass(slots=True)
class _Group:
    """The runs of one benchmark in one session on one class of machine."""

    run_ids: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    columns: dict[str, _Column] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    commands: dict[str, str] = field(default_factory=dict)
    machines: set[str] = field(default_factory=set)
    newest: Run | None = None
    failed: int = 0
    known: int = 0
    others_at: str = ""  # newest start among failed and known runs
    failed_ids: list[str] = field(default_factory=list)
    shards: set[str] = field(default_factory=set)
    commits: set[str] = field(default_factory=set)


def collect(
    runs: Iterable[Run],
    *,
    known: Mapping[Key, frozenset[str]] | None = None,
    own_session: str = "",
    machine_class: str = "",
) -> Collection:
    """Collect runs into profiles.

    Args:
        runs: the runs, read one by one; none is kept.
        known: digests of runs to leave out, by benchmark: those of the baseline.
        own_session: session of runs that state none (in CI the job's own); empty: they
            form one session of their own, named after the hash of their run ids.
        machine_class: class of machine given by hand; empty: the runs' own.
    """
    groups: dict[_Place, _Group] = {}
    problems: list[Diagnostic] = []
    for run in runs:
        key = (run.benchmark, run.labels)
        place = (
            machine_class or run.environment.machine_class,
            run.benchmark,
            run.labels,
            run.session or own_session,
        )
        group = groups.get(place)
        if group is None:
            group = groups[place] = _Group()
        digest = digest_of(run)
        if known and key in known and digest in known[key]:
            group.known += 1
            group.others_at = max(group.others_at, run.started_at)
            continue
        group.shards.add(run.shard)
        group.commits.add(run.commit)
        if run.status == "failed":
            group.failed += 1
            group.others_at = max(group.others_at, run.started_at)
            group.failed_ids.append(run.run_id)
        else:
            _add(group, run, digest, problems)
    named = _name_sessions(groups)
    return Collection(
        profiles=_profiles(named, problems),
        seen=tuple(_seen(place, group) for place, group in sorted(named.items(), key=lambda item: item[0])),
        problems=tuple(problems),
    )


def _add(group: _Group, run: Run, digest: str, problems: list[Diagnostic]) -> None:
    """Take a run into its group."""
    count = len(group.run_ids)
    columns = group.columns
    for metric, value in run.values:
        column = columns.get(metric.name)
        if column is None:
            column = columns[metric.name] = _Column(metric, array("d", [_NOT_MEASURED]) * count)
        elif column.metric is not metric and column.metric != metric:
            problems.append(_mixed(run, metric, column.metric))
            continue
        while len(column.values) < count:
            column.values.append(_NOT_MEASURED)
        column.values.append(value)
    group.run_ids.append(run.run_id)
    group.digests.append(digest)
    group.started.append(run.started_at)
    group.rows.append(run.rows_used)
    group.sources.add(run.memory_source)
    group.machines.add(run.environment.machine)
    if run.command and run.command not in group.commands:
        group.commands[run.command] = run.origin
        if len(group.commands) > 1:
            problems.append(_clash(run, group))
    if group.newest is None or (run.started_at, run.run_id) > (group.newest.started_at, group.newest.run_id):
        group.newest = run


def _mixed(run: Run, metric: Metric, other: Metric) -> Diagnostic:
    return error(
        "unit-differs",
        f'"{metric.name}" is in "{metric.unit}" ({metric.better} is better) here, but in "{other.unit}" '
        f"({other.better} is better) in other runs of the same session",
        place=f"{run.origin}: /metrics/{metric.name}/unit",
        hint="record the metric with one unit and one direction, and measure again",
    )


def _clash(run: Run, group: _Group) -> Diagnostic:
    return error(
        "benchmark-name-clash",
        f'two different commands were measured as "{title(run.benchmark, run.labels)}" in one session '
        f"(the other: {next(iter(group.commands.values()))})",
        place=run.origin,
        hint="give each command a name of its own: perfgate run --benchmark NAME -- CMD",
    )


def _name_sessions(groups: dict[_Place, _Group]) -> dict[_Place, _Group]:
    """Give the runs that state no session one: they were collected together, so their luck is common."""
    unnamed = sorted(i for place, g in groups.items() if not place[3] for i in (*g.run_ids, *g.failed_ids))
    name = f"unknown-{short_hash(chr(0).join(unnamed))}"
    return {(*place[:3], place[3] or name): group for place, group in groups.items()}


def _seen(place: _Place, group: _Group) -> Seen:
    return Seen(
        machine_class=place[0],
        key=(place[1], place[2]),
        session=place[3],
        started_at=max(group.others_at, *group.started) if group.started else group.others_at,
        ok=len(group.run_ids),
        failed=group.failed,
        known=group.known,
        shards=tuple(sorted(group.shards)),
        commits=tuple(sorted(group.commits)),
    )


def _profiles(groups: dict[_Place, _Group], problems: list[Diagnostic]) -> tuple[Profile, ...]:
    """Return one profile for each benchmark and class, its sessions oldest first."""
    by_benchmark: dict[tuple[str, str, Labels], list[tuple[str, _Group]]] = {}
    for place, group in groups.items():
        if group.run_ids:
            by_benchmark.setdefault(place[:3], []).append((place[3], group))
    return tuple(
        _profile(place, sorted(sessions, key=lambda s: (max(s[1].started), s[0])), problems)
        for place, sessions in sorted(by_benchmark.items(), key=lambda item: item[0])
    )


def _profile(place: tuple[str, str, Labels], sessions: list[tuple[str, _Group]], problems: list[Diagnostic]) -> Profile:
    metrics: dict[str, Metric] = {}
    samples: dict[str, list[Sample]] = {}
    sources: dict[str, set[str]] = {}
    for name, group in sessions:
        order = sorted(range(len(group.run_ids)), key=lambda i, g=group: (g.started[i], g.run_ids[i]))  # type: ignore[misc]
        for metric, values in _values(group, order):
            if metrics.setdefault(metric.name, metric) != metric and group.newest is not None:
                problems.append(_mixed(group.newest, metric, metrics[metric.name]))
                continue
            samples.setdefault(metric.name, []).append(Sample(session=name, values=values))
            if metric.name == PEAK_MEMORY.name:
                sources.setdefault(metric.name, set()).update(group.sources)
    newest = max((g.newest for _, g in sessions if g.newest), key=lambda r: (r.started_at, r.run_id))
    return Profile(
        benchmark=place[1],
        labels=place[2],
        machine_class=place[0],
        sessions=tuple(_session(name, group) for name, group in sessions),
        metrics=tuple(
            MetricProfile(
                metric=metrics[name],
                sources=tuple(sorted(sources.get(name, set()) - {""})),
                samples=tuple(samples[name]),
            )
            for name in sorted(samples)
        ),
        environment=newest.environment.facts,
    )


def _values(group: _Group, order: list[int]) -> list[tuple[Metric, tuple[float, ...]]]:
    """Return the group's values by metric in run order, throughput included where it can be derived."""
    found: list[tuple[Metric, tuple[float, ...]]] = []
    for column in group.columns.values():
        values, length = column.values, len(column.values)
        kept = tuple(values[i] for i in order if i < length and not math.isnan(values[i]))
        if kept:
            found.append((column.metric, kept))
    elapsed = group.columns.get(ELAPSED.name)
    if elapsed and THROUGHPUT.name not in group.columns and all(group.rows):
        times, length = elapsed.values, len(elapsed.values)
        rates = tuple(group.rows[i] / times[i] for i in order if i < length and times[i] > 0)
        if len(rates) == len(order) and all(map(math.isfinite, rates)):
            found.append((THROUGHPUT, rates))
    return found


def _session(name: str, group: _Group) -> Session:
    newest = group.newest
    return Session(
        id=name,
        started_at=max(group.started),
        machine=next(iter(group.machines)) if len(group.machines) == 1 else "",
        commit=newest.commit if newest else "",
        rows_used=tuple(sorted(set(group.rows))),
        runs=tuple(sorted(group.digests)),
    )
