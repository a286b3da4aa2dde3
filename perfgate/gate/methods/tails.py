"""Tails (p90, p95, p99): rank bounds from enough runs, and what too few runs cannot prove."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.finding import Evidence
from perfgate.core.statistic import P50, QUANTILE_OF
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    SLACK,
    allowed_cost,
    describe_same,
    floor_cost,
    floor_of,
    in_metric_direction,
    is_above_floor,
)
from perfgate.gate.rows import RUNS_NEEDED, count_of
from perfgate.stats.quantiles import runs_needed_for_bound
from perfgate.stats.tails import quantile_bounds

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.comparison import Comparison


def same_session_tail(c: Comparison, alpha: float) -> Decision:
    """Return the decision about a tail whose two sides share one session.

    It fails when the lower bound of the current tail lies above the upper bound of the
    baseline's, each missed with a chance of at most half of alpha: whatever the noise
    looks like, an unchanged row fails no more often than that.

    Args:
        c: all values > 0, runs enough for a 95 % bound.
        alpha: accepted chance that the row fails when nothing changed, 0.0 < alpha < 1.0.
    """
    was, now = c.was, c.now
    bounds = [
        quantile_bounds(side.samples[0].values, QUANTILE_OF[c.statistic], 1 - alpha) for side in (c.base, c.current)
    ]
    is_lower_better = c.is_lower_better
    allowed = allowed_cost(c.row, was)
    ratio = now / was if is_lower_better else was / now
    floor = is_above_floor(c, (was, now))
    # The least worsening that the bounds leave room for, and the least improvement.
    worst_base, best_now = (bounds[0][1], bounds[1][0]) if is_lower_better else (bounds[0][0], bounds[1][1])
    best_base, worst_now = (bounds[0][0], bounds[1][1]) if is_lower_better else (bounds[0][1], bounds[1][0])
    gap = _ratio(best_now, worst_base, is_lower_better=is_lower_better)
    most = _ratio(worst_now, best_base, is_lower_better=is_lower_better)
    least = floor_cost(c.row, floor_of(c.row, c.base, c.current), was)
    never_fails = max(allowed, least)
    detectable = None if gap is None else max(never_fails, ratio / gap - 1)
    moved = ratio - 1 > allowed + SLACK
    worst = None if most is None else most - 1
    (call, reason), message = describe_same(worst, never_fails, c.ruling, floor=floor, moved=moved), ""
    if moved and floor and gap is None:
        call, reason = "suspected", "few-runs"
        needed = runs_needed_for_bound(QUANTILE_OF[c.statistic], 1 - alpha / 2)
        message = f"{c.statistic} of {count_of(c.base)} and {count_of(c.current)} runs; measure {needed} on each side"
    elif moved and floor and gap is not None and gap > 1:
        call, reason = "worse", "worse"
    elif floor and 1 / ratio - 1 > allowed and most is not None and most < 1:
        call, reason = "better", "better"
    interval = None
    if gap is not None and most is not None:
        interval = sorted(in_metric_direction(c.row, end - 1) for end in (gap, most))
    ends = (interval[0], interval[1]) if interval else None
    return Decision(
        call=call,
        method="same-session",
        baseline=was,
        current=now,
        change=now / was - 1,
        limit=in_metric_direction(c.row, allowed),
        allowed=in_metric_direction(c.row, never_fails),
        decision_interval=ends,
        interval=ends,
        detectable=None if detectable is None else in_metric_direction(c.row, detectable),
        reason=reason,
        message=message,
        evidence=Evidence(alpha=alpha),
    )


def _ratio(now: float | None, was: float | None, *, is_lower_better: bool) -> float | None:
    """Return the ratio of costs of two bounds, None when one does not exist."""
    if now is None or was is None:
        return None
    return now / was if is_lower_better else was / now


def with_bounds(c: Comparison, evidence: Evidence) -> Evidence:
    """Return the evidence on a tail with its 95 % bounds on each side, and how many runs it takes to have them.

    Runs of several sessions are not independent: no bounds are given for them.
    """
    sides = {name: side for name, side in (("baseline", c.base), ("current", c.current)) if side.samples}
    if c.statistic == P50 or not sides:
        return evidence
    known: dict[str, float | None] = {"runs_needed": float(RUNS_NEEDED[c.statistic])}
    for name, side in sides.items():
        known[f"runs_{name}"] = float(fewest_runs(side))
        if len(side.samples) == 1:
            known[f"low_{name}"], known[f"high_{name}"] = quantile_bounds(
                side.samples[0].values, QUANTILE_OF[c.statistic]
            )
    return replace(evidence, **known)


def fewest_runs(side: MetricProfile) -> int:
    """Return the runs of the session that has the fewest, 0 when no values are known."""
    return min((len(s.values) for s in side.samples), default=0)


def describe_few(side: MetricProfile, statistic: str) -> str:
    """Return why a tail of few runs is not reliable, and the number of runs that would be enough."""
    fewest = fewest_runs(side)
    beyond = math.floor(fewest * (1 - QUANTILE_OF[statistic]))
    what = f"the {statistic} of {fewest} runs is " + ("their maximum or nearly" if beyond < 1 else "that of a few runs")
    return f"{what}; it takes {RUNS_NEEDED[statistic]} runs in each session"
