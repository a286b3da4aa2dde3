"""The page of the messages, which the wheel holds: what a message means, and what to do about it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

_IN_A_CLONE = Path(__file__).parents[3] / "docs" / "messages.md"
_ROW = re.compile(r"^\| `(?P<slug>[a-z0-9-]+)` \| (?P<cause>.*) \| (?P<fix>.*) \|$", re.MULTILINE)
_LINK = re.compile(r"\[((?:\[\[|\]\]|[^\[\]])*)\]\([^)]*\)")


class Message(NamedTuple):
    """What the page says of a message."""

    slug: str
    cause: str
    fix: str


def find_message(wanted: str) -> Message | None:
    """Return what the page says of a message; None when it has no such one."""
    return next((m for m in list_messages() if m.slug == wanted), None)


def list_messages() -> list[Message]:
    """Return all messages of the page, in its order, without its links."""
    packed = files("perfgate").joinpath("messages.md")
    page = packed if packed.is_file() else _IN_A_CLONE
    text = page.read_text(encoding="utf-8")
    return [Message(row["slug"], _bare(row["cause"]), _bare(row["fix"])) for row in _ROW.finditer(text)]


def _bare(cell: str) -> str:
    """Return a cell of the table as plain words."""
    return _LINK.sub(r"\1", cell).replace("\\|", "|")
