"""Profiles of several shards -> one set of profiles: the one that all runs collected at once would give.

That holds to the byte, or it is refused. A profile does not say which value is of which
run. So a session of a benchmark that is in two shards could not be put in the order
of its runs, and is an error; so are runs without a session, which are named together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.collect.groups import ONE_DEFINITION
from perfgate.collect.series import ONE_KIND
from perfgate.core.comparability import compare_definitions, compare_kinds
from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import MetricProfile, Profile, title, with_stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.collect.runs import SessionTally

    _Place = tuple[str, tuple[str, tuple[tuple[str, str], ...]]]

_BY_RUNS = "give the run files instead, and check all of them: perfgate check --expect-shards N PATHS"


def merge(parts: Sequence[tuple[str, Sequence[Profile]]]) -> tuple[tuple[Profile, ...], list[Diagnostic]]:
    """Return the profiles of all parts together, and why they cannot be merged.

    Args:
        parts: of each shard its origin, for messages, and its profiles.

    Returns:
        The profiles, sorted by class of machine and benchmark; they count only when
        there is no problem.
    """
    problems: list[Diagnostic] = []
    by_place: dict[_Place, list[tuple[str, Profile]]] = {}
    for origin, profiles in parts:
        for profile in profiles:
            by_place.setdefault((profile.machine_class, profile.key), []).append((origin, profile))
            if len(parts) > 1 and not all(s.is_named for s in profile.sessions):
                message = f'runs of "{title(*profile.key)}" state no session'
                hint = "measure with perfgate run, or write a session into the summaries"
                problems.append(error("shards-overlap", message, place=origin, hint=hint))
    merged = []
    for _, those in sorted(by_place.items(), key=lambda item: item[0]):
        problems += _overlaps(those)
        merged.append(_merge(those, problems))
    return tuple(merged), problems


def add_failed(
    profiles: Sequence[Profile], failed: Iterable[SessionTally]
) -> tuple[tuple[Profile, ...], list[SessionTally]]:
    """Return profiles with the failed runs of sessions that another part measured, and the sessions that none did.

    Args:
        profiles: of all parts together.
        failed: sessions of which all runs of a benchmark failed in one part.
    """
    counts: dict[tuple[_Place, str], int] = {}
    homes = {((p.machine_class, p.key), s.id) for p in profiles for s in p.sessions}
    rest = []
    for s in failed:
        home = ((s.machine_class, s.key), s.session)
        if home in homes:
            counts[home] = counts.get(home, 0) + s.failed
        else:
            rest.append(s)
    if not counts:
        return tuple(profiles), rest
    return tuple(
        replace(
            p,
            sessions=tuple(
                replace(s, failed=s.failed + counts.get(((p.machine_class, p.key), s.id), 0)) for s in p.sessions
            ),
        )
        for p in profiles
    ), rest


def _overlaps(those: Sequence[tuple[str, Profile]]) -> list[Diagnostic]:
    """Return an error for each session of a benchmark that two parts hold."""
    problems = []
    first: dict[str, str] = {}
    for origin, profile in those:
        for session in profile.sessions:
            if session.id in first:
                message = f'session {session.id} of "{title(*profile.key)}" is in {first[session.id]} too'
                problems.append(error("shards-overlap", message, place=origin, hint=_BY_RUNS))
            first.setdefault(session.id, origin)
    return problems


def _merge(those: Sequence[tuple[str, Profile]], problems: list[Diagnostic]) -> Profile:
    """Return one benchmark's profile of all parts."""
    if len(those) == 1:
        return those[0][1]
    sessions = sorted((s for _, p in those for s in p.sessions), key=lambda s: (s.started_at, s.id))
    by_name: dict[str, list[tuple[str, MetricProfile]]] = {}
    for origin, profile in those:
        for metric in profile.metrics:
            by_name.setdefault(metric.metric.name, []).append((origin, metric))
    order = {s.id: i for i, s in enumerate(sessions)}
    return replace(
        those[0][1],
        sessions=tuple(sessions),
        metrics=tuple(_merge_metric(found, order, problems) for _, found in sorted(by_name.items())),
        environment=_newest(those, sessions[-1].started_at, problems).environment,
    )


def _merge_metric(
    found: Sequence[tuple[str, MetricProfile]], order: Mapping[str, int], problems: list[Diagnostic]
) -> MetricProfile:
    """Return one metric of all parts, its samples in the order of the sessions.

    Args:
        found: of each part that has it its origin and the metric.
        order: id of a session -> its place.
        problems: gets an error for each part that cannot be merged with the first one.
    """
    first_origin, first = found[0]
    for origin, other in found[1:]:
        if differs := compare_definitions(other.metric, first.metric, ("here", f"in {first_origin}")):
            problems.append(differs.as_error(origin, ONE_DEFINITION))
        if unlike := compare_kinds(other, first, ("here", f"in {first_origin}")):
            problems.append(unlike.as_error(origin, ONE_KIND))
    bare = MetricProfile(
        metric=first.metric,
        sources=tuple(sorted({source for _, m in found for source in m.sources})),
        samples=tuple(sorted((s for _, m in found for s in m.samples), key=lambda s: order[s.session])),
    )
    return with_stated(bare, sorted((s for _, m in found for s in m.stated), key=lambda s: order[s.session]))


def _newest(those: Sequence[tuple[str, Profile]], newest: str, problems: list[Diagnostic]) -> Profile:
    """Return the profile of the newest run, whose machine's facts the merged one states."""
    holders = [(origin, p) for origin, p in those if any(s.started_at == newest for s in p.sessions)]
    if len({p.environment for _, p in holders}) > 1:
        message = f'the newest run of "{title(*holders[0][1].key)}" is unknown, and the machines differ'
        problems.append(error("shards-overlap", message, place=holders[1][0], hint=_BY_RUNS))
    return holders[0][1]
