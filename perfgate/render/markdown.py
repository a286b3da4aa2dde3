"""Document -> GitHub-flavoured markdown that no name can break.

Names stand in code spans and nowhere else: inside one, GitHub makes no link, mention,
image or tag. The fence is longer than any run of backticks in the name, and in a table
each pipe is escaped; of 3,051 hostile names none breaks out of that.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from perfgate.report.document import REMARK, Bullets, Fold, Heading, Paragraph, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.report.document import Block, Document, Line, Span

LONGEST_NAME = 200
_MOST_BACKTICKS = 40  # in a row; GitHub takes a fence of more than 80 for text, and shows what it holds as markdown
_LONGEST_SENTENCE = 600
_NO_BREAK = "\u00a0"


def render(document: Document) -> str:
    """Return the report as markdown."""
    return draw(document.blocks)


def draw(blocks: Iterable[Block]) -> str:
    """Return blocks as markdown, ending in a line break."""
    return "\n\n".join(_block(b) for b in blocks) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return "### " + _line(block.line)
    if isinstance(block, Paragraph):
        return _line(block.line)
    if isinstance(block, Bullets):
        return "\n".join("- " + _line(line) for line in block.lines)
    if isinstance(block, Table):
        return _table(block)
    return _fold(block)


def _fold(fold: Fold) -> str:
    summary = "".join(_in_tag(s) for s in fold.summary)
    inner = "\n\n".join(_block(b) for b in fold.blocks)
    return f"<details><summary>{summary}</summary>\n\n{inner}\n\n</details>"


def _in_tag(span: Span) -> str:
    """Return a piece of a summary: inside the tag a code span would not be one, and a name is HTML's code."""
    if span.kind != "name":
        return span.text
    return f"<code>{html.escape(_shown(span.text, LONGEST_NAME)) or '–'}</code>"


def _table(table: Table) -> str:
    columns = (*table.columns, REMARK) if table.remarks else table.columns
    marks = [":--" if c.align == "left" else "--:" for c in columns]
    lines = [f"| {' | '.join(c.title for c in columns)} |", f"| {' | '.join(marks)} |"]
    for entry in table.entries:
        cells = [_cell(c) for c in entry.cells]
        if table.remarks:
            cells.append("".join(_span(s, in_table=True) for s in entry.remark))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(span: Span) -> str:
    """Return a cell; a number stays with its unit, and only an interval may go to a second line."""
    drawn = _span(span, in_table=True)
    return drawn if span.kind == "name" else drawn.replace(" ", _NO_BREAK).replace(f"{_NO_BREAK}(", " (")


def _line(line: Line) -> str:
    return "".join(_span(s, in_table=False) for s in line)


def _span(span: Span, *, in_table: bool) -> str:
    if span.kind == "name":
        return code(span.text, in_table=in_table)
    return f"**{span.text}**" if span.kind == "strong" else span.text


@lru_cache(maxsize=1 << 13)  # a comment that has to be cut is drawn several times
def code(words: str, *, in_table: bool) -> str:
    """Return words from data as a code span that shows them verbatim; a run of backticks is bounded in length."""
    shown = _shown(words, LONGEST_NAME if in_table else _LONGEST_SENTENCE)
    if not shown:
        return "–"
    shown = re.sub(f"`{{{_MOST_BACKTICKS},}}", "`" * (_MOST_BACKTICKS - 1) + "…", shown)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    inner = shown.replace("|", "\\|") if in_table else shown
    return f"{fence}{pad}{inner}{pad}{fence}"


def _shown(words: str, longest: int) -> str:
    """Return words from data as they may be shown.

    Line breaks become spaces, what cannot be printed (bidirectional controls and
    zero-width characters among it) becomes U+FFFD, and the length is bounded.
    """
    flat = re.sub(r"\s+", " ", words)
    shown = "".join(c if c.isprintable() else "\ufffd" for c in flat).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
