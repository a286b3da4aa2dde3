"""A page that fetches nothing, and runs no script but ours."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from perfgate.render.html.markup import Markup, code_of_ours, element
from perfgate.render.html.style import STYLE

_ICONS = {"good": "#1a7f37", "warn": "#9a6700", "bad": "#cf222e", "plain": "#59636e"}
"""Colour -> that of the icon in a browser's tab."""


def draw_page(title: str, token: str, body: Markup, *, script: str, style: str = "") -> str:
    """Return a page that may fetch nothing, and whose style and script are those whose digests it states.

    Args:
        title: of the page.
        token: colour of its icon.
        body: what it shows.
        script: of ours; empty: none.
        style: what is added to the style sheet of all pages.
    """
    sheet = STYLE + style
    shape = '<circle cx="8" cy="8" r="7" fill="{}"/>'.format(_ICONS[token].replace("#", "%23"))
    icon = f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>{shape}</svg>"
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(sheet)}'"
    policy += f"; script-src '{_digest(script)}'" if script else ""
    policy += "; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("link", rel="icon", href=icon.replace('"', "'")),
        code_of_ours("style", sheet),
    )
    end = [code_of_ours("script", script)] if script else []
    return f"<!doctype html>\n{element('html', head, element('body', body, *end), lang='en')}\n"


def _digest(source: str) -> str:
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"
