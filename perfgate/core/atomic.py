"""Files appear whole or not at all: the one place of the core that touches the disk."""

from __future__ import annotations

import contextlib
import os

TYPE_CHECKING = False  # a measured program does not need `typing`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_END = ".tmp"


def write_whole(path: str, content: bytes, *, durable: bool) -> None:
    """Write `content` to `path` so that a reader gets the old file or the new one, never a part.

    The bytes go to a hidden neighbour first (its name ends in ``.tmp``, which no
    reader's glob matches) and then take the name in one step.

    Args:
        path: the file to write; its folder must exist.
        content: the whole file, in bytes.
        durable: also wait until the disk has it (a few milliseconds): wanted for
            baselines, too dear for a measured program.

    Raises:
        OSError: the file could not be written; an old file stays as it was.
    """
    write_parts(path, (content,), durable=durable)


def write_parts(
    path: str, parts: Iterable[bytes], *, durable: bool, check: Callable[[str], None] | None = None
) -> None:
    """Write a file as `write_whole` does, piece by piece: it need not fit into memory.

    Args:
        path: the file to write; its folder must exist.
        parts: the file's bytes in order; what making them raises goes through, and leaves an old file as it was.
        durable: also wait until the disk has it.
        check: called with the path of the written bytes before they take the name, which they do not if it raises.

    Raises:
        OSError: the file could not be written; an old file stays as it was.
    """
    folder, name = os.path.split(path)
    part = os.path.join(folder, f"{_begin(name)}{os.getpid():x}-{os.urandom(4).hex()}{_END}")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        try:
            for content in parts:
                view = memoryview(content)
                while view:
                    view = view[os.write(fd, view) :]
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        if check is not None:
            check(part)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    if durable:
        sync_folder(folder)


def remove_parts(path: str) -> None:
    """Remove what killed writers of a file left beside it; never raises.

    Only who keeps other writers of the file out may do so: what one of them is writing looks the same.

    Args:
        path: the file; it need not exist.
    """
    import re  # a measured program does not need it

    folder, name = os.path.split(path)
    is_part = re.compile(f"{re.escape(_begin(name))}[0-9a-f]+-[0-9a-f]{{8}}{re.escape(_END)}").fullmatch
    with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
        parts = [e.path for e in entries if is_part(e.name) and e.is_file(follow_symlinks=False)]
        for part in parts:
            os.unlink(part)


def _begin(name: str) -> str:
    """Return how the names of a file's parts begin."""
    return f".{name[:40]}."


def sync_folder(folder: str) -> None:
    """Wait until the disk knows the folder's new names; a file system that cannot is left alone."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        fd = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
