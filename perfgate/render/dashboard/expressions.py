"""The one place here that turns a budget into what Prometheus is asked: the judged value, in the series' own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.metrics import THROUGHPUT
from perfgate.core.sources.exposed import (
    ACTIVE_MODELS,
    HTTP_DURATION,
    INFERENCE_LATENCY,
    LOGGING_LATENCY,
    OF_PREDICTIONS,
    PREDICTION_LATENCY,
)
from perfgate.core.sources.series import find_ratio, is_label_name, stem_of, unit_of
from perfgate.core.statistic import QUANTILE_OF
from perfgate.core.text.units import scale_of
from perfgate.render.dashboard.overview import BY_MODEL, BY_ROUTE, CHOSEN, CHOSEN_SERIES
from perfgate.render.dashboard.promql import increase, legend, mean, quantile, rate, selected, share
from perfgate.render.dashboard.records import Query, Subject
from perfgate.render.dashboard.stages import BY_EXCHANGE, BY_STAGE
from perfgate.render.promql import select, select_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.policy import Budget
    from perfgate.core.sources.series import Ratio
    from perfgate.render.dashboard.records import Unit
    from perfgate.render.dashboard.stages import StageNames

_TOTAL = "total"
"""Metric of a counter between two scrapes."""
_MEANS = frozenset({"duration_mean", "size_mean", "value_mean"})
"""Metrics of a histogram or a summary without buckets between two scrapes."""
_GRAFANA: dict[str, Unit] = {
    "s": "s", "ms": "ms", "us": "µs", "ns": "ns", "min": "m", "h": "h", "B": "decbytes", "kB": "deckbytes",
    "MB": "decmbytes", "KiB": "kbytes", "MiB": "mbytes", "%": "percent", "1/s": "cps",
}  # fmt: skip


class _InUnit(TypedDict):
    """In what unit a series is."""

    unit: Unit
    factor: float


class Judged(Struct, frozen=True, kw_only=True):
    """What a budget limits, as Prometheus has it."""

    query: Query
    """Gives the judged value of each set of labels."""
    subject: Subject
    """What it is about."""
    unit: Unit
    """Of its values, as Grafana names it."""
    factor: float
    """From its unit to the base unit of the limit, > 0."""


def express(budget: Budget, ratios: Sequence[Ratio], stages: StageNames) -> Judged:
    """Return what a budget with a series limits.

    Nothing but its name says what a series is: a ratio of the configuration, a counter (``_total``), a histogram of
    perfgate's own, or else a histogram or a gauge, of which the expression takes the one that is there.

    Args:
        budget: has a series.
        ratios: of the same policy.
        stages: the names of the stage metrics.

    Raises:
        CannotDecideError: the series has no such metric or label, or the limit has another unit or direction.
    """
    ratio = find_ratio(ratios, budget.series, budget.metric)
    judged = _judged(budget, ratio, stages)
    if misfit := budget.find_misfit(*budget.kind_of_series(ratio), series=budget.series):
        raise CannotDecideError([misfit])
    return judged


def _judged(budget: Budget, ratio: Ratio | None, stages: StageNames) -> Judged:
    if ratio is not None:
        return _of_ratio(ratio, budget)
    if budget.metric == THROUGHPUT.name:
        query = Query(expr=rate(select_name(budget.series, _chosen(budget.series))), legend="all")
        return Judged(query=query, subject=Subject("rate", budget.series), unit="cps", factor=1.0)
    return _of_counter(budget) if budget.series.endswith("_total") else _of_values(budget, stages)


def _chosen(series: str) -> str:
    return CHOSEN if series in OF_PREDICTIONS else ""


def _of_ratio(ratio: Ratio, budget: Budget) -> Judged:
    if odd := [label for label in ratio.by if not is_label_name(label)]:
        message = f'"{odd[0]}" is no name of a label, by which "{budget.metric}" is split'
        raise cannot_decide("budget-series", message, place=budget.origin, hint="correct the key by of the [[ratio]]")
    part, whole = (selected(s, _chosen(stem_of(s.name))) for s in (ratio.part, ratio.whole))
    subject = Subject("share", select(ratio.part), select(ratio.whole))
    query = Query(expr=share(part, whole, ratio.by), legend=legend(ratio.by))
    return Judged(query=query, subject=subject, unit="percentunit" if "%" in budget.limit.text else "short", factor=1.0)


def _of_counter(budget: Budget) -> Judged:
    if budget.metric != _TOTAL:
        message = f'"{budget.series}" is a counter and has no "{budget.metric}"'
        hint = f'name the metric "{THROUGHPUT.name}" or "{_TOTAL}", or state a [[ratio]] of that name'
        raise cannot_decide("budget-series", message, place=budget.origin, hint=hint)
    query = Query(expr=increase(budget.series), legend="__auto")
    return Judged(query=query, subject=Subject("increase", budget.series), **_unit_of(budget.series))


def _of_values(budget: Budget, stages: StageNames) -> Judged:
    """Return a quantile or the mean of a histogram, or a gauge."""
    name, q = budget.series, QUANTILE_OF[budget.statistic]
    labels = {
        PREDICTION_LATENCY: BY_MODEL,
        INFERENCE_LATENCY: BY_MODEL,
        LOGGING_LATENCY: BY_MODEL,
        HTTP_DURATION: BY_ROUTE,
        stages.stage: BY_STAGE,
        stages.exchange: BY_EXCHANGE,
    }
    by, chosen = labels.get(name), _chosen(name)
    if budget.metric in _MEANS:
        subject, expr = Subject("mean", name), mean(name, chosen, by)
    elif by is not None:
        subject, expr = Subject("quantile", name, budget.statistic), quantile(q, name, chosen, by)
    elif name in {ACTIVE_MODELS, stages.parallel}:
        subject, expr = Subject("gauge", name), select_name(name, CHOSEN_SERIES if name == ACTIVE_MODELS else "")
    else:
        subject, expr = Subject("quantile", name, budget.statistic), f"{quantile(q, name, '', None)} or {name}"
    query = Query(expr=expr, legend=legend(by))
    return Judged(query=query, subject=subject, **_unit_of(name))


def _unit_of(series: str) -> _InUnit:
    unit = unit_of(series)
    return {"unit": _GRAFANA.get(unit, "short"), "factor": scale_of(unit)[0]}
