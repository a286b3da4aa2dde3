"""Document -> text, one file for each format. A renderer draws; it computes no number and no status."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from perfgate.report.document import Bullets, Paragraph

if TYPE_CHECKING:
    from perfgate.report.document import Document

Format = Literal["text", "markdown", "json", "junit", "junit-gitlab", "openmetrics", "codequality"]
FORMATS: tuple[Format, ...] = ("text", "markdown", "json")
"""What any document can be drawn as."""
VERDICT_FORMATS: tuple[Format, ...] = ("junit", "junit-gitlab", "openmetrics", "codequality")
"""What other systems read: only the report of a verdict can be drawn as these."""
SUFFIXES: dict[str, Format] = {
    "codequality.json": "codequality",  # before .json, of which it is one
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".txt": "text",
    ".xml": "junit",
    ".prom": "openmetrics",
}
"""How a file's name ends -> its format; the first that fits counts."""


def render(document: Document, form: Format) -> str:
    """Return a document in a format, ending in a line break.

    Raises:
        ValueError: one of `VERDICT_FORMATS` is wanted of a document without a verdict.
    """
    if form in VERDICT_FORMATS:
        return _of_verdict(document, form)
    if form == "json":
        from perfgate.render import as_json  # noqa: PLC0415 - only the renderer that is asked for is loaded

        return as_json.render(document)
    if form == "markdown":
        from perfgate.render import markdown  # noqa: PLC0415 - see above

        return markdown.render(document)
    from perfgate.render import terminal  # noqa: PLC0415 - see above

    return terminal.render(document)


def _of_verdict(document: Document, form: Format) -> str:
    if document.verdict is None:
        raise ValueError(f"{form} can only be drawn of a verdict")
    said = _opening(document)
    if form == "openmetrics":
        from perfgate.render import openmetrics  # noqa: PLC0415 - only the renderer that is asked for is loaded

        return openmetrics.render(document.verdict)
    if form == "codequality":
        from perfgate.render import codequality  # noqa: PLC0415 - see above

        return codequality.render(document.verdict, said[0])
    from perfgate.render import junit  # noqa: PLC0415 - see above

    return junit.render(document.verdict, said, "gitlab" if form == "junit-gitlab" else "jenkins")


def _opening(document: Document) -> list[str]:
    """Return what the report says before its first heading, line by line: the verdict, and edits of the gate."""
    lines = []
    for block in takewhile(lambda b: isinstance(b, Paragraph | Bullets), document.blocks):
        if isinstance(block, Paragraph):
            lines.append(block.line)
        elif isinstance(block, Bullets):
            lines += block.lines
    return ["".join(span.text for span in line) for line in lines]
