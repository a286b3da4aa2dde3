"""Files of the use cases: reports in, and reports, profiles and summaries out, whole or not at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from perfgate.core.atomic import write_whole
from perfgate.core.errors import cannot_decide
from perfgate.core.text.strict_json import load_json
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
        CannotDecideError: it cannot be read, or is not valid; the error names every fault.
    """
    return compose(read_verdict(path))


def read_verdict(path: str, *, largest: int = LARGEST) -> Verdict:
    """Return the verdict of a ``report.json`` of at most `largest` bytes, computed from its findings again.

    Raises:
        CannotDecideError: it cannot be read, or is not valid; the error names every fault.
    """
    content = read_bounded(path, limit=largest, slug="report-unreadable")
    return from_data(load_json(content, path, "report-invalid", "`perfgate schema report` prints the format"), path)


def write_output(path: str, content: bytes, *, slug: str) -> None:
    """Write a file that the user asked for; folders on the way are made.

    A device or a pipe is written to as it is; it must never be replaced by a file.

    Raises:
        CannotDecideError: it cannot be written.
    """
    try:
        if _is_special(path):
            with open(path, "wb", buffering=0) as file:
                file.write(content)
            return
        if _is_precious(path):
            message = "holds a baseline or a run summary, which is not to be lost"
            raise cannot_decide(slug, message, place=path, hint="name another file")
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        write_whole(path, content, durable=False)
    except OSError as caught:
        cause = "is a folder" if os.path.isdir(path) else f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide(slug, cause, place=path, hint="name a file in a folder that can be written to") from None


def _is_precious(path: str) -> bool:
    """Is the file that would be replaced one of our own inputs?"""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return b'"perfgate/baseline/' in start or b'"perfgate/run/' in start


def _is_special(path: str) -> bool:
    """Is there something at the path that is neither a file nor a folder?"""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
