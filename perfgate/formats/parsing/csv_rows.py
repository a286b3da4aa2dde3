"""Lines of a log: what of them is broken is counted, and tolerated up to a share; CSV rows among them."""

from __future__ import annotations

import csv
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_MOST_LINES = 100
_MOST_CHARACTERS = 128 * 1024


class Tally:
    """How many lines a log has, and how many of them nobody can read."""

    def __init__(self, source: Source, options: ForeignOptions) -> None:
        """Start with no line read."""
        self.total = 0
        """Lines that hold anything."""
        self._broken = 0
        self._first = 0
        self._source = source
        self._tolerance = options.tolerance

    def add_broken(self, number: int, lines: int = 1) -> None:
        """Count broken lines, the first of which is that number."""
        self._broken += lines
        self._first = self._first or number

    def skipped(self, what: str, hint: str) -> Iterator[Skipped]:
        """Yield how many lines were broken, when any were; nothing otherwise.

        Args:
            what: what the broken lines are not, such as ``requests``.
            hint: what to do when they are too many.

        Raises:
            CannotDecideError: a larger share of the lines is broken than is tolerated.
        """
        message = f"{self._broken:,} of {self.total:,} lines are no {what}; the first is line {self._first:,}"
        if self._broken > self._tolerance * self.total:
            raise self._source.fault(message, hint)
        if self._broken:
            yield Skipped(benchmark=self._source.name, metric="lines", why=message)


def rows(source: Source, tally: Tally, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line and the fields of each CSV row; a quoted field may go over several lines.

    A quote that is never closed spoils its own line, not the rest of the file.
    """
    lines = enumerate(source.lines(), 1)
    again: deque[tuple[int, str]] = deque()
    pending: list[tuple[int, str]] = []
    quotes = size = 0  # in the pending lines
    while True:
        found = again.popleft() if again else next(lines, None)
        if found is None and not pending:
            return
        if found is not None:
            number, line = found
            if not pending and '"' not in line:
                if line.strip():
                    tally.total += 1
                    yield number, line.split(delimiter)
                continue
            pending.append(found)
            quotes += line.count('"')
            size += len(line)
        if quotes % 2 == 0:
            tally.total += len(pending)
            row = _fields([line for _, line in pending], delimiter)
            if row is None:
                tally.add_broken(pending[0][0], len(pending))
            else:
                yield pending[0][0], row
            pending, quotes, size = [], 0, 0
        elif found is None or len(pending) >= _MOST_LINES or size > _MOST_CHARACTERS:
            tally.total += 1
            tally.add_broken(pending[0][0])
            again = deque(chain(pending[1:], again))
            pending, quotes, size = [], 0, 0


def _fields(lines: list[str], delimiter: str) -> list[str] | None:
    """Return the fields of one row, None when the lines are not one row."""
    try:
        found = list(csv.reader([f"{line}\n" for line in lines], delimiter=delimiter))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None
