"""What a history holds -> document."""

from __future__ import annotations

from operator import itemgetter
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
from perfgate.report.history.common import ALL
from perfgate.report.history.data import to_data
from perfgate.report.history.gauges import list_gauges
from perfgate.report.history.log import COLUMNS, list_sessions
from perfgate.report.history.slow import list_slow
from perfgate.report.history.sparkline import sparkline
from perfgate.report.history.steps import CLASS, has_classes, list_search, list_searches, list_steps
from perfgate.report.words import amount, count, percent
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Crept, Series, SuiteTrend, Trend
    from perfgate.report.document import Block, Line, Span
    from perfgate.report.history.found import Found

BLOCKS = 20
"""Of a line over time, at most."""
_LEAST_SHIFT = 0.01
"""Of all benchmarks together, as a ratio less one: less is not worth a word."""
_OVERVIEW = (
    BENCHMARK,
    METRIC,
    Column(title="Over time", kind="text"),
    Column(title="Newest", kind="value"),
    Column(title="Steps", kind="count"),
    Column(title="Sessions", kind="count", priority=2),
)
_CREPT = (
    BENCHMARK,
    METRIC,
    Column(title="Then", kind="value"),
    Column(title="Now", kind="value"),
    Column(title="Change", kind="change"),
)
_ALONE = Column(title="Alone", kind="change")
"""The change less what all together did."""


def compose_history(found: Found, *, tool: str, blocks_of_line: int = BLOCKS) -> Document:
    """Return the report of a suite's history.

    Args:
        found: the history.
        tool: name and version of perfgate.
        blocks_of_line: largest number of blocks of a line over time.
    """
    blocks: list[Block] = []
    classes = list(dict.fromkeys(t.series.benchmark.machine_class for t in found.trends))
    for machine_class in classes:
        trends = [t for t in found.trends if t.series.benchmark.machine_class == machine_class]
        suites = [s for s in found.suites if s.machine_class == machine_class]
        blocks += [Heading(line=(name(machine_class),)), Paragraph(line=extent_of(trends))]
        entries = [_suite_row(s, blocks_of_line) for s in suites] + [_row(t, blocks_of_line) for t in trends]
        blocks.append(Table(columns=_OVERVIEW, entries=tuple(entries), remarks=False))
    blocks += list_steps(found)
    blocks += list_search(found)
    blocks += list_slow(found, together=ALL)
    blocks += list_creep(found)
    return Document(data=to_data(found, tool), blocks=tuple(blocks), gauges=tuple(list_gauges(found)))


def compose_log(found: Found, *, tool: str) -> Document:
    """Return the sessions of one value each, oldest first, with a rule where its level changed."""
    blocks: list[Block] = []
    for trend in found.trends:
        series = trend.series
        facts = (series.titled, series.metric.name, series.benchmark.machine_class)
        line = tuple(span for fact in facts for span in (text("  "), name(fact)))[1:]
        entries = tuple(list_sessions(trend, found.suites))
        blocks += [Heading(line=line), Table(columns=COLUMNS, entries=entries, remarks=False, is_whole=True)]
    blocks += list_steps(found)
    blocks += list_searches(found)
    blocks += list_slow(found, together=ALL)
    blocks += list_creep(found)
    return Document(data=to_data(found, tool), blocks=tuple(blocks), gauges=tuple(list_gauges(found)))


def extent_of(trends: Sequence[Trend]) -> Line:
    """Return how many sessions of how many benchmarks there are, and from when to when."""
    sessions = {p.session: p.past for t in trends for p in t.series.points}
    days = sorted(filter(None, (_day(past) for past in sessions.values())))
    benchmarks = len({t.series.titled for t in trends})
    words = f"{count(len(sessions), 'session')} of {count(benchmarks, 'benchmark')}"
    when = "" if not days else f", {days[0]}" if days[0] == days[-1] else f", {days[0]} to {days[-1]}"
    return (text(words + when),)


def _day(past: Past) -> str:
    return past.when[:10]


def _row(trend: Trend, width: int) -> Entry:
    series = trend.series
    section = series.sections[-1]
    newest = series.points[-1].reading
    line = sparkline(series.heights()[section.start :], width=width, least=2 * series.least)
    return Entry(
        cells=(
            name(series.titled),
            name(series.metric.name),
            text(line),
            name(amount(newest.p50, series.metric.unit)),
            text(f"{len(trend.marks)}" if trend.marks else ""),
            text(f"{len(series.points):,}"),
        )
    )


def _suite_row(suite: SuiteTrend, width: int) -> Entry:
    return Entry(
        cells=(
            strong(ALL),
            name(suite.metric),
            text(sparkline(suite.shifts, width=width, least=0.1)),
            text(percent(_since_first(suite))),
            text(f"{len(suite.marks)}" if suite.marks else ""),
            text(f"{len(suite.sessions):,}"),
        )
    )


def _since_first(suite: SuiteTrend) -> float:
    """Return how far the newest session lies above the first level of all together, as a ratio less one."""
    first = suite.shifts[: suite.marks[0].at if suite.marks else None]
    return (1.0 + suite.shifts[-1]) / (1.0 + median(first)) - 1.0


def list_creep(found: Found) -> Iterator[Block]:
    """Yield what is worse than at the anchor, and how to prove it: the machine may have changed as well."""
    crept = [(t.series, t.crept) for t in found.trends if t.crept is not None and t.crept.is_worse]
    if not crept:
        return
    yield Heading(line=(text("Worse than "), name(found.anchor), text(f" ({len(crept):,})")))
    shifts = {(s.machine_class, s.metric): s.since_anchor or 0.0 for s in found.suites}
    has_alone = any(abs(shift) >= _LEAST_SHIFT for shift in shifts.values())
    rows: list[tuple[float, Entry]] = []
    for series, c in crept:
        of_all = shifts.get((series.benchmark.machine_class, series.metric.name), 0.0)
        alone = (1.0 + c.change) / (1.0 + of_all) - 1.0
        more = [text(percent(alone))] if has_alone else []
        more += [name(series.benchmark.machine_class)] if has_classes(found) else []
        worse = alone if series.metric.better == "lower" else -alone
        rows.append((-worse, Entry(cells=(*_crept(series, c), *more))))
    columns = (*_CREPT, *([_ALONE] if has_alone else []), *([CLASS] if has_classes(found) else []))
    yield Table(columns=columns, entries=tuple(e for _, e in sorted(rows, key=itemgetter(0))), remarks=False)
    proof = "Not proven: the machine may have changed since. To measure both now:"
    yield Paragraph(line=(*_together(found), text(proof)))
    yield Paragraph(line=(name(prove_creep(found.anchor_ref, crept[0][1])),))


def _crept(series: Series, crept: Crept) -> Line:
    unit = series.metric.unit
    return (
        name(series.titled),
        name(series.metric.name),
        name(amount(crept.before, unit, beside=crept.after)),
        name(amount(crept.after, unit, beside=crept.before)),
        text(percent(crept.change)),
    )


def _together(found: Found) -> Line:
    """Return how far all benchmarks moved together since the anchor, as a sentence; empty: by less than counts."""
    words: list[Span] = []
    for suite in found.suites:
        if suite.since_anchor is not None and abs(suite.since_anchor) >= _LEAST_SHIFT:
            words += [text(", " if words else f"{ALL.capitalize()} since then: "), name(suite.metric)]
            words += [text(" on "), name(suite.machine_class)] if has_classes(found) else []
            words.append(text(f" {percent(suite.since_anchor)}"))
    return (*words, text(". ")) if words else ()
