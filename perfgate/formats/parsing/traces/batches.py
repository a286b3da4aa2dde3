"""The export batches of an OTLP file: one a line, or all of the file as one document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.values import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.parsing.source import Source

LONGEST = 32 * 1024 * 1024
"""Longest line in characters: a collector writes batches of 8,192 spans of some 500 characters."""
_KEYS = frozenset({"resourceLogs", "resourceMetrics", "resourceSpans"})
_LONGEST_OPENING = 40
_CUT = "copy the file again once its program has ended"
_HINT = "write it with the OTLP JSON file exporter, one batch a line"


class Batches:
    """Yields the batches of a file once; what of it was broken is known when all are read.

    Attributes:
        broken: lines that are no batches.
        message: the same in words; empty when there are none.
    """

    def __init__(self, source: Source, *, tolerance: float) -> None:
        """Read nothing yet.

        Args:
            source: the file.
            tolerance: share of its lines that may be broken, 0.0 to 1.0.
        """
        self._source = source
        self._tolerance = tolerance
        self.broken = 0
        self.message = ""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each batch.

        Raises:
            CannotDecideError: more lines are broken than is tolerated, or the document is no OTLP.
        """
        count = first = 0
        is_cut = False
        for number, line in enumerate(self._source.lines(longest=LONGEST), 1):
            if not line.strip():
                continue
            count += 1
            try:
                batch = json.loads(line)
            except (ValueError, RecursionError):
                if count == 1 and len(line) <= _LONGEST_OPENING:  # written for people, over many lines
                    yield from self._document()
                    return
                batch = None
            is_cut = batch is None and line.startswith("{")
            if isinstance(batch, dict) and not _KEYS.isdisjoint(batch):
                yield batch
            else:
                self.broken, first = self.broken + 1, first or number
        if self.broken:
            self.message = f"{self.broken:,} of {count:,} lines are no batches; the first is line {first:,}"
        if self.broken == 1 and is_cut:
            self.message = f"its last line, line {first:,}, is cut off"
        if self.broken > self._tolerance * count:
            raise self._source.fault(self.message, _CUT if is_cut and self.broken == 1 else _HINT)

    def _document(self) -> Iterator[dict[str, Any]]:
        whole = self._source.json()
        batches = [table(one) for one in (whole if isinstance(whole, list) else [whole])]
        if all(_KEYS.isdisjoint(one) for one in batches):
            raise self._source.fault("it is no OTLP: it holds no resourceSpans", _HINT)
        yield from batches
