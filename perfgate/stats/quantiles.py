"""Quantiles and spread of a sample, and confidence bounds of quantiles by order statistics."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAD_TO_SIGMA = 1.4826
"""1 / (the 75 % point of the normal law): turns a MAD into the standard deviation of normal noise."""
ROUNDING = 1e-12
"""Relative slack when a probability meets a limit exactly, as 0.1 does 1 - 0.9 (smaller in binary)."""


def quantile(ordered: Sequence[float], q: float) -> float:
    """Return the ``q``-quantile of a sample by linear interpolation.

    One definition serves everywhere, so that a p95 in a baseline, a report and a
    threshold is the same number. Rounding never carries it past a neighbour, and
    a larger ``q`` never gives a smaller value.

    Args:
        ordered: the sample, ascending, in the metric's base unit, length >= 1.
        q: which quantile, 0.0 <= q <= 1.0 (0.95 for p95).

    Returns:
        A value in the unit of ``ordered``, between its first and last item.

    Raises:
        ValueError: ``ordered`` is empty, or ``q`` lies outside [0, 1].

    Source:
        Hyndman and Fan (1996), "Sample Quantiles in Statistical Packages",
        The American Statistician 50(4), definition 7.
    """
    if not len(ordered):
        raise ValueError("a quantile needs at least one value")
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"q must lie in [0, 1], got {q!r}")
    return _interpolate(ordered, q)


def _interpolate(ordered: Sequence[float], q: float) -> float:
    """Return what `quantile` promises, of a sample and a share that are as it asks for."""
    place = (len(ordered) - 1) * q
    below = int(place)
    share = place - below
    low = float(ordered[below])
    if share == 0.0:
        return low
    high = float(ordered[below + 1])
    # Rounding is monotone, so this form is too; the usual switch of forms at one half is not.
    return min(low + share * (high - low), high)


def median(values: Sequence[float]) -> float:
    """Return the median of a sample in any order: `quantile` at one half.

    Args:
        values: the sample, in the metric's base unit, length >= 1; all finite.

    Returns:
        A value in the unit of ``values``.

    Raises:
        ValueError: ``values`` is empty.
    """
    size = len(values)
    if not size:
        raise ValueError("a quantile needs at least one value")
    return float(values[0]) if size == 1 else _interpolate(sorted(values), 0.5)


def mad(values: Sequence[float]) -> float:
    """Return the median absolute deviation from the median, not scaled.

    Args:
        values: the sample, in the metric's base unit, length >= 1; all finite.

    Returns:
        A value >= 0 in the unit of ``values``; times 1.4826 it estimates the
        standard deviation of normal noise.

    Raises:
        ValueError: ``values`` is empty.

    Source:
        Hampel (1974), "The Influence Curve and Its Role in Robust Estimation",
        Journal of the American Statistical Association 69(346).
    """
    middle = median(values)
    return median([abs(value - middle) for value in values])


def order_statistic_interval(n: int, q: float, confidence: float = 0.95) -> tuple[int | None, int | None]:
    """Return which order statistics of ``n`` runs enclose the population's ``q``-quantile.

    Holds for any continuous distribution: the number of runs below the quantile is
    binomial. Each end misses with at most half of ``1 - confidence``, so a
    one-sided 95 % bound is the matching end at ``confidence=0.90``.

    Args:
        n: number of runs, >= 1.
        q: which quantile, 0.0 < q < 1.0.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        0-based positions in the ascending sample, lower then upper; None for an
        end that no order statistic of so few runs can hold.

    Raises:
        ValueError: ``n`` < 1, or ``q`` or ``confidence`` outside (0, 1).

    Source:
        Conover (1999), "Practical Nonparametric Statistics", 3rd ed., section 3.2.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n!r}")
    _check_open("q", q)
    _check_open("confidence", confidence)
    return _positions(n, q, confidence)


def runs_needed_for_bound(q: float, confidence: float) -> int:
    """Return how many runs it takes until the slowest one bounds the ``q``-quantile from above.

    Fewer runs hold no one-sided upper bound of that confidence at all: every one
    of them may lie below the quantile. For p95 at 95 % it takes 59.

    Args:
        q: which quantile, 0.0 < q < 1.0.
        confidence: of the one-sided bound, 0.0 < confidence < 1.0.

    Returns:
        The smallest n >= 1 with ``q**n <= 1 - confidence``.

    Raises:
        ValueError: ``q`` or ``confidence`` outside (0, 1).

    Source:
        Wilks (1941), "Determination of Sample Sizes for Setting Tolerance Limits",
        Annals of Mathematical Statistics 12(1).
    """
    _check_open("q", q)
    _check_open("confidence", confidence)
    miss = math.log1p(-confidence) + ROUNDING
    return max(1, math.ceil(miss / math.log(q)))


@lru_cache(maxsize=4096)
def _positions(n: int, q: float, confidence: float) -> tuple[int | None, int | None]:
    """Return the positions of the ends; kept, since all rows of a suite tend to ask for the same."""
    tail = (1.0 - confidence) / 2.0 * (1.0 + ROUNDING)
    # Item l (from 0) lies above the quantile when at most l runs are below it. Item u
    # lies below it when at least u + 1 runs are, that is at most n - 1 - u above.
    lower = _last_within(_binomial(n, q), tail)
    upper = _last_within(_binomial(n, 1.0 - q), tail)
    return (None if lower < 0 else lower, None if upper < 0 else n - 1 - upper)


def _binomial(n: int, p: float) -> Iterator[float]:
    """Yield P(B = 0), P(B = 1), ... P(B = n) of a binomial count; on logs, lest large n underflow."""
    hit, miss, whole = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    for k in range(n + 1):  # pragma: no branch - its reader always stops early
        ways = whole - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        yield math.exp(ways + k * hit + (n - k) * miss)


def _last_within(weights: Iterator[float], limit: float) -> int:
    """Return the last k for which weights 0..k add up to at most ``limit``; -1 if there is none."""
    total = 0.0
    for k, weight in enumerate(weights):
        total += weight
        if total > limit:
            return k - 1
    raise AssertionError("the weights of a whole distribution exceed any limit below one")  # pragma: no cover


def _check_open(name: str, share: float) -> None:
    """Raise ValueError unless ``share`` lies strictly between 0 and 1."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), got {share!r}")
