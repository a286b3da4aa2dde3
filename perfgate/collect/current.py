"""Which of the collected sessions are judged: the newest, so that no old run is taken for a missing one."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.collect.last_rows import count_values, find_stray_rows
from perfgate.collect.unnamed import ZONES
from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import Profile, title
from perfgate.core.session_id import SessionId
from perfgate.core.sessions import REST
from perfgate.core.text.dates import hour_of
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from perfgate.collect.runs import Collection, Key, SessionTally
    from perfgate.core.profile import MetricProfile

_GIVE_ONE = "give the files of one commit, or pass --sessions all to judge each by itself"
_REMOVE_OLDER = (
    "remove the older files (perfgate runs list shows all, perfgate runs remove FILE removes some), "
    "or pass --sessions all to judge each session by itself"
)
_ONE_NAME_EACH = (
    "give each leg a name of its own (perfgate run --benchmark NAME, or PERFGATE_SHARD=1/2, 2/2 with --expect-shards); "
    "or name the path that counts; sessions that repeat each other: --sessions all"
)
_SAY_ONE = (
    "parts of one session: --same-session, or name their folder; legs: check each by itself, or "
    "measure each under a name of its own"
)


class Selection(Struct, frozen=True, kw_only=True):
    """The part of a collection that is judged, or that a refresh takes in."""

    profiles: tuple[Profile, ...]
    """Profiles with the selected sessions only."""
    selected: tuple[SessionTally, ...]
    """The selected sessions by benchmark, those whose runs all failed or belong to the baseline included."""
    superseded: tuple[SessionTally, ...]
    """What newer sessions or batches replace."""
    problems: tuple[Diagnostic, ...]
    """Why the newest session is unknown."""
    superseded_values: int = 0
    """How many measured values are replaced by newer ones, of each benchmark those of one metric."""

    def superseded_runs(self) -> int:
        """Return how many measured runs are replaced by newer ones."""
        return sum(s.ok for s in self.superseded)


def select(collection: Collection, *, every_batch: bool, every_session: bool = False) -> Selection:
    """Select the newest sessions of a collection.

    The newest session, a terminal or a CI job, is the current one for all benchmarks, since
    a benchmark that was last measured in an older one was not measured now; within it each
    benchmark's newest batch (one call of ``perfgate run``) counts, so that measuring once
    more replaces what was measured before. Runs without a session count beside the newest
    session; of several (`unnamed.divide`) the newest does.

    Args:
        collection: what was collected.
        every_batch: take everything as it is.
        every_session: take all sessions, but of each benchmark in each the newest batch only.
    """
    if every_batch:
        return Selection(profiles=collection.profiles, selected=collection.seen, superseded=(), problems=())
    seen = collection.seen
    problems: tuple[Diagnostic, ...] = ()
    eligible: Sequence[SessionTally] = seen
    if not every_session:
        unnamed = [s for s in seen if _is_unnamed(s)]
        named = [s for s in seen if not _is_unnamed(s)] if len(unnamed) < len(seen) else []
        newest, problems = _newest_session(named)
        of_runs = [s for s in named if _session_of(s) == newest]
        of_files, more = _newest_unnamed([s for s in unnamed if s.session not in collection.older])
        eligible, problems = [*of_runs, *of_files], (*problems, *more)
    selected = _newest_batches(eligible)
    chosen = {(s.machine_class, s.key, s.session): s for s in selected}
    superseded = tuple(s for s in seen if (s.machine_class, s.key, s.session) not in chosen)
    if not every_session:
        problems = (*problems, *_ambiguous(selected), *find_stray_rows(collection.profiles, selected, superseded))
    return Selection(
        profiles=tuple(p for profile in collection.profiles if (p := _restrict(profile, chosen)) is not None),
        selected=tuple(selected),
        superseded=superseded,
        superseded_values=count_values(collection.profiles, superseded),
        problems=problems,
    )


def find_together(seen: Iterable[SessionTally]) -> tuple[str, ...]:
    """Return the sessions of a profile file that were measured together, as the shards of one call: all are current.

    They are of one commit, less than `REST` hours lie between one and the next, and no benchmark is in two of them.
    Where that is not so, a benchmark that only an older session holds was not measured now.

    Args:
        seen: what the file holds, and the baseline does not.

    Returns:
        Their names, ascending; empty when there is one only, or they are not together.
    """
    tallies = list(seen)
    commits = {c for s in tallies for c in s.commits}
    names = sorted({_session_of(s) for s in tallies})
    hours = sorted(h if (h := hour_of(s.started_at)) is not None else float("-inf") for s in tallies)
    homes = {(s.key, _session_of(s)) for s in tallies}
    is_near = all(b - a <= REST for a, b in pairwise(hours))  # what states no time is near nothing: inf, or no number
    if len(names) > 1 and len(commits) == 1 and "" not in commits and is_near and not any(map(_is_unnamed, tallies)):
        return tuple(names) if len(homes) == len({key for key, _ in homes}) else ()
    return ()


def _is_unnamed(seen: SessionTally) -> bool:
    return not SessionId.parse(seen.session).is_given


def _session_of(seen: SessionTally) -> str:
    return SessionId.parse(seen.session).session


def _newest_session(seen: Sequence[SessionTally]) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return the newest of named sessions, or why it is unknown."""
    newest = _times_of(seen)
    if not newest:
        return None, ()
    if len(newest) > 1 and "" in newest.values():
        if len(fresh := _fresh(seen)) == 1:
            return fresh.pop(), ()
        message = f"there are {len(newest)} sessions, and not all runs state started_at: the newest is unknown"
        return None, (error("sessions-unordered", message, hint=_REMOVE_OLDER),)
    return max(newest, key=lambda name: (newest[name], name)), ()


