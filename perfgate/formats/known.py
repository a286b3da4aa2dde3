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
        name="otlp-json",
        tool="OpenTelemetry (OTLP as JSON lines)",
        keys=("resourceSpans[]|resourceMetrics[]",),
        reader="otlp",
        gives="raw samples (spans), buckets (metrics)",
        cure="the OTLP JSON file exporter of the SDK, or the file exporter of the collector",
    ),
    Format(
        name="prometheus-text",
        tool="Prometheus (text exposition, OpenMetrics)",
        pattern=(
            r"^# TYPE \S+ (?:counter|gauge|gaugehistogram|histogram|info|stateset|summary|unknown|untyped)\s*$"
            r"|^[A-Za-z_:][\w:]*_bucket\{(?:[^\n]*,\s*)?le=\"[^\"\n]*\""
        ),
        reader="prometheus_text",
        gives="buckets or quantiles since the start; of two scrapes, what came between",
        cure="curl -s localhost:8000/metrics > after.prom",
    ),
    Format(
        name="prometheus-api",
        tool="Prometheus (HTTP API)",
        keys=("status", "data.resultType|errorType"),
        reader="prometheus_api",
        gives="values over time (query_range), one value or buckets (query)",
        cure="curl -s localhost:9090/api/v1/query_range ... > answer.json",
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
    Format(
        name="otlp-logs",
        tool="OpenTelemetry's log exporter",
        keys=("resourceLogs[]",),
        cure="logs hold no durations: export the spans or the metrics",
    ),
    Format(
        name="otel-console",
        tool="OpenTelemetry's console exporter",
        pattern=r'\A\{\s+"(?:name|resource_metrics|body)":(?s:.*?)"(?:trace_id": "0x|scope_metrics"|resource")',
        cure="it is made for people: use the OTLP JSON file exporter",
    ),
    Format(
        name="chrome-trace",
        tool="a tracer that writes Chrome traces",
        keys=("traceEvents[]|[].ph",),
        cure="export the durations of the spans as OTLP JSON lines, or as JSON lines with a field map",
    ),
    Format(
        name="jaeger",
        tool="Jaeger",
        keys=("data[].traceID|data[].spans[]",),
        cure="export the spans as OTLP JSON lines",
    ),
)
"""Files that people give by mistake, each with what to give in place of it."""
