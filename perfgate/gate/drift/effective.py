"""How many independent rows the reference and the current samples are worth, for one field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.stats.drift.clusters import design_effect

if TYPE_CHECKING:
    from perfgate.core.rollout.drift import Clusters, Current, Reference

Effects = tuple[float, float]
"""Design effect of the reference, and of the current samples, each >= 1.0."""


class Sides(Struct, frozen=True, kw_only=True):
    """Rows and clusters of both sides."""

    rows: tuple[int, int]
    """Samples of the reference, and now."""
    clusters: tuple[Clusters | None, Clusters | None]
    """Of both."""

    @classmethod
    def of(cls, reference: Reference, current: Current) -> Sides:
        """Return those of a reference and of current samples."""
        return cls(rows=(reference.rows, current.rows), clusters=(reference.clusters, current.clusters))

    def effects(self, intraclass: float, counts: tuple[int, int] | None = None) -> Effects:
        """Return the design effects of a property with such a correlation within clusters.

        Args:
            intraclass: correlation of two rows of one cluster, 0.0 to 1.0: one for both sides, since
                without drift it is the same.
            counts: rows of both sides that have the property at all; None: all.
        """
        return self._effect(0, intraclass, counts), self._effect(1, intraclass, counts)

    def _effect(self, side: int, intraclass: float, counts: tuple[int, int] | None) -> float:
        clusters, rows = self.clusters[side], self.rows[side]
        if clusters is None or not rows:
            return 1.0
        share = 1.0 if counts is None else counts[side] / rows
        return design_effect(intraclass, clusters.mean_rows * share)
