"""A quantile of values that nobody kept."""

from __future__ import annotations

from typing import NamedTuple


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
