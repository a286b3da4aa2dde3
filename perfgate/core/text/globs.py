"""Many globs and many names: which globs match a name is found out once for each name."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_COMPARISONS = 100_000_000
"""Of names with patterns, some 30 seconds: 5,000 patterns for 20,000 names. A glob without a pattern costs nothing."""
_SPECIAL = frozenset("*?[")


class GlobIndex:
    """Globs in an order; an answer is a number whose bit ``1 << place`` says that the glob at that place matches."""

    def __init__(self, globs: Iterable[str]) -> None:
        """Take the globs."""
        self._same: dict[str, int] = {}
        for place, glob in enumerate(globs):
            self._same[glob] = self._same.get(glob, 0) | 1 << place
        self._patterns = [
            (re.compile(fnmatch.translate(glob)).match, places)
            for glob, places in self._same.items()
            if _SPECIAL & set(glob)
        ]
        self._known: dict[str, int] = {}
        self._shared: dict[int, int] = {}
        self._left = MOST_COMPARISONS

    def same(self, name: str) -> int:
        """Return the globs that are written like the name."""
        return self._same.get(name, 0)

    def matching(self, name: str) -> int:
        """Return the globs that match the name, case and all.

        Raises:
            CannotDecideError: too many names were asked for, with too many patterns.
        """
        found = self._known.get(name)
        if found is None:
            found = self._match(name)
            found = self._known[name] = self._shared.setdefault(found, found)  # most names have the same answer
        return found

    def _match(self, name: str) -> int:
        self._left -= len(self._patterns)
        if self._left < 0:
            message = f"{len(self._patterns):,} different patterns in rules are too many for the benchmarks and metrics"
            hint = "write the names out, which costs nothing, or fewer patterns"
            raise cannot_decide("too-many-patterns", message, hint=hint)
        found = 0 if _SPECIAL & set(name) else self._same.get(name, 0)
        for match, places in self._patterns:
            if match(name):
                found |= places
        return found


def first_place(found: int) -> int:
    """Return the first place of an answer that is not 0."""
    return (found & -found).bit_length() - 1
