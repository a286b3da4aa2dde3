"""Document -> JSON: the verdict as data, byte for byte the same for the same verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.text.canonical import dumps

if TYPE_CHECKING:
    from perfgate.report.document import Document


def render(document: Document) -> str:
    """Return the report's data as JSON text."""
    return dumps(dict(document.data))
