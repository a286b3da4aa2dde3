"""Traces in the Trace Event Format, which chrome://tracing, Perfetto and Speedscope open.

Source:
    "Trace Event Format", JSON Object Format, complete events ("ph": "X").
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.traces.spans import Trace

_PER_MICROSECOND = 1000
_MOST_TRIED = 64
"""Threads that are tried for a span before it gets one of its own."""


def render(traces: Sequence[Trace]) -> str:
    """Return a JSON object with complete events; times in microseconds since the first span.

    Each service is a process. Spans of one trace that overlap without one being inside the
    other are on several threads, since a viewer nests what is on one thread by its times.
    """
    starts = [span.start for trace in traces for span in trace.spans if span.duration is not None]
    first = min(starts, default=0)
    services = {name: pid for pid, name in enumerate(sorted({trace.service for trace in traces}), 1)}
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": name or "(no service)"}}
        for name, pid in services.items()
    ]
    threads = dict.fromkeys(services, 0)
    for trace in traces:
        lanes = _lanes(trace)
        for span, lane in zip(trace.spans, lanes, strict=True):
            if span.duration is None:
                continue
            args: dict[str, Any] = {"trace_id": trace.trace_id, **dict(span.attributes)}
            events.append(
                {
                    "ph": "X",
                    "name": span.name,
                    "cat": "error" if span.is_failed else "span",
                    "ts": (span.start - first) / _PER_MICROSECOND,
                    "dur": span.duration / _PER_MICROSECOND,
                    "pid": services[trace.service],
                    "tid": threads[trace.service] + lane + 1,
                    "args": args,
                }
            )
        threads[trace.service] += max(lanes, default=0) + 1
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}, ensure_ascii=True, allow_nan=False) + "\n"


def _lanes(trace: Trace) -> list[int]:
    """Return a thread for each span: that of its parent if it can be, else the first on which it nests."""
    spans = trace.spans
    lanes = [0] * len(spans)
    open_ends: list[list[int]] = [[]]  # of each thread: the ends of the spans that are open, the innermost last
    timed = [(span.start, -span.duration, i) for i, span in enumerate(spans) if span.duration is not None]
    for start, duration, i in sorted(timed):
        end = start - duration
        tried = [lanes[spans[i].parent] if spans[i].parent >= 0 else 0, *range(min(len(open_ends), _MOST_TRIED))]
        lane = next((lane for lane in tried if _fits(open_ends[lane], start, end)), len(open_ends))
        if lane == len(open_ends):
            open_ends.append([])
        open_ends[lane].append(end)
        lanes[i] = lane
    return lanes


def _fits(ends: list[int], start: int, end: int) -> bool:
    """Does a span nest on a thread? Spans that ended before it are forgotten there."""
    while ends and ends[-1] <= start:
        ends.pop()
    return not ends or end <= ends[-1]
