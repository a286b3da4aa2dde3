"""Measuring a service: metrics and logs that `perfgate check` judges by the budgets that gate a pull request.

Logs need the standard library alone; metrics need the extra ``serve`` of perfgate.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.monitor.endpoints import health_app, metrics_app
    from perfgate.monitor.input_samples import InputSampleLog, log_input_sample
    from perfgate.monitor.middleware import MetricsMiddleware
    from perfgate.monitor.prediction_log import PredictionLog
    from perfgate.monitor.prediction_metrics import PredictionMetrics
    from perfgate.monitor.request_log import RequestLog
    from perfgate.monitor.timing import Prediction, prediction

__all__ = [
    "InputSampleLog",
    "MetricsMiddleware",
    "Prediction",
    "PredictionLog",
    "PredictionMetrics",
    "RequestLog",
    "health_app",
    "log_input_sample",
    "metrics_app",
    "prediction",
]

_HOME = {
    "InputSampleLog": "input_samples",
    "MetricsMiddleware": "middleware",
    "Prediction": "timing",
    "PredictionLog": "prediction_log",
    "PredictionMetrics": "prediction_metrics",
    "RequestLog": "request_log",
    "health_app": "endpoints",
    "log_input_sample": "input_samples",
    "metrics_app": "endpoints",
    "prediction": "timing",
}


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for: what needs prometheus-client must not be loaded by who writes logs."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"perfgate.monitor.{_HOME[name]}"), name)
    globals()[name] = found  # a name is looked up here once
    return found
