"""The Hodges-Lehmann shift between two samples, with the confidence interval of the rank test."""

from __future__ import annotations

from operator import sub
from typing import TYPE_CHECKING

from perfgate.stats.pairs import nth_pairs
from perfgate.stats.quantiles import quantile
from perfgate.stats.ranks import critical_u

if TYPE_CHECKING:
    from collections.abc import Sequence


def hodges_lehmann(
    base: Sequence[float], current: Sequence[float], confidence: float = 0.95
) -> tuple[float, tuple[float, float] | None]:
    """Return the shift of ``current`` above ``base``, with the interval that the rank test leaves.

    The shift is the median of all differences of one current and one baseline run. The
    interval holds every shift that a two-sided Mann-Whitney test would not reject, so
    that without ties it leaves out 0.0 exactly when that test is significant: by the
    exact law up to 20 runs a side, by the normal approximation beyond. Any number of
    runs is judged whole (0.15 s for 10,000 and 10,000).

    Args:
        base: the baseline's runs (their logs, for a ratio), any order, length >= 1; all finite.
        current: the current runs, in the same unit, length >= 1; all finite.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        The shift, and its lower and upper end; None for the ends when so few runs can
        never reach the confidence.

    Raises:
        ValueError: a side is empty, or ``confidence`` lies outside (0, 1).

    Source:
        Hodges and Lehmann (1963), "Estimates of Location Based on Rank Tests", Annals of
        Mathematical Statistics 34(2); the ends as in Lehmann (1975), "Nonparametrics", 2.6.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence!r}")
    u = critical_u(len(base), len(current), 0.5 * (1.0 - confidence))
    pairs = len(base) * len(current)
    places = [(pairs + 1) // 2, pairs // 2 + 1]
    if u is not None:  # with U >= u rejected on either side, the u-th difference from below is the upper end
        places += [pairs + 1 - u, u]
    low_middle, high_middle, *ends = nth_pairs(sorted(current), sorted(base, reverse=True), sub, places)
    shift = quantile([low_middle, high_middle], 0.5)
    return shift, (ends[0], ends[1]) if ends else None
