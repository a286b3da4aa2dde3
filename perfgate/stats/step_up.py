"""How many rows of a family got worse together: what one of them needs less evidence for beside the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_CAP = 3
"""Rows of a small family that may count together."""
CAP_SHARE = 4
"""One of so many rows of a large family may count together. Without the cap a disturbance that a third of the rows
share fails more pull requests; with a tenth half of the gain is lost (docs/method.md)."""


class StepUp(NamedTuple):
    """A family of rows of which some got worse: the r-th worst of J is held against the level of J / r rows.

    The number r counts the row itself and the rows that are significant beside it, as if
    the row were as bad as can be. So a row fails exactly if its own chance is below that share
    of the level, and the limit that follows is the change at which it would have failed.
    """

    ordered: tuple[float, ...]
    """Ascending: the chance of each row that got worse to look as bad when nothing changed, 0.0 to 1.0."""
    size: int
    """Rows that share the level (J), at least as many as `ordered` has, >= 1."""
    significant: int
    """How many of the rows are significant (R)."""
    beside: tuple[int, ...]
    """For each place in `ordered`, and one beyond: how many rows count for a row there that is not significant."""

    @classmethod
    def of(cls, chances: Sequence[float], *, size: int, level: float) -> StepUp:
        """Return the family of some chances.

        Args:
            chances: see `ordered`, in any order; rows that did not get worse beyond their threshold are left out.
            size: see `size`.
            level: accepted chance that any row of an unchanged family fails, 0.0 < level < 1.0.

        Raises:
            ValueError: more rows than the family has, or an argument outside its range.

        Source:
            Benjamini and Hochberg (1995), "Controlling the False Discovery Rate: A Practical and
            Powerful Approach to Multiple Testing", Journal of the Royal Statistical Society B 57(1);
            the cap is our own.
        """
        if not 0.0 < level < 1.0 or not all(0.0 <= p <= 1.0 for p in chances):
            raise ValueError(f"chances and level must be probabilities, got {level!r}")
        if size < max(1, len(chances)):
            raise ValueError(f"a family of {size} cannot hold {len(chances)} rows")
        ordered = tuple(sorted(chances))
        step = level / size
        passing = (r for r in range(len(ordered), 0, -1) if ordered[r - 1] < _count(r, size) * step)
        beside, most = [], 1
        for place in range(len(ordered) + 1):
            if place and ordered[place - 1] < _count(place + 1, size) * step:
                most = place + 1
            beside.append(most)
        return cls(ordered, size, next(passing, 0), tuple(beside))

    def rows_with(self, chance: float | None) -> int:
        """Return how many rows count for a row: itself, and those that are significant beside it.

        Args:
            chance: its own chance if it is one of `ordered`; None of a row that did not get worse.
        """
        if chance is None:
            return self.beside[-1]
        place = bisect_right(self.ordered, chance)
        if place == bisect_left(self.ordered, chance):
            raise ValueError(f"{chance!r} is not of this family")
        return self.significant if place <= self.significant else self.beside[place - 1]

    def counted(self, rows: int) -> float:
        """Return for how many rows so many count: all of them up to the cap."""
        return _count(rows, self.size)


def _count(rows: int, size: int) -> float:
    """Return how many of the rows that got worse together may count."""
    return min(float(rows), max(float(LEAST_CAP), size / CAP_SHARE), float(size))
