"""What all benchmarks did together, as a finding of its own: what is taken off each row must not be lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, Finding, Status
from perfgate.core.reasons import sentence
from perfgate.gate.across import prior_of
from perfgate.gate.effects import SLACK, grown, own_change
from perfgate.gate.rows import P50, limit_text
from perfgate.stats.sessions import compare_sessions, log_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.policy import Policy
    from perfgate.gate.decision import Family
    from perfgate.gate.rows import Row
    from perfgate.gate.suite import Suite


def moved_together(rows: Sequence[Row], suite: Suite, family: Family, policy: Policy) -> Iterator[Finding]:
    """Yield the finding about what a group of rows has in common, if it can be told.

    The suite is judged like a row whose sessions' values are the common shifts: it fails
    beyond the outer limit, is suspected beyond the inner one, and has to be beyond the
    inner one in each of several fresh sessions.

    Args:
        rows: the group, of which at least one row is gated.
        suite: what it has in common.
        family: what the gated rows share.
        policy: its default threshold counts.
    """
    row = rows[0]
    if row.statistic != P50 or not suite.shifts or not policy.threshold.is_relative:
        return
    before = list(suite.base_shifts.values())
    found = [
        compare_sessions(
            [[shift] for shift in before], [now], prior=max(prior_of(r, is_shifted=False) for r in rows),
            family=family.size, false_alarms=family.false_alarms,
        )
        for now in suite.shifts.values()
    ]  # fmt: skip
    several = len(found) > 1
    step = math.log1p(policy.threshold.amount) + SLACK
    model = min(found, key=lambda m: m.d / max(step, m.inner))
    limit = max(step, model.inner if several else model.outer)
    if model.d > limit:
        status, reason = Status.REGRESSED, "suite-worse"
    elif not several and model.d > max(step, model.inner):
        status, reason = Status.SUSPECTED, "suite-not-proven"
    else:
        status, reason = Status.UNCHANGED, "suite-moved"
    interval = sorted(own_change(row, grown(end)) for end in log_interval(model))
    yield Finding(
        benchmark=WHOLE_SUITE, labels=(), machine_class=row.profile.machine_class, metric=row.metric.name,
        unit=row.metric.unit, better=row.metric.better, statistic=P50, status=status, level="fail",
        method="across-sessions", baseline=None, current=None, change=own_change(row, grown(model.d)),
        interval=(interval[0], interval[1]), limit=own_change(row, policy.threshold.amount),
        limit_text=limit_text(policy.threshold.text, row.metric.better), n_baseline=0, n_current=0,
        sessions_baseline=len(before), visible=own_change(row, grown(limit)), reason=reason,
        message=sentence(reason), rule="defaults",
        evidence=(("se", model.se), ("k_in", model.k_in), ("k_out", model.k_out), ("rows", float(suite.rows))),
    )  # fmt: skip
