"""What a history holds -> document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.history.trends import prove_creep
from perfgate.report.document import (
    BENCHMARK,
    METRIC,
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
from perfgate.report.history.gauges import list_gauges
from perfgate.report.history.slow import list_slow
from perfgate.report.history.sparkline import sparkline
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Mark, Series, SuiteTrend, Trend
    from perfgate.report.document import Block, Line, Span
    from perfgate.report.history.found import Found

ALL = "all together"
"""The row of what all benchmarks of a session did."""
_WIDTH = 20
DIGITS = 12
"""Of a commit that are shown."""
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
    Column(title="Session", kind="text", leads=True),
    BENCHMARK,
    METRIC,
    Column(title="Level", kind="text", leads=True),
    Column(title="Change", kind="change", leads=True),
    Column(title="State", kind="text", leads=True),
)
_CREPT = (
    BENCHMARK,
    METRIC,
    Column(title="Then", kind="value"),
    Column(title="Now", kind="value"),
    Column(title="Change", kind="change"),
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
        blocks += [Heading(line=(name(machine_class),)), Paragraph(line=extent_of(trends))]
        entries = [_suite_row(s) for s in suites] + [_row(t) for t in trends]
        blocks.append(Table(columns=_OVERVIEW, entries=tuple(entries), remarks=False))
    blocks += list_steps(found)
    blocks += list_slow(found, together=ALL)
    blocks += list_creep(found)
    return Document(data=to_data(found, tool), blocks=tuple(blocks), gauges=tuple(list_gauges(found)))


def compose_log(found: Found, *, tool: str) -> Document:
    """Return the sessions of one value each, oldest first, with a rule where its level changed."""
    blocks: list[Block] = []
    for trend in found.trends:
        series = trend.series
        line = (name(series.titled), text(f"  {series.metric.name}  "), name(series.benchmark.machine_class))
        blocks += [Heading(line=line), Table(columns=_LOG, entries=tuple(_log(trend)), remarks=False, is_whole=True)]
    blocks += list_steps(found)
    blocks += list_slow(found, together=ALL)
    blocks += list_creep(found)
    return Document(data=to_data(found, tool), blocks=tuple(blocks), gauges=tuple(list_gauges(found)))


def extent_of(trends: Sequence[Trend]) -> Line:
    """Return how many sessions of how many benchmarks there are, and from when to when."""
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
            strong(ALL),
            text(suite.metric),
            text(sparkline(suite.shifts, width=_WIDTH, least=0.1)),
            text(percent(suite.shifts[-1])),
            text(f"{len(suite.marks)}" if suite.marks else ""),
            text(f"{len(suite.sessions):,}"),
        )
    )


def list_steps(found: Found) -> Iterator[Block]:
    """Yield the newest steps, each with the commits between which it lies, and how to find the one."""
    steps = [(s.sessions[m.at].when, _suite_step(s, m, found)) for s in found.suites for m in s.marks]
    steps += [(t.series.points[m.at].past.when, _step(t, m, found)) for t in found.trends for m in t.marks]
    if not steps:
        return
    newest = sorted(steps, key=lambda s: s[0], reverse=True)[:_MOST_STEPS]
    more = f", the newest {len(newest)}" if len(newest) < len(steps) else ""
    yield Heading(line=(text(f"Steps ({len(steps):,}{more})"),))
    yield Table(columns=_STEPS, entries=tuple(entry for _, entry in newest), remarks=True)


def _suite_step(suite: SuiteTrend, mark: Mark, found: Found) -> Entry:
    before, after = suite.sessions[mark.at - 1], suite.sessions[mark.at]
    cells = (_day(after), ALL, suite.metric, "", percent(mark.change), _state(mark))
    return Entry(cells=tuple(map(text, cells)), remark=_where(mark, (before, after), found))


def _step(trend: Trend, mark: Mark, found: Found) -> Entry:
    series = trend.series
    before, after = series.points[mark.at - 1].past, series.points[mark.at].past
    return Entry(
        cells=(
            text(_day(after)),
            name(series.titled),
            text(series.metric.name),
            text(_levels(mark.before, mark.after, series.metric.unit)),
            text(_change(mark, series)),
            text(_state(mark)),
        ),
        remark=_where(mark, (before, after), found),
    )


def _state(mark: Mark) -> str:
    return "open" if mark.is_open else "undone" if mark.is_worse else "better"


def _levels(before: float, after: float, unit: str) -> str:
    return f"{amount(before, unit, beside=after)} → {amount(after, unit, beside=before)}"


def _change(mark: Mark, series: Series) -> str:
    return percent(mark.change) if series.is_ratio else f"{mark.change:+.4g} {series.metric.unit}"


def _where(mark: Mark, ends: tuple[Past, Past], found: Found) -> Line:
    """Return between which commits a step lies, and what else changed there."""
    before, after = ends
    words: list[Span] = []
    if before.commit and after.commit:
        distance = found.distances.get((before.commit, after.commit))
        words.append(text(f"{before.commit[:DIGITS]}..{after.commit[:DIGITS]}"))
        if distance is not None:
            words.append(text(f" ({count(distance, 'commit')})"))
        if known := found.described.get(after.commit):
            words += [text(": "), name(known.subject)]
    for fact in mark.environment:
        words += [text("; " if words else ""), text("with "), name(fact)]
    for fact in mark.nearby:
        words += [text("; " if words else ""), text("near: "), name(fact)]
    return tuple(words)


def describe_marks(found: Found, marks: Sequence[Mark], sessions: Sequence[Past]) -> Iterator[Line]:
    """Yield where each step of a series lies: the day, and the commits."""
    for mark in marks:
        before, after = sessions[mark.at - 1], sessions[mark.at]
        yield text(f"{_day(after)}  {percent(mark.change)}  "), *_where(mark, (before, after), found)


def list_creep(found: Found) -> Iterator[Block]:
    """Yield what is worse than at the anchor, and how to prove it: the machine may have changed as well."""
    crept = [(t.series, t.crept) for t in found.trends if t.crept is not None and t.crept.is_worse]
    if not crept:
        return
    yield Heading(line=(text(f"Worse than {found.anchor} ({len(crept):,})"),))
    entries = (
        Entry(
            cells=(
                name(series.titled),
                text(series.metric.name),
                text(amount(c.before, series.metric.unit, beside=c.after)),
                text(amount(c.after, series.metric.unit, beside=c.before)),
                text(percent(c.change)),
            )
        )
        for series, c in crept
    )
    yield Table(columns=_CREPT, entries=tuple(entries), remarks=False)
    together = [s for s in found.suites if s.since_anchor is not None]
    for suite in together:
        classes = f" ({suite.machine_class})" if len({s.machine_class for s in together}) > 1 else ""
        words_of = f"{ALL.capitalize()}{classes}, {suite.metric}: {percent(suite.since_anchor or 0.0)} since then."
        yield Paragraph(line=(text(words_of),))
    words = text("Not proven: the machine may have changed since. To measure both now: ")
    yield Paragraph(line=(words, name(prove_creep(found.anchor_ref, crept[0][1]))))


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
                name(point.past.commit[:DIGITS]),
                text(amount(now.p50, now.metric.unit)),
                text(percent(now.p50 / before - 1) if before > 0.0 else ""),
                text(f"{now.n:,}" if now.n else ""),
                text(""),
            )
        )
