"""The section of what the service does: latency, throughput, cache, anomalies and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.sources.exposed import (
    ACTIVE_MODELS,
    CACHE_OPERATIONS,
    HTTP_DURATION,
    HTTP_REQUESTS,
    INFERENCE_LATENCY,
    LOGGING_LATENCY,
    PREDICTION_LATENCY,
    PREDICTIONS,
)
from perfgate.core.statistic import QUANTILE_OF
from perfgate.render.dashboard.promql import legend, mean, quantile, rate, share
from perfgate.render.dashboard.records import Panel, Query, Section, Subject, Variable
from perfgate.render.promql import select_name

if TYPE_CHECKING:
    from perfgate.render.dashboard.records import Unit

CHOSEN_SERIES = 'series_id=~"$series"'
CHOSEN = f'model_version=~"$model",{CHOSEN_SERIES}'
"""The model versions and the series that are chosen; a metric without one of the labels is taken as a whole."""
BY_MODEL = ("model_version",)
BY_ROUTE = ("method", "route")
VARIABLES = (
    Variable(
        name="model",
        label="Model",
        about="Versions of the model.",
        query=f"label_values({PREDICTIONS}, model_version)",
    ),
    Variable(
        name="series",
        label="Series",
        about="What was predicted for. Only with PredictionMetrics(by_series=True); without it all is shown.",
        query=f"label_values({PREDICTIONS}, series_id)",
    ),
)
_P95 = QUANTILE_OF["p95"]
_HIT, _ANOMALY, _FAILED = 'operation="hit"', 'is_anomaly="true"', 'status=~"5.."'


def make_overview() -> Section:
    """Return the panels of the metrics of `perfgate.monitor`."""
    return Section(title="Performance overview", panels=(*_latency(), *_volume(), *_cache(), *_requests()))


def _latency() -> tuple[Panel, ...]:
    parts = ((INFERENCE_LATENCY, "inference"), (LOGGING_LATENCY, "logging"), (PREDICTION_LATENCY, "total"))
    return (
        Panel(
            title="Latency p95 by model",
            about="Time of whole predictions: 95 % are faster.",
            unit="s",
            queries=(Query(expr=quantile(_P95, PREDICTION_LATENCY, CHOSEN, BY_MODEL), legend=legend(BY_MODEL)),),
            subject=Subject("quantile", PREDICTION_LATENCY, "p95"),
        ),
        Panel(
            title="Latency mean by model",
            about="Time of whole predictions.",
            unit="s",
            queries=(Query(expr=mean(PREDICTION_LATENCY, CHOSEN, BY_MODEL), legend=legend(BY_MODEL)),),
            subject=Subject("mean", PREDICTION_LATENCY),
        ),
        Panel(
            title="Inference and logging, mean",
            about="Time of the model alone, time of keeping what was predicted, and time of all.",
            unit="s",
            queries=tuple(Query(expr=mean(name, CHOSEN, ()), legend=words) for name, words in parts),
        ),
        _share(
            "Logging, share of the time",
            "Time of keeping what was predicted, of the time of whole predictions.",
            (f"{LOGGING_LATENCY}_sum", ""),
            (f"{PREDICTION_LATENCY}_sum", ""),
        ),
    )


def _volume() -> tuple[Panel, ...]:
    return (
        _rate("Throughput by model", "Predictions a second.", PREDICTIONS, matchers=CHOSEN, by=BY_MODEL, unit="reqps"),
        Panel(
            title="Active models",
            about="Models that are loaded.",
            unit="short",
            queries=(Query(expr=select_name(ACTIVE_MODELS, CHOSEN_SERIES), legend="__auto"),),
            subject=Subject("gauge", ACTIVE_MODELS),
        ),
    )


def _cache() -> tuple[Panel, ...]:
    return (
        _share(
            "Cache hit rate by model",
            "Answers from the cache, of all.",
            (CACHE_OPERATIONS, _HIT),
            (CACHE_OPERATIONS, ""),
        ),
        _rate(
            "Cache hits and misses",
            "Operations a second.",
            CACHE_OPERATIONS,
            matchers=CHOSEN,
            by=("operation",),
            unit="cps",
        ),
        _share(
            "Anomaly rate by model",
            "Predictions that are anomalies, of all.",
            (PREDICTIONS, _ANOMALY),
            (PREDICTIONS, ""),
        ),
    )


def _requests() -> tuple[Panel, ...]:
    failed = select_name(HTTP_REQUESTS, _FAILED)
    return (
        Panel(
            title="Errors by route",
            about="Requests that were answered with 500 or above, of all.",
            unit="percentunit",
            queries=(Query(expr=share(failed, HTTP_REQUESTS, BY_ROUTE), legend=legend(BY_ROUTE)),),
            subject=Subject("share", failed, HTTP_REQUESTS),
        ),
        _rate("Requests by status", "Requests a second.", HTTP_REQUESTS, matchers="", by=("status",), unit="reqps"),
        Panel(
            title="Response time p95 by route",
            about="From the request to the end of the response: 95 % are faster.",
            unit="s",
            queries=(Query(expr=quantile(_P95, HTTP_DURATION, "", BY_ROUTE), legend=legend(BY_ROUTE)),),
            subject=Subject("quantile", HTTP_DURATION, "p95"),
        ),
    )


def _share(title: str, about: str, part: tuple[str, str], whole: tuple[str, str]) -> Panel:
    """Return the panel of a share of the metrics of predictions, each a name and matchers."""
    expr = share(select_name(*part, CHOSEN), select_name(*whole, CHOSEN), BY_MODEL)
    return Panel(
        title=title,
        about=about,
        unit="percentunit",
        queries=(Query(expr=expr, legend=legend(BY_MODEL)),),
        subject=Subject("share", select_name(*part), select_name(*whole)),
    )


def _rate(title: str, about: str, name: str, *, matchers: str, by: tuple[str, ...], unit: Unit) -> Panel:
    return Panel(
        title=title,
        about=about,
        unit=unit,
        queries=(Query(expr=rate(select_name(name, matchers), by), legend=legend(by)),),
        subject=Subject("rate", name),
    )
