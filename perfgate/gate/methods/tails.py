"""Tails (p90, p95, p99): what few runs cannot say, and the rank bounds that enough of them can."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import SLACK, allowed_cost, floor_cost, is_above_floor, own_change, quiet_reason
from perfgate.gate.rows import P50, RUNS_NEEDED, Q, count_of, value_of
from perfgate.stats.quantiles import runs_needed_for_bound
from perfgate.stats.tails import quantile_bounds

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.methods.decision import Call
    from perfgate.gate.rows import Row


def same_session_tail(row: Row, level: float) -> Decision:
    """Return the decision about a tail whose two sides share one session.

    It fails when the lower bound of the current tail lies above the upper bound of the
    baseline's, each missed with a chance of at most half the level: whatever the noise
    looks like, an unchanged row fails no more often than that.

    Args:
        row: both sides are there, comparable, all values > 0, runs enough for a 95 % bound.
        level: accepted chance that the row fails when nothing changed.
    """
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    was, now = value_of(base, row.statistic) or 0.0, value_of(current, row.statistic) or 0.0
    bounds = [quantile_bounds(side.samples[0].values, Q[row.statistic], 1 - level) for side in (base, current)]
    is_lower_better = row.metric.better == "lower"
    allowed = allowed_cost(row, was)
    ratio = now / was if is_lower_better else was / now
    floor = is_above_floor(row, base, current, (was, now))
    # The least worsening that the bounds leave room for, and the least improvement.
    worst_base, best_now = (bounds[0][1], bounds[1][0]) if is_lower_better else (bounds[0][0], bounds[1][1])
    best_base, worst_now = (bounds[0][0], bounds[1][1]) if is_lower_better else (bounds[0][1], bounds[1][0])
    gap = _ratio(best_now, worst_base, is_lower_better=is_lower_better)
    most = _ratio(worst_now, best_base, is_lower_better=is_lower_better)
    visible = None if gap is None else max(allowed, ratio / gap - 1)
    moved = ratio - 1 > allowed + SLACK
    call: Call = "same"
    reason, message = quiet_reason(visible, allowed, floor=floor, moved=moved), ""
    if moved and floor and gap is None:
        call, reason = "suspected", "few-runs"
        needed = runs_needed_for_bound(Q[row.statistic], 1 - level / 2)
        message = f"{row.statistic} of {count_of(base)} and {count_of(current)} runs; measure {needed} on each side"
    elif moved and floor and gap is not None and gap > 1:
        call = reason = "worse"
    elif floor and 1 / ratio - 1 > allowed and most is not None and most < 1:
        call = reason = "better"
    interval = None if gap is None or most is None else sorted((own_change(row, gap - 1), own_change(row, most - 1)))
    return Decision(
        call=call, method="same-session", baseline=was, current=now, change=now / was - 1,
        limit=own_change(row, allowed), interval=(interval[0], interval[1]) if interval else None,
        visible=None if visible is None else own_change(row, max(visible, floor_cost(row, base, current, was))),
        reason=reason, message=message, evidence=(("level", level),),
    )  # fmt: skip


def _ratio(now: float | None, was: float | None, *, is_lower_better: bool) -> float | None:
    """Return the ratio of costs of two bounds, None when one does not exist."""
    if now is None or was is None:
        return None
    return now / was if is_lower_better else was / now


def shown_bounds(row: Row) -> tuple[tuple[str, float], ...]:
    """Return what may be said of a tail on each side: its 95 % bounds, and how many runs it takes to have them.

    Runs of several sessions are not independent: no bounds are given for them.
    """
    if row.statistic == P50:
        return ()
    shown = []
    for name, side in (("baseline", row.side(row.base)), ("current", row.side(row.current))):
        if side is not None and len(side.samples) == 1:
            low, high = quantile_bounds(side.samples[0].values, Q[row.statistic])
            shown += [(f"{end}_{name}", b) for end, b in (("low", low), ("high", high)) if b is not None]
        if side is not None and side.samples:
            shown.append((f"runs_{name}", float(min(len(s.values) for s in side.samples))))
    return (*shown, ("runs_needed", float(RUNS_NEEDED[row.statistic]))) if shown else ()


def said_of_few(side: MetricProfile | None, statistic: str) -> str:
    """Return what is wrong with a tail of few runs, and the number that would do."""
    fewest = min((len(s.values) for s in side.samples), default=0) if side else 0
    beyond = math.floor(fewest * (1 - Q[statistic]))
    what = f"the {statistic} of {fewest} runs is " + ("their maximum or nearly" if beyond < 1 else "the luck of a few")
    return f"{what}; it takes {RUNS_NEEDED[statistic]} in each session"
