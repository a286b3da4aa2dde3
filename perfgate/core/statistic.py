"""The statistics of a sample that a rule, a budget or a waiver may name, and quantiles of values that nobody kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Statistic(Struct, frozen=True, kw_only=True):
    """One quantile with a name. Nothing reads the quantile out of the name."""

    name: str
    """As in a configuration and in a report, such as ``p95``."""
    q: float
    """Which quantile, 0.0 < q < 1.0 (0.95 for p95)."""
    is_stored: bool = False
    """Do baseline and profile files write it beside the values? Their format fixes which. Profile tables show it."""


TABLE = (
    Statistic(name="p50", q=0.50, is_stored=True),
    Statistic(name="p90", q=0.90),
    Statistic(name="p95", q=0.95, is_stored=True),
    Statistic(name="p99", q=0.99, is_stored=True),
)
"""Every statistic, by ascending quantile; the first is the median, which is gated by default."""

STATISTICS = tuple(s.name for s in TABLE)
"""Names that a rule, a budget or a waiver may use."""
QUANTILE_OF = {s.name: s.q for s in TABLE}
"""Name -> quantile."""
STORED = tuple((s.name, s.q) for s in TABLE if s.is_stored)
"""Names and quantiles of the statistics that baseline and profile files hold."""
P50 = STATISTICS[0]
"""The median."""


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
