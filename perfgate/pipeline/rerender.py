"""A report that was written before, read back to be drawn in another format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.strict_json import load_json
from perfgate.formats.parsing.files import read_bounded
from perfgate.report.codec import from_data
from perfgate.report.compose import compose

if TYPE_CHECKING:
    from perfgate.core.finding import Verdict
    from perfgate.report.document import Document

LARGEST = 64 * 1024 * 1024
"""Largest report in bytes: a hundred thousand findings fit."""


def read_report(path: str) -> Document:
    """Return the document of a ``report.json``.

    Raises:
        CannotDecideError: it cannot be read, or is not valid; every fault is told.
    """
    return compose(read_verdict(path))


def read_verdict(path: str, *, largest: int = LARGEST) -> Verdict:
    """Return the verdict of a ``report.json`` of at most `largest` bytes, computed from its findings again.

    Raises:
        CannotDecideError: it cannot be read, or is not valid; every fault is told.
    """
    content = read_bounded(path, limit=largest, slug="report-unreadable")
    return from_data(load_json(content, path, "report-invalid", "`perfgate schema report` prints the format"), path)
