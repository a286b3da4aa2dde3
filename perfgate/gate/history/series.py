"""Sessions -> series of one value each, cut into sections where values before and after cannot be compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.policy import gates_nothing_by_default
from perfgate.core.profile import title
from perfgate.core.session_id import SessionId
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history import BenchmarkHistory, Past, Reading
    from perfgate.core.metrics import Metric
    from perfgate.core.policy import Policy
    from perfgate.core.text.units import Change


class Point(Struct, frozen=True, kw_only=True):
    """One value of a series."""

    past: Past
    """The session it is of."""
    reading: Reading
    """What was measured."""

    @property
    def session(self) -> str:
        """The session without its batch: what was measured side by side with other benchmarks."""
        return SessionId.parse(self.past.session).session


class Section(Struct, frozen=True, kw_only=True):
    """Values of a series that can be compared with each other."""

    start: int
    """Place of its first value."""
    end: int
    """Place behind its last value."""
    cause: str
    """Why it begins; empty: with the series."""


class Series(Struct, frozen=True, kw_only=True):
    """The median of one metric of one benchmark over time."""

    benchmark: BenchmarkHistory
    """Whose it is."""
    metric: Metric
    """As it was measured last."""
    threshold: Change
    """Largest accepted worsening."""
    is_gated: bool
    """Does a worsening fail a check?"""
    points: tuple[Point, ...]
    """Oldest first, at least one."""
    sections: tuple[Section, ...]
    """They cover all points, oldest first."""

    @property
    def titled(self) -> str:
        """Name of the benchmark with its labels."""
        return title(self.benchmark.benchmark, self.benchmark.labels)

    @property
    def is_ratio(self) -> bool:
        """Are changes ratios? Else differences in the base unit: where a value is zero, or the threshold is one."""
        return self.threshold.is_relative and all(p.reading.p50 > 0.0 for p in self.points)

    @property
    def least(self) -> float:
        """The smallest change that counts, on the scale of `heights`."""
        if self.is_ratio:
            return math.log1p(self.threshold.amount)
        share = median([p.reading.p50 for p in self.points]) if self.threshold.is_relative else 1.0
        return self.threshold.amount * share

    def heights(self) -> list[float]:
        """Return the values on the scale on which they are compared: logs where changes are ratios."""
        values = [p.reading.p50 for p in self.points]
        return list(map(math.log, values)) if self.is_ratio else values


def make_series(benchmarks: Sequence[BenchmarkHistory], policy: Policy) -> Iterator[Series]:
    """Yield each metric of each benchmark as a series.

    Args:
        benchmarks: their sessions.
        policy: what is gated, and how strictly.
    """
    for benchmark in benchmarks:
        titled = title(benchmark.benchmark, benchmark.labels)
        names = sorted({name for past in benchmark.sessions for name in past.readings})
        is_primary = gates_nothing_by_default(names)
        for name in names:
            if policy.excludes(benchmark.benchmark, titled, name):
                continue
            points = tuple(
                Point(past=past, reading=past.readings[name]) for past in benchmark.sessions if name in past.readings
            )
            metric = points[-1].reading.metric
            ruling = policy.ruling(benchmark.benchmark, titled, metric, "p50", is_primary=is_primary)
            yield Series(
                benchmark=benchmark,
                metric=metric,
                threshold=ruling.threshold,
                is_gated=ruling.level == "fail",
                points=points,
                sections=tuple(_cut(points, rows_matter=ruling.workload == "same")),
            )


def _cut(points: Sequence[Point], *, rows_matter: bool) -> Iterator[Section]:
    start, cause = 0, ""
    for place in range(1, len(points)):
        found = _why_unlike(points[place - 1], points[place], rows_matter=rows_matter)
        if found:
            yield Section(start=start, end=place, cause=cause)
            start, cause = place, found
    yield Section(start=start, end=len(points), cause=cause)


def _why_unlike(before: Point, after: Point, *, rows_matter: bool) -> str:
    """Return why a value cannot be compared with the one before it; empty: it can."""
    was, now = before.reading, after.reading
    if was.metric != now.metric:
        changed = [(was.metric.unit, now.metric.unit), (f"{was.metric.better} better", f"{now.metric.better} better")]
        return next(f"{one} → {other}" for one, other in changed if one != other)
    if was.sources != now.sources:
        return f"measured by {_list(was.sources)} → {_list(now.sources)}"
    rows, now_rows = before.past.rows_used, after.past.rows_used
    if rows_matter and rows != now_rows and all((*rows, *now_rows)) and rows and now_rows:
        return f"rows {_list_rows(rows)} → {_list_rows(now_rows)}"
    if after.past.restart is not None:
        return f"started anew: {after.past.restart}" if after.past.restart else "started anew"
    return ""


def _list(sources: Sequence[str]) -> str:
    return " and ".join(sources) or "single calls"


def _list_rows(rows: Sequence[int]) -> str:
    return f"{rows[0]:,}" if len(rows) == 1 else f"{rows[0]:,} to {rows[-1]:,}"
