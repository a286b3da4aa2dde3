"""What a history holds -> document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report.document import (
    BENCHMARK,
    METRIC,
    REMARK,
    Column,
    Document,
    Entry,
    Heading,
    Paragraph,
    Table,
    name,
    strong,
    text,
)
from perfgate.report.history.data import to_data
from perfgate.report.history.sparkline import sparkline
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history import Past
    from perfgate.gate.history.series import Series
    from perfgate.gate.history.trends import Mark, SuiteTrend, Trend
    from perfgate.report.document import Block, Line
    from perfgate.report.history.found import Found

_WIDTH = 20
_DIGITS = 12
_MOST_STEPS = 20
_OVERVIEW = (
    BENCHMARK,
    METRIC,
    Column(title="Over time", kind="text"),
    Column(title="Newest", kind="value"),
    Column(title="Steps", kind="count"),
    Column(title="Sessions", kind="count", priority=2),
)
_STEPS = (
    BENCHMARK,
    METRIC,
    Column(title="Change", kind="change", leads=True),
    Column(title="Before", kind="value"),
    Column(title="After", kind="value"),
    Column(title="Session", kind="text"),
    REMARK,
)
_LOG = (
    Column(title="Session", kind="text"),
    Column(title="Commit", kind="name"),
    Column(title="Median", kind="value"),
    Column(title="Change", kind="change"),
    Column(title="Runs", kind="count"),
    Column(title="", kind="text"),
)


def compose_history(found: Found, *, tool: str) -> Document:
    """Return the report of a suite's history."""
    blocks: list[Block] = []
    classes = list(dict.fromkeys(t.series.benchmark.machine_class for t in found.trends))
    for machine_class in classes:
        trends = [t for t in found.trends if t.series.benchmark.machine_class == machine_class]
        suites = [s for s in found.suites if s.machine_class == machine_class]
        blocks += [Heading(line=(name(machine_class),)), Paragraph(line=_extent(trends))]
        entries = [_suite_row(s) for s in suites] + [_row(t) for t in trends]
        blocks.append(Table(columns=_OVERVIEW, entries=tuple(entries), remarks=False))
    blocks += _steps(found)
    blocks += _creep(found)
    return Document(data=to_data(found, tool), blocks=tuple(blocks))


def compose_log(found: Found, *, tool: str) -> Document:
    """Return the sessions of one value each, oldest first, with a rule where its level changed."""
    blocks: list[Block] = []
    for trend in found.trends:
        series = trend.series
        line = (name(series.titled), text(f"  {series.metric.name}  "), name(series.benchmark.machine_class))
        blocks += [Heading(line=line), Table(columns=_LOG, entries=tuple(_log(trend)), remarks=False)]
    blocks += _steps(found)
    blocks += _creep(found)
    return Document(data=to_data(found, tool), blocks=tuple(blocks))


def _extent(trends: Sequence[Trend]) -> Line:
    sessions = {p.session: p.past for t in trends for p in t.series.points}
    days = sorted(filter(None, (_day(past) for past in sessions.values())))
    benchmarks = len({t.series.titled for t in trends})
    words = f"{count(len(sessions), 'session')} of {count(benchmarks, 'benchmark')}"
    return (text(f"{words}, {days[0]} to {days[-1]}" if days else words),)


def _day(past: Past) -> str:
    return past.when[:10]


def _row(trend: Trend) -> Entry:
    series = trend.series
    section = series.sections[-1]
    newest = series.points[-1].reading
    line = sparkline(series.heights()[section.start :], width=_WIDTH, least=2 * series.least)
    return Entry(
        cells=(
            name(series.titled),
            text(series.metric.name),
            text(line),
            text(amount(newest.p50, series.metric.unit)),
            text(f"{len(trend.marks)}" if trend.marks else ""),
            text(f"{len(series.points):,}"),
        )
    )


def _suite_row(suite: SuiteTrend) -> Entry:
    return Entry(
        cells=(
            strong("all together"),
            text(suite.metric),
            text(sparkline(suite.shifts, width=_WIDTH, least=0.1)),
            text(percent(suite.shifts[-1])),
            text(f"{len(suite.marks)}" if suite.marks else ""),
            text(f"{len(suite.sessions):,}"),
        )
    )


