"""Messages whose words may come from data, split into prose and names: only the names have to be shown verbatim."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.report.document import name, text

if TYPE_CHECKING:
    from perfgate.report.document import Line

_PIECES = r'"[^"]*"|\S+|\s+'
_WORD = (
    r"[(]*(?:[A-Za-z]+(?:['’-][a-z]+)*|[+−-]?[0-9][0-9,.]*%?|p[0-9]{2,3}|[0-9]{4}-[0-9]{2}-[0-9]{2})[),.;:!?]*"
    r"|[–…→=+%),.;:!?]+"
)
"""What can be nothing but a word or a number, whatever reads it: no path, address, mention, reference or markup."""
_HEX = r"[0-9a-fA-F]{7,40}[),.;:]*"
"""What GitHub may take for a commit."""
_REFERENCE = r"(?:[A-Z]+-[0-9]|www\.)"
_CLOSING = ",.;:)"


def mark_names(message: str) -> Line:
    """Return a message as spans: plain words and numbers as prose, all else as names, quoted or not.

    A name that consists of plain words alone stands as prose, which no reader of markdown takes for anything else.
    """
    spans: list[tuple[str, bool]] = []
    for piece in re.findall(_PIECES, message):
        for words, is_name in _split(piece):
            if spans and spans[-1][1] == is_name:
                spans[-1] = (spans[-1][0] + words, is_name)
            elif spans and is_name and len(spans) > 1 and not spans[-1][0].strip() and spans[-2][1]:
                spans[-2:] = [(spans[-2][0] + spans[-1][0] + words, True)]  # two names with a space between
            else:
                spans.append((words, is_name))
    return tuple(name(words) if is_name else text(words) for words, is_name in spans)


def _split(piece: str) -> list[tuple[str, bool]]:
    """Return a piece as words, each with whether it is a name."""
    if piece.isspace():
        return [(" ", False)]
    if len(piece) > 1 and piece[0] == piece[-1] == '"':
        return [('"', False), (piece[1:-1], True), ('"', False)] if len(piece) > 2 else [(piece, False)]  # noqa: PLR2004 - quotes alone
    if re.fullmatch(_WORD, piece) and not re.fullmatch(_HEX, piece) and not re.match(_REFERENCE, piece):
        return [(piece, False)]
    bare = piece.rstrip(_CLOSING)
    opening = piece[: len(piece) - len(piece.lstrip("("))] if bare else ""
    parts = [(opening, False), (bare[len(opening) :], True), (piece[len(bare) :], False)]
    return [(words, is_name) for words, is_name in parts if words]


def mark_code(words: str) -> Line:
    """Return words of our own tables, with what stands between backticks as names."""
    return tuple(name(part) if i % 2 else text(part) for i, part in enumerate(words.split("`")) if part)
