"""Runs of which the user says that they are of one session: no file of another tool can say so itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import Profile, title, with_stated
from perfgate.core.session_id import SessionId
from perfgate.core.sessions import merge_batches
from perfgate.core.text.canonical import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.run import Run


def of_one_session(runs: Iterable[Run], own_session: str) -> list[Run]:
    """Return runs as those of one session: the one that the newest states, else the CI job's own, else a new one.

    Args:
        runs: in any order.
        own_session: of the CI job; empty: there is none.
    """
    given = list(runs)
    stated = max(((r.started_at, r.run_id, r.session) for r in given if r.session), default=("", "", ""))[2]
    ids = sorted(r.run_id for r in given)
    session = stated or own_session or str(SessionId.unnamed(short_hash(chr(0).join(ids)), of_files=True))
    return [replace(r, session=session) for r in given]


def share_session(
    baselines: Sequence[Profile], current: Sequence[Profile]
) -> tuple[tuple[Profile, ...], tuple[Profile, ...], list[Diagnostic]]:
    """Return both sides as measured in one session, and an error for each benchmark that states several."""
    sides = (merge_batches(baselines), merge_batches(current))
    problems = [
        error(
            "several-sessions",
            f'"{title(*p.key)}" has {len(p.sessions)} sessions on one side: they cannot be one with the other side',
            place="--same-session",
            hint="leave out --same-session, or name files of one session",
        )
        for side in sides
        for p in side
        if len(p.sessions) > 1
    ]
    if problems:
        return tuple(baselines), tuple(current), problems
    name = next((s.session for side in reversed(sides) for p in side for s in p.sessions), "")
    shared = str(SessionId.shared(name))
    was, now = (tuple(_renamed(p, shared) for p in side) for side in sides)
    return was, now, []


def _renamed(profile: Profile, session: str) -> Profile:
    """Return a profile of one session under another id."""
    return replace(
        profile,
        sessions=tuple(replace(s, id=session) for s in profile.sessions),
        metrics=tuple(
            with_stated(
                replace(m, samples=tuple(replace(v, session=session) for v in m.samples)),
                [replace(v, session=session) for v in m.stated],
            )
            for m in profile.metrics
        ),
    )
