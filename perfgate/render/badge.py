"""Verdict -> a badge: an SVG that loads nothing, and the JSON from which shields.io draws one.

The schema of the JSON is that of shields.io's endpoint badge, version 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.text.canonical import dumps
from perfgate.render.html.markup import element
from perfgate.report.document import verdict_in
from perfgate.report.verdict.badge import LABEL, word_badge

if TYPE_CHECKING:
    from perfgate.report.document import Document
    from perfgate.report.verdict.badge import Tone

COLORS: dict[Tone, str] = {"good": "#0a6b36", "bad": "#c3161c", "warn": "#8a5a00", "plain": "#59636e"}
"""Grounds of the message. White text has a contrast of at least 5.8 on each."""
LABEL_COLOR = "#3d444d"
"""Ground of the label; the text on it has a contrast of 9.9."""
_TEXT_COLOR = "#ffffff"
_HEIGHT, _RADIUS = 20, 3
_MARGIN = 6.0
_BASELINE = 14
_SIZE = 11
_FONT = "Verdana,DejaVu Sans,Geneva,sans-serif"
_WIDTHS = {**dict.fromkeys("fijlrt ,.", 4.2), **dict.fromkeys("ckosvxyz", 6.0), **dict.fromkeys("mw", 10.2)}
_USUAL_WIDTH = 6.9
"""Pixels of a letter of Verdana at 11 pixels; other fonts are set to the same width (`textLength`)."""


def render(document: Document) -> str:
    """Return the badge as SVG, as high as other badges."""
    badge = word_badge(verdict_in(document))
    name = f"{LABEL}: {badge.message}"
    left, right = (_measure(words) + 2 * _MARGIN for words in (LABEL, badge.message))
    width = left + right
    corner, side = f"a{_RADIUS} {_RADIUS} 0 0 1", _HEIGHT - 2 * _RADIUS
    left_part = (
        f"M{left:g} {_HEIGHT}H{_RADIUS}{corner}-{_RADIUS}-{_RADIUS}v-{side}{corner} {_RADIUS}-{_RADIUS}H{left:g}z"
    )
    right_part = (
        f"M{left:g} 0h{right - _RADIUS:g}{corner} {_RADIUS} {_RADIUS}v{side}{corner}-{_RADIUS} {_RADIUS}H{left:g}z"
    )
    svg = element(
        "svg",
        element("title", name),
        element("path", d=left_part, fill=LABEL_COLOR),
        element("path", d=right_part, fill=COLORS[badge.tone]),
        element(
            "g",
            _draw_words(LABEL, _MARGIN, left - 2 * _MARGIN),
            _draw_words(badge.message, left + _MARGIN, right - 2 * _MARGIN),
            fill=_TEXT_COLOR,
            font_family=_FONT,
            font_size=_SIZE,
            aria_hidden="true",
        ),
        xmlns="http://www.w3.org/2000/svg",
        width=f"{width:g}",
        height=_HEIGHT,
        viewBox=f"0 0 {width:g} {_HEIGHT}",
        role="img",
        aria_label=name,
    )
    return f"{svg}\n"


def _draw_words(words: str, x: float, width: float) -> str:
    return element("text", words, x=f"{x:g}", y=_BASELINE, textLength=f"{width:g}")


def _measure(words: str) -> float:
    return round(sum(_WIDTHS.get(letter, _USUAL_WIDTH) for letter in words))


def render_shields(document: Document) -> str:
    """Return the badge as JSON for shields.io's endpoint; of a check that does not pass nobody can change the color."""
    badge = word_badge(verdict_in(document))
    return dumps(
        {
            "schemaVersion": 1,
            "label": LABEL,
            "message": badge.message,
            "color": COLORS[badge.tone].removeprefix("#"),
            "labelColor": LABEL_COLOR.removeprefix("#"),
            "isError": badge.is_error,
        }
    )
