"""Traces by stage: how often each was called, how long a call took, and its own share of the time."""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.core.traces.spans import own_times
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.traces.spans import Trace

_NS = 1e-9


class Stage(Struct, frozen=True, kw_only=True):
    """The spans of one name."""

    name: str
    """Name of the spans."""
    calls: int
    """Spans in all traces."""
    traces: int
    """All traces, also those without it."""
    p50: float | None
    """Median time of a call in seconds; None: no call has one."""
    p95: float | None
    """95th percentile of the time of a call in seconds; None: no call has one."""
    own: float
    """Seconds in all traces in which none of the parts of its calls ran."""
    share: float
    """Of the own times of all stages, 0 to 1."""
    failed: int
    """Calls that ended in an error."""


class _Tally(Struct):
    durations: array[float] = field(default_factory=lambda: array("d"))
    calls: int = 0
    own: int = 0
    failed: int = 0


def list_stages(traces: Sequence[Trace]) -> tuple[Stage, ...]:
    """Return the stages of traces, the one with the most own time first."""
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    for trace in traces:
        for span, own in zip(trace.spans, own_times(trace), strict=True):
            tally = tallies[span.name]
            tally.calls += 1
            tally.failed += span.is_failed
            if span.duration is not None:
                tally.durations.append(span.duration * _NS)
                tally.own += own or 0
    total = sum(tally.own for tally in tallies.values())
    found = [_stage(name, tally, len(traces), total) for name, tally in tallies.items()]
    return tuple(sorted(found, key=lambda stage: (-stage.own, stage.name)))


def _stage(name: str, tally: _Tally, traces: int, total: int) -> Stage:
    ordered = sorted(tally.durations)
    return Stage(
        name=name,
        calls=tally.calls,
        traces=traces,
        p50=quantile(ordered, 0.50) if ordered else None,
        p95=quantile(ordered, 0.95) if ordered else None,
        own=tally.own * _NS,
        share=tally.own / total if total else 0.0,
        failed=tally.failed,
    )


def slowest(traces: Sequence[Trace]) -> Trace:
    """Return the trace that took longest; of equal ones the first."""
    return max(traces, key=lambda trace: -1 if trace.duration is None else trace.duration)


def stage_to_data(stage: Stage) -> dict[str, Any]:
    """Return a stage as JSON data; times in seconds."""
    return {
        "name": stage.name,
        "calls": stage.calls,
        "calls_per_trace": stage.calls / stage.traces,
        "p50": stage.p50,
        "p95": stage.p95,
        "own": stage.own,
        "share": stage.share,
        "failed": stage.failed,
    }
