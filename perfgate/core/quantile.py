"""A quantile of values that nobody kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Quantile(NamedTuple):
    """A quantile that a tool states itself, or that was read off counts by bucket."""

    name: str
    """``p50``, ``p95``, …"""
    value: float
    """In the metric's unit."""
    low: float
    """Lower bound of the bucket in which it lies; `value` itself when the tool states it."""
    high: float
    """Upper bound of the bucket; infinite when the last bucket has none."""


def middle(quantiles: Iterable[Quantile]) -> Quantile | None:
    """Return the middle one of several statements of one quantile, the lower of two; None: there is none."""
    found = sorted(quantiles, key=lambda q: q.value)
    return found[(len(found) - 1) // 2] if found else None
