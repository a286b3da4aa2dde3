"""What a row's rule allows, in the row's own terms: costs, thresholds and floors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.canonical import resolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.profile import MetricProfile
    from perfgate.gate.rows import Row

TOO_NOISY = 0.25
"""A row that cannot see a smaller change than this is called too noisy to gate."""
SLACK = 1e-9
"""A change exactly at the threshold is within it, whatever the last bit says."""
_DECIMALS = {"s": 1e-3, "B": 1e5}  # steps of elapsed_sec and peak_memory_mb in a run summary


def costs(row: Row, values: Sequence[float]) -> tuple[float, ...]:
    """Return values so that lower is better: where higher is, their reciprocals. All must be > 0."""
    return tuple(values) if row.metric.better == "lower" else tuple(1 / v for v in values)


def allowed_cost(row: Row, baseline: float) -> float:
    """Return the largest accepted worsening as a ratio of costs minus one, >= 0."""
    threshold = row.ruling.threshold
    share = threshold.amount if threshold.is_relative else threshold.amount / abs(baseline) if baseline else math.inf
    if row.metric.better == "lower":
        return share
    return 1 / (1 - share) - 1 if share < 1 else math.inf


def own_change(row: Row, cost_change: float) -> float:
    """Return a change of costs as the metric's own change: signs turn where higher is better."""
    if row.metric.better == "lower":
        return cost_change
    return 1 / (1 + cost_change) - 1 if cost_change > -1 else math.inf  # an improvement beyond the last digit


def is_above_floor(row: Row, base: MetricProfile, current: MetricProfile, values: tuple[float, float]) -> bool:
    """Is the difference large enough, in base units, to be told from the values' own resolution or the stated floor?"""
    return abs(values[1] - values[0]) >= floor_of(row, base, current) * (1 - SLACK)


def is_blurred(row: Row, base: MetricProfile, current: MetricProfile, values: tuple[float, float]) -> bool:
    """Is a difference below the floor only because the current values are written in coarser steps than before?"""
    return is_above_floor(row, base, base, values) and not is_above_floor(row, base, current, values)


def floor_cost(row: Row, base: MetricProfile, current: MetricProfile, baseline: float) -> float:
    """Return the floor as a change of costs: nothing smaller could fail."""
    share = floor_of(row, base, current) / abs(baseline)
    if row.metric.better == "lower":
        return share
    return 1 / (1 - share) - 1 if share < 1 else math.inf


def floor_of(row: Row, base: MetricProfile, current: MetricProfile) -> float:
    """Return the smallest difference that may fail, in base units."""
    floor = row.ruling.floor
    least = floor.amount(row.metric.unit)
    if floor.auto:
        sides = base.pooled(), current.pooled()
        together = (*sides[0], *sides[1])
        least = max(least, *(_step(values, row.metric.unit) for values in (together, *sides)))
    return least


def _step(values: tuple[float, ...], unit: str) -> float:
    """Return the step of values, as far as they give it away.

    Values that differ and are all round were written in that step. One that never
    varies may be round by chance (50.0 MB, 1000 calls), so that no more is believed of
    it than the decimals of a run summary.
    """
    step = resolution(values)
    return step if values and min(values) != max(values) else min(step, _DECIMALS.get(unit, 0.0))


def grown(log: float) -> float:
    """Return the change that a log amounts to; beyond the largest number it has no end."""
    try:
        return math.expm1(log)
    except OverflowError:
        return math.inf


def quiet_reason(visible: float | None, allowed: float, *, floor: bool, moved: bool) -> str:
    """Return the slug of a row that does not fail. A wide threshold that somebody chose is no noise."""
    if visible is None:
        return "few-runs"
    if visible > max(TOO_NOISY, allowed * (1 + SLACK) + SLACK):
        return "too-noisy"
    if moved:
        return "within-noise" if floor else "below-floor"
    return "within-threshold"
