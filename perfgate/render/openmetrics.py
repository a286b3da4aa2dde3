"""Verdict -> OpenMetrics text, for GitLab's metrics report and for a collector of text files.

GitLab compares values as texts and shows each that differs. So a row without a
significant change states its baseline's value and a change of 0: what cannot be distinguished
from noise is not shown as a change. Only gauges are used, and no quotes in our own words, so that readers of the
older text format take it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from perfgate.core.errors import plain
from perfgate.core.finding import HOLDS, Name, Status
from perfgate.report.document import verdict_in
from perfgate.report.rows import name_benchmark
from perfgate.report.words import SERIES_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.finding import Finding, Verdict
    from perfgate.report.document import Document, Gauge

_DIGITS, _MOST_DIGITS = 4, 12
_HELP = {
    "perfgate_verdict": "The verdict: 1 for the one that was reached, else 0.",
    "perfgate_exit_code": "Exit code: 0 pass or skipped, 1 regression, 2 cannot decide.",
    "perfgate_rows": "Number of values by status.",
    "perfgate_faults": "Faults because of which something could not be judged.",
    "perfgate_gate_changes": "Files of the gate that the change under test edits.",
    "perfgate_row_status": "Status of a value; always 1.",
    "perfgate_baseline": "Value of the baseline.",
    "perfgate_current": "Current value; that of the baseline where no change is significant.",
    "perfgate_change": "Current value over baseline, minus one; 0 where no change is significant.",
    "perfgate_limit": "The change beyond which a value fails, signed like the worsening.",
    "perfgate_budget": "Absolute limit of a budget.",
}

_Labels = tuple[tuple[str, str], ...]


def render(document: Document) -> str:
    """Return the verdict in a document and its rows, or its gauges, as OpenMetrics text, ending in ``# EOF``."""
    if document.gauges:
        return _draw_gauges(document.gauges)
    verdict = verdict_in(document)
    families: dict[str, list[str]] = {}

    def add(name: str, unit: str, labels: _Labels, value: str) -> None:
        full = f"{name}_{unit}" if unit else name
        head = [f"# TYPE {full} gauge", *([f"# UNIT {full} {unit}"] if unit else []), f"# HELP {full} {_HELP[name]}"]
        families.setdefault(full, head).append(f"{full}{_draw_labels(labels)} {value}")

    for word in get_args(Name):
        add("perfgate_verdict", "", (("verdict", word),), str(int(verdict.name == word)))
    add("perfgate_exit_code", "", (), str(int(verdict.exit_code)))
    add("perfgate_faults", "", (), str(len(verdict.problems)))
    add("perfgate_gate_changes", "", (), str(len(verdict.gate_changes)))
    for status in Status:
        rows = sum(f.status is status for f in verdict.findings)
        add("perfgate_rows", "", (("status", status.value),), str(rows))
    for finding, labels in _rows(verdict):
        add("perfgate_row_status", "", (*labels, ("status", finding.status.value)), "1")
        for name, unit, value in _values(finding):
            add(name, unit, labels, value)
    return "".join(f"{line}\n" for lines in families.values() for line in lines) + "# EOF\n"


def _draw_gauges(gauges: Sequence[Gauge]) -> str:
    families: dict[str, list[str]] = {}
    for g in gauges:
        unit = [f"# UNIT {g.name} {g.unit}"] if g.unit else []
        head = [f"# TYPE {g.name} gauge", *unit, f"# HELP {g.name} {g.help}"]
        labels = tuple((label, plain(value)) for label, value in g.labels)
        families.setdefault(g.name, head).append(f"{g.name}{_draw_labels(labels)} {g.value:.{_MOST_DIGITS}g}")
    return "".join(f"{line}\n" for lines in families.values() for line in lines) + "# EOF\n"


def _rows(verdict: Verdict) -> Iterator[tuple[Finding, _Labels]]:
    """Return each finding with labels that no other has: two samples of one name and labels are an error."""
    seen: dict[_Labels, int] = {}
    for f in verdict.findings:
        labels: _Labels = (
            ("benchmark", name_benchmark(f)),
            ("metric", f.metric),
            ("statistic", f.statistic),
            ("machine_class", f.machine_class),
            ("check", "budget" if f.method == "budget" else "change"),
        )
        labels = tuple((name, plain(value)) for name, value in labels)
        number = seen[labels] = seen.get(labels, 0) + 1
        yield f, labels if number == 1 else (*labels, ("number", str(number)))


def _values(f: Finding) -> Iterator[tuple[str, str, str]]:
    """Return name, unit and value of what is known about a row."""
    unit, is_budget = SERIES_UNITS.get(f.unit, ""), f.method == "budget"
    current = f.baseline if f.status in HOLDS else f.current  # a budget that holds has none
    if f.baseline is not None:
        yield "perfgate_baseline", unit, _number(f.baseline)
    if current is not None:
        yield "perfgate_current", unit, _number(current, apart_from=f.limit if is_budget else None)
    if f.change is not None:
        change = 0.0 if f.status in HOLDS else f.change
        yield "perfgate_change", "ratio", _number(change, apart_from=f.limit)
    if f.limit is not None and is_budget:
        yield "perfgate_budget", unit, f"{f.limit:.{_MOST_DIGITS}g}"
    elif f.limit is not None:
        yield "perfgate_limit", "ratio", f"{f.limit:.{_MOST_DIGITS}g}"


def _number(value: float, *, apart_from: float | None = None) -> str:
    """Return a value with few digits; with more where it would else seem to lie on the limit, or on its other side."""
    for digits in range(_DIGITS, _MOST_DIGITS):
        text = f"{value:.{digits}g}"
        if apart_from is None or value == apart_from or (float(text) - apart_from) * (value - apart_from) > 0:
            return text
    return f"{value:.{_MOST_DIGITS}g}"


def _draw_labels(labels: _Labels) -> str:
    """Return labels in braces; backslashes and quotes in what comes from data are escaped, line breaks are gone."""
    if not labels:
        return ""
    inner = (f'{name}="{_escape(value)}"' for name, value in labels)
    return "{" + ",".join(inner) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
