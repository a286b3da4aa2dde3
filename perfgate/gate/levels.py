"""How the accepted rate of false alarms is shared over the rows of a rank test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.decision import Family

MOST_STEPPED_DOWN = 50
"""Largest family for Holm's steps; beyond it they would ask for more runs than people have."""


def levels_of(ps: Sequence[float], family: Family) -> list[float]:
    """Return the p-value at which each gated same-session row fails.

    At twice the accepted chance, capped at the chance itself: the threshold on the ratio
    removes most of what remains (docs/method.md has the rates). Holm's step-down test up
    to 50 rows, Benjamini and Hochberg's step-up test beyond. A row's level is the p-value
    at which the test would just reject it, all other rows as they are. Of several looks at
    the same runs each spends its share of the first step (a union bound).

    Args:
        ps: the p-values of the rows.
        family: what the gated rows share; its size counts rows of other methods, too.
    """
    if family.share is not None:
        return [family.share * family.first_step] * len(ps)
    rest = [1.0] * (family.size - len(ps))
    step = _held_down if family.size <= MOST_STEPPED_DOWN else _stepped_up
    return [
        min(family.false_alarms, step([*ps[:i], *ps[i + 1 :], *rest], 2 * family.false_alarms)) for i in range(len(ps))
    ]


def _held_down(others: Sequence[float], level: float) -> float:
    """Return the p at which Holm rejects one more row beside the others."""
    # Beside others that are rejected before it, the row is at the step that follows them.
    ordered = sorted(others)
    before = next((i for i, p in enumerate(ordered) if p > level / (len(ordered) + 1 - i)), len(ordered))
    return level / (len(ordered) + 1 - before)


def _stepped_up(others: Sequence[float], level: float) -> float:
    """Return the p at which Benjamini and Hochberg reject one more row beside the others."""
    ordered, size = sorted(others), len(others) + 1
    most = max((k for k in range(2, size + 1) if ordered[k - 2] <= k * level / size), default=1)
    return most * level / size