def _times_of(seen: Iterable[SessionTally]) -> dict[str, str]:
    """Return the newest start of each session; empty when no run states it."""
    newest: dict[str, str] = {}
    for s in seen:
        name = _name_of(s)
        newest[name] = max(newest.get(name, ""), s.started_at)
    return newest


def _name_of(seen: SessionTally) -> str:
    """Return the name of a session, of one that runs do not state the digest: files and run summaries may share it."""
    name = _session_of(seen)
    return name.rpartition("-")[2] if _is_unnamed(seen) else name


def _fresh(seen: Iterable[SessionTally]) -> set[str]:
    """Return the sessions with runs that do not belong to the baseline: where no time is known, they are the newer."""
    return {_name_of(s) for s in seen if s.ok or s.failed}


def _newest_unnamed(seen: Sequence[SessionTally]) -> tuple[list[SessionTally], tuple[Diagnostic, ...]]:
    """Return the newest of the sessions that runs do not state, or why it is unknown.

    One whose runs state neither a time nor a commit counts beside the newest.
    """
    with_commit = {_name_of(s) for s in seen if any(s.commits)}
    times = {name: at for name, at in _times_of(seen).items() if at or name in with_commit}
    if len(times) < 2:  # noqa: PLR2004 - there is no choice
        return list(seen), ()
    newest = [name for name, at in times.items() if at == max(times.values())]
    if len(newest) > 1 or "" in times.values():
        newest = [name for name in times if name in _fresh(seen)]
    if len(newest) == 1:
        return [s for s in seen if _name_of(s) not in times or _name_of(s) in newest], ()
    commits = {c for s in seen for c in s.commits} - {""}
    what = f"the files are of {len(commits)} commits" if len(commits) > 1 else f"the files are {len(times)} sessions"
    message = f"{what}, and do not say which was measured last: which is current is unknown"
    return [], (error("sessions-unordered", message, hint=_GIVE_ONE),)


def find_older_files(selected: Iterable[SessionTally]) -> tuple[str, str] | None:
    """Return when the files of other tools were measured and when the runs beside them, if that was days later.

    Both are judged: the runs of a file state no session that could be an older one.
    """
    times = ("", "")
    for s in selected:
        of_files = not SessionId.parse(s.session).is_given
        times = (max(times[0], s.started_at), times[1]) if of_files else (times[0], max(times[1], s.started_at))
    filed, ran = map(hour_of, times)
    return times if ran is not None and filed is not None and ran - filed > REST + ZONES else None


def _newest_batches(eligible: Iterable[SessionTally]) -> list[SessionTally]:
    """Return the newest batch of each benchmark in each session."""
    newest: dict[tuple[object, ...], SessionTally] = {}
    for s in eligible:
        place = (s.machine_class, s.key, _session_of(s))
        other = newest.get(place)
        if other is None or (s.started_at, s.session) > (other.started_at, other.session):
            newest[place] = s
    return sorted(newest.values(), key=lambda s: (s.machine_class, s.key, s.session))


def _ambiguous(selected: Sequence[SessionTally]) -> list[Diagnostic]:
    """Return an error for each benchmark that was measured with and without a session, or a time."""
    by_key: dict[tuple[object, ...], list[SessionTally]] = {}
    for s in selected:
        if s.ok or s.failed:
            by_key.setdefault(s.key, []).append(s)
    return [found for group in by_key.values() if (found := _explain_ambiguity(group)) is not None]


def _explain_ambiguity(group: Sequence[SessionTally]) -> Diagnostic | None:
    """Return why it is unknown which sessions of one benchmark are current; None when it is known."""
    if len(group) == 1:
        return None
    named = [s for s in group if not _is_unnamed(s)]
    unnamed = {_name_of(s) for s in group if _is_unnamed(s)}
    if not unnamed or (not named and len(unnamed) == 1):
        return None
    rest = f"others belong to session {named[0].session}" if named else "others say when, or at which commit"
    stated = "no session" if named else "neither a time nor a commit"
    message = f'some runs of "{title(*group[0].key)}" state {stated}, {rest}: which of them are current is unknown'
    return error("sessions-ambiguous", message, hint=_REMOVE_OLDER)


