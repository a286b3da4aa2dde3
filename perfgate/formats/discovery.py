"""Finding and reading run inputs: the only opener of them."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, error
from perfgate.formats.files import read_bounded, unreadable
from perfgate.formats.summary import SummaryReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.run import Run

LARGEST_RUN = 4 * 1024 * 1024
"""Largest run summary in bytes: ten thousand stages fit, a wrong file does not."""

_MAGIC = re.compile(r"[*?\[]")
_FLAT = re.compile(r"^([^*?\[]*)/([^/]*)$")


def find(patterns: Sequence[str], root: str = "") -> tuple[list[str], list[Diagnostic]]:
    """Return the files that paths, folders and globs name, ascending, each once.

    Args:
        patterns: a file, a folder (its ``*.json``), or a glob (``**`` goes deep).
        root: what relative patterns are relative to; empty: the working directory.

    Returns:
        The files, and an error for each pattern that cannot be followed. A glob
        that matches nothing is no error here.
    """
    found: dict[str, None] = {}
    problems: list[Diagnostic] = []
    for pattern in patterns:
        path = os.path.join(root, pattern)
        try:
            if _MAGIC.search(pattern) and not os.path.lexists(path):
                names = _expand(path)
            elif os.path.isdir(path):
                names = _listing(path.rstrip("/"), "*.json")
            else:
                os.stat(path)
                names = [path]
        except OSError as caught:
            problems.extend(unreadable(path, caught, "runs-unreadable").diagnostics)
            continue
        found.update(dict.fromkeys(names))
    return sorted(found), problems


def _expand(path: str) -> list[str]:
    """Return what a glob matches; the common case, a pattern for one folder, lists it once."""
    flat = _FLAT.match(path)
    if flat and os.path.isdir(flat[1]):
        return _listing(flat[1], flat[2])
    return glob.glob(path, recursive=True)


def _listing(folder: str, pattern: str) -> list[str]:
    """Return the names of a folder that match, hidden ones left out, joined to it."""
    keep = re.compile(fnmatch.translate(pattern)).match
    hidden = pattern.startswith(".")
    return [f"{folder}/{name}" for name in os.listdir(folder) if keep(name) and (hidden or name[0] != ".")]


class RunReader:
    """Reads run files one after another; what is wrong is kept as values, so that all of it can be told."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.problems: list[Diagnostic] = []
        self.copies = 0
        """Files left out because another file is the same byte for byte."""
        self._summaries = SummaryReader()
        self._first: dict[str, str] = {}

    def read(self, paths: Iterable[str]) -> Iterator[Run]:
        """Yield the runs of the files; a run id that stands in two different files is an error."""
        parse, first = self._summaries.parse, self._first
        last: str | None = None
        folder = ""
        for path in paths:
            where = path.rpartition("/")[0]
            if where != last:
                last, folder = where, os.path.basename(os.path.abspath(where))
            try:
                content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
                run = parse(content, path, folder)
            except CannotDecideError as caught:
                self.problems.extend(caught.diagnostics)
                continue
            if first.setdefault(run.run_id, path) is path:
                yield run
            else:
                self._twice(run.run_id, path, content)

    def _twice(self, run_id: str, path: str, content: bytes) -> None:
        """Take note of a second file with the same run id: a copy is harmless, anything else is not."""
        other = self._first[run_id]
        try:
            same = read_bounded(other, limit=LARGEST_RUN, slug="run-unreadable") == content
        except CannotDecideError:
            same = False
        if same:
            self.copies += 1
            return
        self.problems.append(
            error(
                "run-id-twice",
                f'the run id "{run_id}" stands in {other} too, with other contents',
                place=path,
                hint="give each run an id of its own, or remove one of the two files",
            )
        )
