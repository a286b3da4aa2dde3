"""How many times larger the values of one sample are than those of another, as the rank test leaves it."""

from __future__ import annotations

import math
from operator import sub
from typing import TYPE_CHECKING

from perfgate.stats.distributions import normal_quantile
from perfgate.stats.large_samples.quantile_ratio import RatioBounds
from perfgate.stats.pairs import nth_pairs
from perfgate.stats.ranks import MOST_EXACT, critical_u

if TYPE_CHECKING:
    from perfgate.stats.large_samples.distribution import Distribution

MOST_POINTS = 2_000
"""Values of a side that are compared in pairs; of more, so many that stand for equal shares."""


def shift_bounds(base: Distribution, current: Distribution, level: float) -> RatioBounds | None:
    """Return bounds of the factor between two samples: the Hodges-Lehmann interval of their logarithms.

    Args:
        base: the baseline's values, as they are (no buckets).
        current: the current values, in the same unit.
        level: chance with which each bound may miss, 0.0 < level < 1.0.

    Returns:
        The two bounds; None where a value is not positive, or so few can never reach the level.

    Source:
        Hodges and Lehmann (1963), "Estimates of Location Based on Rank Tests", Annals of
        Mathematical Statistics 34(2); the ends as in Lehmann (1975), "Nonparametrics", 2.6.
    """
    was, now = base.points(MOST_POINTS), current.points(MOST_POINTS)
    if was[0] <= 0 or now[0] <= 0:
        return None
    n, m = len(base), len(current)
    share = _rejected_share(n, m, level)
    if share is None:
        return None
    pairs = len(was) * len(now)
    place = max(1, min(pairs, math.floor(share * pairs)))
    falling = [math.log(v) for v in reversed(was)]
    low, high = nth_pairs([math.log(v) for v in now], falling, sub, [place, pairs + 1 - place])
    return RatioBounds(math.exp(low), math.exp(high))


def _rejected_share(n: int, m: int, level: float) -> float | None:
    """Return the share of all pairs below which the rank test rejects; None: it never does."""
    if max(n, m) <= MOST_EXACT:
        u = critical_u(n, m, level)
        return None if u is None else (n * m + 1 - u) / (n * m)
    deviation = math.sqrt(n * m / 12 * (n + m + 1))
    share = 0.5 + (normal_quantile(level) * deviation - 0.5) / (n * m)
    return share if share * n * m >= 1 else None
