"""HTML from words: the one place where what comes from data is escaped.

`element` escapes whatever is not markup already, and only this module makes markup, so that a
name cannot become a tag, an attribute or a script, wherever it stands.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING

from perfgate.core.errors import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.report.document import Line

_VOID = frozenset({"meta", "input", "link"})
_CLOSED = frozenset({"path", "rect", "use"})
"""Elements of SVG without children."""
_LONGEST = 200
"""Characters of a name; a longer one is cut in the middle."""
_LONGEST_SENTENCE = 1_000


_SIGN = re.compile(r"(?<![\w.-])-(?=\d)")
_JOINTS = re.compile(r"(?<=::)|(?<=[/_.,])|(?=\[)")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | int | None) -> Markup:
    """Return an element.

    Args:
        tag: its name.
        children: markup, or words, which are escaped.
        attributes: values are escaped; an empty one stands alone, None leaves it out. ``class_`` is ``class``,
            ``aria_sort`` is ``aria-sort``.
    """
    drawn = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + (f'="{escape(plain(str(value)))}"' if value != "" else "")
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{drawn}>")
    if tag in _CLOSED:
        return Markup(f"<{tag}{drawn}/>")
    return Markup(f"<{tag}{drawn}>{join(children)}</{tag}>")


def join(pieces: Iterable[str], between: str = "") -> Markup:
    """Return markup and words in a row as markup."""
    return Markup(_escape(between).join(map(_escape, pieces)))


def _escape(piece: str) -> str:
    return piece if isinstance(piece, Markup) else escape(plain(piece), quote=False)


def code_of_ours(language: str, source: str) -> Markup:
    """Return a style sheet or a script of ours as an element; no word of it comes from data.

    Raises:
        ValueError: it would end before its end.
    """
    if "</" in source or "<!--" in source:
        raise ValueError(f"the {language} would end before its end")
    return Markup(f"<{language}>{source}</{language}>")


def data_block(ident: str, data: object) -> Markup:
    """Return JSON data for a script. No ``<`` is left in it, and no ``#`` that a runner takes for a command."""
    words = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    inert = words.replace("<", "\\u003c").replace("#", "\\u0023")
    return element("script", Markup(inert), type="application/json", id=ident)


def draw_line(line: Line) -> Markup:
    """Return a line: names as code, words of ours as they are."""
    return join(
        code(span.text, _LONGEST_SENTENCE)
        if span.kind == "name"
        else element("strong", span.text)
        if span.kind == "strong"
        else minus_signs(span.text)
        for span in line
    )


def code(words: str, longest: int = _LONGEST) -> Markup:
    """Return words from data."""
    return element("code", shorten(words, longest) or "–")


def breakable(words: str) -> Markup:
    """Return a name that is already short enough, which breaks at its joints where a line is too narrow for it."""
    return element("code", join(_JOINTS.split(words), Markup("<wbr>")))


def shorten(words: str, longest: int = _LONGEST) -> str:
    """Return words from data on one line, cut in the middle where they are too long."""
    flat = plain(words if len(words) <= longest else f"{words[: longest // 3]}…{words[-(longest - longest // 3) :]}")
    return flat.strip()


def minus(words: str) -> str:
    """Return changes of ours with a minus sign as wide as a plus sign."""
    return words.replace("-", "−")


def minus_signs(words: str) -> str:
    """Return a sentence of ours with the same signs before its numbers; days such as 2026-01-31 stay as they are."""
    return _SIGN.sub("−", words)
