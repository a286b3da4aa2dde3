"""How a report looks on a terminal: its width, its colours and its symbols, each in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perfgate.core.finding import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

Token = Literal["bad", "warn", "noisy", "good", "dim", "strong", "command", "plain"]
When = Literal["auto", "always", "never"]

PIPED = 80
"""Columns where no terminal says how wide it is."""
NARROWEST, WIDEST = 20, 240
"""Columns within which a report is laid out."""
MOST_ROWS = 20
"""Values of a part that are shown unless more are asked for."""

_CODES: Mapping[Token, str] = {
    "bad": "1;31",
    "warn": "33",
    "noisy": "35",
    "good": "32",
    "dim": "2",
    "strong": "1",
    "command": "36",
    "plain": "",
}
"""Eight colours and two weights, which follow the user's theme."""


class Mark(Struct, frozen=True):
    """How a status looks; colour is never the only carrier."""

    symbol: str
    """One column wide."""
    ascii: str
    """Where the encoding has no such symbol."""
    token: Token
    """Its colour."""


MARKS: Mapping[Status, Mark] = {
    Status.REGRESSED: Mark("✗", "x", "bad"),
    Status.OVER_BUDGET: Mark("✗", "x", "bad"),
    Status.MISSING: Mark("!", "!", "bad"),
    Status.NOT_COMPARABLE: Mark("!", "!", "bad"),
    Status.INVALID: Mark("!", "!", "bad"),
    Status.SUSPECTED: Mark("?", "?", "warn"),
    Status.TOO_NOISY: Mark("~", "~", "noisy"),
    Status.WITHIN_NOISE: Mark("·", ".", "plain"),
    Status.UNCHANGED: Mark("=", "=", "good"),
    Status.IMPROVED: Mark("✓", "+", "good"),
    Status.NEW: Mark("+", "+", "plain"),
    Status.REMOVED: Mark("-", "-", "dim"),
    Status.WAIVED: Mark("w", "w", "dim"),
    Status.ADVISORY: Mark("i", "i", "dim"),
}
VERDICTS: Mapping[str, tuple[str, Token]] = {
    "pass": ("PASS", "good"),
    "regression": ("REGRESSION", "bad"),
    "error": ("CANNOT DECIDE", "bad"),
    "skipped": ("SKIPPED", "plain"),
}
"""Verdict -> its word and its colour."""

_ASCII = str.maketrans({
    "→": ">", "…": "~", "µ": "u", "−": "-", "–": "-", "×": "x", "·": ".", "✗": "x", "✓": "=",
    "├": "[", "┤": "]", "─": "-", "●": "*", "│": ":", "┃": "|", "┼": ":", "╂": "|", "◀": "<", "▶": ">",
    "▁": "_", "▂": ".", "▃": ",", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",
})  # fmt: skip
SYMBOLS = "→…µ−–×·✗✓├┤─●│┃┼╂◀▶▁▂▃▄▅▆▇█"
"""Every symbol that a report draws itself."""


class Style(Struct, frozen=True, kw_only=True):
    """How one report is drawn."""

    width: int = PIPED
    """Columns, `NARROWEST` to `WIDEST`."""
    has_color: bool = False
    """May it hold escape codes?"""
    is_ascii: bool = False
    """Is the output unable to show the symbols?"""
    is_verbose: bool = False
    """Are all values shown, and how they were measured?"""
    is_quiet: bool = False
    """Is only the verdict shown?"""
    rows: int = MOST_ROWS
    """Values of a part that are shown; 0: all."""
    shows_faults: bool = True
    """Are faults and steps shown that an error on stderr says as well?"""
    more: str = ""
    """Command that lists what is not shown; empty: none."""

    def paint(self, token: Token, words: str) -> str:
        """Return words in a colour."""
        code = _CODES[token]
        if not self.has_color or not code:
            return words
        return "\n".join(f"\x1b[{code}m{line}\x1b[0m" if line else "" for line in words.split("\n"))

    def mark(self, status: Status) -> str:
        """Return the symbol of a status, in its colour."""
        mark = MARKS[status]
        return self.paint(mark.token, mark.ascii if self.is_ascii else mark.symbol)

    def spell(self, drawn: str) -> str:
        """Return our own words and symbols as the output can show them."""
        return drawn.translate(_ASCII) if self.is_ascii else drawn

    @property
    def most(self) -> int | None:
        """How many values of a part are shown; None: all."""
        return None if self.is_verbose or not self.rows else self.rows


PLAIN = Style()
"""For a file."""


def has_color(when: When, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether a stream gets colours.

    Args:
        when: as the user said; ``auto`` asks the environment, then the stream.
        environ: ``NO_COLOR`` and ``FORCE_COLOR`` count unless empty, ``TERM=dumb`` as well. ``CI`` does not: a
            redirected file of a job would hold escape codes.
        is_terminal: does the stream show what it gets?
    """
    if when != "auto":
        return when == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return is_terminal and environ.get("TERM", "") not in {"", "dumb"}


def can_show(encoding: str | None) -> bool:
    """Return whether an encoding has every symbol of a report."""
    try:
        SYMBOLS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
