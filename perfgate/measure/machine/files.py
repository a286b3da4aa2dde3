"""Bounded reads of small files, for facts that must never cost a wait or an error."""

from __future__ import annotations

import os


def read_start(path: str, limit: int = 4096) -> str:
    """Return the first `limit` bytes of a file as text; an unreadable file is an empty text.

    Args:
        path: the file; odd bytes in it become U+FFFD.
        limit: how much to read at most, in bytes.
    """
    content = bytearray()
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            while len(content) < limit and (chunk := os.read(fd, limit - len(content))):
                content += chunk
        finally:
            os.close(fd)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return ""
    return content.decode("utf-8", "replace")
