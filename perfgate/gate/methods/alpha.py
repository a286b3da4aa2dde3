"""How the accepted false-alarm rate is shared over the rows of a rank test: the alpha of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.methods.decision import Family

MOST_ROWS_STEPPED_DOWN = 50
"""Largest family for Holm's steps; beyond it they would ask for more runs than people have."""


def alphas_of(ps: Sequence[float], family: Family) -> list[float]:
    """Return the p-value at which each gated same-session row fails.

    At twice the accepted chance, capped at the chance itself: the threshold on the ratio
    removes most of what remains (docs/method.md has the rates). Holm's step-down test up
    to 50 rows, Benjamini and Hochberg's step-up test beyond. A row's alpha is the p-value
    at which the test would just reject it, all other rows as they are. Each interim analysis of
    the same runs spends its share of the first step (a union bound).

    Args:
        ps: the p-values of the rows.
        family: what the gated values share; its size counts rows of other methods, too.
    """
    if family.share is not None:
        return [family.first_step] * len(ps)
    alpha = 2 * family.false_alarms
    if family.size > MOST_ROWS_STEPPED_DOWN:
        steps = _step_up(ps, family.size, alpha)
    else:
        rest = [1.0] * (family.size - len(ps))
        steps = [_step_down([*ps[:i], *ps[i + 1 :], *rest], alpha) for i in range(len(ps))]
    return [min(family.false_alarms, step) for step in steps]


def _step_down(others: Sequence[float], alpha: float) -> float:
    """Return the p at which Holm rejects one more row beside the others."""
    # Beside others that are rejected before it, the row is at the step that follows them.
    ordered = sorted(others)
    before = next((i for i, p in enumerate(ordered) if p > alpha / (len(ordered) + 1 - i)), len(ordered))
    return alpha / (len(ordered) + 1 - before)


def _step_up(ps: Sequence[float], size: int, alpha: float) -> list[float]:
    """Return the p at which Benjamini and Hochberg reject each row, all others as they are."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    # Without a row, those after it move up a place: the k-th smallest of the others stands at k + 1 beside it.
    before = after = 1  # the furthest step reached by those before a row, and by those from its place on
    reached = [1] * (len(ps) + 1)
    for place in range(len(ps) - 1, -1, -1):
        within = ps[order[place]] <= (place + 1) * alpha / size
        reached[place] = max(reached[place + 1], place + 1 if within else 1)
    steps = [0.0] * len(ps)
    for place, row in enumerate(order):
        after = reached[place + 1]
        steps[row] = max(before, after) * alpha / size
        if ps[row] <= (place + 2) * alpha / size:
            before = place + 2
    return steps
