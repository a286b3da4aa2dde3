"""Finding and reading run inputs: the only opener of them."""

from __future__ import annotations

import fnmatch
import os
import re
from functools import partial
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.metrics import ELAPSED
from perfgate.core.run import digest_of
from perfgate.formats.detect import detect
from perfgate.formats.folders import files_of
from perfgate.formats.foreign import ForeignReader
from perfgate.formats.globs import expand
from perfgate.formats.options import ForeignOptions
from perfgate.formats.own.compacted import ENDINGS, is_compacted, is_same, runs_in
from perfgate.formats.own.imported import decode_imported, is_imported
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.formats.parsing.files import read_bounded, unreadable
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.core.sources.field_map import FieldMap

LARGEST_RUN = 4 * 1024 * 1024
"""Largest run summary in bytes: ten thousand stages fit, a wrong file does not."""

_RUN_ID = b'"run_id"'
_MAGIC = re.compile(r"[*?\[]")
_ALL = "*.json"
"""A glob of all run files of a folder, the compacted ones included."""
_FLAT = re.compile(r"^([^*?\[]*)/([^/]*)$")


def find(patterns: Sequence[str], root: str = "") -> tuple[list[str], list[Diagnostic]]:
    """Return the files that paths, folders and globs name, each once: in the order given, those of one glob ascending.

    Args:
        patterns: a file, a folder (`folders.files_of` says what it stands for), or a glob (``**`` goes deep).
        root: what relative patterns are relative to; empty: the working directory.

    Returns:
        The files, and an error for each pattern that cannot be followed, such as a folder of other files.
        A glob that matches nothing, and an empty folder, is no error here; a folder that cannot be listed is one.
    """
    found: dict[str, None] = {}
    problems: list[Diagnostic] = []
    for pattern in patterns:
        path = os.path.join(root, pattern)
        try:
            names = _expand(path) if _MAGIC.search(pattern) else _literal(path)
            if _MAGIC.search(pattern) and os.path.lexists(path) and path not in names:
                names += _literal(path)  # in addition: a file of that name must not hide what the glob matches
        except OSError as caught:
            problems.extend(unreadable(caught.filename or path, caught, "runs-unreadable").diagnostics)
            continue
        except CannotDecideError as caught:
            problems.extend(caught.diagnostics)
            continue
        found.update(dict.fromkeys(sorted(names)))
    return list(found), problems


def folder_of(pattern: str, root: str = "") -> str:
    """Return the folder that a pattern names, below which all its files are; a link in it is not followed."""
    path = os.path.join(root, pattern)
    magic = _MAGIC.search(pattern)
    if magic is not None:
        path = os.path.join(root, pattern[: magic.start()])
    return path if magic is None and os.path.isdir(path) else os.path.dirname(path)


def _literal(path: str) -> list[str]:
    """Return the file of a path, or the files of its folder."""
    if os.path.isdir(path):
        return files_of(path)
    os.stat(path)
    return [path]


def _expand(path: str) -> list[str]:
    """Return what a glob matches; the common case, a pattern for one folder, lists it once."""
    flat = _FLAT.match(path)
    if flat and os.path.isdir(flat[1]):
        return _matching(Source(flat[1]), flat[1], flat[2])
    above, name = os.path.split(path)
    compacted = filter(is_compacted, expand(os.path.join(above, f"*{ENDINGS[0]}*"))) if name == _ALL else ()
    return [*expand(path), *compacted]


def _matching(folder: Source, path: str, pattern: str) -> list[str]:
    """Return the names of a folder that match, hidden ones left out, joined to its path."""
    keep = re.compile(fnmatch.translate(pattern)).match
    hidden = pattern.startswith(".")
    names = [name for name in folder.listing().names if keep(name) and (hidden or name[0] != ".")]
    if pattern == _ALL:
        names += filter(is_compacted, folder.listing().names)
    return [f"{path}/{name}" for name in names]


