"""Distances between distributions that people know by name, each beside what chance alone makes of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

SURE = 0.99
"""A bound is what a distance stays below in so many of all cases without drift."""


def population_stability(was: Sequence[int], now: Sequence[int]) -> float:
    """Return the population stability index of the counts of two samples in the same bins.

    Each count is taken as half a row more, so that an empty bin makes it large, and not infinite.

    Args:
        was: rows of the reference by bin, not all 0.
        now: rows of the current sample in the same bins, not all 0.

    Returns:
        >= 0.0.
    """
    first, second = (_smoothed(counts) for counts in (was, now))
    return sum((b - a) * math.log(b / a) for a, b in zip(first, second, strict=True))


def stability_bound(bins: int, n: float, m: float) -> float:
    """Return the bound of the population stability index, from its chi-square law.

    Args:
        bins: number of bins, >= 1.
        n: independent rows of one sample, > 0.
        m: those of the other.

    Source:
        Yurdakul (2018), "Statistical Properties of Population Stability Index", Western Michigan University;
        the quantile by Wilson and Hilferty (1931), PNAS 17(12).
    """
    freedom = bins - 1
    if not freedom:
        return 0.0
    spread = 2.0 / (9.0 * freedom)
    return (1.0 / n + 1.0 / m) * freedom * (1.0 - spread + normal_quantile(SURE) * math.sqrt(spread)) ** 3


def jensen_shannon(was: Sequence[int], now: Sequence[int]) -> float:
    """Return the Jensen-Shannon distance of the counts of two samples: the root of the divergence in bits, 0.0 to 1.0.

    Args:
        was: rows of the reference by bin, not all 0.
        now: rows of the current sample in the same bins, not all 0.
    """
    n, m = sum(was), sum(now)
    total = 0.0
    for a, b in zip(was, now, strict=True):
        p, q = a / n, b / m
        middle = (p + q) / 2.0
        total += sum(share * math.log2(share / middle) for share in (p, q) if share)
    return math.sqrt(min(max(total / 2.0, 0.0), 1.0))


def shannon_bound(bins: int, n: float, m: float) -> float:
    """Return the bound of the Jensen-Shannon distance: near equality its divergence is an eighth of the index."""
    return min(1.0, math.sqrt(stability_bound(bins, n, m) / 8.0 / math.log(2.0)))


def wasserstein(
    values: Sequence[float], was: tuple[Sequence[float], Sequence[float]], now: tuple[Sequence[float], Sequence[float]]
) -> tuple[float, float] | None:
    """Return the Wasserstein distance by the standard deviation of the reference, and its bound for one row a sample.

    Both lie between the first and the last point; what is beyond is not seen.

    Args:
        values: ascending points.
        was: shares of the reference below each point, and up to it.
        now: shares of the current sample, likewise.

    Returns:
        The distance, and a bound that has to be multiplied by sqrt(1 / n + 1 / m): no distance without drift is
        that large, since the differences at all points would have to be large together. None: all points are one.
    """
    scale = max(map(abs, values), default=0.0)
    points = [value / scale for value in values] if scale else []
    below, at_most = was
    distance = spread = 0.0
    for i in range(len(points) - 1):
        width = points[i + 1] - points[i]
        ends = (at_most[i], now[1][i]), (below[i + 1], now[0][i + 1])
        distance += width * sum(abs(a - b) for a, b in ends) / 2.0
        spread += width * sum(math.sqrt(a * (1.0 - a)) for a, _ in ends) / 2.0
    deviation = _deviation(points, below, at_most)
    if not deviation:
        return None
    return distance / deviation, normal_quantile((1.0 + SURE) / 2.0) * spread / deviation


def _deviation(points: Sequence[float], below: Sequence[float], at_most: Sequence[float]) -> float:
    """Return the standard deviation of a sample that is known at some points; 0.0 when there are fewer than two."""
    if len(points) <= 1:
        return 0.0
    masses = [(points[0], below[0]), (points[-1], 1.0 - at_most[-1])]
    masses += [(v, b - a) for v, a, b in zip(points, below, at_most, strict=True)]
    masses += [((points[i] + points[i + 1]) / 2.0, below[i + 1] - at_most[i]) for i in range(len(points) - 1)]
    mean = sum(v * mass for v, mass in masses)
    return math.sqrt(sum((v - mean) ** 2 * mass for v, mass in masses))


def _smoothed(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + 0.5 * len(counts)
    return [(count + 0.5) / total for count in counts]
