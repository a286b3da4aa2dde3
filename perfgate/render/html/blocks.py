"""The blocks that any document may have, as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.html.markup import Markup, draw_line, element, minus
from perfgate.report.document import Bullets, Faults, Fold, Heading, Paragraph, Table, text

if TYPE_CHECKING:
    from perfgate.report.document import Block, Column, Line, Span


def draw_block(block: Block) -> Markup:
    """Return a block that any document may have.

    Raises:
        TypeError: it is one of a report of a check.
    """
    if isinstance(block, Heading):
        return element("h2", draw_line(block.line))
    if isinstance(block, Paragraph):
        return element("p", draw_line(block.line))
    if isinstance(block, Bullets | Faults):
        return element("ul", *(element("li", draw_line(line)) for line in block.lines))
    if isinstance(block, Table):
        return draw_table(block)
    if isinstance(block, Fold):
        return fold(draw_line(block.summary), *map(draw_block, block.blocks))
    raise TypeError(f"{type(block).__name__} is a block of a report of a check")


def fold(summary: str, *inner: Markup, is_open: bool = False) -> Markup:
    """Return what stands behind a summary that is clicked on."""
    return element("details", element("summary", summary), *inner, open="" if is_open else None)


def draw_table(table: Table, *, is_stacked: bool = False) -> Markup:
    """Return a table, which scrolls by itself where it is too wide.

    Args:
        table: its rows.
        is_stacked: do remarks stand below their rows? Else they are a column of their own.
    """
    has_column = table.remarks and not is_stacked
    columns = (*table.columns, table.remark) if has_column else table.columns
    kinds = ["number" if c.align == "right" else None for c in columns]
    head = [element("th", c.title, scope="col", class_=kind) for c, kind in zip(columns, kinds, strict=True)]
    lines = []
    for entry in table.entries:
        if entry.rule:
            lines.append(element("tr", element("td", draw_line(entry.rule), colspan=len(columns)), class_="rule"))
            continue
        cells: list[Line] = [(_cell(cell, c),) for cell, c in zip(entry.cells, table.columns, strict=True)]
        cells += [entry.remark] if has_column else []
        drawn = (element("td", draw_line(cell), class_=kind) for cell, kind in zip(cells, kinds, strict=True))
        lines.append(element("tr", *drawn))
        if is_stacked and entry.remark:
            lines.append(element("tr", element("td", draw_line(entry.remark), colspan=len(columns)), class_="below"))
    drawn_table = element("table", element("thead", element("tr", *head)), element("tbody", *lines))
    return element("div", drawn_table, class_="scroll", tabindex=0, role="group", aria_label="Table")


def _cell(cell: Span, column: Column) -> Span:
    return text(minus(cell.text)) if column.kind == "change" and cell.kind == "text" else cell
