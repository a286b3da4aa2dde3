"""One finding in plain lines: what reports for other systems are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.core.finding import WHOLE_SUITE
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for, sentence
from perfgate.core.statistic import P50
from perfgate.report.verdict.value import describe_reason, describe_rule, name_metric, value_of
from perfgate.report.words import detectable

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Finding
    from perfgate.report.document import Line


def name_benchmark(finding: Finding) -> str:
    """Return the benchmark with its labels, on one line."""
    return plain(title(finding.benchmark, finding.labels))


def row_name(finding: Finding) -> str:
    """Return what is judged of a benchmark: ``elapsed p50``; of a budget ``latency p95 budget``."""
    words = name_metric(finding)
    return plain(words.replace(finding.metric, f"{finding.metric} {P50}", 1) if finding.statistic == P50 else words)


def lines_of(finding: Finding) -> tuple[str, ...]:
    """Return a finding in words: its numbers with the reason, then the details, then what to do.

    The numbers read as in every other report. No line holds a line break or a control character.
    """
    value = value_of(finding)
    changed = f"{value.change} ({value.interval})" if value.interval else value.change
    numbers = f"{value.baseline.text} -> {value.current.text}" + (f" ({changed})" if changed else "")
    if finding.current is None:
        numbers = changed if finding.baseline is None else f"baseline {value.baseline.text}"
    elif finding.baseline is None:
        numbers = value.current.text
    why = _words(describe_reason(finding)) or sentence(finding.reason)
    limit = f", limit {value.limit}" if value.limit else ""
    lines = [f"{numbers}{limit}: {why}" if numbers else why]
    if finding.benchmark != WHOLE_SUITE:
        details = [f"Runs: {_runs(finding)}."]
        details += [] if finding.detectable is None else [f"Detectable: {detectable(finding.detectable)}."]
        details += [f"{_capital(_words(rule))}." for rule in [describe_rule(finding)] if rule]
        lines.append(" ".join([*details, f"Rule: {finding.rule}."]))
    hint = hint_for(finding.reason, title(finding.benchmark, finding.labels))
    lines += [f"Hint: {hint}"] if hint else []
    return tuple(plain(line) for line in lines)


def _runs(finding: Finding) -> str:
    """Return the runs of both sides; of quantiles that were stated nobody knows their number."""
    was, now = (f"{n:,}" if n else "–" for n in (finding.n_baseline, finding.n_current))
    return now if finding.method == "budget" else f"{was} / {now}"


def _words(line: Line) -> str:
    return "".join(span.text for span in line)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def diagnostic_line(diagnostic: Diagnostic) -> str:
    """Return a diagnostic on one line: place, message, and what to do."""
    details = f": {'; '.join(diagnostic.details[:5])}" if diagnostic.details else ""
    hint = f". Hint: {diagnostic.hint}" if diagnostic.hint else ""
    return plain(f"{diagnostic.fact}{details}{hint}")
