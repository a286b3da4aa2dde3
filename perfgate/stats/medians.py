"""Intervals for the ratio of two medians, by the bootstrap's exact law: no dice."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import mad, median
from perfgate.stats.sessions import MAD_TO_SIGMA, MEDIAN_VARIANCE
from perfgate.stats.students import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Law = tuple[list[float], list[float]]
    """Possible values, ascending and distinct, and the probability of each or a smaller one."""

MOST_RESAMPLED = 200
"""Largest side for the exact law; beyond it the median is nearly normal, and the law costs 0.1 s."""
NEGLIGIBLE = 1e-12
"""Outcomes of a bootstrap less likely than this are left out: at most 20 100 of them, 2e-8 in all."""
SLACK = 1e-9
"""A probability this little short of its target has reached it: sums of many weights are that inexact."""
FEW = 64
"""Once so few ratios are left between two bounds, they are listed and sorted."""


def median_ratio_interval(
    base: Sequence[float], current: Sequence[float], confidence: float = 0.95
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of ``median(current) / median(base)``.

    Of infinitely many resamples, computed rather than drawn: the median of a
    resample is an order statistic of the sample, or the mean of two, with binomial
    weights, so the ratio has a law that can be read off. With more than 200 values
    on a side, the logs' medians are taken as normal with variance 1.571 w^2 / n,
    where w is 1.4826 times the MAD of the logs.

    The interval is as trustworthy as any bootstrap of a median: with fewer than
    about six runs a side it cannot reach 95 %, since it never leaves the sample.

    Args:
        base: the baseline's runs, any order, length >= 1; all finite and > 0.
        current: the current runs, in the same unit, length >= 1; all finite and > 0.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        Lower and upper end of the ratio, > 0 (1.0 is no change).

    Raises:
        ValueError: a side is empty or holds a value that is not positive and finite,
            or ``confidence`` lies outside (0, 1).

    Source:
        Efron (1979), "Bootstrap Methods: Another Look at the Jackknife", Annals of
        Statistics 7(1), section 3 (the law of a resampled median).
    """
    if not (len(base) and len(current)):
        raise ValueError("each side needs at least one value")
    if not all(0.0 < value < math.inf for side in (base, current) for value in side):
        raise ValueError("a ratio needs values that are positive and finite")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence!r}")
    if max(len(base), len(current)) > MOST_RESAMPLED:
        return _normal_interval(base, current, confidence)
    below, above = resampled_median_law(base), resampled_median_law(current)
    tail = 0.5 * (1.0 - confidence)
    return _ratio_quantile(below, above, tail), _ratio_quantile(below, above, 1.0 - tail)


def resampled_median_law(values: Sequence[float]) -> Law:
    """Return the distribution of the median of a resample of ``values``.

    Args:
        values: the sample, any order, 1 to 200 values; all finite.

    Returns:
        The possible medians, ascending and distinct, in the unit of ``values``; and
        for each the probability of it or a smaller one, the last being 1.0.

    Raises:
        ValueError: ``values`` is empty.

    Source:
        Maritz and Jarrett (1978), "A Note on Estimating the Variance of the Sample
        Median", Journal of the American Statistical Association 73(361).
    """
    if not len(values):
        raise ValueError("a median needs at least one value")
    ordered = sorted(values)
    weights: dict[float, float] = {}
    for value, weight in _odd(ordered) if len(ordered) % 2 else _even(ordered):
        weights[value] = weights.get(value, 0.0) + weight
    grid = sorted(weights)
    sums = list(accumulate(weights[value] for value in grid))
    return grid, [part / sums[-1] for part in sums]


def _odd(ordered: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield each value with the probability that it is the middle one of a resample of odd size."""
    n = len(ordered)
    least = [_at_least(n, n // 2 + 1, i / n) for i in range(n + 1)]
    for i, value in enumerate(ordered):
        yield value, max(0.0, least[i + 1] - least[i])


def _even(ordered: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield each mean of two values with the probability that they are the middle pair of a resample.

    With n = 2 k, the pair is (i, j), i < j counted from 0, when k draws are at most i,
    the largest of them i, and the other k at least j, the smallest of them j.
    """
    n, k = len(ordered), len(ordered) // 2
    ways = float(math.comb(n, k))
    power = [(i / n) ** k for i in range(n + 1)]
    least = [_at_least(n, k, i / n) for i in range(n + 1)]
    for i, low in enumerate(ordered):
        lower = ways * (power[i + 1] - power[i])
        # The k-th draw is i altogether, less the cases in which the next one is beyond it.
        yield low, max(0.0, least[i + 1] - least[i] - lower * power[n - i - 1])
        for j in range(i + 1, n):
            weight = lower * (power[n - j] - power[n - j - 1])
            if weight < NEGLIGIBLE:  # and smaller still for every j to come
                break
            yield low + 0.5 * (ordered[j] - low), weight


def _at_least(n: int, k: int, p: float) -> float:
    """Return the probability of at least ``k`` hits in ``n`` trials."""
    return math.fsum(math.comb(n, hits) * p**hits * (1.0 - p) ** (n - hits) for hits in range(k, n + 1))


def _ratio_quantile(base: Law, current: Law, target: float) -> float:
    """Return the smallest ratio of ``current`` to ``base`` that is reached with probability ``target``.

    The product of both laws is never written out: halving the range of ratios, each
    step one walk along both grids, leaves a few ratios to sort (or one, if they are
    equal).
    """
    target -= SLACK
    (under, under_sums), (over, _) = base, current
    low, high = 0.5 * over[0] / under[-1], over[-1] / under[0]
    done, reach = _walk(base, current, low)
    last = _walk(base, current, high)[1]
    while sum(last) - sum(reach) > FEW and low < (middle := math.sqrt(low) * math.sqrt(high)) < high:
        share, stop = _walk(base, current, middle)
        if share >= target:
            high, last = middle, stop
        else:
            low, done, reach = middle, share, stop
    chances = _steps(current[1])
    weights = _steps(under_sums)
    rest = sorted(
        (over[j] / value, weights[i] * chances[j]) for i, value in enumerate(under) for j in range(reach[i], last[i])
    )
    ratio = high
    for ratio, weight in rest:  # noqa: B007 - the one it stops at is the answer  # pragma: no branch
        done += weight
        if done >= target:
            break
    return ratio


def _walk(base: Law, current: Law, limit: float) -> tuple[float, list[int]]:
    """Return P(ratio <= limit), and for each base value how many current ones stay within."""
    (under, under_sums), (over, over_sums) = base, current
    share = before = 0.0
    count, most, reach = 0, len(over), []
    for value, until in zip(under, under_sums, strict=True):
        while count < most and over[count] / value <= limit:
            count += 1
        if count:
            share += (until - before) * over_sums[count - 1]
        before = until
        reach.append(count)
    return share, reach


def _steps(sums: Sequence[float]) -> list[float]:
    """Return the weights whose running sums these are."""
    return [until - before for before, until in zip([0.0, *sums], sums, strict=False)]


def _normal_interval(base: Sequence[float], current: Sequence[float], confidence: float) -> tuple[float, float]:
    """Return the interval of the ratio of medians with normal logs."""
    centre, variance = 0.0, 0.0
    for sign, side in ((-1.0, base), (1.0, current)):
        logs = [math.log(value) for value in side]
        centre += sign * median(logs)
        variance += MEDIAN_VARIANCE * (MAD_TO_SIGMA * mad(logs)) ** 2 / len(logs)
    reach = normal_quantile(0.5 + 0.5 * confidence) * math.sqrt(variance)
    return math.exp(centre - reach), math.exp(centre + reach)
