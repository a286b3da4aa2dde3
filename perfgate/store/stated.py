"""Stated quantiles <-> JSON data of a baseline or of a profile file: what a tool reports without raw values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perfgate.core.metrics import Metric
from perfgate.core.profile import MetricProfile, Stated, with_stated
from perfgate.core.statistic import Quantile
from perfgate.core.text.canonical import SIGNIFICANT, rounded

if TYPE_CHECKING:
    from perfgate.schema.baseline_types import StoredQuantiles


_SHORT = f"{{:.{SIGNIFICANT}g}}".format


def round_values(values: tuple[float, ...]) -> tuple[float, ...]:
    """Return the values as a file keeps them: 6 significant digits."""
    return tuple([float(short) + 0.0 for short in map(_SHORT, values)])  # + 0.0: no zero has a sign


def round_metric(metric: MetricProfile) -> MetricProfile:
    """Return a metric with its numbers as a file keeps them: 6 significant digits."""
    samples = tuple(replace(s, values=round_values(s.values)) for s in metric.samples)
    stated = [replace(s, quantiles=tuple(map(_short, s.quantiles))) for s in metric.stated]
    return with_stated(replace(metric, samples=samples), stated)


def _short(q: Quantile) -> Quantile:
    high = float(rounded(q.high)) if math.isfinite(q.high) else math.inf
    return Quantile(q.name, float(rounded(q.value)), float(rounded(q.low)), high)


def encode_stated(metric: MetricProfile) -> dict[str, Any]:
    """Return a metric of which only quantiles are known as JSON data."""
    short = round_metric(metric)
    body: dict[str, Any] = {"unit": metric.metric.unit, "better": metric.metric.better}
    if metric.sources:
        body["source"] = list(metric.sources)
    body["quantiles"] = {s.session: {q.name: rounded(q.value) for q in s.quantiles} for s in short.stated}
    bounds = {
        s.session: {q.name: [rounded(q.low), rounded(q.high) if math.isfinite(q.high) else None] for q in s.quantiles}
        for s in short.stated
        if any(q.low != q.value or q.high != q.value for q in s.quantiles)
    }
    return {**body, "bounds": bounds} if bounds else body


def decode_stated(name: str, stored: StoredQuantiles) -> MetricProfile:
    """Return the metric that decoded data states."""
    bare = MetricProfile(
        metric=Metric(name=name, unit=stored.unit, better=stored.better), sources=tuple(stored.source), samples=()
    )
    return with_stated(
        bare,
        [
            Stated(
                session=session,
                quantiles=tuple(_quantile(n, v, stored.bounds.get(session, {})) for n, v in sorted(named.items())),
            )
            for session, named in stored.quantiles.items()
        ],
    )


def _quantile(name: str, value: float, bounds: dict[str, tuple[float, float | None]]) -> Quantile:
    low, high = bounds.get(name, (value, value))
    return Quantile(name, value, low, math.inf if high is None else high)
