"""Slow changes -> a table: from which level to which, since when, and that no single commit made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.report.document import Column, Entry, Heading, Table, name, text
from perfgate.report.history.steps import CLASS, COLUMNS, LEAST_OF_OTHERS, has_classes, state_of
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Series, SlowChange, SuiteTrend
    from perfgate.report.document import Block, Line
    from perfgate.report.history.found import Found

_MOST = 20
_SLOW = (Column(title="Since", kind="text", leads=True), *COLUMNS[1:])


def list_slow(found: Found, *, together: str) -> Iterator[Block]:
    """Yield the newest slow changes, each with how long it took.

    Args:
        found: a history.
        together: what all benchmarks of a session are called.
    """
    slow = [
        (s.sessions[c.start].when, _of_suite(s, c, together), s.machine_class) for s in found.suites for c in s.slow
    ]
    for trend in found.trends:
        points, machine_class = trend.series.points, trend.series.benchmark.machine_class
        slow += [(points[c.start].past.when, _of_series(trend.series, c), machine_class) for c in trend.slow]
    if not slow:
        return
    newest = sorted(slow, key=lambda s: s[0], reverse=True)[:_MOST]
    more = f", the newest {len(newest)}" if len(newest) < len(slow) else ""
    yield Heading(line=(text(f"Slow changes ({len(slow):,}{more})"),))
    columns = (*_SLOW, CLASS) if has_classes(found) else _SLOW
    entries = [
        replace(entry, cells=(*entry.cells, name(machine_class))) if has_classes(found) else entry
        for _, entry, machine_class in newest
    ]
    yield Table(columns=columns, entries=tuple(entries), remarks=True)


def describe_slow(slow: Sequence[SlowChange], sessions: Sequence[Past]) -> Iterator[Line]:
    """Yield by how much each slow change of a series went on, and from when to when."""
    for change in slow:
        yield text(f"{percent(change.change)} · {state_of(change)} · "), *_how_long(change, sessions)


def _of_suite(suite: SuiteTrend, slow: SlowChange, together: str) -> Entry:
    since = suite.sessions[slow.start].when[:10]
    cells = (text(since), text(together), name(suite.metric), *map(text, ("", percent(slow.change), state_of(slow))))
    return Entry(cells=cells, remark=_how_long(slow, suite.sessions))


def _of_series(series: Series, slow: SlowChange) -> Entry:
    sessions = [p.past for p in series.points]
    unit = series.metric.unit
    levels = f"{amount(slow.before, unit, beside=slow.after)} → {amount(slow.after, unit, beside=slow.before)}"
    change = text(percent(slow.change)) if series.is_ratio else name(f"{slow.change:+.4g} {unit}")
    return Entry(
        cells=(
            text(sessions[slow.start].when[:10]),
            name(series.titled),
            name(series.metric.name),
            name(levels),
            change,
            text(state_of(slow)),
        ),
        remark=_how_long(slow, sessions),
    )


def _how_long(slow: SlowChange, sessions: Sequence[Past]) -> Line:
    since, until = sessions[slow.start].when[:10], sessions[slow.end - 1].when[:10]
    words = f"slowly from {since} to {until}, over {count(slow.sessions, 'session')}: no single commit"
    return (
        text(words + (f"; the others {percent(slow.shift)} meanwhile" if abs(slow.shift) >= LEAST_OF_OTHERS else "")),
    )
