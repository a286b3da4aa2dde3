"""Profiles of a file as a collection: the baseline's own runs are never compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.collect.runs import Collection, SessionTally
from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import Profile, Session, title
from perfgate.core.run import holds_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.collect.runs import Key


def drop_baseline_runs(
    profiles: Sequence[Profile], known: Mapping[Key, frozenset[str]], files: Iterable[str]
) -> Collection:
    """Return profiles as a collection, without the sessions that belong to the baseline.

    Args:
        profiles: as a profile file holds them.
        known: short hashes of run ids of the baseline, by benchmark.
        files: the profile files.

    Returns:
        The collection; a session of which only some runs belong to the baseline is a
        problem, since a profile does not say which value is of which run.
    """
    named = tuple(sorted(files))
    tallies: list[SessionTally] = []
    kept: list[Profile] = []
    problems: list[Diagnostic] = []
    fresh_sessions: dict[Key, set[str]] = {}  # by benchmark; one may be in profiles of several machine classes
    for profile in profiles:
        in_baseline = known.get(profile.key, frozenset())
        fresh = fresh_sessions.setdefault(profile.key, set())
        for session in profile.sessions:
            tally = _tally(profile, session, sum(holds_run(in_baseline, run) for run in session.runs), named)
            tallies.append(tally)
            if 0 < tally.known < len(session.runs):
                problems.append(_overlap(profile, session))
            if tally.ok:
                fresh.add(session.id)
        if not profile.sessions:
            kept.append(profile)
        elif fresh:
            sessions = tuple(s for s in profile.sessions if s.id in fresh)
            metrics = tuple(rest for m in profile.metrics if (rest := m.in_sessions(fresh)) is not None)
            kept.append(replace(profile, sessions=sessions, metrics=metrics))
    return Collection(profiles=tuple(kept), seen=tuple(tallies), problems=tuple(problems))


def _tally(profile: Profile, session: Session, known: int, files: tuple[str, ...]) -> SessionTally:
    ok = 0 if known else max(1, len(session.runs))
    return SessionTally(
        machine_class=profile.machine_class,
        key=profile.key,
        session=session.id,
        started_at=session.started_at,
        ok=ok,
        failed=session.failed,
        known=known,
        commits=(session.commit,),
        files=files,
        is_of_tool=True,
    )


def _overlap(profile: Profile, session: Session) -> Diagnostic:
    message = f'some runs of session {session.id} of "{title(*profile.key)}" belong to the baseline, and some do not'
    return error("profile-overlaps", message, hint="collect again, from run files that the baseline does not hold")
