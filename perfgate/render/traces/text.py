"""Traces for people: the tree of the slowest trace, and a table of the stages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import plain
from perfgate.core.text.canonical import dumps
from perfgate.core.traces.spans import is_overlapping, own_times
from perfgate.report.tracing.traces import list_stages, slowest, stage_to_data
from perfgate.report.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.traces.spans import Trace
    from perfgate.report.tracing.traces import Stage

_MOST_LINES = 60
_LONGEST_NAME = 32
_DEEPEST = 40
_NONE = "–"


def render(traces: Sequence[Trace]) -> str:
    """Return a tree and a table; at least one trace is given."""
    shown = slowest(traces)
    head = f"Slowest of {count(len(traces), 'trace')}: {plain(shown.trace_id)}, {_time(_seconds(shown.duration))}"
    lines = [head, "", *_tree(shown), ""]
    stages = list_stages(traces)
    lines += _table(("stage", "calls a trace", "p50", "p95", "own time", "share"), map(_cells, stages[:_MOST_LINES]))
    if len(stages) > _MOST_LINES:
        lines.append(f"... and {len(stages) - _MOST_LINES:,} more stages")
    work, took = sum(stage.own for stage in stages), sum(trace.duration or 0 for trace in traces) / 1e9
    if is_overlapping(work, took):
        lines.append(f"Spans ran at the same time: own times add up to {_time(work)}, the traces took {_time(took)}.")
    return "\n".join(lines) + "\n"


def render_json(traces: Sequence[Trace]) -> str:
    """Return the same as JSON; times in seconds."""
    shown = slowest(traces)
    data: dict[str, Any] = {
        "traces": len(traces),
        "slowest": {
            "trace_id": shown.trace_id,
            "service": shown.service,
            "duration": _seconds(shown.duration),
            "spans": [
                {
                    "name": span.name,
                    "parent": None if span.parent < 0 else span.parent,
                    "start": (span.start - shown.spans[0].start) / 1e9 if span.start else None,
                    "duration": _seconds(span.duration),
                    "own": _seconds(own),
                    "failed": span.is_failed,
                }
                for span, own in zip(shown.spans, own_times(shown), strict=True)
            ],
        },
        "stages": [stage_to_data(stage) for stage in list_stages(traces)],
    }
    return dumps(data)


def _tree(trace: Trace) -> list[str]:
    """Return a line a span; siblings of one name without parts are one line, which says how many."""
    depths: list[int] = []
    lines: list[tuple[str, ...]] = []
    folded: set[int] = set()
    for i, span in enumerate(trace.spans):
        depths.append(depths[span.parent] + 1 if span.parent >= 0 else 0)
        leaves = [c for c in span.children if not trace.spans[c].children]
        names = Counter(trace.spans[c].name for c in leaves)
        firsts: set[str] = set()
        for child in leaves:
            name = trace.spans[child].name
            if names[name] > 1 and name in firsts:
                folded.add(child)
            firsts.add(name)
        if i in folded:
            continue
        alike = [i]
        if span.parent >= 0 and not span.children:
            siblings = trace.spans[span.parent].children
            alike = [c for c in siblings if trace.spans[c].name == span.name and not trace.spans[c].children]
        if len(lines) < _MOST_LINES:
            lines.append(_line(trace, alike, depths[i]))
        else:
            return [*_table((), lines), "..."]
    return _table((), lines)


def _line(trace: Trace, alike: Sequence[int], depth: int) -> tuple[str, ...]:
    first = trace.spans[alike[0]]
    indent = "  " * min(depth, _DEEPEST)
    times = f" x{len(alike)}" if len(alike) > 1 else ""
    known = [d for i in alike if (d := trace.spans[i].duration) is not None]
    failed = "failed" if any(trace.spans[i].is_failed for i in alike) else ""
    return f"{indent}{_name(first.name)}{times}", _time(_seconds(sum(known))) if known else _NONE, failed


def _cells(stage: Stage) -> tuple[str, ...]:
    calls = stage.calls / stage.traces
    return (
        _name(stage.name),
        f"{calls:,.0f}" if calls == int(calls) else f"{calls:,.2f}",
        _time(stage.p50),
        _time(stage.p95),
        _time(stage.own),
        f"{stage.share * 100:.1f} %",
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return rows in columns: the first to the left, the others to the right."""
    cells = [*([head] if head else []), *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
    return [
        "  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in cells
    ]


def _name(name: str) -> str:
    short = plain(name) or "(no name)"
    return short if len(short) <= _LONGEST_NAME else short[: _LONGEST_NAME - 1] + "…"


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9


def _time(seconds: float | None) -> str:
    return _NONE if seconds is None else amount(seconds, "s")
