"""Traces in Prometheus' text format: a histogram of each span's durations, and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.measure.tracing.durations import BUCKETS_MS, Durations
from perfgate.measure.tracing.exposition import Family, expose
from perfgate.measure.tracing.spans import MOST_NAMES, OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.traces.spans import Trace
    from perfgate.measure.tracing.exposition import Labels


def render(traces: Sequence[Trace]) -> str:
    """Return the exposition; durations in seconds."""
    durations: dict[Labels, Durations] = {}
    calls: dict[Labels, float] = {}
    failed: dict[Labels, float] = {}
    for trace in traces:
        for span in trace.spans:
            labels: Labels = (("span", span.name),)
            if labels not in calls and len(calls) >= MOST_NAMES:
                labels = (("span", OTHER),)
            calls[labels] = calls.get(labels, 0) + 1
            failed[labels] = failed.get(labels, 0) + span.is_failed
            if span.duration is not None:
                durations.setdefault(labels, Durations(BUCKETS_MS)).add(span.duration / 1e6)
    families = (
        Family("span_duration", "histogram", "Time of a span.", durations=durations),
        Family("spans_total", "counter", "Spans in all traces.", values=calls),
        Family("spans_failed_total", "counter", "Spans that ended in an error.", values=failed),
        Family("traces_total", "counter", "Traces read.", values={(): float(len(traces))}),
    )
    return expose(families, prefix="perfgate", unit="seconds")
