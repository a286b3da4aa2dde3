"""Shares of calls, such as an error rate: what a count proves about a limit, or about another count."""

from __future__ import annotations

import math

from perfgate.stats.distributions import normal_tail
from perfgate.stats.tails import tail_share_p

_MOST_TERMS = 100_000
_MANY = 1e6
"""Variance of a count from which on the normal law is right to three digits where it matters."""
_EXACT = 10**8
"""Calls up to which logarithms of factorials keep seven digits of a probability."""
_NEGLIGIBLE = 1e-12  # of a sum


def exceeds_p(hits: int, of: int, limit: float) -> float:
    """Return how likely so many hits or more are when the true share is exactly the limit.

    Args:
        hits: how many, 0 <= hits <= of.
        of: of how many, >= 1.
        limit: the largest share that is allowed, 0.0 to 1.0.

    Returns:
        The exact binomial probability, 0.0 to 1.0; a service within its limit shows a value
        of at most p with a chance of at most p.

    Raises:
        ValueError: an argument lies outside its range.
    """
    if limit in {0.0, 1.0}:
        return 1.0 if hits <= limit * of else 0.0
    variance = of * limit * (1.0 - limit)
    if variance > _MANY:
        return normal_tail((hits - 0.5 - of * limit) / math.sqrt(variance))
    return tail_share_p(hits, of, limit)


def fewest_hits(of: int, limit: float, level: float) -> int | None:
    """Return how many hits of so many calls prove that the true share is above the limit.

    Args:
        of: calls, >= 1.
        limit: the largest share that is allowed, 0.0 <= limit <= 1.0.
        level: accepted chance that a share at its limit is called above it, 0.0 < level < 1.0.

    Returns:
        The smallest count, 1 to `of`; None when not even all of them prove it.
    """
    low, high = 1, of + 1
    while low < high:
        middle = (low + high) // 2
        if exceeds_p(middle, of, limit) <= level:
            high = middle
        else:
            low = middle + 1
    return low if low <= of else None


def fewest_without_hit(limit: float, level: float) -> int | None:
    """Return how many calls without a hit prove that the true share is below the limit.

    Args:
        limit: the share, 0.0 <= limit <= 1.0: 0.05 for the calls beyond p95.
        level: accepted chance of so many calls without a hit when the share is at the limit, 0.0 < level < 1.0.

    Returns:
        >= 1, such as 59 for 0.05 at a level of 0.05; None when no number proves it.
    """
    if not limit:
        return None
    return 1 if limit >= 1.0 else math.ceil(math.log(level) / math.log1p(-limit))


def more_hits_p(base: tuple[int, int], now: tuple[int, int]) -> float:
    """Return how likely it is that so many of all hits fall to the current calls when both shares are the same.

    Args:
        base: hits and calls of the baseline.
        now: hits and calls now.

    Returns:
        The exact one-sided probability, 0.0 to 1.0: of so many hits now, or more. With more than
        `_MOST_TERMS` terms in the sum an upper bound of it.

    Raises:
        ValueError: more hits than calls, or no calls.

    Source:
        Fisher (1935), "The Logic of Inductive Inference", Journal of the Royal Statistical Society 98(1).
    """
    (k1, n1), (k2, n2) = base, now
    if not (0 <= k1 <= n1 and 0 <= k2 <= n2 and n1 and n2):
        raise ValueError(f"hits must lie between 0 and the calls, got {base!r} and {now!r}")
    hits = k1 + k2
    if n1 + n2 > _EXACT:
        return _more_of_many(k2, n2, hits, n1 + n2)
    first = math.exp(_ways(n2, k2) + _ways(n1, k1) - _ways(n1 + n2, hits))
    total, term = 0.0, first
    last = min(hits, n2)
    for k in range(k2, last + 1):
        total += term
        if k == last:
            break
        ratio = (hits - k) * (n2 - k) / ((k + 1) * (n1 - hits + k + 1))
        term *= ratio
        rest = term / (1 - ratio) if ratio < 1 else math.inf  # the ratios fall
        if rest <= _NEGLIGIBLE * total:
            break
        if k - k2 > _MOST_TERMS:
            return min(total + rest, 1.0)
    return min(total, 1.0)


def _more_of_many(k: int, n: int, hits: int, whole: int) -> float:
    """Return the same for so many calls that logarithms of factorials lose their digits: by limits of the law.

    The normal one where its variance is large; else the binomial one of the fewest: hits, misses, or calls.
    """
    misses = whole - hits
    if not hits or not misses:
        return 1.0
    share = n / whole
    mean, variance = hits * share, hits * share * (1.0 - share) * (misses / whole)
    if variance > _MANY:
        return normal_tail((k - 0.5 - mean) / math.sqrt(variance))
    if hits <= min(misses, n):
        return tail_share_p(k, hits, share)
    if misses <= n:
        missed = n - k + 1  # so many misses now, or more, would be fewer hits
        return 1.0 - (tail_share_p(missed, misses, share) if missed <= misses else 0.0)
    return tail_share_p(k, n, hits / whole)


def _ways(n: int, k: int) -> float:
    """Return the logarithm of the number of ways to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
