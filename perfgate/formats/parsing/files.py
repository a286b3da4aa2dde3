"""Bounded reading: a pipe, a folder, a link that leads nowhere or a giant gets one clear error."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.near_names import find_near

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

MISSING = "does not exist"
_CAUSES = {
    errno.ENOENT: (MISSING, "check the path"),
    errno.ELOOP: ("is a loop of symbolic links", "correct the link"),
    errno.EACCES: ("may not be read (permission denied)", "make it readable for this user"),
    errno.EISDIR: ("is a folder, not a file", "name the files in it, such as FOLDER/*.json; or rename it"),
    errno.ENXIO: ("is a socket or a pipe, not a file", "name a file"),
}


def open_regular(path: str) -> IO[bytes]:
    """Open a regular file for reading, without waiting.

    Raises:
        OSError: it is no regular file, or cannot be opened.
    """
    fd = os.open(path, _FLAGS)
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO, "no regular file")


def read_bounded(path: str, *, limit: int, slug: str) -> bytes:
    """Return the content of a regular file.

    The file is opened without waiting, and read only so far that a too large one is
    recognised: a pipe never blocks, and a file of a gigabyte is never loaded.

    Args:
        path: the file.
        limit: largest size that is accepted, in bytes.
        slug: slug of the error.

    Raises:
        CannotDecideError: it is no regular file, cannot be read, or is larger than `limit`.
    """
    try:
        fd = os.open(path, _FLAGS)
        try:
            stated = os.fstat(fd)
            mode = stated.st_mode
            if not stat.S_ISREG(mode):  # a pipe that holds bytes already reads like a file, but only in part
                raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO, "no regular file")
            first = min(stated.st_size, limit) + 1  # room for more takes longer; one byte says that there is more
            content = os.read(fd, first)
            if len(content) == first:
                content = _rest(fd, content, limit)
        finally:
            os.close(fd)
    except OSError as caught:
        raise unreadable(path, caught, slug) from None
    if len(content) > limit:
        raise cannot_decide(
            slug,
            f"is larger than {limit:,} bytes",
            place=path,
            hint="name the right files, here or in runs of the configuration",
        )
    return content


def _rest(fd: int, content: bytes, limit: int) -> bytes:
    """Return the content and what follows, one byte beyond the limit at the most."""
    parts, size = [content], len(content)
    while size <= limit and (more := os.read(fd, min(1 << 20, limit + 1 - size))):
        parts.append(more)
        size += len(more)
    return b"".join(parts)


def unreadable(path: str, caught: OSError, slug: str) -> CannotDecideError:
    """Return the error for a file that the system refuses to give."""
    message, hint = _CAUSES.get(caught.errno or 0, (f"cannot be read ({caught.strerror or caught})", "check the disk"))
    if message == MISSING and (near := _nearest(path)):
        hint = f"did you mean {near}?"
    return cannot_decide(slug, message, place=path or '""', hint=hint)


def _nearest(path: str) -> str:
    """Return the path that was probably meant, where one part of it is mistyped; empty: none is near."""
    above, name = os.path.split(path.rstrip("/"))
    rest = ""
    while above and not os.path.isdir(above):
        rest = os.path.join(name, rest) if rest else name
        above, name = os.path.split(above)
    try:
        near = find_near(name, os.listdir(above or os.curdir), cutoff=0.75)
    except OSError:
        return ""
    meant = os.path.join(above, near, rest) if near and rest else os.path.join(above, near) if near else ""
    return meant if os.path.exists(meant) else ""
