"""The decision about one row, by one of four methods. Formulas and sources are in `perfgate.stats`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perfgate.core.canonical import resolution
from perfgate.core.finding import Status
from perfgate.gate.rows import P50, Row, count_of, value_of
from perfgate.stats.medians import median_ratio_interval
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import mann_whitney, runs_needed, smallest_flagged_factor
from perfgate.stats.sessions import compare_sessions, log_interval

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile

Method = Literal["same-session", "across-sessions", "exact", "threshold", ""]
Call = Literal["worse", "suspected", "same", "better"]

SAME_MACHINE = 0.02  # between-session spread expected on one booted machine (scored in the notes of the rules)
SAME_CLASS = 0.05  # … on machines of one class, or when nothing is known
TOO_NOISY = 0.25  # a row that cannot see less than this is called too noisy to gate
_DECIMALS = {"s": 1e-3, "B": 1e5}  # steps of elapsed_sec and peak_memory_mb in a run summary
_SUSPECT_P = 0.05  # a ratio beyond the threshold with this evidence deserves a second look
_SLACK = 1e-9  # a change exactly at the threshold is within it, whatever the last bit says


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a method found out about one row. Changes are ratios minus one, in the metric's own direction."""

    call: Call
    """Worse, suspected, same or better."""
    method: Method
    """The method that decided."""
    baseline: float
    """The value compared with, in base units."""
    current: float
    """The value compared."""
    change: float | None
    """Change over the baseline's size; None when the baseline is zero."""
    limit: float | None
    """The change that the threshold allows, signed like a worsening."""
    interval: tuple[float, float] | None = None
    """95 % interval of the change."""
    visible: float | None = None
    """Smallest worsening that would have failed, signed; None when none could."""
    reason: str
    """Slug of `perfgate.core.reasons`."""
    message: str = ""
    """What the slug's own sentence does not say; may hold numbers."""


def method_of(row: Row) -> Method:
    """Return the method that judges a row whose two sides are there and comparable."""
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None or row.base is None or row.current is None:
        return ""
    if row.ruling.method != "auto":
        return row.ruling.method
    if base.quantiles or current.quantiles or (count_of(base) == 1 and count_of(current) == 1):
        return "threshold"
    if row.statistic != P50:
        return ""
    if any(v <= 0 for side in (base, current) for v in side.pooled()):
        return "threshold"
    sessions = (*row.base.sessions, *row.current.sessions)
    if len(base.samples) == len(current.samples) == 1 and not any(s.is_named for s in sessions):
        return "same-session"
    return "across-sessions"


def decide(row: Row, method: Method, *, family: int, false_alarms: float, level: float | None = None) -> Decision:
    """Return the decision about a row by a method.

    Args:
        row: both sides are there and comparable.
        method: as `method_of` chose.
        family: how many rows share the level, >= 1.
        false_alarms: accepted chance that an unchanged pull request fails.
        level: the p-value at which a same-session row fails; None: the family's first step.
    """
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    if method == "same-session":
        first_step = min(false_alarms, 2 * false_alarms / family)
        return _same_session(row, base, current, first_step if level is None else level)
    if method == "across-sessions":
        return _across(row, base, current, family=family, false_alarms=false_alarms)
    return _plain(row, base, current, method)


def p_value(row: Row) -> float:
    """Return the p-value of a same-session row, for sharing the level over the family (Holm)."""
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    costs = _costs(row, base.samples[0].values), _costs(row, current.samples[0].values)
    return mann_whitney(*costs).p


def _costs(row: Row, values: tuple[float, ...]) -> tuple[float, ...]:
    """Return values so that lower is better: where higher is, their reciprocals. All must be > 0."""
    return values if row.metric.better == "lower" else tuple(1 / v for v in values)


def _allowed(row: Row, baseline: float) -> float:
    """Return the largest accepted worsening as a ratio of costs minus one, >= 0."""
    threshold = row.ruling.threshold
    share = threshold.amount if threshold.is_relative else threshold.amount / abs(baseline) if baseline else math.inf
    if row.metric.better == "lower":
        return share
    return 1 / (1 - share) - 1 if share < 1 else math.inf


