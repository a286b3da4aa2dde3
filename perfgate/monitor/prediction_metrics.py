"""`PredictionMetrics`: the latencies, the cache and the answers of a model service, for Prometheus."""

from __future__ import annotations

from functools import cache as cache_of
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from perfgate.core.sources.exposed import (
    ACTIVE_MODELS,
    CACHE_OPERATIONS,
    INFERENCE_LATENCY,
    LOGGING_LATENCY,
    PREDICTION_LATENCY,
    PREDICTIONS,
)
from perfgate.monitor.records import flag_of
from perfgate.monitor.series import Series, bucket_edges, metric_of
from perfgate.monitor.timing import ALL_SERIES, UNVERSIONED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import CollectorRegistry

    from perfgate.monitor.timing import Prediction

LIMITS = (0.09, 0.1)
"""Seconds: a p95 of 100 ms, and the warning at 90 ms."""
_FLAGS = ("false", "true")
_OPERATIONS = ("miss", "hit")


class _Kept:
    """The methods that count for one model version and, if asked for, one series.

    Those of the parts are made when a part is first timed: a part that never was has no time series, so that its
    share of the whole is unknown, to alerts as well, and not 0.
    """

    __slots__ = ("cache", "inference", "logging", "predictions", "total")

    def __init__(
        self,
        *,
        inference: Callable[[], Callable[[float], None]],
        logging: Callable[[], Callable[[float], None]],
        total: Callable[[float], None],
        cache: tuple[Callable[[], None], ...],
        predictions: tuple[Callable[[], None], ...],
    ) -> None:
        """Keep them."""
        self.inference, self.logging, self.total = cache_of(inference), cache_of(logging), total
        self.cache, self.predictions = cache, predictions


class PredictionMetrics:
    """Counts and times predictions: give it to `prediction`, or call `observe`.

    Its metrics are ``inference_latency_seconds``, ``logging_latency_seconds``, ``prediction_latency_seconds``,
    ``model_predictions_total{is_anomaly}``, ``cache_operations_total{operation}``, all by ``model_version``, and
    ``active_models``. A part that was never timed has no series.
    """

    __slots__ = ("_active", "_actives", "_by_series", "_series")

    def __init__(
        self,
        *,
        limits: Iterable[float] = LIMITS,
        by_series: bool = False,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Register the metrics; those that are registered already are shared.

        Args:
            limits: of the budgets on latency and of their warnings, in seconds: each is the edge of a bucket.
            by_series: label all of them with ``series_id`` as well. Each series of each model version costs some
                60 time series; beyond 1,000 the rest is counted as series ``other`` of its version.
            registry: where they are registered.

        Raises:
            ValueError: a limit is not above 0, or a metric of one of these names is registered by something else.
        """
        labels = ("model_version", "series_id") if by_series else ("model_version",)  # the last has the most values
        series = ("series_id",) if by_series else ()
        edges = bucket_edges(limits)

        def time_of(name: str, about: str) -> Histogram:
            return metric_of(Histogram, name, about, labels, registry, buckets=edges)

        inference = time_of(INFERENCE_LATENCY, "Time of the model alone.")
        logging = time_of(LOGGING_LATENCY, "Time of keeping what was predicted.")
        total = time_of(PREDICTION_LATENCY, "Time of whole predictions.")
        cache = metric_of(
            Counter, CACHE_OPERATIONS, "Answers from the cache, and others.", (*labels, "operation"), registry
        )
        predictions = metric_of(Counter, PREDICTIONS, "Predictions, by anomaly.", (*labels, "is_anomaly"), registry)
        # Of several workers each sets how many it has; the last one to say so is right.
        self._active = metric_of(
            Gauge, ACTIVE_MODELS, "Models that are loaded.", series, registry, multiprocess_mode="livemostrecent"
        )
        self._actives = Series(lambda *values: self._active.labels(*values).set, many=0)
        self._by_series = by_series

        def keep(*values: str) -> _Kept:
            return _Kept(
                inference=lambda: inference.labels(*values).observe,
                logging=lambda: logging.labels(*values).observe,
                total=total.labels(*values).observe,
                cache=tuple(cache.labels(*values, operation).inc for operation in _OPERATIONS),
                predictions=tuple(predictions.labels(*values, flag).inc for flag in _FLAGS),
            )

        self._series = Series(keep, many=len(labels) - 1)

    def observe(
        self,
        *,
        total: float,
        inference: float | None = None,
        logging: float | None = None,
        series_id: str = ALL_SERIES,
        model_version: str = UNVERSIONED,
        cache_hit: bool | None = None,
        anomaly: bool | None = None,
    ) -> None:
        """Count one prediction.

        Args:
            total: time of all of it, in seconds.
            inference: time of the model, in seconds; None: it was not run.
            logging: time of keeping it, in seconds; None: nothing was kept.
            series_id: what was predicted for; counts where `by_series` was asked for.
            model_version: of the model.
            cache_hit: did the answer come from the cache? None: there is none.
            anomaly: was it one? None counts as none.
        """
        kept = self._series.of(model_version, series_id) if self._by_series else self._series.of(model_version)
        if total >= 0:  # not so NaN, which would spoil the sum until the process ends
            kept.total(total)
        if inference is not None and inference >= 0:
            kept.inference()(inference)
        if logging is not None and logging >= 0:
            kept.logging()(logging)
        hit = flag_of(cache_hit)
        if hit is not None:
            kept.cache[hit]()
        kept.predictions[bool(flag_of(anomaly))]()

    def keep(self, prediction: Prediction) -> None:
        """Count a prediction that has ended; one that failed is no prediction, and counts nowhere here."""
        if not prediction.is_ok:
            return
        inference, logging = prediction.inference_ms, prediction.logging_ms
        self.observe(
            total=prediction.total_ms / 1e3,
            inference=None if inference is None else inference / 1e3,
            logging=None if logging is None else logging / 1e3,
            series_id=prediction.series_id,
            model_version=prediction.model_version,
            cache_hit=prediction.cache_hit,
            anomaly=prediction.anomaly,
        )

    def set_active(self, count: int, *, series_id: str = ALL_SERIES) -> None:
        """State how many models are loaded.

        Args:
            count: >= 0.
            series_id: of which series, where `by_series` was asked for.
        """
        (self._actives.of(series_id) if self._by_series else self._active.set)(count)
