"""Files that OpenTelemetry and Prometheus wrote yield exactly what they say."""

from __future__ import annotations

import pytest
from cases import DATA, assert_case

FILES = (
    "otlp/spans.jsonl",
    "otlp/metrics.jsonl",
    "otlp/delta_metrics.jsonl",
    "prometheus/metrics.prom",
    "prometheus/metrics.openmetrics.txt",
    "prometheus-api/query_buckets.json",
    "prometheus-api/query_p95.json",
    "prometheus-api/query_rates.json",
    "prometheus-api/range_buckets.json",
    "prometheus-api/range_gauge.json",
    "prometheus-api/range_p95.json",
)


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_yields_exactly_what_it_says(file: str) -> None:
    assert_case(DATA / file)
