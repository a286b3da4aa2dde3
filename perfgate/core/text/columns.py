"""How wide a text is on a terminal, and texts cut to a width: letters of East Asia take two columns, accents none."""

from __future__ import annotations

import unicodedata

_WIDE = frozenset("WF")
_MARKS = frozenset({"Mn", "Me", "Cf"})
_DOTS = "…"
_FRONT = 3
"""Of a name that is cut in the middle, one part in so many is kept in front: names differ at their ends."""


def columns_of(text: str) -> int:
    """Return how many columns a text takes; it holds nothing unprintable."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut_end(text: str, columns: int) -> str:
    """Return a text that takes at most so many columns, >= 1; what is cut at its end becomes one ``…``."""
    return text if columns_of(text) <= columns else _front(text, columns - 1) + _DOTS


def cut_middle(text: str, columns: int) -> str:
    """Return a text that takes at most so many columns, >= 1, cut in the middle, with one ``…`` there."""
    if columns_of(text) <= columns:
        return text
    front = (columns - 1) // _FRONT
    return f"{_front(text, front)}{_DOTS}{_front(text[::-1], columns - 1 - front)[::-1]}"


def pad(text: str, columns: int) -> str:
    """Return a text with blanks behind it, so that it takes at least so many columns."""
    return text + " " * (columns - columns_of(text))


def _front(text: str, columns: int) -> str:
    """Return as many characters from the beginning as fit into so many columns."""
    taken = 0
    for at, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:at]
    return text


def _columns(character: str) -> int:
    if unicodedata.category(character) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
