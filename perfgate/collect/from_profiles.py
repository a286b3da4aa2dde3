"""Profiles that were collected before, taken as a collection: its own runs never stand against a baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.collect.runs import Collection, Seen
from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import Profile, Session, title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.collect.runs import Key


def collected_before(profiles: Sequence[Profile], known: Mapping[Key, frozenset[str]]) -> Collection:
    """Return profiles as a collection, without the sessions that belong to the baseline.

    Args:
        profiles: as a profile file holds them.
        known: short hashes of run ids of the baseline, by benchmark.

    Returns:
        The collection; a session of which only some runs belong to the baseline is a
        problem, since a profile does not say which value is of which run.
    """
    seen: list[Seen] = []
    kept: list[Profile] = []
    problems: list[Diagnostic] = []
    for profile in profiles:
        ours = known.get(profile.key, frozenset())
        for session in profile.sessions:
            seen.append(_seen(profile, session, len(ours.intersection(session.runs))))
            if 0 < seen[-1].known < len(session.runs):
                problems.append(_overlap(profile, session))
        fresh = {s.session for s in seen if s.key == profile.key and s.ok}
        if not profile.sessions:
            kept.append(profile)
        elif fresh:
            sessions = tuple(s for s in profile.sessions if s.id in fresh)
            metrics = tuple(left for m in profile.metrics if (left := m.in_sessions(fresh)) is not None)
            kept.append(replace(profile, sessions=sessions, metrics=metrics))
    return Collection(profiles=tuple(kept), seen=tuple(seen), problems=tuple(problems))


def _seen(profile: Profile, session: Session, known: int) -> Seen:
    ok = 0 if known else max(1, len(session.runs))
    return Seen(
        machine_class=profile.machine_class, key=profile.key, session=session.id, started_at=session.started_at,
        ok=ok, failed=0, known=known,
    )  # fmt: skip


def _overlap(profile: Profile, session: Session) -> Diagnostic:
    message = f'some runs of session {session.id} of "{title(*profile.key)}" belong to the baseline, and some do not'
    return error("profile-overlaps", message, hint="collect again, from run files that the baseline does not hold")