def _own(row: Row, cost_change: float) -> float:
    """Return a change of costs as the metric's own change: signs turn where higher is better."""
    return cost_change if row.metric.better == "lower" else 1 / (1 + cost_change) - 1


def _above_floor(row: Row, base: MetricProfile, current: MetricProfile, values: tuple[float, float]) -> bool:
    """Is the difference large enough, in base units, to be told from the values' own resolution or the stated floor?"""
    return abs(values[1] - values[0]) >= _floor(row, base, current) * (1 - _SLACK)


def _floor_cost(row: Row, base: MetricProfile, current: MetricProfile, baseline: float) -> float:
    """Return the floor as a change of costs: nothing smaller could fail."""
    share = _floor(row, base, current) / abs(baseline)
    if row.metric.better == "lower":
        return share
    return 1 / (1 - share) - 1 if share < 1 else math.inf


def _floor(row: Row, base: MetricProfile, current: MetricProfile) -> float:
    """Return the smallest difference that may fail, in base units."""
    floor = row.ruling.floor
    least = floor.amount(row.metric.unit)
    if floor.auto:
        sides = base.pooled(), current.pooled()
        common = resolution((*sides[0], *sides[1]))
        least = max(least, common, *(_step(side, row.metric.unit) for side in sides))
    return least


def _step(values: tuple[float, ...], unit: str) -> float:
    """Return the step of one side's values, as far as they give it away.

    Values that differ and are all round were written in that step. One that never
    varies may be round by chance (50.0 MB, 1000 calls), so that no more is believed of
    it than the decimals of a run summary.
    """
    step = resolution(values)
    return step if values and values[0] != values[-1] else min(step, _DECIMALS.get(unit, 0.0))


def _same_session(row: Row, base: MetricProfile, current: MetricProfile, level: float) -> Decision:
    sides = base.samples[0].values, current.samples[0].values
    costs = _costs(row, sides[0]), _costs(row, sides[1])
    values = median(sides[0]), median(sides[1])
    allowed = _allowed(row, values[0])
    # Of the values shown, not of their reciprocals, whose medians differ from these in even samples.
    ratio = values[1] / values[0] if row.metric.better == "lower" else values[0] / values[1]
    floor = _above_floor(row, base, current, values)
    low, high = median_ratio_interval(*sides)
    factor = smallest_flagged_factor(*costs, level)
    visible = None if factor is None else max(allowed, factor * ratio - 1)
    p = mann_whitney(*costs).p
    beyond = ratio - 1 > allowed + _SLACK and floor
    call: Call = "same"
    reason, message = _quiet_reason(visible, allowed, floor=floor, moved=ratio - 1 > allowed + _SLACK), ""
    if beyond and p <= level:
        call = reason = "worse"
    elif beyond and factor is None:
        needed = runs_needed(level)
        call, reason = "suspected", "few-runs"
        message = f"{len(sides[0])} and {len(sides[1])} runs can never prove a change; measure {needed} on each side"
    elif beyond and p <= _SUSPECT_P:
        call, reason = "suspected", "not-proven"
    elif 1 / ratio - 1 > allowed and mann_whitney(costs[1], costs[0]).p <= level:
        call = reason = "better"
    return Decision(
        call=call, method="same-session", baseline=values[0], current=values[1], change=values[1] / values[0] - 1,
        limit=_own(row, allowed), interval=(low - 1, high - 1),
        visible=None if visible is None else _own(row, max(visible, _floor_cost(row, base, current, values[0]))),
        reason=reason, message=message,
    )  # fmt: skip


