"""Both sides were measured in one session: a rank test on the runs themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    SLACK,
    allowed_cost,
    costs,
    floor_cost,
    floor_of,
    grown,
    is_above_floor,
    is_blurred,
    own_change,
    quiet_reason,
)
from perfgate.stats.medians import median_ratio_interval
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import mann_whitney, runs_needed, smallest_flagged_factor
from perfgate.stats.shifts import hodges_lehmann

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.methods.decision import Call
    from perfgate.gate.rows import Row

_SUSPECT_P = 0.05  # a ratio beyond the threshold with this evidence deserves a second look
_HOPELESS_P = 0.05  # evidence that the change is below the threshold: measuring more would hardly make it fail


def p_value(row: Row) -> float:
    """Return the p-value of a row: how likely current runs that rank so high are when nothing changed."""
    return mann_whitney(*_both(row)).p


def is_hopeless(row: Row) -> bool:
    """Is the row so clearly below its threshold that more runs would hardly make it fail?

    One-sided Mann-Whitney of the current costs below the baseline's times 1 + threshold, p <= 5 %.
    """
    base, current = _both(row)
    allowed = 1 + _allowed(row)
    return mann_whitney(current, [b * allowed for b in base]).p <= _HOPELESS_P


def _both(row: Row) -> tuple[tuple[float, ...], tuple[float, ...]]:
    base, current = _sides(row)
    return costs(row, base.samples[0].values), costs(row, current.samples[0].values)


def _sides(row: Row) -> tuple[MetricProfile, MetricProfile]:
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    return base, current


def _allowed(row: Row) -> float:
    return allowed_cost(row, median(_sides(row)[0].samples[0].values))


def same_session(row: Row, level: float) -> Decision:
    """Return the decision about the p50 of a row whose two sides share one session.

    Args:
        row: both sides are there, comparable, all values > 0.
        level: the p-value at which the row fails.

    Source:
        The rule and its rates of false alarms: docs/method.md.
    """
    base, current = _sides(row)
    sides = base.samples[0].values, current.samples[0].values
    ranked = _both(row)
    values = median(sides[0]), median(sides[1])
    allowed = _allowed(row)
    # Of the values shown, not of their reciprocals, whose medians differ from these in even samples.
    ratio = values[1] / values[0] if row.metric.better == "lower" else values[0] / values[1]
    floor = is_above_floor(row, base, current, values)
    low, high = median_ratio_interval(*sides)
    factor = smallest_flagged_factor(*ranked, level)
    visible = None if factor is None else max(allowed, factor * ratio - 1)
    p = mann_whitney(*ranked).p
    beyond = ratio - 1 > allowed + SLACK and floor
    call: Call = "same"
    reason, message = quiet_reason(visible, allowed, floor=floor, moved=ratio - 1 > allowed + SLACK), ""
    if beyond and p <= level:
        call = reason = "worse"
    elif beyond and factor is None:
        needed = runs_needed(level)
        call, reason = "suspected", "few-runs"
        message = f"{len(sides[0])} and {len(sides[1])} runs can never prove a change; measure {needed} on each side"
    elif beyond and p <= _SUSPECT_P:
        call, reason = "suspected", "more-runs"
    elif ratio - 1 > allowed + SLACK and p <= level and is_blurred(row, base, current, values):
        call, reason = "suspected", "too-coarse"
    elif floor and 1 / ratio - 1 > allowed and mann_whitney(ranked[1], ranked[0]).p <= level:
        call = reason = "better"
    return Decision(
        call=call, method="same-session", baseline=values[0], current=values[1], change=values[1] / values[0] - 1,
        limit=own_change(row, allowed), interval=(low - 1, high - 1),
        visible=None if visible is None else own_change(row, max(visible, floor_cost(row, base, current, values[0]))),
        reason=reason, message=message,
        evidence=(("p", p), ("level", level), ("floor", floor_of(row, base, current)), *_typical(row, ranked)),
    )  # fmt: skip


def _typical(row: Row, ranked: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[tuple[str, float], ...]:
    """Return the change of a typical run (Hodges and Lehmann's), with the interval that the rank test leaves."""
    base, current = ([math.log(v) for v in side] for side in ranked)
    shift, ends = hodges_lehmann(base, current)
    named = [("typical", shift)] + ([("typical_low", ends[0]), ("typical_high", ends[1])] if ends else [])
    changes = [own_change(row, grown(log)) for _, log in named]
    if row.metric.better == "higher":  # turned, so that the low end stays the low one
        changes[1:] = reversed(changes[1:])
    return tuple((name, change) for (name, _), change in zip(named, changes, strict=True))
