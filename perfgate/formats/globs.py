"""Globs that end: ``**`` visits each real folder once, however links lead back and forth."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Scan = Callable[[str], Iterable[os.DirEntry[str]]]

_MAGIC = re.compile(r"[*?\[]")
_DEEP = "**"


def expand(pattern: str, scan: Scan = os.scandir) -> list[str]:
    """Return the paths that a glob matches, each real folder below a ``**`` visited once.

    A file that links make reachable in several ways is one path, the one without links where there is one.
    Names that begin with a dot match only where the pattern states the dot. Folders that are not there hold nothing.

    Args:
        pattern: such as ``runs/**/*.json``; ``**`` stands for any number of folders.
        scan: lists a folder.

    Raises:
        OSError: a folder on the way may not be listed, so that what it holds is unknown.
    """
    if os.sep != "/":
        pattern = pattern.replace(os.sep, "/")
    found = ["/"] if pattern.startswith("/") else [""]
    parts = [part for part in pattern.split("/") if part]
    for i, part in enumerate(parts):
        is_last = i == len(parts) - 1
        if part == _DEEP:
            if is_last:
                return [
                    path for folder in _Tree(scan).below(found) for path in _matching(folder, "*", scan, is_last=True)
                ]
            if i and parts[i - 1] == _DEEP:  # the folders below them were found already
                continue
            found = list(_Tree(scan).below(found))
        elif _MAGIC.search(part):
            found = [path for folder in found for path in _matching(folder, part, scan, is_last=is_last)]
        else:
            found = [path for path in (f"{folder}{part}" for folder in found) if _is_there(path)]
        if not is_last and part != _DEEP:
            found = [f"{path}/" for path in found]
    return found


def _entries(folder: str, scan: Scan) -> list[os.DirEntry[str]]:
    """Return what a folder holds, by name; nothing when there is no such folder."""
    try:
        return sorted(scan(folder or "."), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _matching(folder: str, pattern: str, scan: Scan, *, is_last: bool) -> Iterator[str]:
    """Yield the paths in a folder whose names match; folders alone, where the glob goes on."""
    keep = re.compile(fnmatch.translate(pattern)).match
    for entry in _entries(folder, scan):
        if keep(entry.name) and (entry.name[0] != "." or pattern[0] == ".") and (is_last or _is_folder(entry)):
            yield f"{folder}{entry.name}"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as caught:
        if caught.errno == errno.ELOOP:  # a loop of links leads to no folder
            return False
        raise


class _Tree:
    """The folders below some others, each real one once."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._seen: set[tuple[int, int]] = set()

    def below(self, folders: Iterable[str]) -> Iterator[str]:
        """Yield the folders and all below them; links are followed last, so that paths without links win."""
        waiting = list(folders)[::-1]
        links: list[str] = []
        while waiting or links:
            folder = waiting.pop() if waiting else links.pop(0)
            try:
                stated = os.stat(folder or ".")
            except (FileNotFoundError, NotADirectoryError):
                continue
            if (stated.st_dev, stated.st_ino) in self._seen:
                continue
            self._seen.add((stated.st_dev, stated.st_ino))
            yield folder
            inner = [e for e in _entries(folder, self._scan) if e.name[0] != "." and _is_folder(e)]
            links.extend(f"{folder}{e.name}/" for e in inner if e.is_symlink())
            waiting.extend(f"{folder}{e.name}/" for e in inner[::-1] if not e.is_symlink())
