"""One finding in plain lines: what reports for other systems are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.core.finding import WHOLE_SUITE
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for
from perfgate.report.compose import BASELINE, CHANGE, COLUMNS, CURRENT, LIMIT, entry

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Finding


def name_benchmark(finding: Finding) -> str:
    """Return the benchmark with its labels, on one line."""
    return plain(title(finding.benchmark, finding.labels))


def row_name(finding: Finding) -> str:
    """Return what is judged of a benchmark: ``elapsed p50``; of a budget ``latency p95 budget``."""
    return plain(f"{finding.metric} {finding.statistic}") + (" budget" if finding.method == "budget" else "")


def lines_of(finding: Finding) -> tuple[str, ...]:
    """Return a finding in words: its numbers with the reason, then the details, then what to do.

    The numbers read as in every other report. No line holds a line break or a control character.
    """
    row = entry(finding)
    cells = {column: span.text for column, span in zip(COLUMNS, row.cells, strict=True)}
    baseline, current, changed, limit = (cells[c] for c in (BASELINE, CURRENT, CHANGE, LIMIT))
    values = f"{baseline} -> {current}" + ("" if finding.change is None else f" ({changed})")
    if finding.current is None:
        values = changed if finding.baseline is None else f"baseline {baseline}"
    elif finding.baseline is None:
        values = current
    why = "".join(span.text for span in row.remark)
    lines = [f"{values}, limit {limit}: {why}" if limit else f"{values}: {why}"]
    if finding.benchmark != WHOLE_SUITE:
        details = [f"{c.title}: {cells[c]}." for c in COLUMNS if c.kind != "value" and not c.leads]
        lines.append(" ".join([*details, f"Rule: {finding.rule}."]))
    hint = hint_for(finding.reason)
    lines += [f"Hint: {hint}"] if hint else []
    return tuple(plain(line) for line in lines)


def diagnostic_line(diagnostic: Diagnostic) -> str:
    """Return a diagnostic on one line: place, message, and what to do."""
    place = f"{diagnostic.place}: " if diagnostic.place else ""
    hint = f". Hint: {diagnostic.hint}" if diagnostic.hint else ""
    return plain(f"{place}{diagnostic.message}{hint}")
