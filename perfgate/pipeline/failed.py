"""Sessions and benchmarks of which every run failed: one rule for all that collects runs.

What no baseline has may be left out: a mistyped argument leaves such runs, and they
must not stand in the way of others. In CI and in shards nobody mistypes, and what a budget
limits must be measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.collect import SessionTally
from perfgate.core.profile import title
from perfgate.measure.machine import facts
from perfgate.schema.baseline_types import StoredFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.collect import Key, Selection
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile


def count_failed_sessions(profiles: Iterable[Profile], seen: Iterable[SessionTally]) -> tuple[Profile, ...]:
    """Return profiles with the runs of sessions that only failed counted in the newest session that was measured.

    A session without values is not in a profile; of several that are judged, its failures must not be lost.

    Args:
        profiles: what was measured.
        seen: the sessions that are judged.
    """
    lost: dict[tuple[str, Key], int] = {}
    for s in seen:
        if s.failed and not s.ok:
            place = (s.machine_class, s.key)
            lost[place] = lost.get(place, 0) + s.failed
    return tuple(_add_failed(p, lost.get((p.machine_class, p.key), 0)) for p in profiles)


def find_unmeasured(profiles: Iterable[Profile], seen: Iterable[SessionTally]) -> tuple[SessionTally, ...]:
    """Return the sessions that only failed and whose benchmark no profile has, which could not be counted in one."""
    measured = {(p.machine_class, p.key) for p in profiles}
    return tuple(s for s in seen if s.failed and not s.ok and (s.machine_class, s.key) not in measured)


def store_failed(seen: Iterable[SessionTally]) -> tuple[StoredFailed, ...]:
    """Return the sessions that only failed, as a profile file holds them."""
    return tuple(
        StoredFailed(
            benchmark=s.key[0],
            labels=dict(s.key[1]),
            machine_class=s.machine_class,
            session=s.session,
            runs=s.failed,
            started_at=s.started_at,
            commit=s.commits[0] if len(s.commits) == 1 else "",
        )
        for s in seen
        if s.failed and not s.ok
    )


def tally_failed(stored: Iterable[StoredFailed], path: str) -> tuple[SessionTally, ...]:
    """Return the sessions that only failed as a collection counts them.

    Args:
        stored: as a profile file holds them.
        path: of the file.
    """
    return tuple(
        SessionTally(
            machine_class=f.machine_class,
            key=(f.benchmark, tuple(sorted(f.labels.items()))),
            session=f.session,
            started_at=f.started_at,
            ok=0,
            failed=int(f.runs),
            known=0,
            commits=(f.commit,),
            files=(path,),
        )
        for f in stored
    )


def _add_failed(profile: Profile, failed: int) -> Profile:
    if not failed or not profile.sessions:
        return profile
    *older, newest = profile.sessions
    return replace(profile, sessions=(*older, replace(newest, failed=newest.failed + failed)))


def find_only_failed(
    selection: Selection, baselines: Iterable[Profile], policy: Policy, *, is_of_shards: bool = False
) -> list[tuple[SessionTally, bool]]:
    """Return the sessions of each benchmark that only failed and has no baseline, and whether it may be left out.

    It may where others were measured, outside CI, unless a budget of level ``fail`` limits it. Of shards none may:
    one of which all runs failed is dead, whatever the others measured.

    Args:
        selection: what was measured.
        baselines: the committed profiles.
        policy: its budgets count.
        is_of_shards: did each job of a matrix measure a part?
    """
    measured = {p.key for p in selection.profiles}
    known = measured.union(p.key for p in baselines)
    is_beside_others = bool(measured) and not is_of_shards and not facts.in_ci()
    gated = [b for b in policy.budgets if b.level == "fail"]
    return [
        (s, is_beside_others and not any(b.limits(s.key[0], title(*s.key)) for b in gated))
        for s in selection.selected
        if s.failed and s.key not in known
    ]
