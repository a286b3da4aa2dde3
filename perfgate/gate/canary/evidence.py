"""What the requests of two arms prove about a limit: one function for each kind of limit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

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

_HOSTS = "the instances of a version differ: more instances would decide, not more requests"
_MOST_NEEDED = 10_000_000
_TWO = 2


class Evidence(Struct, frozen=True, kw_only=True):
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


def weigh_quantile(
    base: Measure, canary: Measure, q: float, limit: float, levels: tuple[float, float]
) -> tuple[Evidence, str]:
    """Return what is proven of a quantile of a latency by the bootstrap, and in words what could not be asked.

    Where instances are named, the spread between them must leave it so.

    Args:
        base: the baseline's values.
        canary: the canary's values.
        q: which quantile, 0.0 < q < 1.0.
        limit: largest accepted change, > -1.0 (0.15 for +15 %).
        levels: of rolling back, and of going on.
    """
    was, now = _values_of(base, canary)
    least = runs_needed_for_bound(q, BOUND)
    if min(len(was), len(now)) < least:
        needs = least if len(now) < least else None
        return Evidence(state=State.OPEN, needs=needs), f"p{100 * q:g} needs {least} requests in each arm"
    of_requests = [quantile_ratio_bounds(was, now, q, level) for level in levels]
    of_hosts = [_spread_of_instances(base, canary, lambda d: d.quantile(q), level) for level in levels]
    change = now.quantile(q) / was.quantile(q) - 1.0 if was.quantile(q) > 0 else math.inf
    found = _weigh(of_requests, of_hosts, limit, "bootstrap")
    if found.state is not State.OPEN:
        return found, ""
    if _is_wider(of_hosts, of_requests):
        return found, _HOSTS
    if was.is_bucketed or now.is_bucketed:
        return found, f"of each request only its bucket is known: histograms need finer edges around p{100 * q:g}"
    return replace(found, needs=_needed_for_ratio(len(now), change, found, limit)), ""


def weigh_shift(base: Measure, canary: Measure, limit: float, levels: tuple[float, float]) -> tuple[Evidence, str]:
    """Return what is proven of the shift of all requests by the rank test, and in words what could not be asked.

    It is seen soon, where a quantile in the tail takes thousands of requests; of a longer tail alone it says nothing.

    Args:
        base: the baseline's values, not in buckets.
        canary: the canary's values, the same.
        limit: largest accepted change, > -1.0.
        levels: of rolling back, and of going on.
    """
    was, now = _values_of(base, canary)
    of_requests = [b for level in levels if (b := shift_bounds(was, now, level)) is not None]
    if len(of_requests) < len(levels):
        return Evidence(state=State.OPEN), "too few requests for the rank test, or values of zero"
    of_hosts = [_spread_of_instances(base, canary, lambda d: d.quantile(0.5), level) for level in levels]
    found = _weigh(of_requests, of_hosts, limit, "shift")
    if found.state is not State.OPEN:
        return found, ""
    if _is_wider(of_hosts, of_requests):
        return found, _HOSTS
    middle = math.sqrt(of_requests[1].low * of_requests[1].high) - 1.0
    return replace(found, needs=_needed_for_ratio(len(now), middle, found, limit)), ""


def _values_of(base: Measure, canary: Measure) -> tuple[Distribution, Distribution]:
    if base.whole is None or canary.whole is None:
        raise ValueError("a latency needs values on both sides")
    return base.whole, canary.whole


def _weigh(of_requests: list[RatioBounds], of_hosts: list[RatioBounds], limit: float, proof: str) -> Evidence:
    """Return what the bounds of a ratio prove, those at the level of rolling back first."""
    low = min(of_requests[0].low, of_hosts[0].low) - 1.0
    high = max(of_requests[1].high, of_hosts[1].high) - 1.0
    state = State.WORSE if low > limit else State.HOLDS if high <= limit else State.OPEN
    return Evidence(state=state, low=low, high=high, proof="" if state is State.OPEN else proof)


def _is_wider(of_hosts: list[RatioBounds], of_requests: list[RatioBounds]) -> bool:
    """Does the spread between instances leave more open than the number of requests?"""
    return of_hosts[0].low < of_requests[0].low or of_hosts[1].high > of_requests[1].high


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


def _needed_for_ratio(count: int, change: float, found: Evidence, limit: float) -> int | None:
    """Return about how many requests decide a ratio: bounds narrow with the root of their number."""
    bound = found.high if change <= limit else found.low
    if bound is None or not (math.isfinite(change) and math.isfinite(bound)) or min(bound, change) <= -1.0:
        return None
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
