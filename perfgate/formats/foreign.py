"""Files of other tools on their way to runs: told apart, read, converted, and what is odd about them kept."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.formats.catalog.format import Head
from perfgate.formats.convert import to_runs
from perfgate.formats.detect import detect, formats, unknown
from perfgate.formats.options import read
from perfgate.formats.parsing.record import Options
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.run import Run
    from perfgate.formats.catalog.format import Format
    from perfgate.formats.options import Contents

_SUMMARY_KEYS = frozenset({"run_id", "elapsed_sec", "rows_used", "peak_memory_mb"})
_PAIR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the user said about foreign files."""

    format: Format | None = None
    """The format of all files; None: their content tells."""
    options: Options = field(default_factory=Options)
    """What the files do not say."""
    mapped: Callable[[str], Format | None] | None = None
    """Path -> the field map of the configuration that names it; None: there are no maps."""

    def map_of(self, path: str) -> Format | None:
        """Return the map that names a file, None when none does."""
        return self.mapped(path) if self.mapped is not None else None


def is_result_folder(path: str) -> bool:
    """Is a folder what some tool writes as a whole, such as ``target/criterion``?"""
    head = Head(Source(path))
    return any(f.files and not f.misses(head) for f in formats())


class ForeignReader:
    """Reads files of other tools; snapshots of counters wait for their second half."""

    def __init__(self, given: Given) -> None:
        """Start with nothing read."""
        self.notes: list[Diagnostic] = []
        self.problems: list[Diagnostic] = []
        self.copies = 0
        """Files left out because another one is the same byte for byte."""
        self.contents: list[tuple[str, Contents]] = []
        """What was read: path and contents."""
        self._given = given
        self._seen: set[tuple[str, str]] = set()
        self._snapshots: dict[str, tuple[Format, list[Source]]] = {}

    def read(self, path: str, refusal: Callable[[], CannotDecideError] | None) -> Iterator[Run]:
        """Yield the runs of one file; faults are kept.

        Args:
            path: the file, or a folder that a tool wrote.
            refusal: says why it is no run summary; None: nobody said that it might be one.
        """
        try:
            source = Source(path)
            known = self._given.format or self._given.map_of(path) or self._detected(source, refusal)
            if known.between:
                self._snapshots.setdefault(known.name, (known, []))[1].append(source)
                return
            if known.runs:
                yield from known.load_runs()(source, self._given.options)
                return
            yield from self._runs(source, known, None)
        except CannotDecideError as caught:
            self.problems.extend(self._corrected(path, caught.diagnostics))

    def _corrected(self, path: str, faults: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
        """Return faults of a file that was read as it was asked for, with what it looks like as the cure."""
        if self._given.format is None:
            return faults
        try:
            looks = detect(Source(path))
        except CannotDecideError as caught:
            return (*faults, *caught.diagnostics)
        if looks is None or looks.name == self._given.format.name:
            return faults
        return [replace(f, hint=f"it looks like {looks.name}: leave --from out") for f in faults]

    def rest(self) -> Iterator[Run]:
        """Yield the runs of the snapshots: one stands for itself, two for what happened between them."""
        for known, sources in self._snapshots.values():
            try:
                if len(sources) > _PAIR:
                    message = f"{len(sources)} snapshots of {known.tool} were given"
                    raise cannot_decide(
                        "snapshots-many", message, place=sources[0].path, hint="give two: before, after"
                    )
                yield from self._runs(sources[-1], known, sources[0] if len(sources) == _PAIR else None)
            except CannotDecideError as caught:
                self.problems.extend(caught.diagnostics)

    def _detected(self, source: Source, refusal: Callable[[], CannotDecideError] | None) -> Format:
        """Return the format of a file by its content.

        Raises:
            CannotDecideError: it is none; a file that looks like a run summary is told what is wrong with it as one.
        """
        if refusal is not None and not (source.is_folder or os.path.isfile(source.path)):
            raise refusal()
        known = detect(source)
        if known is not None:
            return known
        head = Head(source)
        if refusal is not None and _is_summary(head):
            raise refusal()
        message = "is in no format that perfgate knows; nearest: " + unknown(source)
        hint = "`perfgate formats` lists them; --from NAME reads it as one, a field map reads any table"
        raise cannot_decide("format-unknown", message, place=source.path, hint=hint)

    def _runs(self, source: Source, known: Format, before: Source | None) -> Iterator[Run]:
        contents = read(source, known, self._given.options, before=before)
        same = (known.name, contents.digest)
        if same in self._seen:
            self.copies += 1
            return
        self._seen.add(same)
        self.contents.append((source.path, contents))
        converted = to_runs(contents, source.path, self._given.options)
        self.notes.extend(converted.notes)
        self.problems.extend(converted.problems)
        yield from converted.runs


def _is_summary(head: Head) -> bool:
    """Does a file look like a run summary, a broken one included?"""
    if head.text[:1] in {"{", "["}:
        keys = {k for k in head.keys if k.strip("[].")}
        return not keys or bool(_SUMMARY_KEYS & keys) or "schema" in keys
    try:
        json.loads(head.text or "null")
    except ValueError:
        return False
    return True
