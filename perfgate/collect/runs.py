"""Runs -> profiles: values by benchmark, metric and session, in one pass.

Nothing is averaged here: a profile keeps every value, in the order of the runs. That
order comes from the runs themselves (start time, then run id), so that neither the
order of the files nor the process changes a byte.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.collect.groups import NOT_MEASURED, Column, Group, mixed, profiles_of, tally_methods
from perfgate.collect.unnamed import add_part, divide, is_apart, newest_of
from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import Profile, title
from perfgate.core.run import digest_of, holds_run
from perfgate.core.session_id import SessionId
from perfgate.core.text.canonical import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfgate.collect.groups import MethodTally, Place
    from perfgate.collect.unnamed import Part
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels, Run, RunColumns, Series

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A benchmark: its name and its labels."""


class SessionTally(Struct, frozen=True, kw_only=True):
    """How many runs of one benchmark one session has."""

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
    failed_files: tuple[str, ...] = ()
    """The files of these, ascending; empty when the runs themselves are not known."""
    known: int
    """Runs left out because they belong to the baseline."""
    shards: tuple[str, ...] = ()
    """The different shards of its runs that are not known, ascending; empty text: one states none."""
    commits: tuple[str, ...] = ()
    """The different commits of these runs, ascending; empty text: one states none."""
    folders: tuple[str, ...] = ()
    """The folders of the files of these runs, ascending; empty when the runs themselves are not known."""
    joined: tuple[str, ...] = ()
    """The files of another tool whose values are joined, ascending, none stating a session; empty: of one file at most,
    or of one value each in one folder, as some tools write one for each run."""
    files: tuple[str, ...] = ()
    """The files of these runs, ascending; empty when the runs themselves are not known."""
    places: tuple[str, ...] = ()
    """Where those of these runs lie that state no session, ascending: the file, when it holds several values; else the
    folder, with a slash at its end."""
    is_of_tool: bool = False
    """Are there files of another tool among them? Its clock may show local time."""
    ended_at: str = ""
    """The latest end that a run states; empty when none does."""
    environment: Labels = ()
    """Facts of the newest of these runs; empty when the runs themselves are not known."""
    methods: tuple[MethodTally, ...] = ()
    """By which methods its metrics were measured; empty when the runs themselves are not known."""


class Collection(Struct, frozen=True, kw_only=True):
    """The profiles of a set of runs, and what else was found in them."""

    profiles: tuple[Profile, ...]
    """One for each benchmark and machine class, sorted; failed runs are not in them."""
    seen: tuple[SessionTally, ...]
    """One for each benchmark, machine class and session, sorted."""
    problems: tuple[Diagnostic, ...]
    """Why runs could not be collected."""
    older: frozenset[str] = frozenset()
    """Sessions of runs that state none, of which another such session was measured later."""


def collect(
    runs: Iterable[Run],
    *,
    known: Mapping[Key, frozenset[str]] | None = None,
    own_session: str = "",
    machine_class: str = "",
    for_table: bool = False,
) -> Collection:
    """Collect runs into profiles.

    Args:
        runs: the runs, read one by one; none is kept.
        known: digests of runs to leave out, by benchmark: those of the baseline.
        own_session: session of runs that state none (in CI the job's own); empty: it is
            named after the hash of their run ids. Of runs that are several sessions
            (`unnamed.divide`) the newest has this name.
        machine_class: class of machine given by hand; empty: the runs' own.
        for_table: collect what a table of quantiles shows only: without digests, files and ids of the runs, and the
            values of a session in any order. It takes half of the time, and a fifth of the memory.
    """
    groups: dict[Place, Group] = {}
    unnamed: dict[Place, Group] = {}  # by part, which stands in place of the session
    parts: dict[str, Part] = {}
    problems: list[Diagnostic] = []
    for run in runs:
        key = (run.benchmark, run.labels)
        machines = machine_class or run.environment.machine_class
        if run.session:
            where, session = groups, run.session
        else:
            where, session = unnamed, add_part(parts, run)
        place = (machines, run.benchmark, run.labels, session)
        group = where.get(place)
        if group is None:
            group = where[place] = Group(keeps_order=not for_table or not run.session)
        held = known.get(key) if known else None
        is_known = not _take(group, run, held, problems, for_table=for_table)
        if run.more is not None:
            _take_more(group, run, _drop_known(group, run.more, held), problems, for_table=for_table, is_new=is_known)
    named, older = _name_sessions(groups, unnamed, parts, own_session, problems)
    return Collection(
        profiles=profiles_of(named, problems),
        seen=tuple(_tally(place, group) for place, group in sorted(named.items(), key=lambda item: item[0])),
        problems=tuple(problems),
        older=older,
    )


