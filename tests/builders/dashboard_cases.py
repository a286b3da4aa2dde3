"""A configuration with a budget of every kind that a dashboard draws."""

from __future__ import annotations

import re

SERVICE = """
baselines = "none"

[[budget]]
name = "latency"
benchmark = "sensor/*"
series = "prediction_latency_seconds"
metric = "latency_total"
statistic = "p95"
limit = "< 100ms"
warn = "< 90ms"

[[budget]]
name = "errors"
series = "error_rate"
metric = "error_rate"
statistic = "p50"
limit = "< 1%"

[[budget]]
name = "hits"
series = "cache_hit_rate"
metric = "cache_hit_rate"
statistic = "p50"
limit = "> 80%"

[[budget]]
name = "traffic"
series = "model_predictions_total"
metric = "throughput"
statistic = "p50"
limit = ">= 160/s"
warn = ">= 180/s"

[[budget]]
name = "logging"
series = "logging_share"
metric = "logging_share"
statistic = "p50"
limit = "< 30%"
level = "warn"

[[budget]]
name = "anomalies"
series = "anomaly_rate"
metric = "anomaly_rate"
statistic = "p50"
limit = "< 5%"

[[budget]]
name = "models"
series = "active_models"
metric = "active_models"
statistic = "p50"
limit = ">= 1"

[[budget]]
name = "tick"
series = "mm_stage_duration_ms"
metric = "duration"
statistic = "p95"
limit = "< 200ms"

[[budget]]
name = "misses"
series = "deadline_misses"
metric = "deadline_misses"
statistic = "p50"
limit = "< 2%"

[[ratio]]
name = "error_rate"
part = 'http_requests_total{status=~"5.."}'
whole = "http_requests_total"
better = "lower"

[[ratio]]
name = "cache_hit_rate"
part = 'cache_operations_total{operation="hit"}'
whole = "cache_operations_total"
better = "higher"

[[ratio]]
name = "logging_share"
part = "logging_latency_seconds_sum"
whole = "prediction_latency_seconds_sum"
better = "lower"

[[ratio]]
name = "anomaly_rate"
part = 'model_predictions_total{is_anomaly="true"}'
whole = "model_predictions_total"
better = "lower"

[[ratio]]
name = "deadline_misses"
part = "mm_tick_deadline_miss_total"
whole = "mm_ticks_total"
better = "lower"
"""
"""Budgets that panels of the metrics of `perfgate.monitor` and of stages draw."""

OWN = """
[[budget]]
name = "tail"
series = "prediction_latency_seconds"
metric = "latency_total"
statistic = "p99"
limit = "< 250ms"

[[budget]]
name = "queue"
series = "queue_depth"
metric = "queue_depth"
statistic = "p50"
limit = "<= 20"

[[budget]]
series = "jobs_duration_ms"
metric = "duration"
statistic = "p90"
limit = "< 2s"
warn = "< 1500ms"

[[budget]]
name = "restarts"
series = "worker_restarts_total"
metric = "total"
statistic = "p50"
limit = "< 3"

[[budget]]
name = "paths"
series = "odd"
metric = "odd"
statistic = "p50"
limit = "< 10%"

[[ratio]]
name = "odd"
part = 'jobs_total{path=~"/a\\\\.b|c",kind!="x\\"y"}'
whole = "jobs_total"
better = "lower"
by = ["kind", "queue"]
"""
"""Budgets that have panels of their own."""

ALL = SERVICE + OWN
_VARIABLES = {"$__rate_interval": "5m", "$__range": "1h"}


def without_variables(expr: str) -> str:
    """Return an expression of a panel as Grafana sends it where all of each choice is chosen."""
    for name, value in _VARIABLES.items():
        expr = expr.replace(name, value)
    return re.sub(r"\$\w+", ".*", expr)
