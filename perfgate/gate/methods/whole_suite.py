"""The common change of all benchmarks as a finding of its own: what is subtracted from each row must not be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, Evidence, Finding, Status
from perfgate.core.reasons import sentence
from perfgate.gate.methods.limits import (
    Limits,
    Multiples,
    allowed_cost,
    change_from_log,
    changes_from_logs,
    floor_logs,
    in_metric_direction,
)
from perfgate.gate.methods.standings import prior_of
from perfgate.gate.rows import limit_text
from perfgate.stats.sessions import compare_sessions, log_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.gate.methods.common_shift import GroupShifts, Member
    from perfgate.gate.methods.decision import Family
    from perfgate.stats.sessions import SessionModel

_OF_CALL = {"worse": (Status.REGRESSED, "suite-worse"), "suspected": (Status.SUSPECTED, "suite-not-proven")}


def judge_whole_suite(members: Sequence[Member], shifts: GroupShifts, family: Family) -> Iterator[Finding]:
    """Yield the finding about the common change of a group of rows, if enough rows share one.

    The suite is judged like a row whose sessions' values are the common shifts: it fails
    beyond the outer limit, is suspected beyond the inner one, and has to be beyond the
    inner one in each of several fresh sessions. The strictest threshold of its gated values
    is its own: what is subtracted from that row must not hide a change that the row does
    not allow. A shift that lifts no gated value above that row's own floor cannot fail.
    A group that nobody gates is only reported.

    Args:
        members: the group, each row with its sessions.
        shifts: what they have in common.
        family: what the gated values share.
    """
    if not shifts.current:
        return
    gated = [m for m in members if m.comparison.is_gated]
    judged = [(m, m.comparison.row, m.baseline) for m in gated or members]
    strict = ((allowed_cost(row, baseline), row) for _, row, baseline in judged)
    allowed, row = min(strict, key=lambda pair: pair[0])
    models, sessions = _compare(members, shifts), len(shifts.base)
    floor = min(floor_logs(row, m.floor, baseline)[0] for m, row, baseline in judged)
    fail = family.limit(sessions, len(models))
    k = Multiples(suspect=family.limit(sessions, 2), fail=fail, gain=fail)
    limited = [(m, Limits.around(allowed, m.se, k, floor=floor)) for m in models]
    calls, (model, limits) = {ls.call(m.d) for m, ls in limited}, min(limited, key=lambda pair: abs(pair[0].d))
    status, reason = Status.UNCHANGED, "suite-moved"
    if gated and len(calls) == 1:
        status, reason = _OF_CALL.get(calls.pop(), (status, reason))
    ends = min(m.d - fail * m.se for m in models), max(m.d + fail * m.se for m in models)
    yield Finding(
        benchmark=WHOLE_SUITE,
        labels=(),
        machine_class=row.profile.machine_class,
        metric=row.metric.name,
        unit=row.metric.unit,
        better=row.metric.better,
        statistic=row.statistic,
        status=status,
        level="fail" if gated else "info",
        method="across-sessions",
        baseline=None,
        current=None,
        change=in_metric_direction(row, change_from_log(model.d)),
        interval=changes_from_logs(row, log_interval(model)),
        decision_interval=changes_from_logs(row, ends),
        limit=in_metric_direction(row, allowed),
        allowed=in_metric_direction(row, change_from_log(max(limits.threshold, floor))),
        limit_text=limit_text(row.ruling.threshold.text, row.metric.better),
        n_baseline=0,
        n_current=0,
        sessions_baseline=sessions,
        suspect_limit=in_metric_direction(row, change_from_log(max(limits.suspect, floor))),
        detectable=in_metric_direction(row, change_from_log(max(limits.fail, floor))),
        reason=reason,
        message=sentence(reason),
        rule=row.ruling.origin,
        evidence=Evidence(se=model.se, k_in=k.suspect, k_out=k.fail, rows=float(len(members))),
    )


def _compare(members: Sequence[Member], shifts: GroupShifts) -> list[SessionModel]:
    """Return each current session's common shift against those of the baseline sessions."""
    is_one_machine = all(m.is_one_machine for m in members)
    prior = prior_of(members[0].comparison.metric, is_one_machine=is_one_machine, is_shifted=False)
    return [
        compare_sessions(
            [[shift] for shift in shifts.base.values()],
            [now],
            prior=prior,
        )
        for now in shifts.current.values()
    ]
