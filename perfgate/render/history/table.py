"""A history as CSV: one line for each value of each session."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from perfgate.core.errors import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.history.trends import Trend
    from perfgate.report.history.found import Found

_FORMULA = tuple("=+-@＝＋－＠")
"""What begins a formula in a spreadsheet, whatever stands before it that is not shown."""


def render(found: Found) -> str:
    """Return a history as CSV (RFC 4180, with plain line breaks).

    A cell that a spreadsheet would run gets a quote, and none has a control character.
    """
    rows = [row for trend in found.trends for row in _rows(trend)]
    output = io.StringIO()
    writer = csv.DictWriter(output, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return output.getvalue()


def _rows(trend: Trend) -> Iterator[dict[str, object]]:
    series = trend.series
    steps = {mark.at: mark.change for mark in trend.marks}
    slow = {place: s.change for s in trend.slow for place in range(s.start, s.end)}
    starts = [section.start for section in series.sections]
    section = -1
    for place, point in enumerate(series.points):
        section += place in starts
        past, reading = point.past, point.reading
        yield {
            "machine_class": _inert(series.benchmark.machine_class),
            "benchmark": _inert(series.benchmark.benchmark),
            "labels": _inert(",".join(f"{key}={value}" for key, value in series.benchmark.labels)),
            "metric": _inert(series.metric.name),
            "unit": _inert(reading.metric.unit),
            "session": _inert(past.session),
            "started_at": _inert(past.when),
            "commit": _inert(past.commit),
            "rows_used": "/".join(map(str, past.rows_used)),
            "n": reading.n,
            "p50": repr(reading.p50),
            "p95": "" if reading.p95 is None else repr(reading.p95),
            "section": section,
            "step": repr(steps[place]) if place in steps else "",
            "slow_change": repr(slow[place]) if place in slow else "",
        }


def _inert(cell: str) -> str:
    shown = plain(cell)
    return f"'{shown}" if shown.lstrip("\ufffd \N{NO-BREAK SPACE}").startswith(_FORMULA) else shown
