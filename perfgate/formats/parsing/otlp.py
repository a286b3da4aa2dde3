"""OTLP's metrics: data points of many batches -> one distribution for each series."""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.histogram import NOTHING, describe_distribution, histogram, is_amount, mean
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Skipped
from perfgate.formats.parsing.values import items, table, text, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.timestamps import Times

_KINDS = ("histogram", "gauge", "sum", "summary", "exponentialHistogram")
_DELTA = (1, "1", "AGGREGATION_TEMPORALITY_DELTA")
_CUMULATIVE = (2, "2", "AGGREGATION_TEMPORALITY_CUMULATIVE")
_MACHINES = frozenset({
    "host.id", "host.name", "k8s.pod.name", "net.host.name", "net.host.port", "process.pid", "server.address",
    "server.port", "service.instance.id",
})  # fmt: skip
"""Attributes that change with the machine or the run: the same benchmark would be another one on each."""
_UCUM = {"By": "B", "kBy": "kB", "MBy": "MB", "GBy": "GB", "KiBy": "KiB", "MiBy": "MiB", "By/s": "B/s"}
_BRACES = re.compile(r"\{[^{}]*\}")
_UNREAD = {
    "exponentialHistogram": "an exponential histogram, which is not read: choose explicit buckets",
    "sum": "a counter: it says how often, not how fast",
}


