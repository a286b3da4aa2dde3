"""Where the time of what got worse went, stage by stage and function by function, in words."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from perfgate.core.finding import WORSE
from perfgate.core.measured import WHOLE
from perfgate.core.profile import title
from perfgate.report.document import Column, Entry, Fold, Paragraph, Table, name, text
from perfgate.report.words import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.gate.attribution.attribute import Attribution
    from perfgate.gate.attribution.changes import Change
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


def attributions_of(verdict: Verdict, most: int | None = None) -> tuple[Attribution, ...]:
    """Return where the time of each benchmark that got worse went, of the first `most` of them; None: of all."""
    if not any(f.status in WORSE for f in verdict.findings):
        return ()
    from perfgate.gate.attribution.attribute import attribute

    found = attribute(verdict.findings, verdict.baseline, verdict.current)
    return tuple(islice((a for a in found if a.stages or a.functions), most))


def fold_attributions(found: Sequence[Attribution]) -> list[Block]:
    """Return lines and tables of stages and functions for each benchmark, folded: the rows above say what failed."""
    blocks: list[Block] = []
    for a in found:
        named = name(title(a.benchmark, a.labels))
        if a.stages:
            blocks.append(Paragraph(line=(named, text(": "), *_describe(a))))
            blocks.append(_table(_COLUMNS, a.stages, _stage))
        if a.functions:
            first = _describe_function(a.functions[0])
            blocks.append(Paragraph(line=(named, text(": functions that changed: "), *first)))
            blocks.append(_table(_FUNCTION_COLUMNS, a.functions, name))
    return [Fold(summary=(text("Where the time went"),), blocks=tuple(blocks))] if blocks else []


def attributions_to_data(verdict: Verdict) -> list[dict[str, Any]]:
    """Return the same as JSON data, in seconds; a reader of the report computes it anew."""
    return [
        {
            "benchmark": a.benchmark,
            "labels": dict(a.labels),
            "machine_class": a.machine_class,
            "change": _rounded(a.change),
            "work": _rounded(a.work),
            "stages": [_to_data("stage", c) for c in a.stages],
            "functions": [_to_data("function", c) for c in a.functions],
        }
        for a in attributions_of(verdict)
    ]


def _to_data(kind: str, change: Change) -> dict[str, Any]:
    known = asdict(change)
    named = {kind: known.pop("name")}
    return {**named, **{key: _rounded(value) if isinstance(value, float) else value for key, value in known.items()}}


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


def _describe(a: Attribution) -> Line:
    """Return the change of a trace in words, and the stage with the largest part of it.

    Where stages ran at the same time, that is a part of their work, which is more than the time of the trace.
    """
    took = f"+{amount(a.change, 's')} a trace" if a.change > 0 else "a trace took no longer"
    is_overlapping = a.work != a.change
    if is_overlapping and a.work > 0:
        took += f"; work of stages that ran at the same time +{amount(a.work, 's')}"
    elif a.change <= 0:
        return (text(f"{took}; stages that changed:"),) if a.stages else (text(took),)
    first = a.stages[0]
    if first.share is None or first.share <= 0:
        return (text(took),)
    added = amount(first.worsening, "s", beside=a.work)
    return text(f"{took}, of which "), _stage(first.name), text(f" +{added}")


def _describe_function(f: Change) -> Line:
    """Return the function that got worse most, and what of it changed."""
    if f.calls_baseline != f.calls_current:
        return name(f.name), text(f", calls {_calls(f)}")
    return name(f.name), text(f", +{amount(f.worsening, 's')} under the profiler")


def _stage(stage: str) -> Span:
    return text("in no stage") if stage == WHOLE else name(stage)


def _table(columns: tuple[Column, ...], changes: Sequence[Change], named: Callable[[str], Span]) -> Table:
    return Table(columns=columns, entries=tuple(_entry(c, named) for c in changes), remarks=False)


def _entry(c: Change, named: Callable[[str], Span]) -> Entry:
    beside = max(c.current or 0.0, c.baseline or 0.0)
    return Entry(
        cells=(
            named(c.name),
            _time(c.baseline, beside),
            _time(c.current, beside),
            text(f"{'+' if c.worsening > 0 else ''}{amount(c.worsening, 's', beside=beside, apart=False)}"),
            text(_NONE if c.share is None else f"{c.share * 100:.0f}%"),
            text(_calls(c)),
        )
    )


def _time(value: float | None, beside: float) -> Span:
    return text(_NONE if value is None else amount(value, "s", beside=beside, apart=False))


def _calls(c: Change) -> str:
    was, now = c.calls_baseline, c.calls_current
    if was is None or now is None:
        return _NONE if was is None and now is None else f"new: {now:g}" if now is not None else f"gone: {was:g}"
    return f"{was:g}" if was == now else f"{was:g} → {now:g}"