def _across(row: Row, base: MetricProfile, current: MetricProfile, *, family: int, false_alarms: float) -> Decision:
    logs = [[math.log(v) for v in _costs(row, s.values)] for s in base.samples]
    now = [math.log(v) for s in current.samples for v in _costs(row, s.values)]
    # p50 is the median on the metric's own scale, everywhere; its log is compared.
    sign = 1.0 if row.metric.better == "lower" else -1.0
    centres = [sign * math.log(median(s.values)) for s in base.samples]
    centre = sign * math.log(median(current.pooled()))
    prior = SAME_MACHINE if _same_machine(row) else SAME_CLASS
    model = compare_sessions(
        logs, now, prior=prior, family=family, false_alarms=false_alarms, centres=centres, centre=centre
    )
    centre, found = math.exp(model.base), math.exp(model.base + model.d)
    values = (centre, found) if row.metric.better == "lower" else (1 / centre, 1 / found)
    allowed = _allowed(row, values[0])
    floor = _above_floor(row, base, current, values)
    step = math.log1p(allowed) + _SLACK
    visible = _grown(max(step, model.outer))
    call: Call = "same"
    reason = _quiet_reason(visible, allowed, floor=floor, moved=model.d > step)
    if floor and model.d > max(step, model.outer):
        call = reason = "worse"
    elif floor and model.d > max(step, model.inner):
        call, reason = "suspected", "not-proven"
    elif -model.d > max(step, model.outer):
        call = reason = "better"
    low, high = log_interval(model)
    interval = sorted((_own(row, _grown(low)), _own(row, _grown(high))))
    return Decision(
        call=call, method="across-sessions", baseline=values[0], current=values[1], change=values[1] / values[0] - 1,
        limit=_own(row, allowed), interval=(interval[0], interval[1]),
        visible=_own(row, max(visible, _floor_cost(row, base, current, values[0]))), reason=reason,
    )  # fmt: skip


def _grown(log: float) -> float:
    """Return the change that a log amounts to; beyond the largest number it has no end."""
    try:
        return math.expm1(log)
    except OverflowError:
        return math.inf


def _same_machine(row: Row) -> bool:
    """Were all sessions of both sides measured on one booted machine?"""
    sessions = (*(row.base.sessions if row.base else ()), *(row.current.sessions if row.current else ()))
    machines = {s.machine for s in sessions}
    return len(machines) == 1 and machines != {""}


def _quiet_reason(visible: float | None, allowed: float, *, floor: bool, moved: bool) -> str:
    """Return the slug of a row that does not fail. A wide threshold that somebody chose is no noise."""
    if visible is None:
        return "few-runs"
    if visible > max(TOO_NOISY, allowed * (1 + _SLACK) + _SLACK):
        return "too-noisy"
    if moved:
        return "within-noise" if floor else "below-floor"
    return "within-threshold"


def _plain(row: Row, base: MetricProfile, current: MetricProfile, method: Method) -> Decision:
    """Compare two statistics by their plain ratio: on request, without raw values, or only to show them."""
    was, now = value_of(base, row.statistic), value_of(current, row.statistic)
    if was is None or now is None:  # pragma: no cover - `judge` calls such a row missing
        raise ValueError("a side does not state the statistic")
    sign = 1 if row.metric.better == "lower" else -1
    threshold = row.ruling.threshold
    allowed = threshold.amount * abs(was) if threshold.is_relative else threshold.amount
    worse_by = sign * (now - was)
    floor = _above_floor(row, base, current, (was, now))
    beyond = worse_by > allowed * (1 + _SLACK) + abs(was) * 1e-12
    seen = max(allowed, _floor(row, base, current))
    call: Call = "same"
    reason = "below-floor" if beyond else "within-threshold"
    if beyond and floor:
        call, reason = "worse", "worse-than-file" if base.quantiles else "worse"
    elif -worse_by > allowed and floor:
        call = reason = "better"
    return Decision(
        call=call, method=method, baseline=was, current=now, change=(now - was) / abs(was) if was else None,
        limit=sign * allowed / abs(was) if was else None, visible=sign * seen / abs(was) if was and method else None,
        reason=reason,
    )  # fmt: skip


STATUS_OF_CALL = {
    "worse": Status.REGRESSED,
    "suspected": Status.SUSPECTED,
    "same": Status.UNCHANGED,
    "better": Status.IMPROVED,
}
