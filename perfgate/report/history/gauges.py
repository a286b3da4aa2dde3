"""What a history holds -> the newest state of each value, as gauges for a metrics system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.core.text.dates import hour_of
from perfgate.report.document import Gauge
from perfgate.report.words import SERIES_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.trends import SlowChange, SuiteTrend, Trend
    from perfgate.report.history.found import Found

_HELP = {
    "newest": "Median of the newest session.",
    "newest_timestamp": "When the newest session began, to the minute.",
    "sessions": "Number of sessions that were read.",
    "open_steps": "Number of steps to a worse level from which the value has not come back.",
    "slow_rise": "Slow worsening that has not come back, as a ratio less one; 0 where there is none.",
    "anchor_change": "Newest sessions over those of the anchor, minus one.",
    "suite_anchor_change": "Newest sessions over those of the anchor, minus one, of what all benchmarks did together.",
    "creep": "1 where the newest sessions are worse than those of the anchor by more than threshold and noise, else 0.",
    "suite_shift": "How far all benchmarks lay above the usual in the newest session, minus one.",
    "suite_open_steps": "Number of steps of all together to a worse level from which they have not come back.",
    "suite_slow_rise": "Slow worsening of all benchmarks together, as a ratio less one; 0 where there is none.",
}
_SECONDS = 3600.0
_Labels = tuple[tuple[str, str], ...]


def list_gauges(found: Found) -> Iterator[Gauge]:
    """Yield the gauges of each value, and of all together; what cannot be compared with the anchor has none of it."""
    seen: dict[_Labels, int] = {}
    for trend in found.trends:
        series = trend.series
        labels: _Labels = (
            ("benchmark", plain(series.titled)),
            ("metric", plain(series.metric.name)),
            ("machine_class", plain(series.benchmark.machine_class)),
        )
        yield from _gauges(trend, _number(labels, seen))
    for suite in found.suites:
        labels = (("metric", plain(suite.metric)), ("machine_class", plain(suite.machine_class)))
        yield from _gauges_of_suite(suite, _number(labels, seen))


def _number(labels: _Labels, seen: dict[_Labels, int]) -> _Labels:
    """Return labels that no other gauge of the name has: names may differ in control characters alone."""
    number = seen[labels] = seen.get(labels, 0) + 1
    return (*labels, ("number", str(number))) if number > 1 else labels


def _gauges(trend: Trend, labels: _Labels) -> Iterator[Gauge]:
    newest = trend.series.points[-1]
    hours = hour_of(newest.past.when)
    unit = SERIES_UNITS.get(newest.reading.metric.unit, "")
    yield _gauge("newest", newest.reading.p50, labels, unit=unit)
    if hours is not None:
        yield _gauge("newest_timestamp", hours * _SECONDS, labels, unit="seconds")
    yield _gauge("sessions", len(trend.series.points), labels)
    yield _gauge("open_steps", sum(mark.is_open for mark in trend.marks), labels)
    if trend.series.is_ratio:
        yield _gauge("slow_rise", _open_change(trend.slow), labels, unit="ratio")
    if trend.crept is not None:
        yield _gauge("anchor_change", trend.crept.change, labels, unit="ratio")
        yield _gauge("creep", trend.crept.is_worse, labels)


def _gauges_of_suite(suite: SuiteTrend, labels: _Labels) -> Iterator[Gauge]:
    yield _gauge("suite_shift", suite.shifts[-1], labels, unit="ratio")
    yield _gauge("suite_open_steps", sum(mark.is_open for mark in suite.marks), labels)
    yield _gauge("suite_slow_rise", _open_change(suite.slow), labels, unit="ratio")
    if suite.since_anchor is not None:
        yield _gauge("suite_anchor_change", suite.since_anchor, labels, unit="ratio")


def _open_change(slow: Sequence[SlowChange]) -> float:
    """Return the newest slow change that is open."""
    return next((s.change for s in reversed(slow) if s.is_open), 0.0)


def _gauge(what: str, value: float, labels: _Labels, *, unit: str = "") -> Gauge:
    name = "_".join(filter(None, ("perfgate_history", what, unit)))
    return Gauge(name=name, unit=unit, help=_HELP[what], value=float(value), labels=labels)
