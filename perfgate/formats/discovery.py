"""Finding and reading run inputs: the only opener of them."""

from __future__ import annotations

import fnmatch
import os
import re
from array import array
from contextlib import suppress
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.metrics import ELAPSED
from perfgate.core.text.steps import Work
from perfgate.formats.detect import detect
from perfgate.formats.folders import files_of
from perfgate.formats.foreign import ForeignReader
from perfgate.formats.globs import expand
from perfgate.formats.options import ForeignOptions
from perfgate.formats.own.columns import BATCH, RUN_ID, ColumnReader, ids_of
from perfgate.formats.own.compacted import ENDINGS, is_compacted, runs_in
from perfgate.formats.own.imported import decode_imported, is_imported
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.formats.parsing.files import read_bounded, unreadable
from perfgate.formats.parsing.source import Source
from perfgate.formats.run_ids import Again, Claims, RunIds, mark_of
from perfgate.formats.second_process import SecondProcess, is_worth_it

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.core.sources.field_map import FieldMap
    from perfgate.formats.own.columns import Kind
    from perfgate.formats.run_ids import Columns

LARGEST_RUN = 4 * 1024 * 1024
"""Largest run summary in bytes: ten thousand stages fit, a wrong file does not."""

_AT_ONCE, _BYTES_AT_ONCE = 256, 1 << 21
"""Files, and their bytes, that are in memory before they are decoded: file by file both take a third more time."""
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
        names.sort()
        if len(patterns) == 1 and not _MAGIC.search(pattern):  # what a folder holds is there once
            return names, problems
        found.update(dict.fromkeys(names))
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
    names = folder.listing().names
    hidden = pattern.startswith(".")
    if pattern == _ALL:
        kept = [name for name in names if name.endswith(".json") and name[0] != "."]
        kept += filter(is_compacted, names)
    else:
        keep = re.compile(fnmatch.translate(pattern)).match
        kept = [name for name in names if keep(name) and (hidden or name[0] != ".")]
    return [f"{path}/{name}" for name in kept]


