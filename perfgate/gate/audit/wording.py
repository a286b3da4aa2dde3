"""How an audit words what it found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 5
_SMALL = 0.1


def listed(names: Sequence[str]) -> str:
    """Return names in a row, a long list cut."""
    shown = ", ".join(names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown


def percent(change: float) -> str:
    """Return a change as a signed percentage, with a decimal where it is small."""
    return f"{change * 100:+,.{0 if abs(change) >= _SMALL else 1}f}%"


def cost(change: float | None) -> float:
    """Return a change in a metric's own direction as one of costs; of one that nothing shows, infinity."""
    if change is None or change <= -1.0:
        return math.inf
    return math.expm1(abs(math.log1p(change)))
