"""Writing several baselines at once: all of them change, or none does, wherever the process dies."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
from typing import TYPE_CHECKING

from perfgate.core.atomic import sync_folder, write_whole
from perfgate.store.staging import staging, sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2): two names change places in one step
_AT_FDCWD = -100
_IMPOSSIBLE = {  # a way that is closed here, but not a failure: the files can still be replaced one by one
    errno.EACCES,
    errno.EBUSY,
    errno.EINVAL,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EPERM,
    errno.EROFS,
    errno.EXDEV,
}


def write_baselines(folder: str, files: Mapping[str, Mapping[str, bytes | None]], *, root: str) -> None:
    """Write baselines of one machine class or of several, and remove others.

    One file is replaced by a rename. Several are written into a copy of their folder,
    or of the folder of all baselines where they are of several classes; what does not
    change is linked, not copied. The copy then changes places with the folder in one
    step of the kernel: a process that is killed at any point leaves either all old
    files or all new ones. Where that is impossible, the files are replaced one by one
    and put back if one fails.

    Args:
        folder: the folder of all baselines; made when it does not exist.
        files: machine class -> file name -> content; None removes the file, which must be there.
        root: folder of the configuration, which is locked: it and the working
            directory stay the folders that they are.

    Raises:
        OSError: nothing was changed.
    """
    changing = {c: contents for c, contents in sorted(files.items()) if contents}
    if not changing:
        return
    whole = os.path.realpath(folder)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    only = next(iter(changing))
    part = os.path.join(whole, only)
    if len(changing) > 1 or not os.path.lexists(whole):
        contents = {os.path.join(c, name): new for c, named in changing.items() for name, new in named.items()}
        is_written = _swap(whole, contents, root)
    else:
        is_single = len(changing[only]) == 1 and os.path.isdir(part)
        is_written = not is_single and not os.path.islink(part) and _swap(part, changing[only], root)
    if not is_written:
        _one_by_one(whole, changing)


def sweep_all(folder: str) -> None:
    """Remove what killed refreshes left behind; it was never part of the baselines.

    Args:
        folder: the folder of all baselines; need not exist.
    """
    whole = os.path.realpath(folder)
    sweep(os.path.dirname(whole))
    sweep(whole)
    with contextlib.suppress(OSError):
        for name in os.listdir(whole):
            sweep(os.path.join(whole, name))


def _swap(folder: str, files: Mapping[str, bytes | None], root: str) -> bool:
    """Put a changed copy of a folder into its place in one step; False: impossible here, and nothing was changed."""
    if any(_is_inside(place, folder) for place in (os.curdir, root or os.curdir)):
        return False
    going = {os.path.join(folder, name) for name, content in files.items() if content is None}
    try:
        with staging(os.path.dirname(folder)) as outer:
            inner = os.path.join(outer, "all")
            os.mkdir(inner)
            for name, content in files.items():
                path = os.path.join(inner, name)
                if content is None:
                    continue
                os.makedirs(os.path.dirname(path), exist_ok=True)
                write_whole(path, content, durable=True)
            sync_folder(inner)
            if not os.path.lexists(folder):
                os.rename(inner, folder)
            elif not _link_others(folder, inner, going) or not _exchange(inner, folder):
                return False
            sync_folder(os.path.dirname(folder))
    except OSError as caught:
        if caught.errno in _IMPOSSIBLE:
            return False
        raise
    return True


def _is_inside(place: str, folder: str) -> bool:
    """Return whether a place is a folder or lies below it."""
    return os.path.join(os.path.realpath(place), "").startswith(os.path.join(folder, ""))


def _link_others(folder: str, copy: str, without: Collection[str]) -> bool:
    """Give a copy all that it lacks of a folder, but for some; False where the exchange would throw something away."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                target = os.path.join(copy, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    if entry.name == ".git" or os.path.ismount(entry.path):
                        return False
                    if not os.path.lexists(target):
                        os.mkdir(target)
                    if not os.path.isdir(target) or not _link_others(entry.path, target, without):
                        return False
                elif os.path.isdir(target):
                    return False
                elif not os.path.lexists(target) and entry.path not in without:
                    os.link(entry.path, target, follow_symlinks=False)
        was, now = os.stat(folder), os.stat(copy)
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            os.chown(copy, was.st_uid, was.st_gid)
        shutil.copystat(folder, copy)
    except (OSError, NotImplementedError):
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
    if code in _IMPOSSIBLE:
        return False
    raise OSError(code, os.strerror(code), other)


def _one_by_one(folder: str, files: Mapping[str, Mapping[str, bytes | None]]) -> None:
    """Replace files one after another, when all are on the disk; if one fails, put the others back."""
    made: list[str] = []
    replaced: list[tuple[str, str | None]] = []
    with contextlib.ExitStack() as stack:
        try:
            parts: list[tuple[str, str]] = []
            going: list[tuple[str, str]] = []
            for machine_class, contents in files.items():
                place = os.path.join(folder, machine_class)
                if not os.path.isdir(place):
                    os.makedirs(place)
                    made.append(place)
                outer = stack.enter_context(staging(place))
                for name, content in contents.items():
                    part = os.path.join(outer, name)
                    if content is not None:
                        write_whole(part, content, durable=True)
                    (going if content is None else parts).append((part, os.path.join(place, name)))
            for part, path in (*parts, *going):  # nothing goes before all else is there
                replaced.append((path, _link_backup(path, f"{part}.old")))
                _place(part, path)
        except BaseException:
            for path, old in replaced:
                _put_back(path, old)
            stack.close()
            for place in made:
                with contextlib.suppress(OSError):
                    os.rmdir(place)
            raise
        for machine_class in files:
            sync_folder(os.path.join(folder, machine_class))


def _place(part: str, path: str) -> None:
    """Give a new file its name; without one, the name goes."""
    if os.path.lexists(part):
        os.replace(part, path)
    else:
        os.unlink(path)


def _link_backup(path: str, old: str) -> str | None:
    """Keep what has a name by a second one, and return that; None where there is nothing."""
    if not os.path.lexists(path):
        return None
    try:
        os.link(path, old, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without links
        shutil.copy2(path, old, follow_symlinks=False)
    return old


def _put_back(path: str, old: str | None) -> None:
    """Give a name back to what had it; one that fails does not keep the others from it."""
    with contextlib.suppress(OSError):
        if old is None:
            os.unlink(path)
        else:
            os.replace(old, path)
