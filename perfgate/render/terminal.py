"""Document -> plain text for a terminal of 80 columns; the tables are tabulate's."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.report.document import Bullets, Fold, Heading, Paragraph, Table

if TYPE_CHECKING:
    from perfgate.report.document import Block, Column, Document, Line

WIDTH = 80
_LONGEST_NAME = 36
_MOST_ROWS = 40
_PRIORITY = 1  # of columns that fit into a table of this width


def render(document: Document) -> str:
    """Return the report as plain text; unchanged rows are a table, rows that matter have lines of their own."""
    return "\n\n".join(_block(b) for b in document.blocks) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        words = _words(block.line)
        return f"{words}\n{'-' * len(words)}"
    if isinstance(block, Paragraph):
        return _wrap(_words(block.line), "", "")
    if isinstance(block, Bullets):
        return "\n".join(_wrap(_words(line), "- ", "  ") for line in block.lines)
    if isinstance(block, Table):
        return _stacked(block) if block.remarks else _table(block)
    return _fold(block)


def _fold(fold: Fold) -> str:
    inner = "\n".join(_block(b) for b in fold.blocks)
    return f"{_words(fold.summary)}\n{inner}"


def _stacked(table: Table) -> str:
    """Return rows that must be read: what it is and how it changed first, then the numbers, then why."""
    entries = []
    for entry in table.entries:
        cells = [(c, plain(span.text)) for c, span in zip(table.columns, entry.cells, strict=True)]
        first = [_label(c, _cut(cell) if c.kind == "name" else cell) for c, cell in cells if c.leads]
        values = " -> ".join(cell for c, cell in cells if c.kind == "value" and not c.leads)
        others = [_label(c, cell) for c, cell in cells if c.kind != "value" and not c.leads]
        numbers = ", ".join([values, *others] if values else others)
        lines = [
            _wrap("  ".join(first), "", "    "),
            _wrap(numbers, "    ", "    "),
            _wrap(_words(entry.remark), "    ", "    "),
        ]
        entries.append("\n".join(line for line in lines if line))
    return "\n".join(entries)


def _label(column: Column, cell: str) -> str:
    return f"{column.label} {cell}" if column.label else cell


def _table(table: Table) -> str:
    from tabulate import tabulate  # noqa: PLC0415 - 60 ms that only a table costs

    wanted = [(i, c) for i, c in enumerate(table.columns) if c.priority <= _PRIORITY]
    rows = [[_short(plain(e.cells[i].text), c) for i, c in wanted] for e in table.entries[:_MOST_ROWS]]
    head, align = [c.title for _, c in wanted], [c.align for _, c in wanted]
    # The titles are a row like the others: as headers they would make each column two wider than it needs.
    drawn: str = tabulate([head, *rows], tablefmt="plain", disable_numparse=True, colalign=align)
    more = len(table.entries) - _MOST_ROWS
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + (f"\n… and {more} more rows" if more > 0 else "")


def _short(cell: str, column: Column) -> str:
    """Return a cell that fits: a name cut, a number without its interval."""
    if column.kind in {"value", "change"}:
        return cell.split(" (", 1)[0]
    return _cut(cell) if column.kind == "name" else cell


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_NAME else cell[: _LONGEST_NAME - 1] + "…"


def _words(line: Line) -> str:
    return plain("".join(s.text for s in line)).strip()


def _wrap(words: str, first: str, rest: str) -> str:
    return textwrap.fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
