"""How wide a text is on a terminal, and texts cut to a width: letters of East Asia take two columns, accents none."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    return text if columns_of(text) <= columns else front(text, columns - 1) + _DOTS


def cut_middle(text: str, columns: int) -> str:
    """Return a text that takes at most so many columns, >= 1, cut in the middle, with one ``…`` there."""
    if columns_of(text) <= columns:
        return text
    first = (columns - 1) // _FRONT
    return f"{front(text, first)}{_DOTS}{front(text[::-1], columns - 1 - first)[::-1]}"


def cut_apart(texts: Iterable[str], columns: int) -> list[str]:
    """Return texts cut in the middle to at most so many columns, >= 8; those that would read alike get a number.

    Equal texts that are not cut stay equal.
    """
    counts: dict[str, int] = {}
    cut = []
    for text in texts:
        short = cut_middle(text, columns)
        counts[short] = counts.get(short, 0) + 1
        if short != text and counts[short] > 1:
            number = f" #{counts[short]}"
            short = cut_middle(text, columns - len(number)) + number
        cut.append(short)
    return cut


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Return a text with blanks behind it, or before it, so that it takes at least so many columns."""
    blanks = " " * (columns - columns_of(text))
    return blanks + text if right else text + blanks


def front(text: str, columns: int) -> str:
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
