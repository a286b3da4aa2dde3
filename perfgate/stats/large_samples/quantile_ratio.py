"""How many times larger a quantile of one sample is than that of another: bounds by the bootstrap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from perfgate.stats.distributions import incomplete_beta
from perfgate.stats.large_samples.distribution import rank_of

if TYPE_CHECKING:
    from perfgate.stats.cells import Cell
    from perfgate.stats.large_samples.distribution import Distribution

_MOST_STEPS = 240
"""Ranks of a side that are looked at one by one: of more, neighbours are taken together."""
_REACH = 8.5
"""Standard deviations of a rank that are looked at: beyond lies a probability of 1e-17."""


class RatioBounds(NamedTuple):
    """One-sided bounds of a ratio."""

    low: float
    """The ratio is at least this; 0.0 where nothing is known."""
    high: float
    """It is at most this; infinite where nothing is known."""


def quantile_ratio_bounds(base: Distribution, current: Distribution, q: float, level: float) -> RatioBounds:
    """Return bounds of the ratio of two ``q``-quantiles, ``current`` over ``base``.

    The percentile bootstrap, without drawing anything: when a sample of n values is resampled,
    its order statistic of rank k is at most the j-th value with a binomial probability, so the
    law of the ratio is a sum over pairs of ranks. The same input gives the same bounds,
    and levels far below one in a thousand cost nothing more. Values that are known to lie in a
    bucket count as its lower end for the lower bound, and as its upper end for the upper one.

    Args:
        base: the baseline's values, all >= 0.
        current: the current values, in the same unit.
        q: which quantile, 0.0 < q < 1.0.
        level: chance with which each bound may miss, 0.0 < level < 1.0.

    Returns:
        The two bounds; each holds with a probability of 1 - level, about.

    Raises:
        ValueError: ``q`` or ``level`` outside (0, 1).

    Source:
        Efron and Tibshirani (1993), "An Introduction to the Bootstrap", 13.3; the exact law of a
        resampled order statistic: Maritz and Jarrett (1978), "A Note on Estimating the Variance of the
        Sample Median", Journal of the American Statistical Association 73(361).
    """
    if not (0.0 < q < 1.0 and 0.0 < level < 1.0):
        raise ValueError(f"q and level must lie in (0, 1), got {q!r} and {level!r}")
    below, above = _resampled(base, q), _resampled(current, q)
    lows = sorted((_ratio(c.low, b.high), p * r) for b, p in below for c, r in above)
    highs = sorted(((_ratio(c.high, b.low), p * r) for b, p in below for c, r in above), reverse=True)
    return RatioBounds(_reached(lows, level), _reached(highs, level))


def _resampled(sample: Distribution, q: float) -> list[tuple[Cell, float]]:
    """Return the cells in which the quantile of a resample may lie, each with its probability."""
    n = len(sample)
    k = rank_of(q, n)
    reach = _REACH * math.sqrt(n * q * (1.0 - q)) + _REACH
    first, last = max(1, math.floor(k - reach)), min(n, math.ceil(k + reach))
    step = -(-(last - first + 1) // _MOST_STEPS)
    found: list[tuple[Cell, float]] = []
    before = 0.0
    for end in range(min(first + step - 1, last), last + step, step):
        j = min(end, last)
        upto = 1.0 if j == n else incomplete_beta(k, n - k + 1.0, j / n)
        if upto > before:
            found.append((sample.at(max(j - step // 2, 1)), upto - before))
        before = max(upto, before)
    return found


def _ratio(over: float, under: float) -> float:
    """Return the quotient; of two zeros 1: nothing changed."""
    if over == under:
        return 1.0
    return over / under if under > 0 and not math.isinf(under) else (0.0 if math.isinf(under) else math.inf)


def _reached(ratios: list[tuple[float, float]], level: float) -> float:
    """Return the first ratio at which the probabilities add up to more than a level."""
    total = 0.0
    for ratio, p in ratios:
        total += p
        if total > level:
            return ratio
    return ratios[-1][0]
