"""Lines of a log: what of them is broken is counted, and tolerated up to a share; CSV rows among them."""

from __future__ import annotations

import csv
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    for numbers, some in row_batches(source, tally, delimiter):
        yield from zip(numbers, some, strict=True)


def row_batches(
    source: Source, tally: Tally, delimiter: str = ",", apart: str = ""
) -> Iterator[tuple[Sequence[int], Sequence[list[str]]]]:
    """Yield the same rows, many at a time.

    Args:
        source: the file.
        tally: counts its lines.
        delimiter: between the fields.
        apart: where this word is in one of the lines, each row comes alone; empty: nowhere.
    """
    quoted = _Quoted(tally, delimiter)
    first = 1
    for lines in source.text_batches():
        numbers = range(first, first + len(lines))
        first += len(lines)
        text = "".join(lines)
        if not quoted.is_open and '"' not in text and not (apart and apart in text):
            found = [line.split(delimiter) for line in lines]
            if min(map(len, found)) > 1:  # none is blank
                tally.total += len(found)
                yield numbers, found
                continue
        for number, row in quoted.rows(zip(numbers, lines, strict=True)):
            yield (number,), (row,)
    for number, row in quoted.rows(iter(()), is_end=True):
        yield (number,), (row,)


class _Quoted:
    """Puts lines together that a quoted field goes over."""

    def __init__(self, tally: Tally, delimiter: str) -> None:
        self._tally = tally
        self._delimiter = delimiter
        self._pending: list[tuple[int, str]] = []

    @property
    def is_open(self) -> bool:
        """Has a quoted field begun that no line has ended so far?"""
        return bool(self._pending)

    def rows(self, lines: Iterator[tuple[int, str]], *, is_end: bool = False) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of some more lines; at the end of the file those that are still pending."""
        again: deque[tuple[int, str]] = deque()
        pending = self._pending
        quotes = sum(line.count('"') for _, line in pending)
        size = sum(len(line) for _, line in pending)
        while True:
            found = again.popleft() if again else next(lines, None)
            if found is None and not (pending and is_end):
                return
            if found is not None:
                number, line = found
                if not pending and '"' not in line:
                    if line.strip():
                        self._tally.total += 1
                        yield number, line.split(self._delimiter)
                    continue
                pending.append(found)
                quotes += line.count('"')
                size += len(line)
            if quotes % 2 == 0:
                self._tally.total += len(pending)
                row = _fields([line for _, line in pending], self._delimiter)
                if row is None:
                    self._tally.add_broken(pending[0][0], len(pending))
                else:
                    yield pending[0][0], row
            elif found is None or len(pending) >= _MOST_LINES or size > _MOST_CHARACTERS:
                self._tally.total += 1
                self._tally.add_broken(pending[0][0])
                again = deque(chain(pending[1:], again))
            else:
                continue
            pending.clear()
            quotes = size = 0


def _fields(lines: list[str], delimiter: str) -> list[str] | None:
    """Return the fields of one row, None when the lines are not one row."""
    try:
        found = list(csv.reader([f"{line}\n" for line in lines], delimiter=delimiter))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None
