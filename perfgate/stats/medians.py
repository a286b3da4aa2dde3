"""Confidence intervals for a median and for the ratio of two, in closed form: no resampling, no random numbers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 6
"""Fewest runs whose minimum and maximum enclose the median with 95 % confidence (they miss it in 2 * 0.5**6 = 3 %)."""


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
    interval that is as lopsided as the samples, without resampling. At 95 % it covers
    in percent, by 20,000 simulated pairs of samples each (5,000 for 100 v 100):

    | noise                     | 3 v 3 | 5 v 5 | 6 v 6 | 10 v 10 | 20 v 20 | 100 v 100 | 5 v 20 |
    |---------------------------|-------|-------|-------|---------|---------|-----------|--------|
    | normal, 5 %               |  83.9 |  97.7 |  98.0 |    97.5 |    97.1 |      96.3 |   96.8 |
    | lognormal, sigma 0.5      |  84.1 |  97.4 |  97.8 |    97.3 |    96.8 |      96.2 |   96.5 |
    | t with 2 df on logs, 3 %  |  83.2 |  97.2 |  97.6 |    97.6 |    96.9 |      95.7 |   96.5 |
    | two peaks, 80 % and 20 %  |  83.9 |  97.0 |  97.0 |    96.7 |    97.2 |      96.2 |   96.4 |

    With fewer than 6 runs on a side that side's ends are its fastest and slowest run.
    Fewer than 5 cannot hold 95 %: 4 v 4 cover 93, 2 v 2 57, one run a side gives a bare
    point. The bootstrap's interval is 6 % narrower at 10 runs, 4 % at 20, then the same.

    Args:
        base: the baseline's runs, any order, length >= 1; all finite and > 0.
        current: the current runs, in the same unit, length >= 1; all finite and > 0.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        Lower and upper end of the ratio (1.0 is no change); they enclose the ratio itself.
        Beyond the range of floats an end is 0.0 or infinite.

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
    medians = quantile(sides[0], 0.5), quantile(sides[1], 0.5)
    ratio = medians[1] / medians[0]
    was, now = map(math.log, medians)
    low_base, high_base = map(math.log, median_interval(sides[0], confidence))
    low_now, high_now = map(math.log, median_interval(sides[1], confidence))
    change = now - was
    low = change - math.hypot(now - low_now, high_base - was)
    high = change + math.hypot(high_now - now, was - low_base)
    return min(_exp(low), ratio), max(_exp(high), ratio)  # the last bit of a logarithm may lie beyond


@lru_cache(maxsize=4096)  # the benchmarks of a suite ask for few sizes and levels
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
