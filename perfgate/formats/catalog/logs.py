"""The formats of logs: one row each."""

from __future__ import annotations

from perfgate.formats.catalog.format import Format

LOGS: tuple[Format, ...] = (
    Format(
        name="model-runs",
        tool="perfgate (many run summaries in one file)",
        keys=("run_id|[].run_id", "elapsed_sec|[].elapsed_sec", "rows_used|[].rows_used"),
        pattern=r"\A(?:\[|\{[^\n]*\}[^\S\n]*\n\s*\{)",
        reader="run_lines",
        runs="runs_of",
        provides="raw samples (single runs), with session and environment",
        hint="one run summary a line: cat outputs/model_runs/*.json where each is one line",
    ),
    Format(
        name="model-runs-parquet",
        tool="perfgate (run summaries as Parquet)",
        pattern=r"\APAR1",
        reader="run_lines",
        function="parse_parquet",
        runs="runs_of_parquet",
        provides="raw samples (single runs), with session and environment",
        hint="columns called like the keys of a run summary; it needs pyarrow",
    ),
    Format(
        name="prediction-log",
        tool="a prediction log",
        pattern=r'"event"\s*:\s*"prediction_metrics"',
        reader="mapped",
        function="parse_prediction_log",
        provides="raw samples (single predictions)",
        hint='one JSON object a line: {"event": "prediction_metrics", "series_id": ..., "latency_total_ms": ...}',
    ),
    Format(
        name="request-log",
        tool="a request log",
        pattern=r'"event"\s*:\s*"request"',
        reader="mapped",
        function="parse_request_log",
        provides="raw samples (single requests), error rate, throughput",
        hint='one JSON object a line: {"event": "request", "method": ..., "route": ..., "status": ..., ...}',
    ),
    Format(
        name="performance-log",
        tool="a performance log",
        pattern=r'"performance_metrics\\?"\s*:\s*\{',
        reader="mapped",
        function="parse_performance_log",
        provides="raw samples (single calls)",
        hint='one JSON object a line: {"performance_metrics": {"latency_ms": ..., "memory_mb": ...}}',
    ),
    Format(
        name="json-counters",
        tool="flat JSON counters",
        reader="counters",
        between="between",
        only_on_request=True,
        provides="what was counted between two snapshots; --direction says which way is better",
        hint="curl -s localhost:8000/metrics > before.json, and after.json after the load",
    ),
)
"""In the order in which they are tried."""
