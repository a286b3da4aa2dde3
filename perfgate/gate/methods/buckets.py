"""Quantiles read off histogram buckets: each is known only as precisely as its bucket is narrow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.sources.series import unit_of
from perfgate.core.text.units import display_scale, scale_of

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.core.statistic import Quantile
    from perfgate.core.text.units import Limit
    from perfgate.gate.comparison import Comparison

_SLACK = 1e-9


def why_undecidable(c: Comparison) -> tuple[str, str] | None:
    """Return why two quantiles read off buckets cannot be compared, as slug and sentence; None when they can.

    A change inside a bucket is invisible, and one across its bound looks as wide as the
    bucket: where that is wider than the threshold, any answer would be a guess.
    """
    threshold = c.ruling.threshold
    blurred = [q for side in (c.base, c.current) if (q := side.quantile(c.statistic)) is not None and q.low != q.high]
    for q in blurred:
        if math.isinf(q.high):
            return "saturated", f"{c.statistic} lies {_where(q, c.metric.unit)}"
    for q in blurred:
        allowed = threshold.amount * abs(q.value) if threshold.is_relative else threshold.amount
        if q.high - q.low > allowed * (1 + _SLACK):
            return "bucket-too-wide", f"{c.statistic} lies {_where(q, c.metric.unit)}: wider than the threshold"
    return None


def is_surely_worse(c: Comparison) -> bool:
    """Is a quantile worse wherever in its bucket it lies, with another bucket between both sides?"""
    was, now = c.base.quantile(c.statistic), c.current.quantile(c.statistic)
    if was is None or now is None:
        return False
    return now.low > was.high if c.is_lower_better else now.high < was.low


def is_beyond(limit: Limit, statistic: str, measured: MetricProfile, *, series: str = "") -> bool | str | None:
    """Return whether a quantile read off buckets is beyond a limit, or in words why that is unknown.

    None: the quantile is known for itself, no bucket is in the way. Values in the
    bucket up to a bound are at most the bound, so that a limit that is a bound can be judged.

    Args:
        limit: in the unit of the metric.
        statistic: which quantile.
        measured: holds the quantile.
        series: name of the histogram, whose end says the unit of its edges; empty: they are named in the limit's own.
    """
    q = measured.quantile(statistic)
    if q is None or q.low == q.high:
        return None
    amount = limit.amount
    within, beyond = (q.high <= amount, q.low >= amount) if limit.op[0] == "<" else (q.low >= amount, q.high <= amount)
    if within or beyond:
        return beyond
    at = limit.text.removeprefix(limit.op).strip()
    if series:
        edge = f"{amount / scale_of(unit_of(series))[0]:.12g}"
        at = f'{edge} (le="{edge}")'
    return f'{statistic} lies {_where(q, limit.unit)}, and the limit "{limit.text}" inside it: add an edge at {at}'


def count_beyond(limit: Limit, measured: MetricProfile) -> tuple[int, int] | None:
    """Return how many of all counted values are surely beyond a limit, and of how many; None: counts are not known.

    Where no bucket ends at the limit, those in the bucket around it may be on either side, and do not count.

    Args:
        limit: in the unit of the metric.
        measured: its values were counted by bucket in each session.
    """
    beyond = of = 0.0
    for stated in measured.stated:
        if not stated.buckets:
            return None
        total = stated.buckets[-1][1]
        of += total
        if limit.op[0] == "<":
            beyond += total - next((n for b, n in stated.buckets if b >= limit.amount * (1 - _SLACK)), total)
        else:
            beyond += max((n for b, n in stated.buckets if b <= limit.amount * (1 + _SLACK)), default=0.0)
    return (int(beyond), int(of)) if of and beyond.is_integer() and of.is_integer() else None


def _where(q: Quantile, unit: str) -> str:
    """Return the bucket of a quantile in words."""
    factor, name = display_scale(q.low or q.high, unit)
    if math.isinf(q.high):
        return f"beyond the last bucket, which ends at {q.low / factor:g} {name}"
    return f"in the bucket from {q.low / factor:g} to {q.high / factor:g} {name}"
