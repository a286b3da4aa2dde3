"""The blocks of any document as markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.markdown.spans import draw_cell, draw_in_tag, draw_line
from perfgate.report.document import Bullets, Fold, Heading, Paragraph, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.report.document import Block

LEVEL = "###"
"""Of a heading inside a document."""


def draw(blocks: Iterable[Block]) -> str:
    """Return blocks as markdown, ending in a line break."""
    return "\n\n".join(map(draw_block, blocks)) + "\n"


def draw_block(block: Block) -> str:
    """Return a block that any document may have.

    Raises:
        TypeError: it is one of a report of a check.
    """
    if isinstance(block, Heading):
        return f"{LEVEL} {draw_line(block.line)}"
    if isinstance(block, Paragraph):
        return draw_line(block.line)
    if isinstance(block, Bullets):
        return "\n".join(f"- {draw_line(line)}" for line in block.lines)
    if isinstance(block, Table):
        return draw_table(block)
    if isinstance(block, Fold):
        return fold(draw_in_tag(block.summary), "\n\n".join(map(draw_block, block.blocks)))
    raise TypeError(f"{type(block).__name__} is a block of a report of a check")


def fold(summary: str, inner: str, *, is_open: bool = False) -> str:
    """Return markdown behind a summary that is clicked on; both are drawn already."""
    return f"<details{' open' if is_open else ''}><summary>{summary}</summary>\n\n{inner}\n\n</details>"


def draw_table(table: Table) -> str:
    """Return a table; its remarks are a column of their own."""
    columns = (*table.columns, table.remark) if table.remarks else table.columns
    marks = [":--" if c.align == "left" else "--:" for c in columns]
    lines = [f"| {' | '.join(c.title for c in columns)} |", f"| {' | '.join(marks)} |"]
    for entry in table.entries:
        if entry.rule:
            lines.append(f"| {draw_line(entry.rule, in_table=True)}{' |' * len(columns)}")
            continue
        cells = [draw_cell(c) for c in entry.cells]
        if table.remarks:
            cells.append(draw_line(entry.remark, in_table=True))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
