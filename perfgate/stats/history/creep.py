"""Whether the newest values of a series lie above those of an anchor, however slowly they got there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Sequence

OF_ANCHOR = 10
"""Values up to the anchor that are compared."""
OF_NOW = 5
"""Newest values that are compared."""
_USUAL = 0.02  # spread between sessions that is expected before any is known, which counts as two values
_WEIGHT = 2
_LEAST = 0.005  # spread below which no two sessions of a machine lie
_FAR = 5.0  # standard errors
_OF_MEDIAN = math.pi / 2  # variance of a median, in that of a mean


class Creep(NamedTuple):
    """How the newest values compare with those of an anchor."""

    change: float
    """Median of the newest less that of the anchor."""
    error: float
    """Standard error of the change."""

    def is_above(self, least: float) -> bool:
        """Is it more than chance, and more than `least`?"""
        return self.change > max(least, _FAR * self.error)


def compare_with_anchor(anchor: Sequence[float], now: Sequence[float]) -> Creep:
    """Compare the newest values of a series with those of an anchor.

    Values that follow each other on a machine that changes are no independent draws: such a comparison calls 0 to
    2 % of unchanged values worse, and finds a creep of 10 % in 97 % of the cases on a machine of its own, in 1 to 3 %
    on hosted runners (docs/history.md). So it is a reason to measure both versions side by side, and no verdict.

    Args:
        anchor: logs of the values up to the anchor, at least 2, usually `OF_ANCHOR`.
        now: logs of the newest values, at least 2, usually `OF_NOW`; higher is worse.
    """
    weight = len(anchor) + len(now) - _WEIGHT
    squares = _WEIGHT * _USUAL**2 + _squares(anchor) + _squares(now)
    spread = max(math.sqrt(squares / (weight + _WEIGHT)), _LEAST)
    error = spread * math.sqrt(_OF_MEDIAN * (1 / len(anchor) + 1 / len(now)))
    return Creep(median(now) - median(anchor), error)


def _squares(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((v - mean) ** 2 for v in values)
