"""Batches -> sessions: the batches of one session share their conditions, so that they count as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.profile import Profile, Session, join_samples
from perfgate.core.text.dates import hour_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.profile import MetricProfile, Sample

REST = 4.0
"""Hours without a run after which a terminal that stayed open begins a new session: a morning and an evening, or two
days, do not share their conditions as two runs in a row do."""


def merge_batches(profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Return profiles in which the batches of each session are one.

    A session is a CI job or a terminal (`Session.session`), split where nothing ran for
    more than `REST` hours. It is found over all profiles together, so that it has the same
    name in each. Runs of which both sides are of one session, as under ``perfgate ab``,
    keep their id, which says so.

    Args:
        profiles: of one side, in any order.
    """
    names = session_names(profiles)
    return tuple(p if _is_shared(p) or _is_merged(p, names) else _merge(p, names) for p in profiles)


def session_names(profiles: Iterable[Profile]) -> Mapping[str, str]:
    """Return the name of the session to which each batch of some profiles belongs, by the batch's id."""
    known: dict[str, dict[str, float]] = {}
    for profile in profiles:
        for s in profile.sessions:
            hour = hour_of(s.started_at)
            batches = known.setdefault(s.session, {})
            # A batch whose hour nobody knows is not split from the others.
            batches[s.id] = max(batches.get(s.id, 0.0), 0.0 if hour is None else hour)
    return {batch: name for session, batches in known.items() for batch, name in _split(session, batches)}


def _split(session: str, batches: Mapping[str, float]) -> Iterable[tuple[str, str]]:
    """Yield the batches of a terminal or job, each with the name of its session."""
    part, last = 1, 0.0
    for batch, hour in sorted(batches.items(), key=lambda item: (item[1], item[0])):
        part += last > 0 and hour - last > REST
        last = hour
        yield batch, session if part == 1 else f"{session}@{part}"


def _is_shared(profile: Profile) -> bool:
    return len(profile.sessions) == 1 and profile.sessions[0].is_shared


def _is_merged(profile: Profile, names: Mapping[str, str]) -> bool:
    """Does each batch already bear the name of its session?"""
    return all(names[s.id] == s.id for s in profile.sessions)


def _merge(profile: Profile, names: Mapping[str, str]) -> Profile:
    sessions: dict[str, Session] = {}
    for s in profile.sessions:
        name = names[s.id]
        renamed = replace(s, id=name)
        sessions[name] = join_sessions(sessions[name], renamed) if name in sessions else renamed
    return replace(
        profile, sessions=tuple(sessions.values()), metrics=tuple(_merge_metric(m, names) for m in profile.metrics)
    )


def _merge_metric(metric: MetricProfile, names: Mapping[str, str]) -> MetricProfile:
    parts: dict[str, list[Sample]] = {}
    for sample in metric.samples:
        parts.setdefault(names[sample.session], []).append(sample)
    samples = tuple(join_samples(name, those) for name, those in parts.items())
    return replace(metric, samples=samples, stated=tuple(replace(s, session=names[s.session]) for s in metric.stated))


def join_sessions(old: Session, new: Session) -> Session:
    """Return the facts of two parts of one session together; what differs of the code is the newer one's."""
    return replace(
        new,
        started_at=max(old.started_at, new.started_at),
        machine=old.machine if old.machine == new.machine else "",
        rows_used=tuple(sorted({*old.rows_used, *new.rows_used})),
        runs=tuple(sorted({*old.runs, *new.runs})),
        cpu_model=new.cpu_model or old.cpu_model,
        failed=old.failed + new.failed,
    )
