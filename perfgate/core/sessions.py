"""What counts as one session: the batches of one stretch of time share their luck."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.core.dates import hour_of
from perfgate.core.profile import Profile, Sample, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.profile import MetricProfile

REST = 4.0
"""Hours without a run after which a terminal that stayed open begins a stretch anew: a morning and an evening, or two
days, do not share their luck as two runs in a row do."""


def united(profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Return profiles in which the batches of one stretch of time are one session.

    A stretch is a CI job or a terminal (`Session.stretch`), parted where nothing ran for
    more than `REST` hours. It is found over all profiles together, so that it has the same
    name in each. Runs made in turns by ``perfgate ab`` keep their session's name, which
    says so.

    Args:
        profiles: of one side, in any order.
    """
    names = stretch_names(profiles)
    return tuple(p if _is_in_turns(p) else _united(p, names) for p in profiles)


def stretch_names(profiles: Iterable[Profile]) -> Mapping[str, str]:
    """Return the name of the stretch to which each session of some profiles belongs, by its id."""
    known: dict[str, dict[str, float]] = {}
    for profile in profiles:
        for s in profile.sessions:
            hour = hour_of(s.started_at)
            batches = known.setdefault(s.stretch, {})
            # A batch whose hour nobody knows is not parted from the others.
            batches[s.id] = max(batches.get(s.id, 0.0), 0.0 if hour is None else hour)
    return {batch: name for stretch, batches in known.items() for batch, name in _parted(stretch, batches)}


def _parted(stretch: str, batches: Mapping[str, float]) -> Iterable[tuple[str, str]]:
    """Yield the batches of a terminal or job, each with the name of its stretch."""
    part, last = 1, 0.0
    for batch, hour in sorted(batches.items(), key=lambda item: (item[1], item[0])):
        part += last > 0 and hour - last > REST
        last = hour
        yield batch, stretch if part == 1 else f"{stretch}@{part}"


def _is_in_turns(profile: Profile) -> bool:
    return len(profile.sessions) == 1 and profile.sessions[0].is_interleaved


def _united(profile: Profile, names: Mapping[str, str]) -> Profile:
    sessions: dict[str, Session] = {}
    for s in profile.sessions:
        name = names[s.id]
        renamed = replace(s, id=name)
        sessions[name] = joined(sessions[name], renamed) if name in sessions else renamed
    return replace(
        profile, sessions=tuple(sessions.values()), metrics=tuple(_metric(m, names) for m in profile.metrics)
    )


def _metric(metric: MetricProfile, names: Mapping[str, str]) -> MetricProfile:
    values: dict[str, tuple[float, ...]] = {}
    for sample in metric.samples:
        name = names[sample.session]
        values[name] = (*values.get(name, ()), *sample.values)
    samples = tuple(Sample(session=name, values=v) for name, v in values.items())
    return replace(metric, samples=samples, stated=tuple(replace(s, session=names[s.session]) for s in metric.stated))


def joined(old: Session, new: Session) -> Session:
    """Return the facts of two parts of one session together; what differs of the code is the newer one's."""
    return replace(
        new,
        started_at=max(old.started_at, new.started_at),
        machine=old.machine if old.machine == new.machine else "",
        rows_used=tuple(sorted({*old.rows_used, *new.rows_used})),
        runs=tuple(sorted({*old.runs, *new.runs})),
    )
