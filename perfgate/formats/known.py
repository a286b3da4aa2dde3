"""The formats that perfgate knows: one row each, the surest first."""

from __future__ import annotations

from perfgate.formats.table import Format

FORMATS: tuple[Format, ...] = (
    Format(
        name="pytest-benchmark",
        tool="pytest-benchmark",
        keys=("machine_info", "benchmarks[]"),
        reader="pytest_benchmark",
        gives="raw samples (means over the calls of a round)",
        cure="pytest --benchmark-json=bench.json",
    ),
    Format(
        name="hyperfine",
        tool="hyperfine",
        keys=("results[].command", "results[].times|results[].mean"),
        reader="hyperfine",
        gives="raw samples (single runs of the command)",
        cure="hyperfine --export-json bench.json CMD",
    ),
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

UNREAD: tuple[Format, ...] = (
    Format(
        name="hyperfine-csv",
        tool="hyperfine --export-csv",
        pattern=r"\Acommand,mean,stddev,median,user,system,min,max",
        cure="it holds no samples: hyperfine --export-json bench.json CMD",
    ),
)
"""Files that people give by mistake, each with what to give in place of it."""
