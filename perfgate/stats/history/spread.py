"""The spread of the values of one session, in one number that a few outliers do not move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Sequence

_OF_NORMAL = 1.4826  # the standard deviation of normal values, in their median absolute deviation
_FEWEST = 3
"""Of two values the deviation is half of their distance, whatever lies between."""


def relative_spread(values: Sequence[float]) -> float | None:
    """Return 1.4826 times the median absolute deviation of the logarithms of values.

    Args:
        values: of one session, in any order and unit; finite.

    Returns:
        A share, 0.03 for 3 %; None when there are fewer than three values, or one is not positive.
    """
    if len(values) < _FEWEST or min(values) <= 0.0:
        return None
    logs = [math.log(v) for v in values]
    middle = median(logs)
    return _OF_NORMAL * median([abs(log - middle) for log in logs])
