"""Coloured text of a terminal as HTML for a browser, and as a picture that draws itself line by line."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CODE = re.compile(r"\x1b\[([0-9;]*)m")
_CLASSES = {"1": "strong", "2": "dim", "31": "red", "32": "green", "33": "yellow", "35": "magenta", "36": "cyan"}
_LIGHT = {
    "ground": "#ffffff", "text": "#1f2328", "line": "#d1d9e0", "dim": "#656d76", "red": "#c3161c", "green": "#0a6b36",
    "yellow": "#8a5a00", "magenta": "#6639ba", "cyan": "#0550ae",
}  # fmt: skip
_DARK = {
    "ground": "#0d1117", "text": "#e6edf3", "line": "#3d444d", "dim": "#8b949e", "red": "#ff7b72", "green": "#56d364",
    "yellow": "#e3b341", "magenta": "#bc8cff", "cyan": "#79c0ff",
}  # fmt: skip
_FONT = '"DejaVu Sans Mono","Liberation Mono",ui-monospace,Menlo,Consolas,monospace'
_CELL, _LINE, _MARGIN = 8.43, 19.0, 20.0
"""Width of a column, height of a line, and the space around, in pixels at 14 px."""


@dataclass(frozen=True)
class Piece:
    """Some characters of one look."""

    words: str
    classes: tuple[str, ...]


def split(line: str) -> list[Piece]:
    """Return a line as pieces of one look each."""
    pieces: list[Piece] = []
    classes: tuple[str, ...] = ()
    at = 0
    for code in _CODE.finditer(line):
        if line[at : code.start()]:
            pieces.append(Piece(line[at : code.start()], classes))
        names = code[1].split(";")
        classes = () if names in ([""], ["0"]) else tuple(_CLASSES[n] for n in names if n in _CLASSES)
        at = code.end()
    return [*pieces, Piece(line[at:], classes)] if line[at:] else pieces


def as_page(text: str, theme: str, columns: int) -> str:
    """Return a page that shows a text as a terminal of so many columns does."""
    colors = _LIGHT if theme == "light" else _DARK
    rules = "".join(f".{name}{{color:{value}}}" for name, value in colors.items()) + ".strong{font-weight:700}"
    body = "\n".join(
        "".join(f'<span class="{" ".join(p.classes)}">{html.escape(p.words)}</span>' for p in split(line))
        for line in text.splitlines()
    )
    return (
        f'<!doctype html><meta charset="utf-8"><style>{rules}body{{margin:0;background:{colors["ground"]};'
        f"color:{colors['text']}}}pre{{font:14px/1.36 {_FONT};padding:18px 20px;margin:0;width:{columns}ch}}</style>"
        f"<pre>{body}</pre>"
    )


def as_svg(steps: Sequence[tuple[float, str]], title: str, columns: int) -> str:
    """Return a picture of a terminal, light or dark as the reader's page is.

    Its lines appear one after another, or at once where the reader wants no motion.

    Args:
        steps: seconds at which each line appears, and the line.
        title: what the picture shows, for who cannot see it.
        columns: of the terminal.
    """
    width, height = round(2 * _MARGIN + columns * _CELL), round(44 + _LINE * len(steps) + 10)
    lines = []
    for number, (at, line) in enumerate(steps):
        spans, column = [], 0
        for piece in split(line):
            classes = f' class="{" ".join(piece.classes)}"' if piece.classes else ""
            spans.append(f'<tspan x="{_MARGIN + column * _CELL:.1f}"{classes}>{html.escape(piece.words)}</tspan>')
            column += len(piece.words)
        y = 44 + _LINE * (number + 0.6)
        lines.append(
            f'<text y="{y:.1f}" style="animation-delay:{at:.2f}s" xml:space="preserve">{"".join(spans)}</text>'
        )
    variables = ["".join(f"--{name}:{value};" for name, value in colors.items()) for colors in (_LIGHT, _DARK)]
    rules = "".join(f".{name}{{fill:var(--{name})}}" for name in _LIGHT if name not in {"ground", "text", "line"})
    size = f'width="{width}" height="{height}"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img"
 aria-label="{html.escape(title)}">
<title>{html.escape(title)}</title>
<style>
svg{{{variables[0]}}}
@media(prefers-color-scheme:dark){{svg{{{variables[1]}}}}}
text{{font:14px {_FONT};fill:var(--text);opacity:0;animation:show .01s forwards;white-space:pre}}
@keyframes show{{to{{opacity:1}}}}
@media(prefers-reduced-motion:reduce){{text{{animation:none;opacity:1}}}}
{rules}.strong{{font-weight:700}}
</style>
<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" style="fill:var(--ground);stroke:var(--line)"/>
<circle cx="20" cy="18" r="5" fill="#ff5f57"/><circle cx="38" cy="18" r="5" fill="#febc2e"/>
<circle cx="56" cy="18" r="5" fill="#28c840"/>
{chr(10).join(lines)}
</svg>
"""
