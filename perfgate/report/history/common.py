"""Where all benchmarks moved together, among the sessions of one value, and its levels in between."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from perfgate.core.session_id import SessionId
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


def split_levels(trend: Trend, common: Mapping[int, Mark]) -> Iterator[tuple[int, int, float]]:
    """Yield the levels of a value between its own steps, breaks and those of all benchmarks together.

    Yields:
        Place of the first session, place behind the last, and the median in base units.
    """
    values = [p.reading.p50 for p in trend.series.points]
    for start, end, level in trend.levels:
        bounds = [start, *sorted(place for place in common if start < place < end), end]
        if len(bounds) == len((start, end)):
            yield start, end, level
        else:
            yield from ((one, other, median(values[one:other])) for one, other in pairwise(bounds))
