"""The report as data: blocks of plain words, numbers already worded, names marked as names."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.finding import Finding, Name, Verdict


class Span(Struct, frozen=True):
    """A piece of text."""

    text: str
    """The words."""
    kind: Literal["text", "name", "strong"] = "text"
    """``name``: comes from data, and is only ever shown verbatim."""


Line = tuple[Span, ...]


class Heading(Struct, frozen=True, kw_only=True):
    """The heading of a section."""

    line: Line


class Paragraph(Struct, frozen=True, kw_only=True):
    """One line of prose."""

    line: Line


class Bullets(Struct, frozen=True, kw_only=True):
    """A list."""

    lines: tuple[Line, ...]


class Column(Struct, frozen=True, kw_only=True):
    """What a renderer needs to know about a column of a table."""

    title: str
    """Its heading."""
    kind: Literal["name", "value", "change", "count", "text"]
    """What its cells hold: a name that may be cut, a measured value, a change of one, a number of things, or words.

    Values and changes may have an interval in parentheses behind them, which narrow tables leave out.
    """
    priority: int = 1
    """1: shown at any width; 2: left out of tables on a terminal of 80 columns."""
    label: str = ""
    """The word before the cell when an entry is written as lines instead of as a row; empty: the cell alone."""
    shortest: int = 20
    """Columns to which a name may be cut so that a table fits a terminal."""
    leads: bool = False
    """Does the cell stand on the first line of an entry that is written as lines?"""

    @property
    def align(self) -> Literal["left", "right"]:
        """The side to which cells are aligned: numbers to the right."""
        return "left" if self.kind in {"name", "text"} else "right"


BENCHMARK = Column(title="Benchmark", kind="name", leads=True)
METRIC = Column(title="Metric", kind="text", leads=True)
REMARK = Column(title="Why", kind="text")
"""The usual column of remarks, where a renderer draws them beside the cells."""


class Entry(Struct, frozen=True, kw_only=True):
    """One row of a table."""

    cells: tuple[Span, ...] = ()
    """One for each column; none in a rule."""
    remark: Line = ()
    """Why, and what to do; a column of its own, or a line below the row."""
    rule: Line = ()
    """Words of a rule across the table, which is no row; empty: it is one."""


class Table(Struct, frozen=True, kw_only=True):
    """Rows with the same columns."""

    columns: tuple[Column, ...]
    """One for each cell of an entry."""
    entries: tuple[Entry, ...]
    """The rows, in the order to be shown."""
    remarks: bool
    """Do the rows carry remarks that must be read?"""
    remark: Column = REMARK
    """The column of the remarks."""
    is_whole: bool = False
    """Is every row shown, however many they are, as of a log?"""


class Fold(Struct, frozen=True, kw_only=True):
    """Something that only those who ask need to see."""

    summary: Line
    blocks: tuple[Block, ...]
    is_background: bool = False
    """Is it left out where a report has to be short, as on a terminal?"""


class Headline(Struct, frozen=True, kw_only=True):
    """The verdict of a check."""

    verdict: Name
    """In one word, as ``report.json`` has it."""
    title: str
    """In a few words, for a heading: ``2 performance regressions``."""
    line: Line
    """In one sentence or two."""
    counts: tuple[tuple[str, int], ...]
    """Part of the report -> how many values it has, of the parts that are counted beside the sentence."""


class Context(Struct, frozen=True, kw_only=True):
    """What was compared with what, in one line."""

    line: Line


class Values(Struct, frozen=True, kw_only=True):
    """The judged values of one part of a report; a renderer words those that it shows (`perfgate.report.verdict`)."""

    part: str
    """Name of the part."""
    findings: tuple[Finding, ...]
    """Worst first; at least one."""


class Step(Struct, frozen=True):
    """Something to do."""

    words: Line
    """What it does; without a command the whole step."""
    command: str
    """What to type; empty: nothing."""


class Steps(Struct, frozen=True, kw_only=True):
    """What to do next, the best first."""

    steps: tuple[Step, ...]


class Faults(Struct, frozen=True, kw_only=True):
    """What prevented a decision; a command names these on stderr, too."""

    lines: tuple[Line, ...]


class Gauge(Struct, frozen=True, kw_only=True):
    """One number of a document for a metrics system."""

    name: str
    """A metric's name, with its unit as Prometheus wants it."""
    unit: str = ""
    """The last word of the name, where that is a unit."""
    help: str
    """One sentence."""
    value: float
    """Finite."""
    labels: tuple[tuple[str, str], ...] = ()
    """Names and values; no two gauges of a document have the same name and labels."""


Block = Heading | Paragraph | Bullets | Table | Fold | Headline | Context | Values | Steps | Faults


class Document(Struct, frozen=True, kw_only=True):
    """The whole report."""

    data: Mapping[str, Any]
    """The verdict as JSON data (schema ``perfgate/report/2``)."""
    blocks: tuple[Block, ...]
    """What people read, in order."""
    verdict: Verdict | None = None
    """What a check found; None in a document of another kind."""
    gauges: tuple[Gauge, ...] = ()
    """What a document of another kind says to a metrics system."""


def verdict_in(document: Document) -> Verdict:
    """Return the verdict that a document reports.

    Raises:
        ValueError: it is a document of another kind.
    """
    if document.verdict is None:
        raise ValueError("the document holds no verdict")
    return document.verdict


def opening_lines(document: Document) -> list[str]:
    """Return what a report says before its first values, line by line: the verdict, and edits of the gate."""
    lines: list[Line] = []
    for block in takewhile(lambda b: isinstance(b, Headline | Context | Paragraph | Bullets), document.blocks):
        if isinstance(block, Headline):
            lines.append((strong(block.title[:1].upper() + block.title[1:]), text(". "), *block.line))
        elif isinstance(block, Paragraph):
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