def _steps(found: Found) -> Iterator[Block]:
    marks: list[tuple[str, Entry]] = []
    for suite in found.suites:
        for mark in suite.marks:
            past = suite.sessions[mark.at]
            cells = (strong("all together"), text(suite.metric), text(percent(mark.change)))
            span = (suite.sessions[mark.at - 1], past)
            numbers = (text(""), text(""), text(_day(past)))
            marks.append((past.when, Entry(cells=(*cells, *numbers, text("")), remark=_where(mark, span, found))))
    for trend in found.trends:
        for mark in trend.marks:
            past = trend.series.points[mark.at].past
            marks.append((past.when, _step(trend, mark, found)))
    if marks:
        newest = sorted(marks, key=lambda m: m[0], reverse=True)[:_MOST_STEPS]
        more = f", the newest {len(newest)}" if len(newest) < len(marks) else ""
        yield Heading(line=(text(f"Steps ({len(marks):,}{more})"),))
        yield Table(columns=_STEPS, entries=tuple(entry for _, entry in newest), remarks=True)


def _step(trend: Trend, mark: Mark, found: Found) -> Entry:
    series = trend.series
    before, after = series.points[mark.at - 1].past, series.points[mark.at].past
    unit = series.metric.unit
    state = "open" if mark.is_open else "better" if not mark.is_worse else "undone"
    return Entry(
        cells=(
            name(series.titled),
            text(series.metric.name),
            text(f"{_change(mark, series)}  {state}"),
            text(amount(mark.before, unit, beside=mark.after)),
            text(amount(mark.after, unit, beside=mark.before)),
            text(_day(after)),
            text(""),
        ),
        remark=_where(mark, (before, after), found),
    )


def _change(mark: Mark, series: Series) -> str:
    return percent(mark.change) if series.is_ratio else f"{mark.change:+.4g} {series.metric.unit}"


def _where(mark: Mark, ends: tuple[Past, Past], found: Found) -> Line:
    """Return between which commits a step lies, and what else changed there."""
    before, after = ends
    words: list = []
    if before.commit and after.commit:
        distance = found.distances.get((before.commit, after.commit))
        words.append(text(f"{before.commit[:_DIGITS]}..{after.commit[:_DIGITS]}"))
        if distance is not None:
            words.append(text(f" ({count(distance, 'commit')})"))
        if known := found.described.get(after.commit):
            words += [text(": "), name(known.subject)]
    for fact in mark.environment:
        words += [text("; " if words else ""), text("with "), name(fact)]
    return tuple(words)


def _creep(found: Found) -> Iterator[Block]:
    crept = [t for t in found.trends if t.crept is not None and t.crept.is_worse]
    if crept:
        yield Heading(line=(text(f"Crept away from {found.anchor} ({len(crept)})"),))
        entries = [
            Entry(
                cells=(
                    name(t.series.titled),
                    text(t.series.metric.name),
                    text(percent(t.crept.change)),
                    text(amount(t.crept.before, t.series.metric.unit, beside=t.crept.after)),
                    text(amount(t.crept.after, t.series.metric.unit, beside=t.crept.before)),
                    text(_day(t.crept.anchor)),
                    text(""),
                ),
                remark=(text("proof: "), strong(f"perfgate ab --base {found.anchor_ref} -- CMD")),
            )
            for t in crept
            if t.crept
        ]
        yield Table(columns=_STEPS, entries=tuple(entries), remarks=True)


def _log(trend: Trend) -> Iterator[Entry]:
    series = trend.series
    marks = {m.at: m for m in trend.marks}
    causes = {s.start: s.cause for s in series.sections if s.cause}
    for place, point in enumerate(series.points):
        if place in causes:
            yield Entry(cells=(text("──"), text(""), text(""), text(""), text(""), name(causes[place])))
        if place in marks:
            mark = marks[place]
            words = "; ".join(["step", *mark.environment])
            yield Entry(cells=(text("──"), text(""), text(""), text(_change(mark, series)), text(""), name(words)))
        before = series.points[place - 1].reading.p50 if place else 0.0
        now = point.reading
        yield Entry(
            cells=(
                text(point.past.when[:16].replace("T", " ")),
                name(point.past.commit[:_DIGITS]),
                text(amount(now.p50, now.metric.unit)),
                text(percent(now.p50 / before - 1) if before > 0.0 else ""),
                text(f"{now.n:,}" if now.n else ""),
                text(""),
            )
        )
