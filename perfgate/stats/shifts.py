"""By how much one sample lies above another, whatever the noise looks like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import quantile
from perfgate.stats.ranks import critical_u

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PAIRS = 1_000_000
"""Up to so many pairs are listed (0.3 s); larger samples are thinned to evenly spaced order statistics first."""


def hodges_lehmann(
    base: Sequence[float], current: Sequence[float], confidence: float = 0.95
) -> tuple[float, tuple[float, float] | None]:
    """Return the shift of ``current`` above ``base``, with the interval that the rank test leaves.

    The shift is the median of all differences of one current and one baseline run. The
    interval holds every shift that a two-sided Mann-Whitney test would not reject, so
    that it leaves out 0.0 exactly when that test is significant.

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
    sides = _thinned(base), _thinned(current)
    differences = sorted(c - b for b in sides[0] for c in sides[1])
    shift = quantile(differences, 0.5)
    if u is None:
        return shift, None
    # With U >= u rejected on either side, the u-th difference from below is the upper end. Of thinned
    # samples the same share of the differences is taken.
    place = math.ceil(u * len(differences) / (len(base) * len(current))) - 1
    return shift, (differences[-1 - place], differences[place])


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """Return evenly spaced order statistics of a sample too large to be paired with another."""
    most = math.isqrt(MOST_PAIRS)
    if len(values) <= most:
        return values
    ordered = sorted(values)
    return [ordered[(2 * i + 1) * len(ordered) // (2 * most)] for i in range(most)]
