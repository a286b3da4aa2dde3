"""Files of a project that `init` makes or adds to: whole or not at all, and never in place of one that is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence


def make_file(path: str, content: str) -> bool:
    """Write a file unless there is one, with the folders on the way; return whether it was written.

    Raises:
        OSError: it cannot be written; nothing of it is left.
    """
    if os.path.lexists(path):
        return False
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    write_whole(path, content.encode(), durable=False)
    return True


def read_lines(path: str) -> list[str]:
    """Return the lines of a file, none when there is no such file.

    Raises:
        OSError: it cannot be read.
    """
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read().splitlines()


def append_lines(path: str, lines: Sequence[str]) -> None:
    """Add lines to a file, which is made when there is none; of a link, to what it leads to.

    Raises:
        OSError: it cannot be written; it stays as it was.
    """
    path = os.path.realpath(path)
    before = b""
    if os.path.exists(path):
        with open(path, "rb") as file:
            before = file.read()
    start = b"" if not before or before.endswith(b"\n") else b"\n"
    write_whole(path, before + start + "".join(f"{line}\n" for line in lines).encode(), durable=False)
