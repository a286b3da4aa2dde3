"""An HTML page, read by the parser of the standard library: its elements, its words, and the data of its script."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = frozenset({"meta", "input", "link", "wbr"})
OF_SVG = frozenset({"path", "rect", "use"})


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str | None]
    parents: tuple[Element, ...] = ()
    words: str = ""
    """All text in it."""


@dataclass
class Page(HTMLParser):
    """A page that was read; every element that was opened was closed."""

    source: str
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        found = Element(tag, dict(attrs), tuple(self.open))
        assert len(found.attributes) == len(attrs)
        self.elements.append(found)
        if tag not in VOID:
            self.open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element that has no children."""
        assert tag in OF_SVG
        self.elements.append(Element(tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        """Give the words to all elements around them."""
        for found in self.open:
            found.words += data

    def handle_comment(self, data: str) -> None:
        """Refuse a comment: we write none."""
        raise AssertionError(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements of a tag, with some attributes; ``class_`` holds one of the classes."""
        return [e for e in self.elements if e.tag == tag and all(_fits(e, k, v) for k, v in attributes.items())]

    @property
    def data(self) -> dict[str, Any]:
        """The data of the script."""
        (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', self.source)
        found: dict[str, Any] = json.loads(block)
        return found


def _fits(found: Element, key: str, value: str) -> bool:
    if key == "class_":
        return value in (found.attributes.get("class") or "").split()
    return found.attributes.get(key.replace("_", "-")) == value
