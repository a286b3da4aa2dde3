"""Files of other tools -> runs: the format is detected, the file read and converted, and remarks are kept."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, cannot_decide, note
from perfgate.core.text.canonical import short_hash
from perfgate.formats.catalog.format import Head
from perfgate.formats.detect import detect, named, nearest
from perfgate.formats.directions import Asked
from perfgate.formats.maps import format_of, map_for, map_named
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.run import Run
    from perfgate.core.sources.field_map import FieldMap
    from perfgate.formats.catalog.format import Format
    from perfgate.formats.contents import Contents
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.timestamps import Period
    from perfgate.formats.run_ids import Claims

MOST_READ = 8
"""Sessions of one file that are read, the last ones: each takes another pass over the file."""
_SUMMARY_KEYS = frozenset({"run_id", "elapsed_sec", "rows_used", "peak_memory_mb"})
_PAIR = 2


class ForeignReader:
    """Reads files of other tools; snapshots of counters wait for their second half."""

    def __init__(self, options: ForeignOptions, maps: Sequence[FieldMap] = (), *, keeps_records: bool = False) -> None:
        """Start with nothing read.

        Args:
            options: what the user says about the files.
            maps: field maps of the configuration; they may name files of their own.
            keeps_records: are the records asked for afterwards, beside the runs that they become?

        Raises:
            CannotDecideError: there is no such format, or no such map.
        """
        self.notes: list[Diagnostic] = []
        self.problems: list[Diagnostic] = []
        self.copies = 0
        """Files left out because another one is the same byte for byte."""
        self.contents: list[tuple[str, Contents]] = []
        """What was read, where it is kept: path and contents."""
        self._keeps_records = keeps_records
        self.asked_direction = Asked(options.direction)
        """The direction that the user says, and what speaks against it."""
        self._options = self.asked_direction.marked(options)
        self._asked = _asked_format(options, maps)
        self._maps = tuple(maps)
        self._seen: set[tuple[str, str]] = set()
        self._snapshots: dict[str, tuple[Format, list[Source]]] = {}

    @property
    def names_formats(self) -> bool:
        """May a file be of another tool without its content saying so?"""
        return self._asked is not None or bool(self._maps)

    def format_of(self, path: str) -> Format | None:
        """Return the format that a file is read as, None when its content decides.

        The format that the user names is that of every file; else the first map of the
        configuration that names the file decides.
        """
        if self._asked is not None or not self._maps:
            return self._asked
        claiming = map_for(path, self._maps)
        return format_of(claiming) if claiming else None

    def read(
        self, path: str, refusal: Callable[[], CannotDecideError] | None, claims: Claims | None = None
    ) -> Iterator[Run]:
        """Yield the runs of one file; faults are kept.

        Args:
            path: the file, or a folder that a tool wrote.
            refusal: returns why it is not a run summary; None: it was not tried as one.
            claims: how the run summaries in it are read; None: each as a whole.
        """
        try:
            source = Source(path, only=self._options.only)
            source.claims = claims
            known = self.format_of(path) or self._detect_format(source, refusal)
            if known.between:
                self._snapshots.setdefault(known.name, (known, []))[1].append(source)
                return
            if known.runs:
                yield from known.load_runs()(source, self._options)
                return
            yield from self._runs(source, known, None)
        except CannotDecideError as caught:
            self.problems.extend(self._correct_hints(path, caught.diagnostics))

    def read_again(self, path: str) -> Iterator[Run]:
        """Yield the run summaries of a file that holds many, once more and each as a whole.

        Raises:
            CannotDecideError: it cannot be read, or one of them is not valid.
        """
        source = Source(path, only=self._options.only)
        known = self.format_of(path) or detect(source)
        if known is not None and known.runs:
            yield from known.load_runs()(source, self._options)

    def check_known(self, path: str, refusal: Callable[[], CannotDecideError]) -> None:
        """Refuse a file that is in no known format.

        Args:
            path: the file.
            refusal: returns why it is not a run summary.

        Raises:
            CannotDecideError: it is not; for a broken run summary the error says what is wrong in it.
        """
        self._detect_format(Source(path), refusal)

    def _correct_hints(self, path: str, faults: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
        """Return the faults of a file; one that was read as the user asked gets its detected format as the hint."""
        if self._asked is None:
            return faults
        try:
            detected = detect(Source(path))
        except CannotDecideError as caught:
            return (*faults, *caught.diagnostics)
        if detected is None or detected.name == self._asked.name:
            return faults
        hint = f"its content is {detected.name}: leave out --from"
        return [f if f.slug == "format-unread" else f._replace(hint=hint) for f in faults]

    def rest(self) -> Iterator[Run]:
        """Yield the runs of the snapshots: of one as it is, of two for the time between them."""
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
        self.problems.extend(self.asked_direction.faults())

    def _detect_format(self, source: Source, refusal: Callable[[], CannotDecideError] | None) -> Format:
        """Return the format of a file by its content.

        Raises:
            CannotDecideError: it is in none; for a broken run summary the error says what is wrong in it.
        """
        if refusal is not None and not (source.is_folder or os.path.isfile(source.path)):
            raise refusal()
        known = detect(source)
        if known is not None:
            return known
        head = Head(source).complete()
        if refusal is not None and _is_summary(head):
            raise refusal()
        near = nearest(source)
        message = "is in no known format" + (f"; nearest: {near}" if near else _first_line(head.text))
        hint = "perfgate formats lists them; --from NAME reads it as one, a field map reads any table"
        raise cannot_decide("format-unknown", message, place=source.path, hint=hint)

    def _runs(self, source: Source, known: Format, before: Source | None) -> Iterator[Run]:
        from perfgate.formats.contents import read  # a check of run summaries alone does not pay for other files

        found = read(source, known, self._options, before=before)
        same = (known.name, found.digest)
        if same in self._seen:
            self.copies += 1
            return
        self._seen.add(same)
        periods = source.times.periods
        if len(periods) <= 1:
            yield from self._convert(_dated(found, periods[0]) if periods else found, source.path)
            return
        del found  # of all periods together
        self.notes.append(_name_periods(periods, source.path))
        for period in periods[-MOST_READ:]:
            yield from self._runs_of_period(source.path, known, period, is_last=period == periods[-1])

    def _runs_of_period(self, path: str, known: Format, period: Period, *, is_last: bool) -> Iterator[Run]:
        """Yield the runs of one period of a file; what is wrong with rows of an older one is nobody's business."""
        from perfgate.formats.contents import read

        problems, notes = len(self.problems), len(self.notes)
        try:
            found = read(Source(path, only=period), known, self._options)
        except CannotDecideError:
            if is_last:
                raise
            return
        part = replace(_dated(found, period), digest=short_hash(f"{found.digest} {period[0]:.0f}"))
        yield from self._convert(part, path)
        if not is_last:
            del self.problems[problems:], self.notes[notes:]

    def _convert(self, found: Contents, path: str) -> Iterator[Run]:
        """Yield the runs of what was read."""
        from perfgate.formats.convert import to_runs

        contents = replace(found, records=self.asked_direction.settle(found.records, path))
        if self._keeps_records:
            self.contents.append((path, contents))
        converted = to_runs(contents, path)
        del found, contents  # the runs take less
        self.notes.extend(converted.notes)
        self.problems.extend(converted.problems)
        yield from converted.runs


