"""Adjust the p-values of a family of tests for its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust the p-values of a family so that any error in it stays below the level.

    Args:
        ps: the p-values, each 0.0 to 1.0; may be empty.

    Returns:
        The adjusted p-values in the order of ``ps``, each at least its own and at most 1.0.

    Raises:
        ValueError: a p-value lies outside [0, 1].

    Source:
        Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure",
        Scandinavian Journal of Statistics 6(2).
    """
    _check(ps)
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Adjust the p-values of a family so that the expected share of errors among those below the level is bounded.

    Args:
        ps: the p-values, each 0.0 to 1.0; may be empty. The promise supposes that they are
            independent, or depend on each other positively.

    Returns:
        The adjusted p-values in the order of ``ps``, each at least its own and at most 1.0.

    Raises:
        ValueError: a p-value lies outside [0, 1].

    Source:
        Benjamini and Hochberg (1995), "Controlling the False Discovery Rate: A Practical and
        Powerful Approach to Multiple Testing", Journal of the Royal Statistical Society B 57(1).
    """
    _check(ps)
    adjusted, lowest = [0.0] * len(ps), 1.0
    descending = sorted(range(len(ps)), key=ps.__getitem__, reverse=True)
    for above, place in enumerate(descending):
        # In this order of operations rounding cannot carry it below the p-value itself.
        lowest = min(lowest, ps[place] * (len(ps) / (len(ps) - above)))
        adjusted[place] = lowest
    return adjusted


def _check(ps: Sequence[float]) -> None:
    """Raise ValueError unless all are probabilities."""
    if not all(0.0 <= p <= 1.0 for p in ps):
        raise ValueError("p-values must lie in [0, 1]")
