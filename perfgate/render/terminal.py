"""Document -> plain text for a terminal of 80 columns; the tables are tabulate's."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.report.document import Bullets, Fold, Heading, Paragraph, Table

if TYPE_CHECKING:
    from perfgate.report.document import Block, Document, Line

WIDTH = 80
_LONGEST_NAME = 36
_MOST_ROWS = 40
_NUMBERS = {
    "Baseline",
    "Current",
    "Change",
    "Sees",
    "Confirmed",
    "n",
    "p50",
    "p95",
    "p99",
    "Old",
    "New",
    "Runs",
    "Sessions",
    "Elapsed p50",
}


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
    """Return rows that must be read: name and change first, then the numbers, then why and what to do."""
    entries = []
    for entry in table.entries:
        cells = dict(zip(table.columns, (plain(c.text) for c in entry.cells), strict=True))
        first = f"{_cut(cells['Benchmark'])}  {cells['Metric']}  {cells['Change']}  limit {cells['Limit']}"
        numbers = f"{cells['Baseline']} -> {cells['Current']}, runs {cells['Runs']}, sees {cells['Sees']}"
        lines = [
            _wrap(first, "", "    "),
            _wrap(numbers, "    ", "    "),
            _wrap(_words(entry.remark), "    ", "    "),
        ]
        entries.append("\n".join(lines))
    return "\n".join(entries)


def _table(table: Table) -> str:
    from tabulate import tabulate  # noqa: PLC0415 - 60 ms that only a table costs

    wanted = [i for i, c in enumerate(table.columns) if c not in {"Limit", "Runs"}]
    rows = [[_short(plain(e.cells[i].text), table.columns[i]) for i in wanted] for e in table.entries[:_MOST_ROWS]]
    head = [table.columns[i] for i in wanted]
    align = ["right" if c in _NUMBERS else "left" for c in head]
    drawn: str = tabulate(rows, headers=head, tablefmt="plain", disable_numparse=True, colalign=align)
    more = len(table.entries) - _MOST_ROWS
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + (f"\n… and {more} more rows" if more > 0 else "")


def _short(cell: str, column: str) -> str:
    """Return a cell that fits: a name cut, a number without its interval."""
    if column in {"Baseline", "Current", "Change"}:
        return cell.split(" (", 1)[0]
    return _cut(cell) if column == "Benchmark" else cell


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
