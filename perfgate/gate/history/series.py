"""Sessions -> series of one value each, cut into sections where values before and after cannot be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.history.trends import Point, Section, Series
from perfgate.core.policy import gates_nothing_by_default
from perfgate.core.profile import title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.past import BenchmarkHistory
    from perfgate.core.policy import Policy


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
