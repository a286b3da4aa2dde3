"""Differences between two samples, and the chance of one as large when both have the same distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.stats.shares import more_hits_p

if TYPE_CHECKING:
    from collections.abc import Sequence


def largest_gap(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the largest difference between two cumulative shares, the Kolmogorov-Smirnov statistic of these points.

    Args:
        first: shares of a sample up to each of some points, each 0.0 to 1.0; may be empty.
        second: shares of the other sample, up to the same points.

    Returns:
        0.0 to 1.0; never more than the statistic of all points.
    """
    return max((abs(a - b) for a, b in zip(first, second, strict=True)), default=0.0)


def gap_p(gap: float, n: float, m: float) -> float:
    """Return an upper bound of the chance of so large a gap between two samples of one distribution.

    The first term of Kolmogorov's series, which bounds the whole. Ties only make the true chance smaller.

    Args:
        gap: largest difference of the cumulative shares, 0.0 to 1.0.
        n: independent rows of one sample, > 0, not necessarily whole.
        m: those of the other.

    Returns:
        0.0 to 1.0.

    Source:
        Kolmogorov (1933), "Sulla determinazione empirica di una legge di distribuzione"; for two samples
        Smirnov (1939); that one term bounds it: Wei and Dudley (2012), "Two-sample Dvoretzky-Kiefer-Wolfowitz
        inequalities", Statistics and Probability Letters 82(3).
    """
    return min(1.0, 2.0 * math.exp(-2.0 * n * m / (n + m) * gap * gap))


def more_p(was: tuple[int, int], now: tuple[int, int], effects: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return how likely so large a share of the current rows is when both shares are the same.

    Args:
        was: hits and rows of the reference.
        now: hits and rows of the current sample.
        effects: design effect of each, >= 1.0: a row of clusters counts as 1 / effect of an independent one.

    Returns:
        The exact one-sided probability (Fisher) of the counts that independent rows would have; with an
        effect these are rounded so that it is no smaller. 1.0 where a sample has no whole row left.
    """
    (hits, rows), (hits_now, rows_now) = was, now
    n, m = (math.floor(of / effect) for of, effect in zip((rows, rows_now), effects, strict=True))
    if not n or not m:
        return 1.0
    return more_hits_p((min(n, math.ceil(hits / effects[0])), n), (min(m, math.floor(hits_now / effects[1])), m))


def differs_p(was: tuple[int, int], now: tuple[int, int], effects: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the two-sided probability of `more_p`: twice the smaller side, at most 1.0."""
    return min(1.0, 2.0 * min(more_p(was, now, effects), more_p(now, was, (effects[1], effects[0]))))
