"""Runs that failed, as a share of all runs: it is judged like every error rate, by its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, Metric
from perfgate.core.policy import ERROR_RATE, FAILED_RUNS
from perfgate.core.profile import MetricProfile, Sample

if TYPE_CHECKING:
    from perfgate.core.profile import Profile, Session
    from perfgate.gate.methods.decision import Decision
    from perfgate.gate.rows import Row

_SOURCE = "failed runs"
"""How the share was counted: it separates this one from what a tool states under the same name."""
_HALF = 0.5
"""Share of failed runs from which on p50 of all runs is unknown: a run that failed has no time, however long."""
_WORDS = {"worse": "fails-more-often", "few-calls": "may-fail-more-often"}
"""Reason of the rule for shares -> reason for runs."""


def rate_of(profile: Profile) -> MetricProfile | None:
    """Return the share of runs that failed, by session, also while none did; None where nobody counts runs.

    A file of another tool is no run; what such a file counts is a metric of its own.
    """
    is_of_runs = all(profile.metric(m.name) for m in (ELAPSED, PEAK_MEMORY))
    return _rate(profile, ERROR_RATE) if is_of_runs or any(s.failed for s in profile.sessions) else None


def _rate(profile: Profile, name: str) -> MetricProfile | None:
    counts = [(s.id, s.failed, s.failed + _count_measured(profile, s)) for s in profile.sessions]
    samples = tuple(Sample(session=s, values=(k / n,), stands_for=n, hits=k) for s, k, n in counts if n)
    metric = Metric(name=name, unit="1", better="lower")
    return MetricProfile(metric=metric, sources=(_SOURCE,), samples=samples) if samples else None


def _count_measured(profile: Profile, session: Session) -> int:
    """Return how many runs of a session were measured; a baseline written by hand names none, but has their values."""
    values = (len(v.values) for m in profile.metrics for v in m.samples if v.session == session.id)
    return len(session.runs) or max(values, default=0)


def with_failures(base: Profile | None, current: Profile | None) -> tuple[Profile | None, Profile | None]:
    """Return both sides of a benchmark with the share of their runs that failed, when any run did.

    A baseline has none: a refresh refuses runs that failed.
    """
    sides = [side for side in (base, current) if side]
    if not any(s.failed for side in sides for s in side.sessions):
        return base, current
    is_taken = any(side.metric(ERROR_RATE) for side in sides)  # such as the error rate of a classifier
    was, now = (_with_rate(side, FAILED_RUNS if is_taken else ERROR_RATE) for side in (base, current))
    return was, now


def _with_rate(profile: Profile | None, name: str) -> Profile | None:
    rate = _rate(profile, name) if profile else None
    if profile is None or rate is None:
        return profile
    return replace(profile, metrics=tuple(sorted((*profile.metrics, rate), key=lambda m: m.metric.name)))


def counts_failures(metric: MetricProfile | None) -> bool:
    """Is the metric the share of runs that failed?"""
    return metric is not None and _SOURCE in metric.sources


def describe_most(row: Row) -> str:
    """Return the counts of a benchmark of which half of the runs failed, and fewer before; else empty."""
    if not counts_failures(row.current_metric):
        return ""
    was, now = (m.share if m and counts_failures(m) else None for m in (row.base_metric, row.current_metric))
    if now is None or now[0] < _HALF * now[1] or (was is not None and was[0] >= _HALF * was[1]):
        return ""
    return describe_counts(row)


def describe_counts(row: Row) -> str:
    """Return how many runs of how many failed, now and in the baseline."""
    was, now = (m.share if m else None for m in (row.base_metric, row.current_metric))
    words = f"{now[0]:,} of {now[1]:,} runs" if now else ""
    return f"{words}, after {was[0]:,} of {was[1]:,}" if was else words


def reword(row: Row, decision: Decision) -> tuple[str, str]:
    """Return reason and message of a decision; of failed runs with their counts."""
    if not counts_failures(row.current_metric) or decision.reason not in _WORDS:
        return decision.reason, decision.message
    return _WORDS[decision.reason], describe_counts(row)
