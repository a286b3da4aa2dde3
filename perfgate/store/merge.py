"""Two versions of a baseline that grew apart: their sessions in one, or why only a person can decide.

The outcome depends on the three versions alone, not on which of the two is called ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.comparability import BASELINE_AND_RUNS, compare_definitions, compare_kinds, compare_methods
from perfgate.core.profile import MetricProfile, Profile, Provenance, Sample, Session, Stated, title, with_stated
from perfgate.core.sessions import session_names
from perfgate.store.refresh import keep_newest

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE = Provenance(commit="", date="", tool="", reason="")


class _Part(Struct, frozen=True, kw_only=True):
    """One session of a baseline with all of its values."""

    session: Session
    """The facts of its runs."""
    samples: tuple[tuple[str, Sample], ...]
    """Metric -> values, ascending by name."""
    stated: tuple[tuple[str, Stated], ...]
    """Metric -> quantiles, ascending by name."""


def merge(base: Profile | None, ours: Profile, theirs: Profile) -> Profile | str:
    """Return a baseline with the sessions that either side added, without those that either side dropped.

    Args:
        base: the last version that both share; None: both added the baseline.
        ours: one side.
        theirs: the other side.

    Returns:
        The baseline, or why it cannot be merged.
    """
    sides = (ours, theirs)
    if theirs in (ours, base):
        return ours
    if base == ours:
        return theirs
    if reason := _unlike((base or ours, *sides)):
        return reason
    was = _parts(base) if base else {}
    parts = [_parts(side) for side in sides]
    if was and any(was.keys().isdisjoint(side) for side in parts):
        return "one side started the baseline anew, the other one changed it"
    merged: dict[str, _Part] = {}
    for name in {*parts[0], *parts[1]}:
        kept = _choose(was.get(name), parts[0].get(name), parts[1].get(name))
        if isinstance(kept, str):
            return f"{kept}: {name}"
        if kept is not None:
            merged[name] = kept
    order = {name: at for at, name in enumerate(was)}
    found = sorted(merged.values(), key=lambda p: (order.get(p.session.id, len(order)), p.session.id))
    ordered = sorted(found, key=lambda p: p.session.started_at)  # stable: those without a time keep their order
    if not ordered:
        return "no session is in both"
    union = _join(sides, ordered)
    if was.keys() - merged.keys():  # a refresh dropped the oldest: it keeps a number of sessions
        union = keep_newest(union, max(len(set(session_names([side]).values())) for side in sides))
    return union


def _unlike(versions: Sequence[Profile]) -> str:
    """Return why the versions are not of one benchmark, or not measured alike; empty when they are."""
    first = versions[0]
    for other in versions[1:]:
        if (first.machine_class, first.key) != (other.machine_class, other.key):
            return f"they are baselines of {title(*first.key)} and {title(*other.key)}"
        for m in other.metrics:
            was = first.metric(m.metric.name)
            found = was and (
                compare_definitions(was.metric, m.metric, BASELINE_AND_RUNS)
                or compare_methods(was, m)
                or compare_kinds(was, m, BASELINE_AND_RUNS)
            )
            if found:
                return f"{m.metric.name}: {found.message}"
    return "" if len(versions) == 2 else _unlike(versions[1:])  # noqa: PLR2004 - both sides at last


def _parts(profile: Profile) -> dict[str, _Part]:
    """Return the sessions of a baseline with their values, by id."""
    return {
        s.id: _Part(
            session=s,
            samples=tuple((m.metric.name, v) for m in profile.metrics for v in m.samples if v.session == s.id),
            stated=tuple((m.metric.name, v) for m in profile.metrics for v in m.stated if v.session == s.id),
        )
        for s in profile.sessions
    }


def _choose(was: _Part | None, ours: _Part | None, theirs: _Part | None) -> _Part | str | None:
    """Return one session as the merged baseline has it: None when it goes, a text when that cannot be decided."""
    if theirs in (ours, was):
        return ours
    if was == ours:
        return theirs
    if ours is None or theirs is None:
        return "one side dropped a session that the other one changed"
    return "both sides changed one session"


def _join(sides: Sequence[Profile], parts: Sequence[_Part]) -> Profile:
    """Return a profile of some sessions; what is stated once is that of the side with the newest session."""
    newest = parts[-1].session.id
    holders = [side for side in sides if side.session(newest)]
    lead = max(holders, key=lambda side: (_of(side), side.environment))
    facts = {m.metric.name: m for side in sides for m in side.metrics}
    metrics = []
    for name in sorted(facts):
        samples = tuple(v for p in parts for n, v in p.samples if n == name)
        stated = tuple(v for p in parts for n, v in p.stated if n == name)
        sources = {s for side in sides if (m := side.metric(name)) for s in m.sources}
        bare = MetricProfile(metric=facts[name].metric, sources=tuple(sorted(sources)), samples=samples)
        metrics += [with_stated(bare, stated)] if samples or stated else []
    return replace(lead, sessions=tuple(p.session for p in parts), metrics=tuple(metrics))


def _of(profile: Profile) -> tuple[str, ...]:
    """Return the provenance as something that can be ordered."""
    p = profile.provenance or _BARE
    return p.date, p.commit, p.tool, p.reason
