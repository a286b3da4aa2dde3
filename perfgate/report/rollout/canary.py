"""The decision on a canary -> document: what to do, then what each trigger says, then what is missing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from perfgate.core.rollout.canary import Outcome, State
from perfgate.core.text.units import describe_time
from perfgate.report.document import (
    BENCHMARK,
    Block,
    Bullets,
    Column,
    Document,
    Entry,
    Gauge,
    Line,
    Paragraph,
    Span,
    Table,
    name,
    strong,
    text,
)
from perfgate.report.rows import diagnostic_line
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.errors import Diagnostic
    from perfgate.core.rollout.canary import Decision, Phase, TriggerFinding

SCHEMA = "perfgate/canary/1"
_HEADS = {Outcome.PROMOTE: "promote", Outcome.ROLLBACK: "roll back", Outcome.HOLD: "hold"}
_COLUMNS = (
    Column(title="State", kind="text", leads=True),
    Column(title="Trigger", kind="name", leads=True),
    BENCHMARK,
    Column(title="Baseline", kind="value", priority=2, label="baseline"),
    Column(title="Canary", kind="value", label="canary"),
    Column(title="Bounds", kind="text", label="bounds"),
    Column(title="Limit", kind="text", label="limit"),
)
_PERCENT = 100
_MOST_ROWS = 40
"""The worst come first."""
_PLAIN = re.compile(r"[A-Za-z0-9 ,.:;%()+_-]*").fullmatch


def compose_canary(decision: Decision, *, tool: str) -> Document:
    """Return the report on a canary.

    Args:
        decision: what is to be done, and why.
        tool: version of perfgate.
    """
    blocks: list[Block] = [Paragraph(line=_headline(decision)), Paragraph(line=(text(_describe_progress(decision)),))]
    judged = [f for f in decision.findings if f.canary is not None]
    if judged:
        blocks.append(Table(columns=_COLUMNS, entries=tuple(map(_entry, judged[:_MOST_ROWS])), remarks=True))
        if len(judged) > _MOST_ROWS:
            more = f"And {len(judged) - _MOST_ROWS:,} more triggers, none of them worse off: --format json has all."
            blocks.append(Paragraph(line=(text(more),)))
    unjudged = [f for f in decision.findings if f.canary is None]
    blocks.append(Bullets(lines=(*_what_to_do(decision), *map(_describe_unjudged, unjudged[:_MOST_ROWS]))))
    if decision.notes:
        blocks.append(Bullets(lines=tuple((name(diagnostic_line(d)),) for d in decision.notes)))
    return Document(data=_to_data(decision, tool), blocks=tuple(blocks), gauges=tuple(_gauges(decision)))


def _headline(decision: Decision) -> Line:
    head = (strong(f"Canary: {_HEADS[decision.outcome]}"),)
    if decision.outcome is Outcome.PROMOTE:
        return (*head, text(". Every trigger is proven within its limit."))
    if decision.outcome is Outcome.ROLLBACK:
        worst = next((f for f in decision.findings if f.state is State.WORSE), None)
        if worst is None:
            return (*head, text("."))
        return (*head, text(": "), name(worst.trigger), text(f" is beyond its limit {worst.limit}: {_proven(worst)}."))
    if decision.problems:
        return (*head, text(": nothing can be decided."))
    return (*head, text(f": {', '.join(decision.waits_for)}."))


def _describe_progress(decision: Decision) -> str:
    phase, analysis = decision.phase, decision.analysis
    parts = [f"Phase {phase.weight} %" if phase else "No phase"]
    parts.append(
        f"analysis {analysis.number} of {analysis.of}"
        if analysis.number <= analysis.of
        else f"analysis {analysis.number}, beyond the plan"
    )
    parts.append(count(decision.samples, "request"))
    if decision.age is not None:
        parts.append(f"served {describe_time(decision.age)}")
    return " · ".join(parts) + "."


def _entry(f: TriggerFinding) -> Entry:
    unit = "1" if f.statistic == "share" else f.unit
    cells = (
        text(f.state.value),
        name(f.trigger),
        name(f.benchmark or "-"),
        text(_value(f.baseline, unit, f.canary)),
        text(_value(f.canary, unit, f.baseline)),
        text(_proven(f)),
        name(f.limit),
    )
    remark = f.message
    if f.needs is not None:
        more = f"needs about {f.needs:,} more requests"
        remark = f"{remark}; {more}" if remark else more
    return Entry(cells=cells, remark=(_words(remark),) if remark else ())


def _describe_unjudged(f: TriggerFinding) -> Line:
    head = "Not measured" if f.state is State.MISSING else "Not judged"
    about = f" ({f.benchmark})" if f.benchmark else ""
    return text(f"{head}: "), name(f"{f.trigger}{about}"), text(": "), _words(f"{f.message}.")


def _words(message: str) -> Span:
    """Return a message as words of our own, unless it holds what may come from data or mean something in Markdown."""
    return text(message) if _PLAIN(message) else name(message)


def _value(value: float | None, unit: str, beside: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if unit == "1" else amount(value, unit, beside=beside)


def _proven(f: TriggerFinding) -> str:
    """Return what is proven, as words: the bound that decided, or both."""
    if f.low is None and f.high is None:
        return "-"
    if f.state not in {State.WORSE, State.HOLDS}:
        return f"{_bound(f, f.low)} to {_bound(f, f.high)}"
    is_below = (f.state is State.HOLDS) is (f.better == "lower")
    return f"at most {_bound(f, f.high)}" if is_below else f"at least {_bound(f, f.low)}"


def _bound(f: TriggerFinding, bound: float | None) -> str:
    if bound is None or math.isinf(bound):
        return "unknown"
    if f.change is not None:
        return percent(bound)
    return f"{bound:.2%}" if f.statistic == "share" else f"{bound:.2%} beyond it"


def _what_to_do(decision: Decision) -> Iterator[Line]:
    """Yield what to do, one line each."""
    if decision.outcome is Outcome.ROLLBACK:
        yield (text("Send all traffic back to the baseline, then look for the cause."),)
        return
    if decision.outcome is Outcome.PROMOTE:
        following = decision.next_phase
        yield (text(f"Go on with {following.weight} % of the traffic." if following else "Finish the rollout."),)
        return
    for problem in decision.problems:
        yield (text(f"{problem.message[:1].upper()}{problem.message[1:]}: {problem.hint}."),)
    if decision.needs is not None:
        yield (text(f"Keep the traffic as it is, and look again after about {count(decision.needs, 'more request')}."),)
    elif not decision.problems:
        yield (text("Keep the traffic as it is, and look again."),)


def _gauges(decision: Decision) -> Iterator[Gauge]:
    for outcome in Outcome:
        yield Gauge(
            name="perfgate_canary_verdict",
            help="The verdict on the canary: 1 for the one that was reached, else 0.",
            labels=(("verdict", outcome.word),),
            value=float(decision.outcome is outcome),
        )
    yield Gauge(
        name="perfgate_canary_requests", help="Requests that the canary answered.", value=float(decision.samples)
    )
    yield Gauge(name="perfgate_canary_analyses", help="Analyses at this phase.", value=float(decision.analysis.number))
    if decision.phase is not None:
        weight = float(decision.phase.weight) / _PERCENT
        yield Gauge(name="perfgate_canary_weight_ratio", help="Share of the traffic in this phase.", value=weight)


def _to_data(decision: Decision, tool: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": tool,
        "verdict": decision.outcome.word,
        "exit_code": int(decision.outcome),
        "phase": _phase(decision.phase),
        "next_phase": _phase(decision.next_phase),
        "analysis": {
            "number": decision.analysis.number,
            "of": decision.analysis.of,
            "rollback_level": decision.analysis.rollback_level,
            "promote_level": decision.analysis.promote_level,
        },
        "age_sec": decision.age,
        "requests": decision.samples,
        "waits_for": list(decision.waits_for),
        "needs_requests": decision.needs,
        "triggers": [_finding(f) for f in decision.findings],
        "problems": [_diagnostic(d) for d in decision.problems],
        "notes": [_diagnostic(d) for d in decision.notes],
    }


def _phase(phase: Phase | None) -> dict[str, Any] | None:
    if phase is None:
        return None
    return {"weight": phase.weight, "min_age_sec": phase.min_age, "min_samples": phase.min_samples}


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {"slug": diagnostic.slug, "message": diagnostic.message, "hint": diagnostic.hint}


def _finding(f: TriggerFinding) -> dict[str, Any]:
    return {
        "trigger": f.trigger,
        "benchmark": f.benchmark,
        "metric": f.metric,
        "unit": f.unit,
        "statistic": f.statistic,
        "state": f.state.value,
        "limit": f.limit,
        "baseline": f.baseline,
        "canary": f.canary,
        "change": _finite(f.change),
        "at_least": _finite(f.low),
        "at_most": _finite(f.high),
        "n_baseline": f.n_baseline,
        "n_canary": f.n_canary,
        "proof": f.proof,
        "needs_requests": f.needs,
        "message": f.message,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
