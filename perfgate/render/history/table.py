"""A history as CSV: one line for each value of each session."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.report.history.found import Found

_COLUMNS = (
    "machine_class", "benchmark", "labels", "metric", "unit", "session", "started_at", "commit", "rows_used", "n",
    "p50", "p95", "section", "step",
)  # fmt: skip
_FORMULA = "=+-@\t\r"
"""What begins a formula in a spreadsheet."""


def render(found: Found) -> str:
    """Return a history as CSV (RFC 4180, with plain line breaks). A cell that a spreadsheet would run gets a quote."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for trend in found.trends:
        series = trend.series
        steps = {mark.at: mark.change for mark in trend.marks}
        starts = [section.start for section in series.sections]
        labels = ",".join(f"{key}={value}" for key, value in series.benchmark.labels)
        names = (series.benchmark.machine_class, series.benchmark.benchmark, labels, series.metric.name)
        section = -1
        for place, point in enumerate(series.points):
            section += place in starts
            past, reading = point.past, point.reading
            own = (past.session, past.when, past.commit, "/".join(map(str, past.rows_used)))
            p95 = "" if reading.p95 is None else repr(reading.p95)
            step = repr(steps[place]) if place in steps else ""
            cells = (reading.n, repr(reading.p50), p95, section, step)
            writer.writerow([*map(_inert, (*names, reading.metric.unit, *own)), *cells])
    return output.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(tuple(_FORMULA)) else cell