class RunReader:
    """Reads run files one after another; faults are kept as values, so that all are reported."""

    def __init__(
        self,
        options: ForeignOptions | None = None,
        maps: Sequence[FieldMap] = (),
        *,
        keeps_records: bool = False,
        columns: Columns = "none",
    ) -> None:
        """Start with nothing read.

        Args:
            options: what the user says about files of other tools; None: nothing.
            maps: field maps of the configuration.
            keeps_records: are the records of other tools' files asked for afterwards, as a dry run does?
            columns: do the runs of one kind stand beside the first of them (`Run.more`), and with their digests?

        Raises:
            CannotDecideError: there is no such format, or no such map.
        """
        self.problems: list[Diagnostic] = []
        self.copies = 0
        """Files left out because another file is the same byte for byte, and runs that another file holds, too."""
        self._summaries = SummaryReader()
        self._columns = (
            None if columns == "none" else ColumnReader(self._summaries, with_digests=columns == "with digests")
        )
        self._how = columns
        self._ids = RunIds()
        self._packed: list[str] = []  # compacted files, which are read last
        self._again: dict[str, list[Again]] = {}  # file that holds many runs -> runs that it had first
        self.foreign = ForeignReader(options or ForeignOptions(), maps, keeps_records=keeps_records)
        """What was read of other tools' files."""

    def read(self, paths: Sequence[str]) -> Iterator[Run]:
        """Yield the runs of the files; a run id that is in two different files is an error."""
        work = Work("reading runs", "files", len(paths))
        if self._columns is None:
            yield from self._one_by_one(paths, self._ids.add_places(paths), work)
        else:
            yield from self._in_batches(
                [paths[i : i + BATCH] for i in range(0, len(paths), BATCH)], self._columns, work
            )
        yield from self._compacted(self._packed, work)
        for path, runs in self._again.items():
            self._compare(path, runs)
        yield from self.foreign.rest()
        self._ids = RunIds()  # of a million runs they take more memory than the values
        self.problems += self.foreign.problems
        self.copies += self.foreign.copies

    def _in_batches(self, paths: Sequence[Sequence[str]], columns: ColumnReader, work: Work) -> Iterator[Run]:
        """Yield the runs of files, batch by batch; of many files every other batch is read by a second process."""

        def read(batch: Sequence[str], sizes: list[int]) -> list[Kind] | None:
            return columns.read(self._folders(batch, sizes))

        second = SecondProcess(paths[1::2], read) if is_worth_it(sum(map(len, paths))) else None
        try:
            for i, batch in enumerate(paths):
                sizes: list[int] = []
                kinds = second.take(sizes) if second is not None and i % 2 else read(batch, sizes)
                yield from self._together(batch, kinds, columns, work, sum(sizes))
        finally:
            if second is not None:
                second.close()

    def _together(
        self, paths: Sequence[str], kinds: Sequence[Kind] | None, columns: ColumnReader, work: Work, size: int
    ) -> Iterator[Run]:
        """Yield the runs of files by kind, where all are plain summaries that were not there before."""
        places = self._ids.add_places(paths)
        if kinds is None or not self._claim(kinds, places):
            yield from self._one_by_one(paths, places, work)
            return
        work.add(len(paths), size)
        for run in columns.runs(kinds, paths):
            self.foreign.asked_direction.state(run.benchmark, ELAPSED.name, ELAPSED.better, run.origin)
            yield run

    def _claim(self, kinds: Sequence[Kind], places: Sequence[int]) -> bool:
        """Claim the ids of all runs, if each is there for the first time."""
        run_ids, numbers = ids_of(kinds)
        return self._ids.claim_all(run_ids, 0, array("Q", map(places.__getitem__, numbers)))

    def _folders(self, paths: Sequence[str], sizes: list[int]) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
        """Yield the contents of files, some hundred at a time, as columns are read from them; their sizes are added.

        Raises:
            CannotDecideError: one cannot be read, or is of another tool as the user says.
        """
        folders = [path.rpartition("/")[0] for path in paths]
        claims = self.foreign.format_of if self.foreign.names_formats else None
        for folder, numbers in groupby(range(len(paths)), key=folders.__getitem__):
            name = os.path.basename(os.path.abspath(folder))
            held: list[tuple[int, bytes]] = []
            size = 0
            for i in numbers:
                path = paths[i]
                if path.endswith(ENDINGS) or (claims is not None and claims(path) is not None):
                    raise CannotDecideError([])
                content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
                held.append((i, content))
                size += len(content)
                if len(held) == _AT_ONCE or size > _BYTES_AT_ONCE:
                    sizes.append(size)
                    yield name, held
                    held, size = [], 0
            sizes.append(size)
            yield name, held

    def _one_by_one(self, paths: Sequence[str], places: Sequence[int], work: Work) -> Iterator[Run]:
        """Yield the runs of files, each as a whole."""
        parse, ids = self._parse, self._ids
        last: str | None = None
        folder = ""
        for path, place in zip(paths, places, strict=True):
            if is_compacted(path):
                self._packed.append(path)
                continue
            where = path.rpartition("/")[0]
            if where != last:
                last, folder = where, os.path.basename(os.path.abspath(where))
            if self.foreign.format_of(path) is not None:
                yield from self._foreign(path, place, None)
                work.add()
                continue
            try:
                content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
                if RUN_ID not in content:  # of another tool, most likely: why it is no summary takes long to find out
                    yield from self._foreign(path, place, partial(self._refusal, content, path, folder))
                    work.add()
                    continue
                run = parse(content, path, folder)
            except CannotDecideError as caught:
                refused = caught
                yield from self._foreign(path, place, lambda: refused)  # noqa: B023 - called at once
                work.add()
                continue
            work.add(size=len(content))
            first = ids.claim(run.run_id, place)
            if first == place:
                self.foreign.asked_direction.state(run.benchmark, ELAPSED.name, ELAPSED.better, path)
                yield run
            else:
                self._check_again(Again(run.run_id, first, path, mark_of(run)), content)

    def read_own(self, path: str) -> Run | None:
        """Return the run of a file that perfgate wrote for one run; None: it is of another tool, or holds many.

        Raises:
            CannotDecideError: it cannot be read, or is no valid run.
        """
        if self.foreign.format_of(path) is not None or os.path.isdir(path) or is_compacted(path):
            return None
        content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
        if RUN_ID not in content:
            return None
        try:
            return self._parse(content, path, os.path.basename(os.path.dirname(os.path.abspath(path))))
        except CannotDecideError:
            if detect(Source(path)) is not None:
                return None
            raise

    def fault_of(self, path: str) -> str:
        """Return what is wrong with a file that `read_own` has no run of; empty: it is of a tool, or holds many."""
        if self.foreign.format_of(path) is not None or os.path.isdir(path) or is_compacted(path):
            return ""
        folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
        try:
            content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
            self.foreign.check_known(path, partial(self._refusal, content, path, folder))
        except CannotDecideError as caught:
            return caught.diagnostics[0].message
        return ""

    def _compacted(self, paths: Sequence[str], work: Work) -> Iterator[Run]:
        """Yield the runs of compacted files; one that another file has as well counts once."""
        for path, place in zip(paths, self._ids.add_places([f"{path}: line " for path in paths]), strict=True):
            try:
                for run in runs_in(path):
                    number = place + int(run.origin.rpartition(" ")[2])
                    first = self._ids.claim(run.run_id, number)
                    if first == number:
                        self.foreign.asked_direction.state(run.benchmark, ELAPSED.name, ELAPSED.better, run.origin)
                        yield run
                    else:
                        self._check_again(Again(run.run_id, first, run.origin, mark_of(run)))
            except CannotDecideError as caught:
                self.problems.extend(caught.diagnostics)
            work.add()

    def _parse(self, content: bytes, path: str, folder: str) -> Run:
        if is_imported(content):
            return decode_imported(content, path)
        return self._summaries.parse(content, path, folder)

    def _foreign(self, path: str, place: int, refusal: Callable[[], CannotDecideError] | None) -> Iterator[Run]:
        """Yield the runs of another tool's file; run ids of perfgate's own files are unique."""
        claims = Claims(ids=self._ids, place=place, columns=self._how)
        for run in self.foreign.read(path, refusal, claims):
            if run.series or claims.is_used:
                yield run
                continue
            first = self._ids.claim(run.run_id, place)
            if first == place:
                yield run
            else:
                self.problems.append(id_twice(run.run_id, self._ids.name_of(first), run.origin))
        for again in claims.elsewhere:
            self._check_again(again)

    def _refusal(self, content: bytes, path: str, folder: str) -> CannotDecideError:
        """Return why a file is no run summary."""
        try:
            self._summaries.parse(content, path, folder)
        except CannotDecideError as caught:
            return caught
        return cannot_decide(
            "run-invalid", 'the key "run_id" is written with escapes', place=path, hint="write it plainly"
        )

    def _check_again(self, again: Again, content: bytes = b"") -> None:
        """Take note of a run whose id is there already: the same run is harmless, any other one is not.

        Args:
            again: the run.
            content: of its file, when that is a run file: two of them must be equal byte for byte.
        """
        other = self._ids.name_of(again.first)
        if path := self._ids.file_of_many(again.first):
            self._again.setdefault(path, []).append(again)
            return
        try:
            if content:
                same = read_bounded(other, limit=LARGEST_RUN, slug="run-unreadable") == content
            else:
                run = self.read_own(other)
                same = run is not None and mark_of(run) == again.mark
        except CannotDecideError:
            same = False
        self._count_again(again, other, same=same)

    def _compare(self, path: str, runs: Sequence[Again]) -> None:
        """Compare runs with those of the same ids in a file that holds many, which is read once more."""
        wanted = {self._ids.name_of(again.first) for again in runs}
        marks: dict[str, int] = {}
        with suppress(CannotDecideError):  # it was reported when the file was read
            for run in runs_in(path) if is_compacted(path) else self.foreign.read_again(path):
                if run.origin in wanted:
                    marks[run.origin] = mark_of(run)
        for again in runs:
            other = self._ids.name_of(again.first)
            self._count_again(again, other, same=marks.get(other) == again.mark)

    def _count_again(self, again: Again, other: str, *, same: bool) -> None:
        if same:
            self.copies += 1
        else:
            self.problems.append(id_twice(again.run_id, other, again.origin))


def id_twice(run_id: str, first: str, path: str) -> Diagnostic:
    """Return the error for an id that two runs have."""
    message = f'the run id "{run_id}" is in {first} too, with other contents'
    return error("run-id-twice", message, place=path, hint="give each run an id of its own")