def _take(group: Group, run: Run, held: frozenset[str] | None, problems: list[Diagnostic], *, for_table: bool) -> bool:
    """Add a run to its group, as what it is: a measured or a failed one; False: the baseline holds it."""
    digest = "" if for_table else digest_of(run)
    if held is not None and not run.is_repeat and holds_run(held, digest):
        group.known += 1
        group.others_at = max(group.others_at, run.started_at)
        return False
    _note(group, run, for_table=for_table)
    if run.status == "failed":
        group.failed += 1
        group.others_at = max(group.others_at, run.started_at)
        group.failed_ids.append(run.run_id)
        group.failed_files.append(run.origin)
    else:
        _add(group, run, digest, problems)
    return True


def _drop_known(group: Group, more: RunColumns, held: frozenset[str] | None) -> RunColumns:
    """Return the runs without those that the baseline holds, which are counted."""
    if held is None:
        return more
    kept = [i for i, digest in enumerate(more.digests) if not holds_run(held, digest)]
    if len(kept) == len(more):
        return more
    known = set(range(len(more))).difference(kept)
    group.known += len(known)
    group.others_at = max(group.others_at, *(more.started[i] for i in known))
    return more.keep(kept)


def _take_more(
    group: Group, run: Run, more: RunColumns, problems: list[Diagnostic], *, for_table: bool, is_new: bool
) -> None:
    """Add the runs beside another one of their kind to its group.

    Args:
        group: where they belong.
        run: the other one.
        more: the runs.
        problems: faults are added to it.
        for_table: see `collect`.
        is_new: is the other one not in the group, so that nothing of its kind is noted?
    """
    if not len(more):
        return
    if run.status == "failed" or not group.extend(run, more):
        for other in more.each(run):
            _take(group, other, None, problems, for_table=for_table)
        return
    if is_new:
        first = more.run(run, 0)
        _note(group, first, for_table=for_table)
        _note_measured(group, first, problems)
    if not for_table:
        group.origins.update(map(more.origin, range(len(more))))


def _note(group: Group, run: Run, *, for_table: bool) -> None:
    """Note what a run says of its kind, and where it lies.

    Without a session that is the file, if it is a measurement by itself, else the folder.
    """
    group.shards.add(run.shard)
    group.commits.add(run.commit)
    folder = run.origin.rpartition("/")[0]
    if not for_table or run.series:
        group.origins.add(run.origin)
    group.folders.add(folder)
    group.ended_at = max(group.ended_at, run.ended_at)
    if run.session:
        return
    holds_many = any(map(_holds_many, run.series))
    group.places.add(run.origin if holds_many else f"{folder or '.'}/")
    if run.series:
        group.files[run.origin] = group.files.get(run.origin, False) or holds_many


def _holds_many(series: Series) -> bool:
    return len(series.values) > 1 or bool(series.cells or series.quantiles)


