"""How an audit words what it found."""

from __future__ import annotations

import math

_SMALL = 0.1


def percent(change: float) -> str:
    """Return a change as a signed percentage, with a decimal where it is small."""
    return f"{change * 100:+,.{0 if abs(change) >= _SMALL else 1}f}%"


def cost(change: float | None) -> float:
    """Return a change in a metric's own direction as one of costs; of one that nothing shows, infinity."""
    if change is None or change <= -1.0:
        return math.inf
    return math.expm1(abs(math.log1p(change)))
