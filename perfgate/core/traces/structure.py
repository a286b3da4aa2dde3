"""The structure of a trace: names, nesting, calls and chosen attributes, without any time.

Equal parts are one row with how often they are called, and siblings have no order of
their own: calls that run at the same time give the same structure, whichever is first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.text.canonical import dump_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.traces.spans import Span, Trace, Value

MOST_ROWS = 10_000
"""Rows that a structure may have; equal parts are one row, so that a loop of any length is a few."""


class Row(Struct, frozen=True, kw_only=True):
    """Equal calls from one place."""

    depth: int
    """How many spans are around it; 0: the root."""
    name: str
    """What was called."""
    calls: int
    """How often the row above it, of which it is a part, calls it; >= 1."""
    attributes: tuple[tuple[str, Value], ...]
    """The chosen ones that it has, by name."""

    @property
    def label(self) -> str:
        """Return the name, with the chosen attributes behind it."""
        inside = ",".join(f"{key}={value}" for key, value in self.attributes)
        return f"{self.name}{{{inside}}}" if inside else self.name


Structure = tuple[Row, ...]
"""Each row before its parts; parts by name, attributes and content."""


class _Part(Struct):
    """A span and all below it, as it is called from anywhere."""

    name: str
    attributes: tuple[tuple[str, Value], ...]
    parts: tuple[tuple[str, int], ...]
    """Digest of each part, and how often it is called."""


class TooManyRowsError(ValueError):
    """A structure has more rows than anybody could review."""


def structures_of(trace: Trace, attributes: Sequence[str] = ()) -> list[Structure]:
    """Return the structure of each root of a trace.

    Args:
        trace: a complete one.
        attributes: names of the attributes that belong to the structure.

    Raises:
        TooManyRowsError: one has more than `MOST_ROWS` rows.
    """
    chosen = frozenset(attributes)
    known: dict[str, _Part] = {}
    digests = [""] * len(trace.spans)
    for i in range(len(trace.spans) - 1, -1, -1):  # children stand behind their parents
        span = trace.spans[i]
        digests[i] = _digest(span, Counter(digests[child] for child in span.children), known, chosen)
    return [_rows(digests[root], known) for root in trace.roots]


def _digest(span: Span, parts: Counter[str], known: dict[str, _Part], chosen: frozenset[str]) -> str:
    """Return what is equal for equal spans with equal parts, and nothing else; and keep the part under it."""
    attributes = tuple((key, value) for key, value in span.attributes if key in chosen)
    part = _Part(
        name=span.name,
        attributes=attributes,
        parts=tuple(sorted(parts.items(), key=lambda p: (known[p[0]].name, dump_line(known[p[0]].attributes), p[0]))),
    )
    text = dump_line([part.name, part.attributes, part.parts])
    digest = hashlib.sha256(text.encode()).hexdigest()
    known.setdefault(digest, part)
    return digest


def _rows(root: str, known: dict[str, _Part]) -> Structure:
    rows: list[Row] = []
    waiting = [(root, 0, 1)]
    while waiting:
        digest, depth, calls = waiting.pop()
        part = known[digest]
        rows.append(Row(depth=depth, name=part.name, calls=calls, attributes=part.attributes))
        if len(rows) > MOST_ROWS:
            raise TooManyRowsError(part.name)
        waiting += [(inner, depth + 1, number) for inner, number in reversed(part.parts)]
    return tuple(rows)
