"""Text in columns of a terminal: how wide it is, and how it is made to fit."""

from __future__ import annotations

import textwrap
import unicodedata

_ELLIPSIS = "…"


def cells(words: str) -> int:
    """Return how many columns a text takes: two for a wide character, none for one that combines."""
    if words.isascii():
        return len(words)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


def pad(words: str, width: int, *, right: bool = False) -> str:
    """Return a text with spaces behind it, or before it, up to a width."""
    spaces = " " * max(0, width - cells(words))
    return spaces + words if right else words + spaces


def cut(words: str, width: int) -> str:
    """Return a text of at most so many columns, cut in the middle: the end of a test's name tells it from others.

    Args:
        words: the text.
        width: columns, >= 1.
    """
    if cells(words) <= width:
        return words
    head, tail = (width - 1) // 3, width - 1 - (width - 1) // 3
    return take(words, head) + _ELLIPSIS + take(words[::-1], tail)[::-1]


def take(words: str, width: int) -> str:
    """Return as much of the start of a text as fits."""
    taken, used = [], 0
    for c in words:
        used += cells(c)
        if used > width:
            break
        taken.append(c)
    return "".join(taken)


def is_right_to_left(words: str) -> bool:
    """Does a text hold letters that a terminal draws from right to left, and what stands beside them with it?"""
    return not words.isascii() and any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in words)


def wrap(words: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Return prose as lines of at most so many columns; a word that is longer alone is broken.

    Args:
        words: prose on one line.
        width: columns.
        first: what the first line begins with.
        rest: what the others begin with.
    """
    lines = textwrap.wrap(
        words,
        max(width, len(rest) + 8),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part for line in lines for part in _broken(line, width, rest)] or [first.rstrip()]


def _broken(line: str, width: int, rest: str) -> list[str]:
    """Return a line in pieces where it is wider than there is room for."""
    pieces = []
    while cells(line) > max(width, len(rest) + 8):
        piece = take(line, max(width, len(rest) + 8))
        pieces.append(piece)
        line = rest + line[len(piece) :]
    return [*pieces, line]
