"""Logs that hold each of their lines twice: what they count is wrong, though every value in them is right."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 65_536
"""Different lines that are counted, the first ones: a whole copy repeats these, too."""
_FEWEST = 20
"""Different lines from which on equal counts are no coincidence."""
_EXCEPTIONS = 0.02
"""Share of the lines whose count may differ: the first and the last line of a copy may be cut off."""
_TIMES = {2: "twice", 3: "three times", 5: "five times", 7: "seven times"}


class Doubles:
    """Counts how often each of the first lines of a log is there."""

    __slots__ = ("_counts", "_known")

    def __init__(self) -> None:
        """Start without lines."""
        self._counts: Counter[int] = Counter()
        self._known: frozenset[int] = frozenset()

    def take(self, lines: Iterable[str] | Iterable[bytes]) -> None:
        """Count some lines, all of one log as text or all as bytes."""
        counts = self._counts
        hashes = list(map(hash, lines))
        if self._known and self._known.isdisjoint(hashes):  # as nearly all of a long log are
            return
        if len(hashes) < _MOST - len(counts):
            counts.update(hashes)
            return
        for line in hashes:
            if line in counts:
                counts[line] += 1
            elif len(counts) < _MOST:
                counts[line] = 1
        if len(counts) == _MOST and not self._known:
            self._known = frozenset(counts)

    def fault(self) -> str:
        """Return that the log holds its lines more than once; empty: it does not.

        Rows of one second and one duration may be the same by chance, and then some lines are there once,
        some twice, some five times. A log that was written or added twice holds all of them an even number of times.
        """
        different = len(self._counts)
        if different < _FEWEST:
            return ""
        lines_of = Counter(self._counts.values())
        for times, words in _TIMES.items():
            others = sum(lines for count, lines in lines_of.items() if count % times)
            if others <= max(1, _EXCEPTIONS * different):
                return f"each line is there {words}"
        return ""
