"""The report as data: blocks of plain words, numbers already worded, names marked as names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.finding import Verdict


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text."""

    text: str
    """The words."""
    kind: Literal["text", "name", "strong"] = "text"
    """``name``: comes from data, and is only ever shown verbatim."""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The heading of a section."""

    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One line of prose."""

    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a table."""

    cells: tuple[Span, ...]
    """One for each column."""
    remark: Line = ()
    """Why, and what to do; a column of its own, or a line below the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows with the same columns."""

    columns: tuple[str, ...]
    entries: tuple[Entry, ...]
    remarks: bool
    """Do the rows carry remarks that must be read?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Something that only those who ask need to see."""

    summary: Line
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Bullets | Table | Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole report."""

    data: Mapping[str, Any]
    """The verdict as JSON data (schema ``perfgate/report/1``)."""
    blocks: tuple[Block, ...]
    """What people read, in order."""
    verdict: Verdict | None = None
    """What a check found; None in a document of another kind."""


def verdict_in(document: Document) -> Verdict:
    """Return the verdict that a document reports.

    Raises:
        ValueError: it is a document of another kind.
    """
    if document.verdict is None:
        raise ValueError("the document holds no verdict")
    return document.verdict


def opening_lines(document: Document) -> list[str]:
    """Return what a report says before its first heading, line by line: the verdict, and edits of the gate."""
    lines: list[Line] = []
    for block in takewhile(lambda b: isinstance(b, Paragraph | Bullets), document.blocks):
        if isinstance(block, Paragraph):
            lines.append(block.line)
        elif isinstance(block, Bullets):
            lines += block.lines
    return ["".join(span.text for span in line) for line in lines]


def text(words: str) -> Span:
    """Return words of our own."""
    return Span(words)


def name(words: str) -> Span:
    """Return words that come from data."""
    return Span(words, "name")


def strong(words: str) -> Span:
    """Return words of our own that must be seen."""
    return Span(words, "strong")
