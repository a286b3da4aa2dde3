"""What a row's rule allows, and the one function that turns a change into a call.

Methods work on costs: lower is better, so that a metric where higher is better enters as its
reciprocal. Limits are natural logarithms of a ratio of costs; > 0 is worse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.measured import MEASURED
from perfgate.core.text.canonical import resolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Finding
    from perfgate.core.metrics import Metric
    from perfgate.core.policy import Ruling
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.decision import Call
    from perfgate.gate.rows import Row

SLACK = 1e-9
"""A change exactly at the threshold is within it, whatever the last bit says."""
_WRITTEN_STEPS = {m.name: m.keys[0].step for m in MEASURED if m.keys}
"""Metric -> step of its rounded values in a run summary."""
_MILLISECOND = 1e-3
"""Step in which tools write times that they round."""


class Multiples(Struct, frozen=True, kw_only=True):
    """How many standard errors a change has to exceed, >= 1."""

    suspect: float
    """To be suspected."""
    fail: float
    """To fail."""
    gain: float
    """For an improvement to be one."""
    rows: int = 1
    """Rows that count as worse together, this one included, and lower the limit to fail."""


class Limits(Struct, frozen=True, kw_only=True):
    """What the change of one value is held against. All are logs of a ratio of costs, >= 0."""

    threshold: float
    """The largest accepted worsening, rounding slack included."""
    suspect: float
    """Beyond it a worsening is suspected, >= `threshold`."""
    fail: float
    """Beyond it a worsening fails, >= `threshold`."""
    gain: float
    """Beyond it an improvement is one, >= `threshold`."""
    floor: float = 0.0
    """The smallest worsening that counts at all; infinite: none does."""
    gain_floor: float = 0.0
    """The smallest improvement that counts at all. Not `floor`: a floor is an amount, not a ratio."""

    @classmethod
    def around(cls, allowed: float, se: float, k: Multiples, *, floor: float = 0.0, gain_floor: float = 0.0) -> Limits:
        """Return the limits that a threshold and the noise make together.

        Args:
            allowed: the largest accepted worsening, a ratio of costs minus one, >= 0.0 or infinite.
            se: the standard error of the change, on logs, > 0.
            k: how many of them a worsening has to exceed.
            floor: see `Limits.floor`.
            gain_floor: see `Limits.gain_floor`.
        """
        step = threshold_log(allowed)
        return cls(
            threshold=step,
            suspect=max(step, k.suspect * se),
            fail=max(step, k.fail * se),
            gain=max(step, k.gain * se),
            floor=floor,
            gain_floor=gain_floor,
        )

    @classmethod
    def of(cls, finding: Finding) -> Limits | None:
        """Return the limits that a finding was held against; None when it has none. Floors are part of them."""
        threshold, suspect, fail = (_as_log(c) for c in (finding.limit, finding.suspect_limit, finding.detectable))
        if threshold is None or fail is None:
            return None
        return cls(threshold=threshold, suspect=fail if suspect is None else suspect, fail=fail, gain=fail)

    def call(self, change: float) -> Call:
        """Return what a change is: the one place where a change meets its limits.

        Args:
            change: log of a ratio of costs; > 0 is worse.
        """
        if not self.is_above_floor(change):
            return "same"
        if change > self.fail:  # may be the smaller limit, where many false alarms are accepted
            return "worse"
        if change > self.suspect:
            return "suspected"
        return "better" if -change > self.gain else "same"

    def strength(self, change: float) -> float:
        """Return a change as a multiple of the suspect limit: the smaller, the weaker the evidence for a worsening."""
        return change / self.suspect

    def is_above_floor(self, change: float) -> bool:
        """Is a change large enough to count at all?"""
        floor = self.floor if change > 0.0 else self.gain_floor
        return abs(change) >= floor * (1.0 - SLACK)


def threshold_log(allowed: float) -> float:
    """Return a threshold as a log of a ratio of costs, rounding slack included.

    Args:
        allowed: the largest accepted worsening, a ratio of costs minus one, >= 0.0 or infinite.
    """
    return math.log1p(allowed) + SLACK


def _as_log(change: float | None) -> float | None:
    """Return the size of a change in a metric's own direction as a log; None of one that has no log."""
    return None if change is None or change <= -1.0 else abs(math.log1p(change))


def as_costs(row: Row, values: Sequence[float]) -> tuple[float, ...]:
    """Return values so that lower is better: where higher is, their reciprocals. All must be > 0."""
    return tuple(values) if row.metric.better == "lower" else tuple(1 / v for v in values)


def allowed_cost(row: Row, baseline: float) -> float:
    """Return the largest accepted worsening as a ratio of costs minus one, >= 0."""
    threshold = row.ruling.threshold
    share = threshold.amount if threshold.is_relative else threshold.amount / abs(baseline) if baseline else math.inf
    return _cost_of_share(row, share)


