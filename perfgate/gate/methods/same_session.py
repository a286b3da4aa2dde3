"""Both sides were measured in one session: a rank test on the runs themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.finding import Evidence
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    SLACK,
    allowed_cost,
    as_costs,
    change_from_log,
    floor_cost,
    floor_of,
    in_metric_direction,
    is_above_floor,
    is_blurred,
    reason_when_not_failing,
)
from perfgate.stats.medians import median_ratio_interval
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import mann_whitney, runs_needed, smallest_flagged_factor
from perfgate.stats.shifts import hodges_lehmann

if TYPE_CHECKING:
    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.decision import Call

SUSPICION_P = 0.05
"""A change beyond the threshold with this evidence is suspected: one row in twenty when nothing changed."""
FUTILITY_P = 0.05
"""Evidence that the change is below the threshold: more runs would hardly make it fail."""


def p_value(c: Comparison) -> float:
    """Return the one-sided p-value of a row: how likely its current runs rank so high when nothing changed."""
    return mann_whitney(*_costs(c)).p


def is_futile(c: Comparison) -> bool:
    """Is the row so clearly below its threshold that more runs would hardly make it fail?

    One-sided Mann-Whitney of the current costs below the baseline's times 1 + threshold, p <= 5 %.
    """
    base, current = _costs(c)
    allowed = 1 + _allowed(c)
    return mann_whitney(current, [b * allowed for b in base]).p <= FUTILITY_P


def _costs(c: Comparison) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return as_costs(c.row, c.base.samples[0].values), as_costs(c.row, c.current.samples[0].values)


def _allowed(c: Comparison) -> float:
    return allowed_cost(c.row, median(c.base.samples[0].values))


def same_session(c: Comparison, alpha: float) -> Decision:
    """Return the decision about the p50 of a row whose two sides share one session.

    Args:
        c: all values > 0.
        alpha: the p-value at which the row fails, 0.0 < alpha < 1.0.

    Source:
        The rule and its false-alarm rates: docs/method.md.
    """
    sides = c.base.samples[0].values, c.current.samples[0].values
    ranked = _costs(c)
    values = median(sides[0]), median(sides[1])
    allowed = _allowed(c)
    # Of the values shown, not of their reciprocals, whose medians differ from these in even samples.
    ratio = values[1] / values[0] if c.is_lower_better else values[0] / values[1]
    floor = is_above_floor(c, values)
    low, high = median_ratio_interval(*sides)
    factor = smallest_flagged_factor(*ranked, alpha)
    detectable = None if factor is None else max(allowed, factor * ratio - 1)
    p = mann_whitney(*ranked).p
    moved = ratio - 1 > allowed + SLACK
    call: Call = "same"
    reason, message = reason_when_not_failing(detectable, allowed, floor=floor, moved=moved), ""
    if moved and floor and p <= alpha:
        call = reason = "worse"
    elif moved and floor and factor is None:
        needed = runs_needed(alpha)
        call, reason = "suspected", "few-runs"
        message = f"{len(sides[0])} and {len(sides[1])} runs can never prove a change; measure {needed} on each side"
    elif moved and floor and p <= SUSPICION_P:
        call, reason = "suspected", "more-runs"
    elif moved and p <= alpha and is_blurred(c, values):
        call, reason = "suspected", "too-coarse"
    elif floor and 1 / ratio - 1 > allowed and mann_whitney(ranked[1], ranked[0]).p <= alpha:
        call = reason = "better"
    least = floor_of(c.row, c.base, c.current)
    fail_limit = None if detectable is None else max(detectable, floor_cost(c.row, least, values[0]))
    typical, low_end, high_end = _typical(c, ranked)
    return Decision(
        call=call,
        method="same-session",
        baseline=values[0],
        current=values[1],
        change=values[1] / values[0] - 1,
        limit=in_metric_direction(c.row, allowed),
        interval=(low - 1, high - 1),
        fail_limit=None if fail_limit is None else in_metric_direction(c.row, fail_limit),
        reason=reason,
        message=message,
        evidence=Evidence(p=p, alpha=alpha, floor=least, typical=typical, typical_low=low_end, typical_high=high_end),
    )


def _typical(
    c: Comparison, ranked: tuple[tuple[float, ...], tuple[float, ...]]
) -> tuple[float, float | None, float | None]:
    """Return the change of a typical run (Hodges and Lehmann's), with the interval that the rank test gives."""
    base, current = ([math.log(v) for v in side] for side in ranked)
    shift, ends = hodges_lehmann(base, current)
    typical = in_metric_direction(c.row, change_from_log(shift))
    if ends is None:
        return typical, None, None
    low, high = sorted(in_metric_direction(c.row, change_from_log(end)) for end in ends)
    return typical, low, high
