"""Names of the metrics that measured programs expose to Prometheus: who writes them and who asks for them agree."""

from __future__ import annotations

INFERENCE_LATENCY = "inference_latency_seconds"
LOGGING_LATENCY = "logging_latency_seconds"
PREDICTION_LATENCY = "prediction_latency_seconds"
PREDICTIONS = "model_predictions_total"
CACHE_OPERATIONS = "cache_operations_total"
ACTIVE_MODELS = "active_models"
OF_PREDICTIONS = frozenset(
    {INFERENCE_LATENCY, LOGGING_LATENCY, PREDICTION_LATENCY, PREDICTIONS, CACHE_OPERATIONS, ACTIVE_MODELS}
)
"""Of `perfgate.monitor.PredictionMetrics`: by model version, and by series where it was asked for."""

HTTP_REQUESTS = "http_requests_total"
HTTP_DURATION = "http_request_duration_seconds"
"""Of `perfgate.monitor.MetricsMiddleware`."""

SCRAPED_AT = "perfgate_scrape_timestamp_seconds"
"""Gauge of `perfgate.monitor`: when a scrape was taken, in seconds since 1970."""
PROCESS = "perfgate_process_number"
"""Gauge of `perfgate.monitor`: which process was scraped. Two workers never have it alike, and
``process_start_time_seconds`` has steps of 10 ms."""

STAGE_DURATION, EXCHANGE = "stage_duration", "exchange_req"
TICKS, DEADLINE_MISSES, GUARD_TRIPS = "ticks_total", "tick_deadline_miss_total", "guard_trips_total"
PARALLEL = "parallel_symbols"
"""Of `perfgate.measure.get_metrics`, behind a prefix; the first two are histograms, and end in the unit."""
