"""Seeded choices that stay the same from one Python to the next: only `random.random` is promised to."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class SeededChoices:
    """A stream of choices."""

    def __init__(self, *seed: object) -> None:
        """Start a stream of its own for each seed."""
        self._random = random.Random(repr(seed)).random

    def share(self) -> float:
        """Return a number in [0, 1)."""
        return self._random()

    def below(self, n: int) -> int:
        """Return one of 0 .. n - 1."""
        return int(self._random() * n)

    def one(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]

    def several(self, items: Sequence[T], n: int) -> list[T]:
        """Return n different places' items in random order; all of them, when there are fewer."""
        left = list(items)
        n = min(n, len(left))
        for place in range(n):
            other = place + self.below(len(left) - place)
            left[place], left[other] = left[other], left[place]
        return left[:n]
