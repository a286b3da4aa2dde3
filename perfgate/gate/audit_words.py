"""How an audit words what it found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.audit_sight import Sight, View

_MOST = 5
_SMALL = 0.1


def listed(names: Sequence[str]) -> str:
    """Return names in a row, a long list cut."""
    shown = ", ".join(names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown


def percent(change: float) -> str:
    """Return a change as a signed percentage, with a decimal where it is small."""
    return f"{change * 100:+,.{0 if abs(change) >= _SMALL else 1}f} %"


def cost(change: float | None) -> float:
    """Return a change in a metric's own direction as one of costs; of one that nothing shows, infinity."""
    if change is None or change <= -1.0:
        return math.inf
    return math.expm1(abs(math.log1p(change)))


def cured(row: Sight) -> str:
    """Return what would let a row see a smaller change, and by how much; empty when nothing near would."""
    best = row.best
    if best is None:
        return ""
    if best.sessions > row.now.sessions:
        what = f"{best.sessions} sessions in the baseline instead of {row.now.sessions}"
    else:
        what = f"{best.runs} runs in each session instead of {row.now.runs}"
    return f"{what}: it sees {seen(best)} instead of {seen(row.now)}"


def seen(view: View) -> str:
    """Return what a row sees in one session, and what when a second confirms it."""
    if view.once is None:
        return "nothing"
    return percent(view.once) + ("" if view.confirmed is None else f" ({percent(view.confirmed)} confirmed)")
