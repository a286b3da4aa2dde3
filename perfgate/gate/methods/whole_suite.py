"""What all benchmarks did together, as a finding of its own: what is taken off each row must not be lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, Finding, Status
from perfgate.core.reasons import sentence
from perfgate.gate.methods.across_sessions import prior_of, value_at
from perfgate.gate.methods.limits import SLACK, allowed_cost, grown, own_change
from perfgate.gate.rows import limit_text
from perfgate.stats.sessions import compare_sessions, log_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.gate.methods.common_shift import Logs, Suite
    from perfgate.gate.methods.decision import Family
    from perfgate.gate.rows import Row


def moved_together(members: Sequence[tuple[Row, Logs]], suite: Suite, family: Family) -> Iterator[Finding]:
    """Yield the finding about what a group of rows has in common, if it can be told.

    The suite is judged like a row whose sessions' values are the common shifts: it fails
    beyond the outer limit, is suspected beyond the inner one, and has to be beyond the
    inner one in each of several fresh sessions. The strictest threshold of its gated rows
    is its own: what is taken off that row must not hide a change that the row does not allow.
    Of a group that nobody gates it is only told.

    Args:
        members: the group, each row with its sessions.
        suite: what it has in common.
        family: what the gated rows share.
    """
    if not suite.shifts:
        return
    gated = [(r, logs) for r, logs in members if r.ruling.level == "fail"]
    strict = ((allowed_cost(r, value_at(r, logs.middle)), r) for r, logs in gated or members)
    allowed, row = min(strict, key=lambda pair: pair[0])
    before = list(suite.base_shifts.values())
    found = [
        compare_sessions(
            [[shift] for shift in before], [now], prior=max(prior_of(r, is_shifted=False) for r, _ in members),
            family=family.size, false_alarms=family.false_alarms,
        )
        for now in suite.shifts.values()
    ]  # fmt: skip
    several = len(found) > 1
    step = math.log1p(allowed) + SLACK
    model = min(found, key=lambda m: m.d / max(step, m.inner))
    limit = max(step, model.inner if several else model.outer)
    status, reason = Status.UNCHANGED, "suite-moved"
    if gated and model.d > limit:
        status, reason = Status.REGRESSED, "suite-worse"
    elif gated and not several and model.d > max(step, model.inner):
        status, reason = Status.SUSPECTED, "suite-not-proven"
    interval = sorted(own_change(row, grown(end)) for end in log_interval(model))
    yield Finding(
        benchmark=WHOLE_SUITE, labels=(), machine_class=row.profile.machine_class, metric=row.metric.name,
        unit=row.metric.unit, better=row.metric.better, statistic=row.statistic, status=status,
        level="fail" if gated else "info", method="across-sessions", baseline=None, current=None,
        change=own_change(row, grown(model.d)),
        interval=(interval[0], interval[1]), limit=own_change(row, allowed),
        limit_text=limit_text(row.ruling.threshold.text, row.metric.better), n_baseline=0, n_current=0,
        sessions_baseline=len(before), visible=own_change(row, grown(limit)), reason=reason,
        message=sentence(reason), rule=row.ruling.origin,
        evidence=(("se", model.se), ("k_in", model.k_in), ("k_out", model.k_out), ("rows", float(suite.rows))),
    )  # fmt: skip
