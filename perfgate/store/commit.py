"""Writing several baselines at once: all of them change, or none does, wherever the process dies."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
from typing import TYPE_CHECKING

from perfgate.core.atomic import sync_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

_STAGING = ".perfgate-new-"
_PART = ".tmp"  # of a file that `write_whole` had not finished
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2): two names change places in one step
_AT_FDCWD = -100


def write_class(folder: str, files: Mapping[str, bytes]) -> None:
    """Write the baselines of one machine class.

    One file is replaced by a rename. Several are written into a copy of the folder
    (its other files are linked, not copied), which then changes places with the folder
    in one step of the kernel: a process that is killed at any point leaves either all
    old files or all new ones. Where the file system cannot exchange, the files are
    replaced one by one and put back if one fails.

    Args:
        folder: ``baselines/<machine-class>``; made when it does not exist.
        files: name -> content.

    Raises:
        OSError: nothing was changed.
    """
    if not files:
        return
    parent = os.path.dirname(folder) or "."
    os.makedirs(parent, exist_ok=True)
    sweep(parent)
    if len(files) == 1 and os.path.isdir(folder):
        for name, content in files.items():
            write_whole(os.path.join(folder, name), content, durable=True)
        return
    staged = os.path.join(parent, f"{_STAGING}{os.getpid():x}-{os.urandom(4).hex()}")
    os.mkdir(staged)
    try:
        for name, content in files.items():
            write_whole(os.path.join(staged, name), content, durable=True)
        if not os.path.isdir(folder):
            os.rename(staged, folder)
        elif os.path.islink(folder) or not _link_others(folder, staged) or not _exchange(staged, folder):
            _one_by_one(folder, files)
        sync_folder(parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def sweep(parent: str) -> None:
    """Remove what a killed refresh left behind; it was never part of the baselines.

    Left alone, ``git add baselines`` would take it in.

    Args:
        parent: the folder of all baselines; need not exist.
    """
    for name in os.listdir(parent) if os.path.isdir(parent) else ():
        path = os.path.join(parent, name)
        if name.startswith(_STAGING):
            shutil.rmtree(path, ignore_errors=True)
        elif os.path.isdir(path) and not os.path.islink(path):
            for part in os.listdir(path):
                if part.startswith(".") and part.endswith(_PART):
                    with contextlib.suppress(OSError):
                        os.unlink(os.path.join(path, part))


def _link_others(folder: str, staged: str) -> bool:
    """Give the staged folder the files that do not change; False where the file system has no links."""
    try:
        for entry in os.listdir(folder):
            source, target = os.path.join(folder, entry), os.path.join(staged, entry)
            if os.path.isdir(source) and not os.path.islink(source):
                return False  # even where a file of that name is staged: the exchange would throw it away
            if not os.path.lexists(target):
                os.link(source, target, follow_symlinks=False)
        shutil.copymode(folder, staged)
    except OSError:
        return False
    return True


def _exchange(one: str, other: str) -> bool:
    """Let two folders change places in one step; False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # macOS, Windows, an old or a small C library
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EXDEV, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), other)


def _one_by_one(folder: str, files: Mapping[str, bytes]) -> None:
    """Replace files one after another; if one fails, put the others back."""
    old: dict[str, bytes | None] = {}
    try:
        for name, content in files.items():
            path = os.path.join(folder, name)
            old[name] = _content(path)
            write_whole(path, content, durable=True)
    except BaseException:
        for name, was in old.items():
            path = os.path.join(folder, name)
            if was is None:
                if os.path.exists(path):
                    os.unlink(path)
            elif _content(path) != was:
                write_whole(path, was, durable=True)
        raise


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
