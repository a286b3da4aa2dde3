"""Prose in lines of a terminal, and text that a terminal draws from right to left."""

from __future__ import annotations

import textwrap
import unicodedata

from perfgate.core.text.columns import columns_of, front


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
    while columns_of(line) > max(width, len(rest) + 8):
        piece = front(line, max(width, len(rest) + 8))
        pieces.append(piece)
        line = rest + line[len(piece) :]
    return [*pieces, line]