def find_legs(
    selection: Selection,
    paths: Sequence[str],
    locate: Callable[[str], tuple[str, str]],
    *,
    among_selected: bool = False,
) -> list[Diagnostic]:
    """Return an error for each benchmark of which a newer measurement replaces one that it does not repeat.

    Two legs of a CI matrix, or two paths that somebody names, are two measurements: the
    slower one must not be left out because the other was a little later.

    Args:
        selection: what is judged, and what it replaces.
        paths: as named by the user; empty: none were.
        locate: takes a session's name and returns the CI run that it states, empty when it states none, and the job.
        among_selected: compare the selected sessions with each other, too: a refresh takes in all of them.
    """
    chosen = {s.key: s for s in selection.selected if s.ok or s.failed}
    named = {posixpath.normpath(place) for path in paths for place in (path, posixpath.dirname(path) or ".")}
    problems: dict[Key, Diagnostic] = {}
    for old in (*selection.superseded, *(selection.selected if among_selected else ())):
        new = chosen.get(old.key)
        if new is None or new is old or not (old.ok or old.failed):
            continue
        (was_run, was_job), (run, job) = locate(_session_of(old)), locate(_session_of(new))
        places = _named_places(old, named), _named_places(new, named)
        if run and run == was_run and job != was_job:
            where = f"twice in the CI run {run}: in session {_session_of(old)} and in session {_session_of(new)}"
        elif run and job == was_job and (unlike := _compare_environments(old, new)):
            where = f"twice in the CI job {job}: with {unlike}"
        elif among_selected:
            continue
        elif places[0] and places[1] and places[0].isdisjoint(places[1]):
            where = f"in {', '.join(sorted(places[0]))} and in {', '.join(sorted(places[1]))}"
        else:
            continue
        message = f'"{title(*old.key)}" was measured {where}; neither replaces the other'
        problems[old.key] = error("legs-share-a-name", message, hint=_ONE_NAME_EACH)
    problems = _find_named_apart(selection, paths) | problems
    return [problems[key] for key in sorted(problems)]


def _find_named_apart(selection: Selection, paths: Sequence[str]) -> dict[Key, Diagnostic]:
    """Return an error for each benchmark whose runs state no session and lie at several of the named paths.

    What one folder or glob holds are parts of one session; what somebody names one by one are measurements.
    """
    names = [posixpath.normpath(path) for path in paths]
    problems: dict[Key, Diagnostic] = {}
    if len(set(names)) <= 1:
        return problems
    for s in selection.selected:
        found = sorted({name for place in s.places if (name := _name_above(place, names))})
        if len(found) > 1:
            where = list_some(found, 3)
            message = f'"{title(*s.key)}" was measured at each of the paths {where}; neither replaces the other'
            problems[s.key] = error("legs-share-a-name", message, hint=_SAY_ONE)
    return problems


def _name_above(place: str, names: Sequence[str]) -> str:
    """Return by which of the named paths a place (`SessionTally.places`) was found; empty when that is not known."""
    if place.endswith("/"):
        folder = posixpath.normpath(place)
        if found := next((above for above in _upward(folder) if above in names), ""):
            return found
        above = (n.partition("*")[0].rpartition("/")[0] if "*" in n else posixpath.dirname(n) for n in names)
        return next((a for a in above if a and f"{folder}/".startswith(f"{a}/")), "")
    path = posixpath.normpath(place)
    if found := next((n for n in names if n == path or ("*" in n and fnmatchcase(path, n))), ""):
        return found
    return next((above for above in _upward(path) if above in names), "")


def _compare_environments(old: SessionTally, new: SessionTally) -> str:
    """Return the first fact in which the environments of two batches differ, with both values; empty: in none."""
    was, now = dict(old.environment), dict(new.environment)
    unlike = sorted(name for name in was.keys() & now.keys() if was[name] != now[name])
    return f"{unlike[0]} {was[unlike[0]]} and with {now[unlike[0]]}" if unlike else ""


def _named_places(tally: SessionTally, named: Container[str]) -> set[str]:
    """Return which of the named folders, or folders of named files, hold runs of a session: the innermost of each."""
    above = (_upward(posixpath.normpath(folder)) for folder in tally.folders if folder)
    innermost = (next((place for place in places if place in named), "") for places in above)
    return {place for place in innermost if place}


def _upward(folder: str) -> Iterator[str]:
    """Yield a folder and those that it is in, up to the first of its names."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _restrict(profile: Profile, chosen: Mapping[tuple[str, Key, str], SessionTally]) -> Profile | None:
    """Return the profile with the chosen sessions only, None when none is left."""
    places = ((s.id, (profile.machine_class, profile.key, s.id)) for s in profile.sessions)
    keep = {session: chosen[place] for session, place in places if place in chosen}
    if not keep:
        return None
    return replace(
        profile,
        sessions=tuple(s for s in profile.sessions if s.id in keep),
        metrics=tuple(
            _restrict_methods(kept, keep.values()) for m in profile.metrics if (kept := m.in_sessions(keep)) is not None
        ),
    )


def _restrict_methods(metric: MetricProfile, chosen: Iterable[SessionTally]) -> MetricProfile:
    """Return a metric without the methods by which only other sessions were measured, as far as that is known."""
    sources = {m.source for s in chosen for m in s.methods if m.metric == metric.metric.name}
    return replace(metric, sources=tuple(sorted(sources - {""}))) if sources else metric
