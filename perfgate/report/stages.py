"""Where the time of what got worse went, stage by stage and function by function, in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from perfgate.core.measured import WHOLE
from perfgate.core.profile import title
from perfgate.gate.attribution import attribute
from perfgate.gate.function_changes import FunctionChange
from perfgate.report.document import Column, Entry, Fold, Paragraph, Table, name, text
from perfgate.report.words import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Verdict
    from perfgate.gate.attribution import Attribution, StageChange
    from perfgate.report.document import Block, Line, Span

_NONE = "–"
_COLUMNS = (
    Column(title="Stage", kind="name"),
    Column(title="Baseline", kind="value"),
    Column(title="Current", kind="value"),
    Column(title="Change", kind="value"),
    Column(title="Share", kind="count"),
    Column(title="Calls a trace", kind="text"),
)
_FUNCTION_COLUMNS = (Column(title="Function", kind="name"), *_COLUMNS[1:-1], Column(title="Calls", kind="text"))


def attributions_of(verdict: Verdict) -> tuple[Attribution, ...]:
    """Return where the time of each benchmark that got worse went."""
    found = attribute(verdict.findings, verdict.baseline, verdict.current)
    return tuple(a for a in found if a.stages or a.functions)


def fold_attributions(found: Sequence[Attribution]) -> list[Block]:
    """Return lines and tables of stages and functions for each benchmark, folded: the rows above say what failed."""
    blocks: list[Block] = []
    for a in found:
        named = name(title(a.benchmark, a.labels))
        if a.stages:
            blocks.append(Paragraph(line=(named, text(": "), *_describe(a))))
            blocks.append(Table(columns=_COLUMNS, entries=tuple(map(_entry, a.stages)), remarks=False))
        if a.functions:
            first = _describe_function(a.functions[0])
            blocks.append(Paragraph(line=(named, text(": functions that changed: "), *first)))
            blocks.append(Table(columns=_FUNCTION_COLUMNS, entries=tuple(map(_entry, a.functions)), remarks=False))
    return [Fold(summary=(text("Where the time went"),), blocks=tuple(blocks))] if blocks else []


def attributions_to_data(verdict: Verdict) -> list[dict[str, Any]]:
    """Return the same as JSON data, in seconds; a reader of the report computes it anew."""
    return [
        {
            "benchmark": a.benchmark,
            "labels": dict(a.labels),
            "machine_class": a.machine_class,
            "change": _rounded(a.change),
            "stages": list(map(_to_data, a.stages)),
            "functions": list(map(_to_data, a.functions)),
        }
        for a in attributions_of(verdict)
    ]


def _to_data(change: StageChange | FunctionChange) -> dict[str, Any]:
    return {key: _rounded(value) if isinstance(value, float) else value for key, value in asdict(change).items()}


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


def _describe(a: Attribution) -> Line:
    """Return the change of the whole in words, and the stage with the largest part of it."""
    if a.change <= 0:
        return (text("no stage took longer"),)
    first = a.stages[0]
    words = f"+{amount(a.change, 's')} a trace"
    if first.share is None or first.share <= 0:
        return (text(words),)
    added = amount((first.current or 0.0) - (first.baseline or 0.0), "s", beside=a.change)
    return text(f"{words}, of which "), _named(first), text(f" +{added}")


def _describe_function(f: FunctionChange) -> Line:
    """Return the function that got worse most, and what of it changed."""
    if f.calls_baseline != f.calls_current:
        return name(f.function), text(f", calls {_calls(f)}")
    added = amount((f.current or 0.0) - (f.baseline or 0.0), "s")
    return name(f.function), text(f", +{added} under the profiler")


def _named(s: StageChange | FunctionChange) -> Span:
    if isinstance(s, FunctionChange):
        return name(s.function)
    return text("in no stage") if s.stage == WHOLE else name(s.stage)


def _entry(s: StageChange | FunctionChange) -> Entry:
    change = (s.current or 0.0) - (s.baseline or 0.0)
    beside = max(s.current or 0.0, s.baseline or 0.0)
    return Entry(
        cells=(
            _named(s),
            _time(s.baseline, beside),
            _time(s.current, beside),
            text(f"{'+' if change > 0 else ''}{amount(change, 's', beside=beside, apart=False)}"),
            text(_NONE if s.share is None else f"{s.share * 100:.0f}%"),
            text(_calls(s)),
        )
    )


def _time(value: float | None, beside: float) -> Span:
    return text(_NONE if value is None else amount(value, "s", beside=beside, apart=False))


def _calls(s: StageChange | FunctionChange) -> str:
    was, now = s.calls_baseline, s.calls_current
    if was is None or now is None:
        return _NONE if was is None and now is None else f"new: {now:g}" if now is not None else f"gone: {was:g}"
    return f"{was:g}" if was == now else f"{was:g} → {now:g}"