class RunReader:
    """Reads run files one after another; faults are kept as values, so that all are reported."""

    def __init__(
        self,
        options: ForeignOptions | None = None,
        maps: Sequence[FieldMap] = (),
        *,
        keeps_records: bool = False,
    ) -> None:
        """Start with nothing read.

        Args:
            options: what the user says about files of other tools; None: nothing.
            maps: field maps of the configuration.
            keeps_records: are the records of other tools' files asked for afterwards, as a dry run does?

        Raises:
            CannotDecideError: there is no such format, or no such map.
        """
        self.problems: list[Diagnostic] = []
        self.copies = 0
        """Files left out because another file is the same byte for byte."""
        self._summaries = SummaryReader()
        self._first: dict[str, str] = {}
        self.foreign = ForeignReader(options or ForeignOptions(), maps, keeps_records=keeps_records)
        """What was read of other tools' files."""

    def read(self, paths: Iterable[str]) -> Iterator[Run]:
        """Yield the runs of the files; a run id that is in two different files is an error."""
        parse, first = self._parse, self._first
        last: str | None = None
        folder = ""
        compacted: list[str] = []
        for path in paths:
            if is_compacted(path):
                compacted.append(path)
                continue
            where = path.rpartition("/")[0]
            if where != last:
                last, folder = where, os.path.basename(os.path.abspath(where))
            if self.foreign.format_of(path) is not None:
                yield from self._foreign(path, None)
                continue
            try:
                content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
                if _RUN_ID not in content:  # of another tool, most likely: why it is no summary takes long to find out
                    yield from self._foreign(path, partial(self._refusal, content, path, folder))
                    continue
                run = parse(content, path, folder)
            except CannotDecideError as caught:
                refused = caught
                yield from self._foreign(path, lambda: refused)  # noqa: B023 - called at once
                continue
            if first.setdefault(run.run_id, path) is path:
                self.foreign.asked_direction.state(run.benchmark, ELAPSED.name, ELAPSED.better, path)
                yield run
            else:
                self._check_duplicate_id(run.run_id, path, content)
        yield from self._compacted(compacted)
        yield from self.foreign.rest()
        self.problems += self.foreign.problems
        self.copies += self.foreign.copies

    def read_own(self, path: str) -> Run | None:
        """Return the run of a file that perfgate wrote for one run; None: it is of another tool, or holds many.

        Raises:
            CannotDecideError: it cannot be read, or is no valid run.
        """
        if self.foreign.format_of(path) is not None or os.path.isdir(path) or is_compacted(path):
            return None
        content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
        if _RUN_ID not in content:
            return None
        try:
            return self._parse(content, path, os.path.basename(os.path.dirname(os.path.abspath(path))))
        except CannotDecideError:
            if detect(Source(path)) is not None:
                return None
            raise

    def _compacted(self, paths: Sequence[str]) -> Iterator[Run]:
        """Yield the runs of compacted files; one that is in a file of its own, too, or in two of them, counts once."""
        digests: dict[str, str] = {}
        for path in paths:
            try:
                for run in runs_in(path):
                    first = self._first.setdefault(run.run_id, run.origin)
                    digest = digest_of(run) if len(paths) > 1 else ""
                    if first is run.origin:
                        digests[run.run_id] = digest
                        self.foreign.asked_direction.state(run.benchmark, ELAPSED.name, ELAPSED.better, run.origin)
                        yield run
                    elif digests[run.run_id] == digest if run.run_id in digests else self._is_in(first, run):
                        self.copies += 1
                    else:
                        self.problems.append(id_twice(run.run_id, first, run.origin))
            except CannotDecideError as caught:
                self.problems.extend(caught.diagnostics)

    def _is_in(self, path: str, run: Run) -> bool:
        """Is a run file the one that a run was compacted from?"""
        try:
            other = self.read_own(path)
        except CannotDecideError:
            return False
        return other is not None and is_same(other, run)

    def _parse(self, content: bytes, path: str, folder: str) -> Run:
        if is_imported(content):
            return decode_imported(content, path)
        return self._summaries.parse(content, path, folder)

    def _foreign(self, path: str, refusal: Callable[[], CannotDecideError] | None) -> Iterator[Run]:
        """Yield the runs of another tool's file; run ids of perfgate's own files are unique."""
        for run in self.foreign.read(path, refusal):
            if run.series or self._first.setdefault(run.run_id, run.origin) is run.origin:
                yield run
            else:
                self._check_duplicate_id(run.run_id, run.origin, b"")

    def _refusal(self, content: bytes, path: str, folder: str) -> CannotDecideError:
        """Return why a file is no run summary."""
        try:
            self._summaries.parse(content, path, folder)
        except CannotDecideError as caught:
            return caught
        return cannot_decide(
            "run-invalid", 'the key "run_id" is written with escapes', place=path, hint="write it plainly"
        )

    def _check_duplicate_id(self, run_id: str, path: str, content: bytes) -> None:
        """Take note of a second file with the same run id: a copy is harmless, anything else is not."""
        other = self._first[run_id]
        try:
            same = read_bounded(other, limit=LARGEST_RUN, slug="run-unreadable") == content
        except CannotDecideError:
            same = False
        if same:
            self.copies += 1
            return
        self.problems.append(id_twice(run_id, other, path))


def id_twice(run_id: str, first: str, path: str) -> Diagnostic:
    """Return the error for an id that two runs have."""
    message = f'the run id "{run_id}" is in {first} too, with other contents'
    return error("run-id-twice", message, place=path, hint="give each run an id of its own")
