"""TOML from untrusted files, with bounded work."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

MOST_DOTS = 32
"""Most dots in one key: Python's parser takes time by the square of their number, and a configuration needs three."""

_PART = r"[^\s.,=\[\]{}#\"']++"
_TOKEN = rf"""
      \#[^\n]*+                                             # a comment
    | \"{{3}}(?s:(?:\\.|(?!\"{{3}}).)*+)(?:\"{{3}})?        # a text over several lines
    | '{{3}}(?s:(?:(?!'{{3}}).)*+)(?:'{{3}})?
    | (?P<part>\"(?:[^\"\\\n]|\\[^\n])*+\"? | '[^'\n]*+'? | {_PART})
    | (?P<dot>\.)
    | (?P<blank>[ \t]++)
    | .
    """


@cache
def compile_token() -> re.Pattern[str]:
    """Return the pattern of a token of TOML, as far as it is known where keys and values begin and end."""
    return re.compile(_TOKEN, re.VERBOSE | re.DOTALL)


def load_toml(text: str) -> dict[str, Any]:
    """Return the document of a TOML text.

    Raises:
        ValueError: it is not TOML, or one of its keys has more than `MOST_DOTS` dots.
        RecursionError: its values are nested too deeply.
    """
    import tomllib

    if text.count(".") > MOST_DOTS:
        _require_short_keys(text)
    return tomllib.loads(text)


def _require_short_keys(text: str) -> None:
    dots = 0
    for token in compile_token().finditer(text):
        if token.lastgroup == "dot":
            dots += 1
        elif token.lastgroup is None:
            dots = 0
        if dots > MOST_DOTS:
            line = text.count("\n", 0, token.start()) + 1
            raise ValueError(f"a key has more than {MOST_DOTS} dots (at line {line})")