class _Series(Struct):
    """The points of one metric with one set of attributes."""

    kind: str
    unit: str
    spans: dict[Any, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    """Cumulative: what began at that time -> the last point of it. Delta: all points, numbered."""
    values: list[float] = field(default_factory=list)
    """Of a gauge."""
    why: str = ""
    """Why it cannot be used; empty when it can."""


class Points:
    """The points of a file, by series, in file order."""

    def __init__(self, times: Times) -> None:
        """Start with none.

        Args:
            times: of the file, which says what of it is read.
        """
        self._times = times
        self._series: dict[tuple[str, str, str], _Series] = {}

    def take(self, group: dict[str, Any], service: str) -> None:
        """Take the points of one ``resourceMetrics`` entry.

        Args:
            group: the entry.
            service: whose it is; the same metric of two services is two series.
        """
        origin = json.dumps(table(group.get("resource")).get("attributes"), sort_keys=True)
        for scoped in map(table, items(group.get("scopeMetrics"))):
            scope = text(table(scoped.get("scope")).get("name"))
            for metric in map(table, items(scoped.get("metrics"))):
                kind = next((k for k in _KINDS if k in metric), "")
                inside = table(metric.get(kind))
                for point in map(table, items(inside.get("dataPoints"))):
                    if not self._times.keeps(to_number(point.get("timeUnixNano"))):
                        continue
                    name = titled(text(metric.get("name")), items(point.get("attributes")))
                    key = (service, scope, name)
                    series = self._series.get(key)
                    if series is None:
                        series = self._series[key] = _Series(kind, text(metric.get("unit")))
                    one = origin + json.dumps(point.get("attributes"), sort_keys=True)
                    _take(series, kind, point, inside.get("aggregationTemporality"), one)

    def records(self, options: ForeignOptions) -> Iterator[Record | Skipped]:
        """Yield a record for each series."""
        for (_, _, name), series in self._series.items():
            why = series.why or _UNREAD.get(series.kind, "")
            if why:
                yield Skipped(benchmark=name, why=why)
            elif series.kind == "histogram":
                yield _histogram(name, series, options)
            elif series.kind == "summary":
                yield _summary(name, series, options)
            else:
                factor, unit = scale_of(_unit(series.unit))
                values = [v * factor for v in series.values]
                yield Record(
                    benchmark=name,
                    metric="value",
                    unit=unit,
                    better=options.direction,
                    is_side=True,
                    payload=Samples(values=values),
                )


def titled(name: str, attributes: list[Any]) -> str:
    """Return a metric's name with the attributes of a point, ``name{key=value,...}``, ascending by key."""
    pairs = [(text(table(a).get("key")), _plain(table(table(a).get("value")))) for a in attributes]
    stated_labels = sorted(pair for pair in pairs if pair[0] not in _MACHINES)
    return f"{name}{{{','.join(f'{key}={value}' for key, value in stated_labels)}}}" if stated_labels else name


def _plain(value: dict[str, Any]) -> str:
    """Return the value of an attribute as text."""
    inside = next(iter(value.values()), "")
    if isinstance(inside, bool):
        return str(inside).lower()
    if isinstance(inside, (str, int, float)):
        return str(inside) if not isinstance(inside, int) or inside.bit_length() <= 64 else "?"  # noqa: PLR2004 - int64
    return json.dumps(inside, sort_keys=True, ensure_ascii=False)


def _take(series: _Series, kind: str, point: dict[str, Any], temporality: object, origin: str) -> None:
    """Take one point to its series; of what is cumulative only the last point since a start counts."""
    if kind != series.kind:
        series.why = "two metrics of other kinds have this name"
    elif kind == "gauge":
        value = to_number(point.get("asDouble", point.get("asInt")))
        if value is not None:
            series.values.append(value)
    elif kind == "histogram" and temporality in _DELTA:
        series.spans[len(series.spans)] = (0.0, point)
    elif kind == "summary" or (kind == "histogram" and temporality in _CUMULATIVE):
        began = (origin, str(point.get("startTimeUnixNano")))
        until = to_number(point.get("timeUnixNano")) or 0.0
        if began not in series.spans or until >= series.spans[began][0]:
            series.spans[began] = (until, point)
    elif kind == "histogram":
        series.why = "it does not say whether its counts are totals or differences"


def _histogram(name: str, series: _Series, options: ForeignOptions) -> Record | Skipped:
    """Return the counts of all points together."""
    facts, factor = describe_distribution(name, _unit(series.unit), options)
    points = [_read(point) for _, point in series.spans.values()]
    read = [point for point in points if point is not None]
    if len(read) < len(points):
        return Skipped(benchmark=name, metric=facts["metric"], why="a count or a bound is missing or no number")
    if any(bounds != read[0][0] for bounds, _, _, _ in read):
        return Skipped(benchmark=name, metric=facts["metric"], why="its buckets change within the file")
    bounds = read[0][0]
    if not bounds:
        totals = [total for _, _, _, total in read if total is not None]
        whole = sum(totals) if len(totals) == len(read) else None
        return mean(facts, factor, whole, sum(count for _, _, count, _ in read))
    counts = [sum(of_bucket) for of_bucket in zip(*(c for _, c, _, _ in read), strict=True)]
    return histogram(facts, factor, dict(zip([*bounds, math.inf], accumulate(counts), strict=True)))


def _read(point: dict[str, Any]) -> tuple[list[float], list[float], float, float | None] | None:
    """Return bounds, counts by bucket, count and sum of a point; None: one of them is broken."""
    stated = items(point.get("explicitBounds")), items(point.get("bucketCounts"))
    bounds, counts = ([v for entry in entries if (v := to_number(entry)) is not None] for entries in stated)
    count = to_number(point.get("count"))
    is_whole = (len(bounds), len(counts)) == tuple(map(len, stated)) and all(a < b for a, b in pairwise(bounds))
    if (
        not is_whole
        or not all(map(is_amount, [count, *counts]))
        or len(counts) != (len(bounds) + 1 if bounds else len(counts))
    ):
        return None
    return bounds, counts, count or 0.0, to_number(point.get("sum"))


def _summary(name: str, series: _Series, options: ForeignOptions) -> Record | Skipped:
    """Return the quantiles that the program states last; without any, the mean."""
    facts, factor = describe_distribution(name, _unit(series.unit), options)
    _, point = max(series.spans.values(), key=lambda span: span[0])
    count = to_number(point.get("count"))
    stated = [
        (q, v * factor)
        for entry in map(table, items(point.get("quantileValues")))
        if (q := to_number(entry.get("quantile"))) is not None and (v := to_number(entry.get("value"))) is not None
    ]
    if count == 0:
        return Skipped(benchmark=name, metric=facts["metric"], why=NOTHING)
    if not stated:
        return mean(facts, factor, to_number(point.get("sum")), count)
    n = round(count) if is_amount(count) else None
    quantiles = tuple(sorted((q, v) for q, v in dict(stated).items() if 0 <= q <= 1))
    return Record(**facts, n=n, payload=Quantiles(points=quantiles))


def _unit(stated: str) -> str:
    """Return a UCUM unit as perfgate spells it; what is in braces, such as ``{request}``, is only a name."""
    plain = _BRACES.sub("", stated)
    return _UCUM.get(plain, plain)
