"""What the requests of two arms prove about a limit: one function for each kind of limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.rollout.canary import State
from perfgate.stats.distributions import clopper_pearson, t_quantile
from perfgate.stats.large_samples.quantile_ratio import RatioBounds, quantile_ratio_bounds
from perfgate.stats.large_samples.rank_shift import shift_bounds
from perfgate.stats.quantiles import runs_needed_for_bound
from perfgate.stats.shares import exceeds_p
from perfgate.stats.tails import BOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.gate.canary.arms import Measure
    from perfgate.stats.large_samples.distribution import Distribution

_OF_QUANTILE, _OF_SHIFT = 2 / 3, 1 / 3
"""How the two tests of a latency share its level: a shift is seen soon, a slower tail late."""
_MOST_NEEDED = 10_000_000
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is proven."""

    state: State
    low: float | None = None
    """Bound from below at the level of rolling back."""
    high: float | None = None
    """Bound from above at the level of going on."""
    proof: str = ""
    """The test that decided; empty: none did."""
    needs: int | None = None
    """About how many requests in all would decide; None: decided, or no number would."""


def weigh_latency(
    base: Measure, canary: Measure, q: float, limit: float, levels: tuple[float, float]
) -> tuple[Evidence, str]:
    """Return what is proven of a quantile of a latency, and in words what could not be asked.

    A canary is worse when the bootstrap bound of the quantile's ratio clears the limit, or when the
    shift of all values does: a quantile of few requests says little, and a shift nothing of a tail. It
    holds by the quantile alone. Where instances are named, the spread between them must leave it so.

    Args:
        base: the baseline's values.
        canary: the canary's values.
        q: which quantile, 0.0 < q < 1.0.
        limit: largest accepted change, > -1.0 (0.15 for +15 %).
        levels: of rolling back, and of going on.
    """
    was, now = base.whole, canary.whole
    if was is None or now is None:
        raise ValueError("a latency needs values on both sides")
    rollback, promote = levels
    least = runs_needed_for_bound(q, BOUND)
    few = min(len(was), len(now)) < least
    found: list[tuple[float, str]] = []
    high: float | None = None
    of_hosts = False
    if not few:
        worse = _spread_of_instances(base, canary, lambda d: d.quantile(q), rollback * _OF_QUANTILE)
        lower = quantile_ratio_bounds(was, now, q, rollback * _OF_QUANTILE).low
        found.append((min(lower, worse.low), "bootstrap"))
        better = _spread_of_instances(base, canary, lambda d: d.quantile(q), promote)
        upper = quantile_ratio_bounds(was, now, q, promote).high
        high = max(upper, better.high) - 1.0
        of_hosts = worse.low < lower or better.high > upper
    if not was.is_bucketed and not now.is_bucketed:
        shift = shift_bounds(was, now, rollback * _OF_SHIFT)
        if shift is not None:
            spread = _spread_of_instances(base, canary, lambda d: d.quantile(0.5), rollback * _OF_SHIFT)
            found.append((min(shift.low, spread.low), "shift"))
    low, proof = max(found, default=(0.0, ""))
    low -= 1.0
    missing = f"p{100 * q:g} needs {least} requests in each arm" if few else ""
    if low > limit:
        return Evidence(state=State.WORSE, low=low, high=high, proof=proof), missing
    if high is not None and high <= limit:
        return Evidence(state=State.HOLDS, low=low, high=high, proof="bootstrap"), missing
    if of_hosts:
        hosts = "the instances of a version differ: more instances would decide, not more requests"
        return Evidence(state=State.OPEN, low=low, high=high), missing or hosts
    if was.is_bucketed or now.is_bucketed:
        wide = f"of each request only its bucket is known: histograms need finer edges around p{100 * q:g}"
        return Evidence(state=State.OPEN, low=low, high=high), missing or wide
    change = now.quantile(q) / was.quantile(q) - 1.0 if was.quantile(q) > 0 else math.inf
    return Evidence(
        state=State.OPEN, low=low, high=high, needs=_needed_for_ratio(len(now), least, change, (low, high), limit)
    ), missing


