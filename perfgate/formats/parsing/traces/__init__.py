"""Reading traces: the spans of OTLP files, put together by trace."""

from __future__ import annotations

from perfgate.formats.parsing.traces.otlp import MOST_SPANS, TraceCollector, instant, read_traces

__all__ = ["MOST_SPANS", "TraceCollector", "instant", "read_traces"]