def _add(group: Group, run: Run, digest: str, problems: list[Diagnostic]) -> None:
    """Add a run to its group."""
    count = group.count
    columns = group.columns
    for metric, value in run.values:
        column = columns.get(metric.name)
        if column is None:
            column = columns[metric.name] = Column(metric, array("d", [NOT_MEASURED]) * count)
        elif column.metric is not metric and column.metric != metric:
            problems.extend(mixed(run, metric, column.metric))
            continue
        while len(column.values) < count:
            column.values.append(NOT_MEASURED)
        column.values.append(value)
    for series in run.series:
        held = group.series.setdefault(series.metric.name, [])
        if held and held[0][2].metric != series.metric:
            problems.extend(mixed(run, series.metric, held[0][2].metric))
        else:
            held.append((run.started_at, run.run_id, series))
    group.count += 1
    ids = group.sources.setdefault(run.memory_source, [])
    if group.keeps_order:
        group.run_ids.append(run.run_id)
        group.started.append(run.started_at)
        ids.append(run.run_id)
    if digest:
        group.digests.append(digest)
    group.rows.append(run.rows_used)
    group.latest = max(group.latest, run.started_at)
    group.take_newest(run)
    _note_measured(group, run, problems)


def _note_measured(group: Group, run: Run, problems: list[Diagnostic]) -> None:
    """Note what a measured run says of its kind."""
    group.machines.add(run.environment.machine)
    if run.command and run.command not in group.commands:
        group.commands[run.command] = run.origin
        if len(group.commands) > 1:
            problems.append(_clash(run, group))


def _clash(run: Run, group: Group) -> Diagnostic:
    return error(
        "benchmark-name-clash",
        f'two different commands were measured as "{title(run.benchmark, run.labels)}" in one session '
        f"(the other: {next(iter(group.commands.values()))})",
        place=run.origin,
        hint="give each command a name of its own: perfgate run --benchmark NAME -- CMD; or, if the program "
        "names itself, a session of its own: PERFGATE_SESSION=NAME perfgate run -- CMD",
    )


def _name_sessions(
    named: dict[Place, Group],
    unnamed: dict[Place, Group],
    parts: Mapping[str, Part],
    own_session: str,
    problems: list[Diagnostic],
) -> tuple[dict[Place, Group], frozenset[str]]:
    """Return all groups by session, those of runs that state none joined part by part, and the older of these sessions.

    Collected together they share the noise of one machine, as far as they do not say that
    they are of other commits or times.
    """
    periods = divide(parts)
    newest = newest_of(periods)
    own_at = max((max(g.latest, g.others_at) for place, g in named.items() if place[3] == own_session), default="")
    groups = dict(named)
    older: set[str] = set()
    for period in periods:
        mine = set(period.parts)
        held = {place: group for place, group in unnamed.items() if place[3] in mine}
        ids = sorted(i for group in held.values() for i in (*group.run_ids, *group.failed_ids))
        digest = short_hash(chr(0).join((ids or period.parts) if len(periods) > 1 else ids))
        is_own = own_session and (period is newest or not period.is_placed) and not is_apart(period, own_at)
        for place, group in held.items():
            session = own_session if is_own else str(SessionId.unnamed(digest, of_files=bool(group.series)))
            if newest is not None and period is not newest and period.is_placed:
                older.add(session)
            present = groups.setdefault((*place[:3], session), group)
            if present is not group:
                problems.extend(present.absorb(group))
    return groups, frozenset(older)


def _tally(place: Place, group: Group) -> SessionTally:
    are_parts = len(group.files) > 1 and (any(group.files.values()) or len(group.folders) > 1)
    return SessionTally(
        machine_class=place[0],
        key=(place[1], place[2]),
        session=place[3],
        started_at=max(group.others_at, group.latest),
        ok=group.count,
        failed=group.failed,
        failed_files=tuple(sorted(group.failed_files)),
        known=group.known,
        shards=tuple(sorted(group.shards)),
        commits=tuple(sorted(group.commits)),
        folders=tuple(sorted(group.folders)),
        files=tuple(sorted(group.origins)),
        places=tuple(sorted(group.places)),
        is_of_tool=bool(group.series),
        ended_at=group.ended_at,
        joined=tuple(sorted(group.files)) if are_parts else (),
        environment=group.newest.environment.facts if group.newest else (),
        methods=tally_methods(group),
    )
