"""The request of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from perfgate.pipeline.ab.request import Request


class BisectRequest(Struct, frozen=True, kw_only=True):
    """What to search, and how."""

    good: str
    """A commit that is fast, as it was typed."""
    bad: str
    """A later one that is slow."""
    measuring: Request
    """How two commits are compared, and which values count; its commits are those of each comparison."""
    metric: str | None
    """The metric that is followed, whatever its level; None: any that is gated."""
    state: str | None
    """File that keeps what was measured, so that a search goes on from there; None: none does."""
    most_runs: int
    """Runs of both sides after which no new comparison is begun."""