def _spread_of_instances(
    base: Measure, canary: Measure, take: Callable[[Distribution], float], level: float
) -> RatioBounds:
    """Return bounds of a ratio by the spread between instances; without bounds where there are too few to ask.

    Student's t on the logarithms of one value for each instance, with one spread for both sides.
    """
    sides = [[take(d) for d in side.instances] for side in (base, canary)]
    freedom = sum(map(len, sides)) - _TWO
    if not all(sides) or freedom < 1:
        return RatioBounds(math.inf, 0.0)
    if min(v for side in sides for v in side) <= 0:
        return RatioBounds(0.0, math.inf)
    logs = [[math.log(v) for v in side] for side in sides]
    means = [math.fsum(side) / len(side) for side in logs]
    squares = math.fsum((v - mean) ** 2 for side, mean in zip(logs, means, strict=True) for v in side)
    error = math.sqrt(squares / freedom * (1 / len(logs[0]) + 1 / len(logs[1])))
    reach = t_quantile(1.0 - level, freedom) * error
    shift = means[1] - means[0]
    return RatioBounds(math.exp(shift - reach), math.exp(shift + reach))


def _needed_for_ratio(
    count: int, least: int, change: float, bounds: tuple[float, float | None], limit: float
) -> int | None:
    """Return about how many requests decide a ratio: bounds narrow with the root of their number."""
    low, high = bounds
    if count < least or high is None:
        return least
    if not (math.isfinite(change) and math.isfinite(high)) or low <= -1.0 or change <= -1.0:
        return None
    bound = high if change <= limit else low
    reach = abs(math.log1p(bound) - math.log1p(change))
    distance = abs(math.log1p(limit) - math.log1p(change))
    needs = count * (reach / distance) ** 2 if distance else math.inf
    return math.ceil(needs) if needs <= _MOST_NEEDED else None


def weigh_share(hits: tuple[int, int], of: int, limit: float, levels: tuple[float, float]) -> Evidence:
    """Return what is proven of a share: exact binomial bounds.

    Args:
        hits: how many, for certain and at most; they differ where of some values the bucket alone is known.
        of: of how many, >= 1.
        limit: the largest share that is allowed, 0.0 to 1.0.
        levels: of rolling back, and of going on.
    """
    surely, possibly = hits
    rollback, promote = levels
    low = clopper_pearson(surely, of, 1.0 - 2.0 * rollback)[0]
    high = clopper_pearson(possibly, of, 1.0 - 2.0 * promote)[1]
    if exceeds_p(surely, of, limit) <= rollback and surely > limit * of:
        return Evidence(state=State.WORSE, low=low, high=high, proof="exact")
    if _is_within(possibly, of, limit, promote):
        return Evidence(state=State.HOLDS, low=low, high=high, proof="exact")
    needs = _needed_for_share(surely if surely == possibly else None, of, limit, levels)
    return Evidence(state=State.OPEN, low=low, high=high, needs=needs)


def _is_within(hits: int, of: int, limit: float, level: float) -> bool:
    """Would so few hits, or fewer, be that unlikely if the share were at its limit?"""
    return hits < of and 1.0 - exceeds_p(hits + 1, of, limit) <= level


def _needed_for_share(hits: int | None, of: int, limit: float, levels: tuple[float, float]) -> int | None:
    """Return about how many requests decide a share, if it stays what it is."""
    if hits is None:
        return None
    share = hits / of
    step = 1.1
    count = float(of)
    while count < _MOST_NEEDED:
        count *= step
        n = math.ceil(count)
        k = round(share * n)
        if (share > limit and exceeds_p(k, n, limit) <= levels[0]) or (
            share < limit and _is_within(k, n, limit, levels[1])
        ):
            return n
    return None
