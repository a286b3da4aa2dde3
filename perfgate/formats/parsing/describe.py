"""A record as JSON data: what `perfgate import --dry-run --json` prints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from perfgate.stats.buckets import bucket_quantile
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from perfgate.formats.parsing.record import Record


def describe(record: Record) -> dict[str, Any]:
    """Return a record as JSON data; a quantile that the file does not give is None, never made up."""
    told: dict[str, Any] = {
        "benchmark": record.benchmark,
        "metric": record.metric,
        "unit": record.unit,
        "direction": record.better,
        "kind": record.kind,
        "n": record.n,
        "p50": None,
        "p95": None,
    }
    if record.kind == "samples":
        ordered = sorted(record.values)
        told.update(p50=quantile(ordered, 0.5), p95=quantile(ordered, 0.95), samples=list(record.values))
        told["of"] = "means" if record.is_mean else "calls"
    elif record.kind == "quantiles":
        stated = dict(record.quantiles)
        told.update(p50=stated.get(0.5), p95=stated.get(0.95), quantiles={f"{q:g}": v for q, v in record.quantiles})
    elif record.kind == "histogram":
        p50, p95 = (bucket_quantile(record.buckets, q) for q in (0.5, 0.95))
        told.update(p50=p50[0], p95=p95[0], saturated=math.isinf(p95[2]))
        told["buckets"] = [[bound if math.isfinite(bound) else None, count] for bound, count in record.buckets]
    else:
        told["value"] = record.values[0]
    if record.flags:
        told["flags"] = list(record.flags)
    if record.is_side:
        told["judged"] = False
    return told
