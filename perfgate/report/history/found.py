"""What the report of a history is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.bisection import Described
    from perfgate.core.errors import Diagnostic
    from perfgate.core.history.trends import Commits, SuiteTrend, Trend


class Found(Struct, frozen=True, kw_only=True):
    """What a history holds, with what people want to know of its commits."""

    source: str
    """Where it was read, in words."""
    trends: tuple[Trend, ...]
    """By class of machine, benchmark and metric."""
    suites: tuple[SuiteTrend, ...]
    """By class of machine and metric."""
    anchor: str
    """What the newest sessions were compared with, in words; empty: with nothing."""
    anchor_ref: str
    """The same as git names it; empty: with nothing."""
    described: Mapping[str, Described]
    """What commits say of themselves, by full hash: of those near steps, where they are here."""
    distances: Mapping[Commits, int]
    """How many commits lie after one, up to another one, along the first parents; of those at steps."""
    between: Mapping[Commits, tuple[str, ...]]
    """The same commits, the newest first, without those that only refresh baselines."""
    notes: tuple[Diagnostic, ...]
    """What was left out of it, and why."""
