"""New runs into a baseline: which sessions are kept, which values change, and why runs are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.comparability import (
    BASELINE_AND_RUNS,
    compare_definitions,
    compare_kinds,
    compare_methods,
    compare_rows,
    find_flaws,
    needs_same_rows,
)
from perfgate.core.metrics import explains
from perfgate.core.policy import gates_nothing_by_default
from perfgate.core.profile import MetricProfile, Profile, Provenance, join_samples, title, with_stated
from perfgate.core.sessions import join_sessions, session_names
from perfgate.stats.quantiles import quantile
from perfgate.store.stated import round_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.comparability import Mismatch
    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Sample

REPLACE = "perfgate baseline refresh --replace --reason …"
"""Command that starts a baseline anew from the newest session."""
_SLACK = 1e-9  # as in the gate: a change exactly at the threshold is within it, whatever the last bit says


class Move(Struct, frozen=True, kw_only=True):
    """What a refresh does to one metric of a baseline."""

    benchmark: str
    """Name with labels."""
    metric: str
    """Name of the metric."""
    unit: str
    """Its base unit."""
    old: float | None
    """p50 before; None for a new metric or benchmark."""
    new: float | None
    """p50 after; None for a metric that goes."""
    loosens: bool
    """Does a gated value get worse by more than its threshold?"""


class Refreshed(Struct, frozen=True, kw_only=True):
    """One baseline after a refresh."""

    profile: Profile
    """What is to be written."""
    changed: bool
    """Does it differ from what is there?"""
    moves: tuple[Move, ...]
    """p50 of each metric, before and after."""
    problems: tuple[Diagnostic, ...]
    """Why it must not be written."""


def refresh(
    old: Profile | None,
    new: Profile | None,
    policy: Policy,
    *,
    replace_old: bool,
    keep: int,
    tool: str,
    reason: str,
) -> Refreshed:
    """Return a baseline with new sessions taken in.

    Args:
        old: the baseline so far; None for a new benchmark.
        new: profile of the runs that it lacks (with `replace_old`: of all runs that
            shall be in it); None when there are none.
        policy: says which values are gated, for `Move.loosens`.
        replace_old: start anew.
        keep: newest sessions to keep, >= 1.
        tool: the perfgate that writes, for the provenance.
        reason: why, for the provenance; empty keeps the old one.
    """
    before = None if replace_old else old
    fresh = _short(new) if new else None
    present = old or fresh
    if present is None:
        raise ValueError("neither a baseline nor new runs")
    problems = find_mismatches(before, fresh, policy) if before and fresh else []
    if problems:
        return _refuse(present, problems)
    merged = keep_newest(merge_sessions(before, fresh), keep)
    if fresh and (problems := find_flaws(merged, policy)):
        return _refuse(present, problems)
    same = old is not None and replace(merged, provenance=None) == replace(old, provenance=None)
    stated = old.provenance.reason if old and old.provenance else ""
    newest = merged.sessions[-1]
    provenance = Provenance(
        commit=newest.commit,
        date=max(s.started_at for s in merged.sessions),
        tool=tool,
        reason=reason or stated,
    )
    keeps_provenance = same and old is not None and old.provenance is not None
    profile = replace(merged, provenance=old.provenance if keeps_provenance and old else provenance)
    return Refreshed(profile=profile, changed=not same, moves=tuple(moves_between(old, profile, policy)), problems=())


def _refuse(present: Profile, problems: Sequence[Mismatch]) -> Refreshed:
    """Return what stays, and why nothing is written."""
    hint = f"if that is intended, start the baseline anew: {REPLACE}"
    errors = tuple(p.as_error(title(*present.key), hint) for p in problems)
    return Refreshed(profile=present, changed=False, moves=(), problems=errors)


def _short(profile: Profile) -> Profile:
    """Return the profile with its values as a file keeps them."""
    return replace(profile, metrics=tuple(map(round_metric, profile.metrics)))


def find_mismatches(old: Profile, new: Profile, policy: Policy) -> list[Mismatch]:
    """Return why new sessions cannot stand beside the old ones."""
    found: list[Mismatch | None] = []
    for m in new.metrics:
        if (was := old.metric(m.metric.name)) and not explains(m.metric.name):
            found += [
                compare_definitions(was.metric, m.metric, BASELINE_AND_RUNS),
                compare_methods(was, m),
                compare_kinds(was, m, BASELINE_AND_RUNS),
            ]
    if needs_same_rows(new, policy):
        found.append(compare_rows(old, new))
    return [f for f in found if f is not None]


def merge_sessions(old: Profile | None, new: Profile | None) -> Profile:
    """Return both profiles as one; a session that both know gains the runs that it lacked."""
    if old is None or new is None:
        present = old or new
        if present is None:
            raise ValueError("nothing to merge")
        return present
    sessions = {s.id: s for s in old.sessions}
    for s in new.sessions:
        sessions[s.id] = join_sessions(sessions[s.id], s) if s.id in sessions else s
    ordered = sorted(sessions.values(), key=lambda s: s.started_at)  # stable: sessions without a time keep their order
    metrics: dict[str, MetricProfile] = {m.metric.name: m for m in old.metrics}
    for m in new.metrics:
        was = metrics.get(m.metric.name)
        metrics[m.metric.name] = m if was is None else _join_metrics(was, m)
    order = {s.id: i for i, s in enumerate(ordered)}
    return replace(
        new,
        sessions=tuple(ordered),
        metrics=tuple(
            replace(
                metrics[n],
                samples=tuple(sorted(metrics[n].samples, key=lambda s: order[s.session])),
                stated=tuple(sorted(metrics[n].stated, key=lambda s: order[s.session])),
            )
            for n in sorted(metrics)
        ),
    )


def _join_metrics(old: MetricProfile, new: MetricProfile) -> MetricProfile:
    parts: dict[str, list[Sample]] = {}
    for s in (*old.samples, *new.samples):
        parts.setdefault(s.session, []).append(s)
    both = replace(
        new,
        sources=tuple(sorted({*old.sources, *new.sources})),
        samples=tuple(join_samples(name, those) for name, those in parts.items()),
    )
    again = {s.session for s in new.stated}  # a session that is measured again states its quantiles anew
    return with_stated(both, (*(s for s in old.stated if s.session not in again), *new.stated))


def keep_newest(profile: Profile, keep: int) -> Profile:
    """Return the profile with its newest sessions only, each with all its batches."""
    names = session_names([profile])
    newest = list(dict.fromkeys(names[s.id] for s in reversed(profile.sessions)))[:keep]
    kept = {batch for batch, name in names.items() if name in newest}
    return replace(
        profile,
        sessions=tuple(s for s in profile.sessions if s.id in kept),
        metrics=tuple(left for m in profile.metrics if (left := m.in_sessions(kept)) is not None),
    )


def moves_between(old: Profile | None, new: Profile | None, policy: Policy) -> list[Move]:
    """Return p50 of every metric before and after; either side may be absent."""
    present = new or old
    if present is None:
        return []
    names = sorted({m.metric.name for p in (old, new) if p for m in p.metrics if not explains(m.metric.name)})
    return [_move(n, old.metric(n) if old else None, new.metric(n) if new else None, present, policy) for n in names]


def _middle(metric: MetricProfile) -> float | None:
    """Return p50, of a tool that does not state it the first quantile that it does."""
    if metric.quantiles:
        return dict(metric.quantiles).get("p50", metric.quantiles[0][1])
    return quantile(metric.pooled(), 0.5)


def _move(name: str, was: MetricProfile | None, now: MetricProfile | None, present: Profile, policy: Policy) -> Move:
    side = now or was
    if side is None:  # pragma: no cover - one of the two has the name
        raise ValueError(name)
    titled = title(*present.key)
    if now and now.least:  # what is too short to be known has no change
        was, now = was and was.raised_to(now.least), now.raised_to(now.least)
    before, after = (_middle(m) if m else None for m in (was, now))
    is_primary = gates_nothing_by_default(m.metric.name for m in present.metrics)
    ruling = policy.ruling(present.benchmark, titled, side.metric, "p50", is_primary=is_primary)
    loosens = False
    if before is not None and ruling.level == "fail":
        allowed = ruling.threshold.amount * (abs(before) if ruling.threshold.is_relative else 1.0)
        sign = 1 if side.metric.better == "lower" else -1
        loosens = after is None or sign * (after - before) > allowed * (1 + _SLACK) + abs(before) * 1e-12
    return Move(benchmark=titled, metric=name, unit=side.metric.unit, old=before, new=after, loosens=loosens)
