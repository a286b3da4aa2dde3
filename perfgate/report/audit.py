"""Audit -> document: what to fix first, then how far the gate of each machine class can be trusted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from perfgate.core.profile import title
from perfgate.gate.audit.overview import LEVELS
from perfgate.gate.audit.wording import cost
from perfgate.report.document import (
    BENCHMARK,
    METRIC,
    Block,
    Bullets,
    Column,
    Document,
    Entry,
    Fold,
    Heading,
    Line,
    Paragraph,
    Table,
    name,
    strong,
    text,
)
from perfgate.report.words import count, detectable, metric_name
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.gate.audit.facts import AuditedClass
    from perfgate.gate.audit.overview import Audit
    from perfgate.gate.audit.sensitivity import DetectableChange, Sensitivity

SCHEMA = "perfgate/audit/1"
_COLUMNS = (
    BENCHMARK,
    METRIC,
    Column(title="Sessions", kind="count", priority=2),
    Column(title="n", kind="count", priority=2),
    Column(title="Limit", kind="change", priority=2),
    Column(title="Detectable", kind="change"),
    Column(title="Confirmed", kind="change"),
    Column(title="Could detect", kind="text"),
)
_NONE = "–"
_SMALLEST_SHARE = 0.0005  # a smaller one is shown as 0


def compose_audit(audit: Audit, *, tool: str, policy: str, baselines: str) -> Document:
    """Return the report of an audit.

    Args:
        audit: what was found.
        tool: version of perfgate.
        policy: where the configuration came from.
        baselines: where the baselines came from.
    """
    blocks: list[Block] = [Paragraph(line=_headline(audit))]
    if audit.findings:
        blocks.append(Bullets(lines=tuple(_finding(f) for f in audit.findings)))
    for one in audit.classes:
        blocks += _class(one, audit.accepted)
    origin = (text("Baselines: "), name(baselines), text("; configuration: "), name(policy))
    blocks.append(Paragraph(line=origin))
    return Document(data=_to_data(audit, tool=tool, policy=policy, baselines=baselines), blocks=tuple(blocks))


def _headline(audit: Audit) -> Line:
    counts = [(level, sum(f.level == level for f in audit.findings)) for level in LEVELS]
    numbers = ", ".join(count(n, level) for level, n in counts if n)
    return strong("Audit"), text(f" of {audit.today}: {numbers or 'clean'}.")


def _finding(finding: Diagnostic) -> Line:
    """Return a finding as a line; all of its words may come from data."""
    line: Line = (text(f"{finding.level}: "),)
    line += (name(finding.place), text(": ")) if finding.place else ()
    line += (name(finding.message), text(" ("), name(finding.slug), text(")"))
    return (*line, text(". Hint: "), name(finding.hint)) if finding.hint else line


def _class(one: AuditedClass, accepted: float) -> Iterator[Block]:
    """Yield the section about a machine class."""
    yield Heading(line=(name(one.machine_class or "any machine"),))
    yield Bullets(lines=(_measured(one), _alarms(one, accepted), *_detectable_changes(one.rows)))
    if one.rows:
        table = Table(columns=_COLUMNS, entries=tuple(_entry(r) for r in one.rows), remarks=False)
        yield Fold(summary=(text("Smallest detectable change of each gated value"),), blocks=(table,))


def _measured(one: AuditedClass) -> Line:
    sessions, runs = [r.now.sessions for r in one.rows], [r.now.runs for r in one.rows]
    facts = f"{count(len(one.profiles), 'benchmark')}, {count(len(one.rows), 'gated value')}"
    if one.rows:
        facts += f"; {_range(sessions, 'session')}, {_range(runs, 'run')} in each"
    if one.age is not None:
        facts += f"; newest run {one.newest[:10]}, {count(one.age, 'day')} ago"
    return (text(facts),)


def _range(counts: Sequence[int], noun: str) -> str:
    least, most = min(counts), max(counts)
    return count(least, noun) if least == most else f"{least:,} to {count(most, noun)}"


def _alarms(one: AuditedClass, accepted: float) -> Line:
    what = f"Unchanged pull requests that fail (accepted: {accepted * 100:g} of 100)"
    if one.alarms is None:
        return (text(f"{what}: too few sessions for an estimate"),)
    rate = one.alarms
    reach = f"at most {_hundredths(rate.high)}"
    if rate.failed:
        reach = f"{_hundredths(rate.low)} to {_hundredths(rate.high)}"
    estimate = f"about {_hundredths(rate.expected)}, {reach}, estimated from {count(rate.sessions, 'session')}"
    return (text(f"{what}: {estimate}"),)


def _hundredths(share: float) -> str:
    """Return a share of a hundred in two digits."""
    return f"{share * 100:.2g}" if share >= _SMALLEST_SHARE else "0"


def _detectable_changes(rows: Sequence[Sensitivity]) -> Iterator[Line]:
    """Yield the median and the largest of the smallest detectable changes."""
    for when, changes in (
        ("in one session", [r.now.once for r in rows if r.now.once is not None]),
        ("that a second session confirms", [r.now.confirmed for r in rows if r.now.confirmed is not None]),
    ):
        if changes:
            costs = [cost(change) for change in changes]
            ends = f"median {detectable(median(costs))}, largest {detectable(max(costs))}"
            yield (text(f"Smallest detectable change {when}: {ends}"),)


def _entry(row: Sensitivity) -> Entry:
    best = row.best
    cells = (
        name(title(row.benchmark, row.labels)),
        name(metric_name(row.metric, row.statistic)),
        text(f"{row.now.sessions:,}"),
        text(f"{row.now.runs:,}"),
        name(row.limit_text),
        text(_change(row.now.once)),
        text(_change(row.now.confirmed)),
        text(_NONE if best is None else f"{_change(best.once)} at {_option(best, row.now)}"),
    )
    return Entry(cells=cells)


def _option(best: DetectableChange, now: DetectableChange) -> str:
    return count(best.sessions, "session") if best.sessions > now.sessions else count(best.runs, "run")


def _change(change: float | None) -> str:
    return _NONE if change is None else detectable(change)


def _to_data(audit: Audit, *, tool: str, policy: str, baselines: str) -> dict[str, Any]:
    """Return an audit as JSON data (schema ``perfgate/audit/1``)."""
    return {
        "schema": SCHEMA,
        "tool": tool,
        "today": audit.today,
        "policy": policy,
        "baselines": baselines,
        "level": audit.findings[0].level if audit.findings else "clean",
        "findings": [
            {"slug": f.slug, "level": f.level, "message": f.message, "place": f.place, "hint": f.hint}
            for f in audit.findings
        ],
        "false_alarms_accepted": _number(audit.accepted * 100),
        "classes": [_class_data(one) for one in audit.classes],
    }


def _class_data(one: AuditedClass) -> dict[str, Any]:
    rate = one.alarms
    shares = {s.key: s.shares for s in one.shares}
    slack = {(f.benchmark, f.labels, f.metric, f.statistic): f.change for f in reversed(one.slack)}  # the first counts
    return {
        "machine_class": one.machine_class,
        "benchmarks": len(one.profiles),
        "gated": len(one.rows),
        "newest": one.newest,
        "age_days": one.age,
        "false_alarms": None
        if rate is None
        else {
            "expected": _number(rate.expected * 100),
            "low": _number(rate.low * 100),
            "high": _number(rate.high * 100),
            "sessions": rate.sessions,
            "failed": rate.failed,
        },
        "rows": [_row_data(row, shares.get(row.key, ()), slack.get(row.key)) for row in one.rows],
    }


def _row_data(row: Sensitivity, shares: Sequence[float], slack: float | None) -> dict[str, Any]:
    return {
        "benchmark": row.benchmark,
        "labels": dict(row.labels),
        "metric": row.metric,
        "unit": row.unit,
        "better": row.better,
        "statistic": row.statistic,
        "rule": row.rule,
        "method": row.method,
        "baseline": _number(row.baseline),
        "threshold": _number(row.threshold),
        "limit_text": row.limit_text,
        "floor": _number(row.floor),
        "slack": _number(slack),
        "left_out": [_number(share) for share in shares],
        "now": _view_data(row.now),
        "options": [_view_data(o) for o in row.options],
    }


def _view_data(view: DetectableChange) -> dict[str, Any]:
    return {
        "sessions": view.sessions,
        "runs": view.runs,
        "visible": _number(view.once),
        "visible_confirmed": _number(view.confirmed),
    }


def _number(value: float | None) -> float | None:
    """Return a number as JSON has it: 12 digits, so that no last bit of a machine shows; none without end."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.12g}")
