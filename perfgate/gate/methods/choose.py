"""The decision about one row, by one of four methods. Formulas and sources are in `perfgate.stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import SLACK, floor_of, is_above_floor, is_blurred
from perfgate.gate.methods.same_session import same_session
from perfgate.gate.methods.tails import same_session_tail
from perfgate.gate.rows import P50, count_of, is_tail_of_few, value_of

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.methods.decision import Call, Family, Method
    from perfgate.gate.rows import Row


def method_of(row: Row) -> Method:
    """Return the method that judges a row whose two sides are there and comparable."""
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None or row.base is None or row.current is None:
        return ""
    if row.ruling.method != "auto":
        return row.ruling.method
    if base.quantiles or current.quantiles or (count_of(base) == 1 and count_of(current) == 1):
        return "threshold"
    if is_tail_of_few(base, row.statistic) or is_tail_of_few(current, row.statistic):
        return ""
    if any(v <= 0 for side in (base, current) for v in side.pooled()):
        return "threshold"
    sessions = (*row.base.sessions, *row.current.sessions)
    if len(base.samples) == len(current.samples) == 1:
        in_turns = base.samples[0].session == current.samples[0].session and all(s.is_interleaved for s in sessions)
        if in_turns or not any(s.is_named for s in sessions):
            return "same-session"
    return "across-sessions"


def decide(row: Row, method: Method, family: Family, *, level: float | None = None) -> Decision:
    """Return the decision about a row by a method that needs no other row.

    Args:
        row: both sides are there and comparable.
        method: as `method_of` chose, except for ``across-sessions``.
        family: what the gated rows share.
        level: the p-value at which a same-session row fails; None: the family's first step.
    """
    level = family.first_step if level is None else level
    if method == "same-session":
        return same_session(row, level) if row.statistic == P50 else same_session_tail(row, level)
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    return _plain(row, base, current, method)


def _plain(row: Row, base: MetricProfile, current: MetricProfile, method: Method) -> Decision:
    """Compare two statistics by their plain ratio: on request, without raw values, or only to show them."""
    was, now = value_of(base, row.statistic), value_of(current, row.statistic)
    if was is None or now is None:  # pragma: no cover - `judge` calls such a row missing
        raise ValueError("a side does not state the statistic")
    sign = 1 if row.metric.better == "lower" else -1
    threshold = row.ruling.threshold
    allowed = threshold.amount * abs(was) if threshold.is_relative else threshold.amount
    worse_by = sign * (now - was)
    floor = is_above_floor(row, base, current, (was, now))
    beyond = worse_by > allowed * (1 + SLACK) + abs(was) * 1e-12
    least = floor_of(row, base, current)
    seen = max(allowed, least)
    call: Call = "same"
    reason = "below-floor" if beyond else "within-threshold"
    if beyond and is_blurred(row, base, current, (was, now)):
        call, reason = "suspected", "too-coarse"
    elif beyond and floor:
        call, reason = "worse", "worse-than-file" if base.quantiles else "worse"
    elif -worse_by > allowed and floor:
        call = reason = "better"
    return Decision(
        call=call, method=method, baseline=was, current=now, change=(now - was) / abs(was) if was else None,
        limit=sign * allowed / abs(was) if was else None, visible=sign * seen / abs(was) if was and method else None,
        reason=reason, evidence=(("floor", least),),
    )  # fmt: skip
