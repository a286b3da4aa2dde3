"""Where all benchmarks moved together, among the sessions of one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.session_id import SessionId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.history.trends import Mark, SuiteTrend, Trend

ALL = "all together"
"""What all benchmarks of a session did."""


def find_common(trend: Trend, suites: Sequence[SuiteTrend]) -> dict[int, Mark]:
    """Return the steps of all benchmarks together, by the place of the value's first session after each.

    Args:
        trend: of one value.
        suites: of any class of machine and metric.
    """
    series = trend.series
    places = {p.session: n for n, p in reversed([*enumerate(series.points)])}
    found: dict[int, Mark] = {}
    for suite in suites:
        if (suite.machine_class, suite.metric) != (series.benchmark.machine_class, series.metric.name):
            continue
        for mark in suite.marks:
            names = (SessionId.parse(s.session).session for s in suite.sessions[mark.at :])
            if place := next((places[n] for n in names if n in places), 0):
                found[place] = mark
    return found
