"""Words and names inside a line of GitHub-flavoured markdown.

Names stand in code spans and nowhere else: inside one, GitHub makes no link, mention,
image or tag. The fence is longer than any run of backticks in the name, and in a table
each pipe is escaped; of 3,051 hostile names none breaks out of that.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.report.document import Line, Span

LONGEST_NAME = 200
_MOST_BACKTICKS = 40  # in a row; GitHub takes a fence of more than 80 for text, and shows what it holds as markdown
_LONGEST_SENTENCE = 600
_NO_BREAK = "\u00a0"
NONE = "–"


def draw_line(line: Line, *, in_table: bool = False) -> str:
    """Return a line as markdown."""
    return "".join(_draw(span, in_table=in_table) for span in line)


def draw_cell(span: Span) -> str:
    """Return a cell of a table; a number stays with its unit, and only an interval may go to a second line."""
    drawn = _draw(span, in_table=True)
    return drawn if span.kind == "name" else keep_together(drawn)


def keep_together(numbers: str) -> str:
    """Return numbers that no cell breaks, but before an interval in parentheses."""
    return numbers.replace(" ", _NO_BREAK).replace(f"{_NO_BREAK}(", " (")


def draw_in_tag(line: Line) -> str:
    """Return a line inside an HTML tag: there a code span would not be one, and a name is HTML's code."""
    return "".join(
        span.text if span.kind != "name" else f"<code>{html.escape(shorten(span.text, LONGEST_NAME)) or NONE}</code>"
        for span in line
    )


def _draw(span: Span, *, in_table: bool) -> str:
    if span.kind == "name":
        return code(span.text, in_table=in_table)
    return f"**{span.text}**" if span.kind == "strong" else span.text


@lru_cache(maxsize=1 << 13)  # a comment that has to be cut is drawn several times
def code(words: str, *, in_table: bool) -> str:
    """Return words from data as a code span that shows them verbatim; a run of backticks is bounded in length."""
    shown = shorten(words, LONGEST_NAME if in_table else _LONGEST_SENTENCE)
    if not shown:
        return NONE
    shown = re.sub(f"`{{{_MOST_BACKTICKS},}}", "`" * (_MOST_BACKTICKS - 1) + "…", shown)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    inner = shown.replace("|", "\\|") if in_table else shown
    return f"{fence}{pad}{inner}{pad}{fence}"


def fenced(command: str) -> str:
    """Return a command as a block of its own, which GitHub gives a button that copies it."""
    shown = shorten(command, _LONGEST_SENTENCE)
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    return f"{fence}sh\n{shown}\n{fence}"


def shorten(words: str, longest: int) -> str:
    """Return words from data as they may be shown, cut in the middle where they are too long.

    Line breaks become spaces, what cannot be printed (bidirectional controls and
    zero-width characters among it) becomes U+FFFD, and the length is bounded.
    """
    flat = re.sub(r"\s+", " ", words[: 20 * longest] + words[-longest:] if len(words) > 21 * longest else words)
    shown = "".join(c if c.isprintable() else "\ufffd" for c in flat).strip()
    if len(shown) <= longest:
        return shown
    head = (longest - 1) // 3
    return f"{shown[:head]}…{shown[-(longest - 1 - head) :]}"
