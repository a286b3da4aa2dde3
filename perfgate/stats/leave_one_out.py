"""Estimate the false-alarm rate of a baseline by judging each of its sessions against the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from perfgate.stats.distributions import incomplete_beta
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_LEFT_OUT = 3
"""Fewest sessions for an estimate: of two, each would be judged by a single one."""
MATCHED_AT = 0.7
"""Quantile of the left-out sessions' largest shares to which the distribution of their scatter is fitted. With 0.6, 0.7
or 0.8 the rates on recorded benchmarks differ by less than their own error."""
SCATTER_WEIGHT = 5.0
"""Weight of the fitted distribution, in sessions, beside the sessions that were left out. With 10 or 20 a single rate
is steadier, but benchmarks whose sessions now and then are in another state are taken for better than they are."""
CONFIDENCE = 0.90
"""Confidence of an interval; each end is a one-sided bound at 95 %."""
_MOST_SHARE = 1e3
_PRECISE = 1e-9  # of the ends of an interval, which is printed with two digits


class AlarmRate(NamedTuple):
    """The expected share of unchanged sessions that fail, with its interval.

    Attributes:
        expected: share of unchanged sessions that fail, 0.0 to 1.0.
        low: lower end of its 90 % interval; 0.0 when none of the left-out sessions failed.
        high: upper end.
        sessions: sessions that were left out in turn, >= 3.
        failed: how many of them were beyond their limit.
    """

    expected: float
    low: float
    high: float
    sessions: int
    failed: int


def alarm_rate(shares: Sequence[float]) -> AlarmRate:
    """Return how often an unchanged session is expected to fail.

    A count of five sessions knows only 0, 20, 40 … percent. So it is mixed with a law of
    their scatter: the largest of many rows' shares follows, where a row's tail falls with
    the square, P(share <= x) = exp(-(c / x)**2), laid through the 70 % quantile of the
    shares. The law alone would miss sessions in another state (one of few shares far
    beyond the limit), the count alone would call every quiet baseline perfect.

    Args:
        shares: of each session that was left out, the largest change of its gated values as a
            share of what would have failed: 1.0 is exactly at the limit. May be negative
            (everything got better) or infinite, never nan.

    Raises:
        ValueError: there are fewer than 3.

    Source:
        Fréchet (1927), "Sur la loi de probabilité de l'écart maximum", Annales de la Société
        polonaise de mathématique 6: the law of the largest of many with such a tail.
    """
    m = len(shares)
    if m < FEWEST_LEFT_OUT:
        raise ValueError(f"needs at least {FEWEST_LEFT_OUT} sessions, got {m}")
    ordered = sorted(min(share, _MOST_SHARE) for share in shares)
    middle = max(0.0, quantile(ordered, MATCHED_AT))
    scatter = -math.expm1(math.log(MATCHED_AT) * middle**2)
    failed = sum(share > 1.0 for share in shares)
    worth = SCATTER_WEIGHT * scatter + failed
    total = SCATTER_WEIGHT + m
    # Half a failure and half a pass more, as Jeffreys has it: from few sessions nothing is certain.
    ends = [_beta_quantile(worth + 0.5, total - worth + 0.5, p) for p in (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)]
    return AlarmRate(
        expected=worth / total,
        low=ends[0] if failed else 0.0,
        high=max(ends[1], worth / total),
        sessions=m,
        failed=failed,
    )


def _beta_quantile(a: float, b: float, p: float) -> float:
    """Return the ``p``-quantile of a beta law, by halving."""
    low, high = 0.0, 1.0
    while high - low > _PRECISE * high:
        middle = 0.5 * (low + high)
        if incomplete_beta(a, b, middle) < p:
            low = middle
        else:
            high = middle
    return high