def _cost_of_share(row: Row, share: float) -> float:
    """Return a worsening by a share of the value as a ratio of costs minus one."""
    if row.metric.better == "lower":
        return share
    return 1 / (1 - share) - 1 if share < 1 else math.inf


def in_metric_direction(row: Row, cost_change: float) -> float:
    """Return a change of costs as the metric's own change: signs turn where higher is better."""
    if row.metric.better == "lower":
        return cost_change
    return 1 / (1 + cost_change) - 1 if cost_change > -1 else math.inf  # an improvement beyond the last digit


def value_at(row: Row, log: float) -> float:
    """Return the value, in the metric's base unit, whose cost has this logarithm."""
    return math.exp(log) if row.metric.better == "lower" else 1 / math.exp(log)


def is_above_floor(c: Comparison, values: tuple[float, float], *, current: MetricProfile | None = None) -> bool:
    """Is the difference of two values large enough, in base units, to count?

    Args:
        c: says the resolution of the values, and the stated floor.
        values: baseline and current, in base units.
        current: judges the resolution in place of the current side.
    """
    return abs(values[1] - values[0]) >= floor_of(c.row, c.base, current or c.current) * (1 - SLACK)


def is_blurred(c: Comparison, values: tuple[float, float]) -> bool:
    """Is a difference below the floor only because the current values are written in coarser steps than before?"""
    return is_above_floor(c, values, current=c.base) and not is_above_floor(c, values)


def floor_cost(row: Row, floor: float, baseline: float) -> float:
    """Return a floor in base units as a worsening: a ratio of costs minus one. Nothing smaller could fail."""
    return _cost_of_share(row, floor / abs(baseline))


def floor_logs(row: Row, floor: float, baseline: float) -> tuple[float, float]:
    """Return a floor in base units as logs of a ratio of costs: of a worsening, and of an improvement."""
    share = floor / abs(baseline)
    rise, fall = math.log1p(share), -math.log1p(-share) if share < 1 else math.inf
    return (rise, fall) if row.metric.better == "lower" else (fall, rise)


def floor_of(row: Row, base: MetricProfile, current: MetricProfile) -> float:
    """Return the smallest difference that may fail, in base units."""
    floor = row.ruling.floor
    least = floor.amount(row.metric.unit)
    if floor.auto:
        sides = base.pooled(), current.pooled()
        steps = [resolution(values) for values in sides]
        if all(steps) and sides[0][0] != sides[0][-1] and sides[1][0] != sides[1][-1]:
            return max(least, *steps)  # where both sides vary, the steps of all values are the finer of these
        together = (*sides[0], *sides[1])
        least = max(least, *(_step(values, row.metric) for values in (together, *sides)))
    return least


def _step(values: tuple[float, ...], metric: Metric) -> float:
    """Return the step in which values are written, as far as they show it.

    Values that differ and are all round were written in that step. One that never
    varies may be round by chance (50.0 MB, 1000 calls, 200 kB), so that no more is believed
    of it than how such values are written.
    """
    step = resolution(values)
    if values and min(values) != max(values):
        return step
    return min(step, _WRITTEN_STEPS.get(metric.name, _MILLISECOND if metric.unit == "s" else 0.0))


def change_from_log(log: float) -> float:
    """Return the change, a ratio minus one, that a log stands for; infinite beyond the largest number."""
    try:
        return math.expm1(log)
    except OverflowError:
        return math.inf


def changes_from_logs(row: Row, logs: tuple[float, float]) -> tuple[float, float]:
    """Return an interval of logs of costs as one of the metric's own change, the lower end first."""
    ends = in_metric_direction(row, change_from_log(logs[0])), in_metric_direction(row, change_from_log(logs[1]))
    return ends if ends[0] <= ends[1] else ends[::-1]


def is_blind(worst: float, allowed: float, ruling: Ruling) -> bool:
    """Is a worsening too large to go unnoticed? A wide threshold that somebody chose is no noise.

    Args:
        worst: a ratio of costs minus one.
        allowed: the largest worsening that never fails, likewise.
        ruling: says what is too large.
    """
    return worst > max(ruling.resolution, allowed * (1 + SLACK) + SLACK)


def describe_same(worst: float | None, allowed: float, ruling: Ruling, *, floor: bool, moved: bool) -> tuple[Call, str]:
    """Return the call on a row that neither fails nor improved, read off its decision interval, and its slug.

    Args:
        worst: the largest worsening that is not excluded, a ratio of costs minus one; None: none is.
        allowed: the largest worsening that never fails, likewise: the threshold or the floor.
        ruling: says which worsening must not go unnoticed.
        floor: is the change above the floor?
        moved: is the change beyond the threshold?
    """
    if worst is None:
        return "too-noisy", "few-runs"
    if is_blind(worst, allowed, ruling):
        return "too-noisy", "too-noisy"
    call: Call = "within-noise" if worst > allowed + SLACK else "same"
    if moved:
        return call, "within-noise" if floor else "below-floor"
    return call, "within-threshold" if call == "same" else "within-noise"
