"""The sessions of one value as a log, oldest first, with a rule where its level changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report.document import Column, Entry, name, text
from perfgate.report.history.common import ALL, find_common
from perfgate.report.history.steps import change_of, steps_of
from perfgate.report.words import amount, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.trends import SuiteTrend, Trend
    from perfgate.report.document import Line, Span

DIGITS = 12
"""Of a commit in a log."""
COLUMNS = (
    Column(title="Session", kind="text"),
    Column(title="Commit", kind="name"),
    Column(title="Median", kind="value"),
    Column(title="Change", kind="change"),
    Column(title="Runs", kind="count"),
)


def list_sessions(trend: Trend, suites: Sequence[SuiteTrend]) -> Iterator[Entry]:
    """Yield the rows and rules of a log.

    Args:
        trend: of the value.
        suites: what all benchmarks did together.
    """
    series = trend.series
    causes = {s.start: s.cause for s in series.sections if s.cause}
    rules = dict(_rules(trend, suites))
    for place, point in enumerate(series.points):
        yield from (Entry(rule=line) for line in rules.get(place, ()))
        before = series.points[place - 1].reading.p50 if place and place not in causes else 0.0
        now = point.reading
        yield Entry(
            cells=(
                text(point.past.when[:16].replace("T", " ")),
                name(point.past.commit[:DIGITS]),
                name(amount(now.p50, now.metric.unit)),
                text(percent(now.p50 / before - 1) if before > 0.0 else ""),
                text(f"{now.n:,}" if now.n else ""),
            )
        )


def _rules(trend: Trend, suites: Sequence[SuiteTrend]) -> Iterator[tuple[int, list[Line]]]:
    """Yield places of sessions with the rules before them: a break, a step of all benchmarks, a step of its own."""
    series = trend.series
    lines: dict[int, list[Line]] = {s.start: [(name(s.cause),)] for s in series.sections if s.cause}
    for place, mark in find_common(trend, suites).items():
        lines.setdefault(place, []).append((text(f"{ALL} {percent(mark.change)}"), *_facts(mark.environment)))
    for step in steps_of(trend):
        words = (text("step "), change_of(step), text(", "), name(step.levels), text(f", {step.state}"))
        lines.setdefault(step.mark.at, []).append((*words, *_facts(step.mark.environment)))
    yield from lines.items()


def _facts(environment: Sequence[str]) -> Iterator[Span]:
    for fact in environment:
        yield from (text("; with "), name(fact))
