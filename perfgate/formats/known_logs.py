"""The formats of logs: one row each."""

from __future__ import annotations

from perfgate.formats.table import Format

LOGS: tuple[Format, ...] = (
    Format(
        name="prediction-log",
        tool="a prediction log",
        pattern=r'"event"\s*:\s*"prediction_metrics"',
        reader="mapped",
        function="parse_prediction_log",
        gives="raw samples (single predictions)",
        cure='one JSON object a line: {"event": "prediction_metrics", "series_id": ..., "latency_total_ms": ...}',
    ),
    Format(
        name="performance-log",
        tool="a performance log",
        pattern=r'"performance_metrics\\?"\s*:\s*\{',
        reader="mapped",
        function="parse_performance_log",
        gives="raw samples (single calls)",
        cure='one JSON object a line: {"performance_metrics": {"latency_ms": ..., "memory_mb": ...}}',
    ),
)
"""In the order in which they are tried."""
