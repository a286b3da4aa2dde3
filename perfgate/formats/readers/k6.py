"""Reader of k6's three summaries: ``--summary-export``, ``handleSummary(data)``, the machine-readable one.

The first has neither types nor units: both are known for k6's own metrics alone.
Times are milliseconds in all of them. Thresholds are not read: their ``true`` means
*crossed* in the first and *kept* in the second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.formats.parsing.record import Quantiles, Record, Share, Single, Skipped
from perfgate.formats.parsing.values import MOST_COUNT, in_base, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

OWN_TIMES = frozenset(
    {
        "browser_http_req_duration",
        "browser_web_vital_fcp",
        "browser_web_vital_fid",
        "browser_web_vital_inp",
        "browser_web_vital_lcp",
        "browser_web_vital_ttfb",
        "group_duration",
        "grpc_req_duration",
        "http_req_blocked",
        "http_req_connecting",
        "http_req_duration",
        "http_req_receiving",
        "http_req_sending",
        "http_req_tls_handshaking",
        "http_req_waiting",
        "iteration_duration",
        "ws_connecting",
        "ws_ping",
        "ws_session_duration",
    }
)
"""k6's own metrics that are times."""
SIDE = frozenset(
    {
        "http_req_blocked",
        "http_req_connecting",
        "http_req_receiving",
        "http_req_sending",
        "http_req_tls_handshaking",
    }
)
"""Parts of a request that nobody gates."""
_FASTER_WHEN_FAILING = frozenset({"group_duration", "iteration_duration"})
_UNITS = {"time": "ms", "data": "B", "default": "1"}
_SHARE = re.compile(r"p\(?(\d+(?:[._]\d+)?)\)?")
_TREND = frozenset({"avg", "max", "med", "min"})


class _Metric(Struct, frozen=True):
    """One entry of a summary, whichever of the three it is."""

    name: str
    """With the tags of a sub-metric: ``http_req_duration{name:slow}``."""
    type: str
    """``trend``, ``counter``, ``rate``, ``gauge``."""
    contains: str
    """``time``, ``data``, ``default``; empty: the file does not say."""
    values: dict[str, Any]

    @property
    def base(self) -> str:
        """Its name without tags."""
        return self.name.partition("{")[0]

    @property
    def tags(self) -> str:
        """Its tags, empty for none."""
        return self.name.partition("{")[2]


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the quantiles of each trend, the rate of requests and the share that failed; sub-metrics as well."""
    metrics = list(_metrics(table(source.json())))
    failed = {m.tags: share for m in metrics if m.base == "http_req_failed" and (share := _failed(m)[0]) is not None}
    for metric in metrics:
        share = failed.get(metric.tags, failed.get("", 0.0))
        if metric.base == "http_req_failed":
            yield _error_rate(metric)
        elif metric.type == "trend":
            yield _trend(metric, share, options)
        elif metric.base == "http_reqs" and (rate := number(metric.values.get("rate"))) is not None:
            yield _throughput(metric, rate, share)


def _metrics(document: dict[str, Any]) -> Iterator[_Metric]:
    listed = table(document.get("results")).get("metrics")
    if isinstance(listed, list):
        for entry in map(table, listed):
            yield _Metric(
                text(entry.get("name")),
                text(entry.get("type")),
                text(entry.get("contains")),
                table(entry.get("values")),
            )
        return
    for name, entry in table(document.get("metrics")).items():
        facts = table(entry)
        if "type" in facts and isinstance(facts.get("values"), dict):
            yield _Metric(name, text(facts["type"]), text(facts.get("contains")), facts["values"])
        else:
            is_trend = any(key in _TREND or _SHARE.fullmatch(key) for key in facts) and "value" not in facts
            yield _Metric(name, "trend" if is_trend else "", "time" if _is_own_time(name) else "", facts)


def _is_own_time(name: str) -> bool:
    return name.partition("{")[0] in OWN_TIMES


def _failed(metric: _Metric) -> tuple[float | None, int]:
    """Return the share of requests that failed, and of how many; None: it cannot be known.

    ``passes`` (``matches``) of `http_req_failed` count the failed ones.
    """
    values = metric.values
    hits, others = number(values.get("passes", values.get("matches"))), number(values.get("fails"))
    total = number(values.get("total"))
    share = number(values.get("rate", values.get("value")))
    if hits is not None and others is not None:
        whole = _is_count(hits) and _is_count(others)
        return (hits / (hits + others) if whole and hits + others else None), int(hits + others) if whole else 0
    if total is not None and not _is_count(total):
        return None, 0
    if share is None and hits is not None and total:
        share = hits / total
    return (share if share is not None and 0.0 <= share <= 1.0 and total != 0 else None), int(total or 0)


def _is_count(value: float) -> bool:
    return 0 <= value <= MOST_COUNT and value == int(value)


def _error_rate(metric: _Metric) -> Record | Skipped:
    share, total = _failed(metric)
    if share is None:
        return Skipped(benchmark=metric.name, why="no requests, or counts of them that cannot be")
    counted = Share(hits=round(share * total), of=total) if total > 0 else Single(value=share)
    return Record(
        benchmark=metric.name,
        metric="error_rate",
        unit="1",
        better="lower",
        payload=counted,
    )


def _flags(metric: _Metric, failed: float) -> tuple[Flag, ...]:
    return ("failures-mixed",) if failed and "expected_response:true" not in metric.tags else ()


def _throughput(metric: _Metric, rate: float, failed: float) -> Record | Skipped:
    if failed == 1.0:
        return Skipped(benchmark=metric.name, why="every request failed")
    count = number(metric.values.get("count"))
    return Record(
        benchmark=metric.name,
        metric="throughput",
        unit="1/s",
        better="higher",
        n=None if count is None else int(count),
        flags=_flags(metric, failed),
        payload=Single(value=rate),
    )


def _trend(metric: _Metric, failed: float, options: ForeignOptions) -> Record | Skipped:
    if failed == 1.0 and (metric.base.startswith("http_req_") or metric.base in _FASTER_WHEN_FAILING):
        return Skipped(benchmark=metric.name, why="every request failed")
    count = number(metric.values.get("count"))
    if count == 0:
        return Skipped(benchmark=metric.name, why="no values")
    is_time = metric.contains == "time"
    unit = _UNITS.get(metric.contains)
    (factor,), base = in_base([1.0], unit) if unit else ([1.0], None)
    facts: dict[str, Any] = {
        "benchmark": metric.name,
        "metric": "duration" if is_time else "value",
        "unit": base,
        "better": "lower" if is_time else options.direction,
        "n": None if count is None else int(count),
        "is_side": metric.base in SIDE,
        "flags": _flags(metric, failed),
    }
    quantiles = take_quantiles([(0.5, metric.values.get("med")), *_stated(metric.values)], factor)
    mean = number(metric.values.get("avg"))
    if quantiles or mean is None:
        return Record(**facts, payload=Quantiles(points=tuple(dict(quantiles).items())))
    return Record(**facts, payload=Single(value=mean * factor))


def _stated(values: dict[str, Any]) -> Iterator[tuple[float, object]]:
    for key, value in values.items():
        share = (match := _SHARE.fullmatch(key)) and round(float(match[1].replace("_", ".")) / 100, 9)
        if share is not None and 0.0 <= share <= 1.0:
            yield share, value