def _dated(found: Contents, period: Period) -> Contents:
    """Return the contents of a file with the times of its rows, where a reader states none itself."""
    from perfgate.formats.parsing.requests import instant

    first, last = map(instant, period)
    if all(r.started_at and r.ended_at for r in found.records):
        return found
    records = (replace(r, started_at=r.started_at or first, ended_at=r.ended_at or last) for r in found.records)
    return replace(found, records=tuple(records))


def _name_periods(periods: Sequence[Period], path: str) -> Diagnostic:
    """Return the note on a file whose rows are of several sessions."""
    from perfgate.formats.parsing.requests import instant

    times = [f"{instant(first)[:16]} to {instant(last)[:16]}" for first, last in periods[-2:]]
    unread = len(periods) - MOST_READ
    message = f"its rows lie hours apart: {len(periods)} sessions, the last two from {' and from '.join(times)}" + (
        f"; the oldest {unread} are left out" if unread > 0 else ""
    )
    return note("rows-hours-apart", message, place=path, hint="--same-session judges them as one")


def _asked_format(options: ForeignOptions, maps: Sequence[FieldMap]) -> Format | None:
    """Return the format that the user names for all files, None when there is none.

    Raises:
        CannotDecideError: there is no such format, or no such map.
    """
    if options.map:
        return format_of(map_named(options.map, maps))
    return named(options.source) if options.source else None


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


def _first_line(text: str) -> str:
    """Return the first line of a text, as a remark, cut to a length that fits a line; of no text nothing."""
    line = text.partition("\n")[0].rstrip()
    return f' (first line: "{line[:40]}{"..." if line[40:] else ""}")' if line.isprintable() and line else ""
