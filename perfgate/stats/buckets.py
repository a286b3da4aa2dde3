"""Quantiles of counts by bucket, with the bounds of the bucket."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def bucket_quantile(buckets: Sequence[tuple[float, float]], q: float) -> tuple[float, float, float]:
    """Return a quantile of counts by bucket, with the bounds of the bucket in which it lies.

    Linear inside the bucket, as Prometheus' ``histogram_quantile``: the first bucket
    begins at 0 when its bound is positive; below zero nothing but its bound is known. In
    the last, unbounded one the last finite bound is all that is known, and the upper end is infinite.

    Args:
        buckets: upper bounds, ascending, each with the *cumulative* count; shape (k, 2), k >= 1.
        q: 0.0 <= q <= 1.0.

    Returns:
        The value, the lower and the upper bound of its bucket; either may be infinite.

    Raises:
        ValueError: nothing was counted, or no bound is finite.

    Source: Prometheus, documentation of ``histogram_quantile``.
    """
    total = buckets[-1][1]
    finite = [bound for bound, _ in buckets if math.isfinite(bound)]
    if total <= 0 or not finite:
        raise ValueError("no counts in buckets with bounds")
    rank = q * total
    low, before = (0.0 if buckets[0][0] >= 0 else -math.inf), 0.0
    for bound, count in buckets:
        if count >= rank and count > before:
            if math.isinf(bound):
                return finite[-1], finite[-1], math.inf
            if math.isinf(low):
                return bound, low, bound
            return low + (bound - low) * (rank - before) / (count - before), low, bound
        low, before = bound, max(count, before)
    return finite[-1], finite[-1], math.inf  # pragma: no cover - the last count is the total
