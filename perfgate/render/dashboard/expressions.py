"""The one place here that turns a budget into what Prometheus is asked: the judged value, in the series' own unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.core.metrics import THROUGHPUT
from perfgate.core.sources.series import is_series_name
from perfgate.core.statistic import QUANTILE_OF
from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.exposition import unit_of
from perfgate.render.dashboard.overview import BY_MODEL, BY_ROUTE, CHOSEN, DURATION, OF_PREDICTIONS
from perfgate.render.dashboard.promql import RANGE, legend, quantile, rate, select, selector_of, share
from perfgate.render.dashboard.records import Query, Subject
from perfgate.render.dashboard.stages import BY_EXCHANGE, BY_STAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.policy import Budget
    from perfgate.core.sources.series import Ratio
    from perfgate.render.dashboard.records import Unit
    from perfgate.render.dashboard.stages import StageNames

_TOTAL = "total"
"""Metric of a counter between two scrapes."""
_MACHINES = "host, hostname, instance, nodename, pod"
"""Labels of the machine, which the check leaves out of a benchmark's name as well."""
_GRAFANA: dict[str, Unit] = {
    "s": "s", "ms": "ms", "us": "µs", "ns": "ns", "min": "m", "h": "h", "B": "decbytes", "kB": "deckbytes",
    "MB": "decmbytes", "KiB": "kbytes", "MiB": "mbytes", "%": "percent",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
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
        CannotDecideError: the series has no such metric or label, or the limit is in a unit of something else.
    """
    ratio = next((r for r in ratios if r.benchmark == budget.series and r.name == budget.metric), None)
    if ratio is not None:
        return _checked(budget, _of_ratio(ratio, budget), "1")
    if budget.metric == THROUGHPUT.name:
        query = Query(expr=rate(select(budget.series, _chosen(budget.series))), legend="all")
        return _checked(
            budget, Judged(query=query, subject=Subject("rate", budget.series), unit="cps", factor=1.0), "1/s"
        )
    if budget.series.endswith("_total"):
        return _checked(budget, _of_counter(budget), "1")
    factor, base = scale_of(unit_of(budget.series))
    return _checked(budget, _of_values(budget, stages, factor), base)


def _checked(budget: Budget, judged: Judged, base: str) -> Judged:
    if budget.limit.unit != base:
        message = f'"{budget.limit.text}" does not fit "{budget.series}", which is in "{base}"'
        raise cannot_decide("budget-unit", message, place=budget.origin, hint="write the limit in a unit of the metric")
    return judged


def _chosen(series: str) -> str:
    return CHOSEN if series in OF_PREDICTIONS else ""


def _of_ratio(ratio: Ratio, budget: Budget) -> Judged:
    if odd := [label for label in ratio.by if not is_series_name(label) or ":" in label]:
        message = f'"{odd[0]}" is no name of a label of Prometheus'
        raise cannot_decide("budget-series", message, place=budget.origin, hint=f"correct the key by of {ratio.name}")
    part, whole = (selector_of(s, _chosen(s.name)) for s in (ratio.part, ratio.whole))
    subject = Subject("share", selector_of(ratio.part), selector_of(ratio.whole))
    query = Query(expr=share(part, whole, ratio.by), legend=legend(ratio.by))
    return Judged(query=query, subject=subject, unit="percentunit" if "%" in budget.limit.text else "short", factor=1.0)


def _of_counter(budget: Budget) -> Judged:
    if budget.metric != _TOTAL:
        message = f'"{budget.series}" is a counter and has no "{budget.metric}"'
        hint = f'name the metric "{THROUGHPUT.name}" or "{_TOTAL}", or state a [[ratio]] of that name'
        raise cannot_decide("budget-series", message, place=budget.origin, hint=hint)
    expr = f"sum without ({_MACHINES}) (increase({budget.series}[{RANGE}]))"
    query = Query(expr=expr, legend="__auto")
    return Judged(query=query, subject=Subject("increase", budget.series), unit="short", factor=1.0)


def _of_values(budget: Budget, stages: StageNames, factor: float) -> Judged:
    """Return a quantile of a histogram, or a gauge."""
    name, q = budget.series, QUANTILE_OF[budget.statistic]
    by = {DURATION: BY_ROUTE, stages.stage: BY_STAGE, stages.exchange: BY_EXCHANGE}.get(name)
    unit = _GRAFANA.get(unit_of(name), "short")
    subject = Subject("quantile", name, budget.statistic)
    if name in OF_PREDICTIONS and name.endswith("_seconds"):
        query = Query(expr=quantile(q, name, CHOSEN, BY_MODEL), legend=legend(BY_MODEL))
    elif by is not None:
        query = Query(expr=quantile(q, name, "", by), legend=legend(by))
    elif name in {"active_models", f"{stages.prefix}_parallel_symbols"}:
        subject = Subject("gauge", name)
        query = Query(expr=select(name, 'series_id=~"$series"' if name in OF_PREDICTIONS else ""), legend="__auto")
    else:
        buckets = f"sum without ({_MACHINES}) (rate({name}_bucket[$__rate_interval]))"
        query = Query(expr=f"histogram_quantile({q:g}, {buckets}) or {name}", legend="__auto")
    return Judged(query=query, subject=subject, unit=unit, factor=factor)
