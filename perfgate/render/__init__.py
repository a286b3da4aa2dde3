"""Document -> text, one file for each format. A renderer draws; it computes no number and no status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from perfgate.report.document import Document

Format = Literal["text", "markdown", "json"]
FORMATS: tuple[Format, ...] = ("text", "markdown", "json")
SUFFIXES: dict[str, Format] = {".md": "markdown", ".markdown": "markdown", ".json": "json", ".txt": "text"}


def render(document: Document, form: Format) -> str:
    """Return a document in a format, ending in a line break."""
    if form == "json":
        from perfgate.render import as_json  # noqa: PLC0415 - only the renderer that is asked for is loaded

        return as_json.render(document)
    if form == "markdown":
        from perfgate.render import markdown  # noqa: PLC0415 - see above

        return markdown.render(document)
    from perfgate.render import terminal  # noqa: PLC0415 - see above

    return terminal.render(document)
