"""The folder of new baselines before they replace the old ones: ignored by git, removed by the next refresh."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from perfgate.core.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = ".perfgate-new-"
_NAME = re.compile(re.escape(_PREFIX) + r"[0-9a-f]+-[0-9a-f]{8}")
_IGNORE, _EVERYTHING = ".gitignore", b"*\n"


@contextlib.contextmanager
def staging(parent: str) -> Iterator[str]:
    """Make a hidden folder that git ignores, and remove it afterwards.

    Args:
        parent: where; on the file system of what will take its place.

    Raises:
        OSError: it cannot be made.
    """
    outer = os.path.join(parent, f"{_PREFIX}{os.getpid():x}-{os.urandom(4).hex()}")
    os.mkdir(outer)
    try:
        _hide(outer)
        yield outer
    finally:
        _discard(outer)


def is_staging(name: str) -> bool:
    """Is this the name of such a folder, whose files are no baselines yet?"""
    return bool(_NAME.fullmatch(name))


def sweep(parent: str) -> None:
    """Remove what killed refreshes left behind in a folder; never raises.

    Only a process that holds the lock may do so: what another one is working on looks the same.

    Args:
        parent: need not exist.
    """
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = os.listdir(parent)
    for name in names:
        path = os.path.join(parent, name)
        if is_staging(name) and os.path.isdir(path) and not os.path.islink(path):
            _discard(path)


def _hide(outer: str) -> None:
    """Write the file that hides the folder from git.

    The file must not be there without its content, not even for a moment: a process
    killed between the two would leave an untracked file. So it gets its name last.
    """
    path = os.path.join(outer, _IGNORE)
    try:
        fd = os.open(outer, os.O_WRONLY | os.O_TMPFILE, 0o666)
    except (AttributeError, OSError):  # not Linux, or a file system that has no files without a name
        write_whole(path, _EVERYTHING, durable=False)
        return
    try:
        os.write(fd, _EVERYTHING)
        # A folder's descriptor is what makes Python follow the link; the path is absolute and ignores it.
        os.link(f"/proc/self/fd/{fd}", path, src_dir_fd=fd, follow_symlinks=True)
    except (OSError, NotImplementedError):  # no /proc, or no links
        write_whole(path, _EVERYTHING, durable=False)
    finally:
        os.close(fd)


def _discard(outer: str) -> None:
    """Remove a staging folder; the file that hides it goes last, and stays while anything else does."""
    import shutil

    with contextlib.suppress(OSError):
        for name in os.listdir(outer):
            path = os.path.join(outer, name)
            if name == _IGNORE:
                continue
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
        if os.listdir(outer) in ([], [_IGNORE]):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(outer, _IGNORE))
            os.rmdir(outer)
