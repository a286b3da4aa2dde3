"""Document -> text, one file for each format. A renderer draws; it computes no number and no status."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from perfgate.render.registry import Format, renderer_of

if TYPE_CHECKING:
    from perfgate.render.terminal.style import Style
    from perfgate.report.document import Document

__all__ = ["Format", "render"]


def render(document: Document, form: Format, style: Style | None = None) -> str:
    """Return a document in a format of the registry, ending in a line break.

    Args:
        document: what is drawn.
        form: one of the registry.
        style: of a format for terminals; None: as for a file.

    Raises:
        ValueError: the format shows verdicts only, and the document holds none.
    """
    row = renderer_of(form)
    if row.needs_verdict and document.verdict is None and not document.gauges:
        raise ValueError(f"{form} can only be drawn of a verdict")
    draw = getattr(import_module(f"perfgate.render.{row.module}"), row.function)
    text: str = draw(document, style) if style is not None and row.is_styled else draw(document)
    return text
