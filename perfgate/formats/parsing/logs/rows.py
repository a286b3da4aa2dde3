"""The rows of a log, one by one: JSON lines, a JSON array, CSV or TSV with a header."""

from __future__ import annotations

import csv
import json
import re
from itertools import accumulate, compress, islice, repeat
from operator import itemgetter, methodcaller
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from perfgate.formats.parsing.record import Skipped
from perfgate.formats.parsing.timestamps import instant_in, stated_seconds, usual_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.formats.parsing.source import Source

    Columns = Callable[[Sequence[Any]], Sequence[Sequence[object]]]
    """Returns of some rows, at least one, the cells of each field that it was made for; absent is None."""

_ARRAY = re.compile(r"\s*\[\s*(?:[{\]]|\Z)")
_PRETTY = re.compile(r"\s*\{[ \t]*\r?\n")
_OBJECT = re.compile(r'\{\s*"')
_KEY = re.compile(r'\{\s*"(?:[^"\\]|\\.)*+(?:"\s*(?::|\Z)|\\?\Z)', re.DOTALL)
_JSON = ("{", "[{")
_LONGEST_PREFIX = 500  # characters: time, level, logger, process and request fit
_MOST_BRACES = 3
_SEPARATORS = ",\t;|"
_DEEPEST = 4
_DECODER = json.JSONDecoder()
_DECODE = msgspec.json.Decoder().decode
STAMP = "\0time"
"""Key under which the time of a row is kept, wherever in the log it stands; no log holds it."""
TIMES = ("timestamp", "@timestamp", "time", "ts", "asctime", "datetime")
"""Usual names of the time of a row."""
_CERTAIN = 2  # the first of these are never a duration
BATCH = 2048
"""Rows that are worked on together."""


TOLERATE = "correct the log, or tolerate more: --tolerance SHARE"
"""What to do about too many of them."""


def are_too_many(count: int, of: int, tolerance: float) -> bool:
    """Are more broken than the tolerance allows, which with any tolerance allows one?"""
    return count > max(tolerance * of, 1 if tolerance else 0)


class Broken(Struct):
    """Lines that cannot be read: how many, and what is wrong with the first of them."""

    what: str = "line"
    """Of what the file is made: ``line`` or ``item``."""
    lines: int = 0
    """All lines that count."""
    count: int = 0
    """The broken ones among them."""
    first: int = 0
    """Number of the first broken one, from 1."""
    why: str = ""
    """What is wrong with it."""

    def add(self, line: int, why: str, count: int = 1) -> None:
        """Count a broken line, or a few that belong together; they come in any order."""
        if not self.count or line < self.first:
            self.first, self.why = line, why
        self.count += count

    def skipped(self, source: Source, tolerance: float) -> Iterator[Skipped]:
        """Yield a note about them; nothing when there are none.

        One is always tolerated, since a log that is cut off ends in one; with a tolerance
        of zero none is.

        Raises:
            CannotDecideError: there are more than the tolerance allows.
        """
        if not self.count:
            return
        message = (
            f"{self.count:,} of {self.lines:,} {self.what}s cannot be read; the first is {self.what} {self.first:,}"
        )
        if are_too_many(self.count, self.lines, tolerance):
            raise source.fault(f"{message}: {self.why}", TOLERATE)
        yield Skipped(benchmark=source.name, metric=f"{self.what}s", why=f"{message}: {self.why}")


def is_json(source: Source) -> bool:
    """Is it JSON, perhaps with lines of text between, rather than a table?"""
    return is_json_text(source.head)


def is_json_text(head: str) -> bool:
    """Does a text that begins like this hold JSON, perhaps with lines of text between, rather than a table?"""
    lines = head.splitlines()
    return bool(_ARRAY.match(head)) or any(
        line.lstrip().startswith("{") or object_after_prefix(line, may_be_cell=True) is not None for line in lines
    )


def json_rows(
    source: Source, broken: Broken, *, is_choosy: bool, is_stamped: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of JSON lines, of an array, or of documents over several lines, each with its number.

    Args:
        source: the file.
        broken: takes what cannot be read.
        is_choosy: are lines of text, and JSON that is no object, nobody's business, as in a log with other lines?
        is_stamped: does an object get the time that its logger put in front, under `STAMP`?
    """
    if is_array(source):
        broken.what = "item"
        for number, item in enumerate(documents(source), 1):
            broken.lines = number
            if isinstance(item, dict):
                yield number, item
            elif not is_choosy:
                broken.add(number, "no JSON object")
        return
    for number, line in enumerate(source.lines(), 1):
        row = object_of(line, number, broken, is_choosy=is_choosy, is_stamped=is_stamped)
        if row is not None:
            yield number, row


def is_array(source: Source) -> bool:
    """Is it a JSON array, or documents over several lines each, and no JSON lines?"""
    return is_array_text(source.head)


def is_array_text(head: str) -> bool:
    """Is a text that begins like this a JSON array, or documents over several lines each, and no JSON lines?"""
    return bool(_ARRAY.match(head) or _PRETTY.match(head))


def object_of(
    line: str, number: int, broken: Broken, *, is_choosy: bool, is_stamped: bool = False
) -> dict[str, Any] | None:
    """Return the object of a line of JSON lines, None when it holds none.

    Args:
        line: without its end.
        number: its number, from 1.
        broken: counts it, and takes what cannot be read.
        is_choosy: as in `json_rows`.
        is_stamped: as in `json_rows`.
    """
    broken.lines += 1
    try:
        row = _DECODE(line)
    except (ValueError, RecursionError):
        row = object_after_prefix(line, is_stamped=is_stamped) or _slowly(line)
    if type(row) is dict:
        return row
    if not line.strip():
        broken.lines -= 1
    elif not is_choosy or (isinstance(row, _NoJsonError) and _was_object(line)):
        broken.add(number, str(row) if isinstance(row, _NoJsonError) else "no JSON object")
    return None


class _NoJsonError(Exception):
    """Why a line is no JSON."""


def object_after_prefix(line: str, *, may_be_cell: bool = False, is_stamped: bool = False) -> dict[str, Any] | None:
    """Return the object that ends a line of a logger, behind time, level and the like; None: there is none.

    The first braces may belong to the prefix. Where it is not known that the file is no table,
    what a separator precedes is a cell, and no message.
    """
    if line.lstrip().startswith(_JSON) or not line.rstrip().endswith("}"):
        return None
    for begin in islice(_OBJECT.finditer(line, 0, _LONGEST_PREFIX), _MOST_BRACES):
        if may_be_cell and line[: begin.start()].rstrip(" ")[-1:] in _SEPARATORS:
            continue
        row = _slowly(line[begin.start() :])
        if isinstance(row, dict):
            if is_stamped:
                row[STAMP] = instant_in(line[: begin.start()])
            return row
        if _KEY.match(line, begin.start()) and _ends_object(line, begin.start()) is None:
            return None  # cut off: what is inside it is no row
    return None


def _was_object(line: str) -> bool:
    """Was a line that cannot be read meant to be an object, alone or behind a logger's prefix? Most are cut off.

    Braces of the prefix, and an object that text follows, are the text of another message.
    """
    if line.lstrip().startswith("{"):
        return True
    end = 0
    for begin in islice(_OBJECT.finditer(line, 0, _LONGEST_PREFIX), _MOST_BRACES):
        if begin.start() >= end and _KEY.match(line, begin.start()):
            found = _ends_object(line, begin.start())
            if found is None:
                return True
            end = found
    return False


def _ends_object(line: str, begin: int) -> int | None:
    """Return where the object that begins there ends; None: it does not."""
    try:
        return _DECODER.raw_decode(line, begin)[1]
    except (ValueError, RecursionError):
        return None


def _slowly(line: str) -> object:
    """Return the JSON of a line that the fast decoder refused (NaN, half a character), or why it is none."""
    try:
        return json.loads(line)  # NaN stays a value that is there, and is no number
    except json.JSONDecodeError as caught:
        return _NoJsonError(f"not JSON: {caught.msg} (column {caught.colno})")
    except (ValueError, RecursionError) as caught:
        why = "nested too deeply" if isinstance(caught, RecursionError) else str(caught)[:100]
        return _NoJsonError(f"not JSON that can be read: {why}")


def documents(source: Source) -> Iterator[object]:
    """Yield the items of an array, or objects one after the other over several lines each.

    Raises:
        CannotDecideError: it is not JSON to its end.
    """
    if _ARRAY.match(source.head):
        document = source.json(is_nan_kept=True)
        yield from document if isinstance(document, list) else [document]
        return
    text = source.text()
    place, end = 0, len(text.rstrip())
    while place < end:
        place = next(i for i in range(place, end) if not text[i].isspace())
        try:
            item, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as caught:
            line = text.count("\n", 0, getattr(caught, "pos", place)) + 1
            raise source.fault("not JSON", "the file may be cut off: measure again", f"line {line:,}") from None
        yield item


def json_columns(paths: Sequence[str]) -> Columns:
    """Return what finds fields in objects."""
    return columns_of(list(map(json_lookup, paths)))


def json_lookup(path: str) -> Callable[[Any], object]:
    """Return what finds a field in an object: a key, or a dotted path; a key that holds dots itself comes first."""
    if "." not in path:
        return methodcaller("get", path)
    parts = path.split(".")

    def found(row: dict[str, Any]) -> object:
        value: object = row.get(path)
        if value is not None:
            return value
        value = row
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    return found


def find_object(row: object, name: str, deepest: int = _DEEPEST) -> dict[str, Any] | None:
    """Return the object of that name in a row, however it is wrapped, even as JSON in a text; None: it has none."""
    if isinstance(row, str):
        if not (name in row and row.lstrip().startswith("{")):
            return None
        row = _slowly(row)
    if not isinstance(row, dict) or not deepest:
        return None
    found = row.get(name)
    if isinstance(found, dict):
        return found
    inner = (find_object(value, name, deepest - 1) for value in row.values() if isinstance(value, (dict, str)))
    return next((found for found in inner if found is not None), None)


def stamp_of(*rows: dict[str, Any]) -> object:
    """Return the time of a row under one of its usual names, or of what its logger put in front; None: it has none.

    Args:
        rows: the objects that may hold it, the outermost first.
    """
    stated = [row.get(name) for row in rows for name in TIMES]
    stamps = [row.get(STAMP) for row in rows]
    # a time that is meant as one and cannot be read is a fault, and no absence
    return _first_read([*stated, *stamps], [row.get(name) for row in rows for name in (STAMP, *TIMES[:_CERTAIN])])


def _first_read(stated: Iterable[object], certain: Iterable[object]) -> object:
    """Return the first point in time, else the first text of a field that holds nothing else; None: there is none."""
    found = next((value for value in stated if value is not None and stated_seconds(value) is not None), None)
    return found if found is not None else next((value for value in certain if isinstance(value, str) and value), None)


def stamps_of(stated: Sequence[Sequence[object]]) -> Sequence[object]:
    """Return the times of rows, as `stamp_of` says it row by row.

    Args:
        stated: the cells of each field of `TIMES`.
    """
    there = [i for i, cells in enumerate(stated) if cells.count(None) < len(cells)]
    if len(there) == 1 and _are_times(stated[there[0]], is_certain=there[0] < _CERTAIN):
        return stated[there[0]]
    return [_first_read(cells, cells[:_CERTAIN]) for cells in zip(*stated, strict=True)]


def _are_times(cells: Sequence[object], *, is_certain: bool) -> bool:
    """Is each cell the time of its row, for certain?"""
    types = set(map(type, cells))
    if types == {str}:
        return is_certain and all(cells)
    return types <= {int, float} and usual_seconds(cells) is not None  # type: ignore[arg-type] # numbers


def columns_of(lookups: Sequence[Callable[[Any], object]]) -> Columns:
    """Return what finds fields in many rows, of what finds each in one row."""
    return lambda rows: [list(map(look, rows)) for look in lookups]


class Table:
    """CSV or TSV with a header."""

    def __init__(self, source: Source, broken: Broken) -> None:
        """Name a file; nothing is read yet."""
        self._source = source
        self._broken = broken
        first = next((line for line in source.head.splitlines() if line.strip()), "")
        self._separator = max(_SEPARATORS, key=first.count)
        self.header = [cell.strip() for cell in self._cells(first)]
        """Names of the columns."""

    def _cells(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._separator), [])
        except csv.Error:
            return []

    def columns(self, fields: Sequence[str]) -> Columns:
        """Return what finds the cells of columns in rows.

        Raises:
            CannotDecideError: there is no such column, or there are two.
        """
        return columns_of(list(map(self._lookup, fields)))

    def _lookup(self, field: str) -> Callable[[Any], object]:
        """Return what finds a column's cell in a row.

        Raises:
            CannotDecideError: there is no such column, or there are two.
        """
        if field == STAMP:
            return self._stamp_lookup()
        if self.header.count(field) == 1:
            return itemgetter(self.header.index(field))
        found = ", ".join(f'"{cell[:40]}"' for cell in self.header[:12]) or "none"
        message = (
            f'has two columns "{field}"' if field in self.header else f'has no column "{field}"; there are {found}'
        )
        raise self._source.fault(message, "name the columns in the map as the file's first line does")

    def _stamp_lookup(self) -> Callable[[Any], object]:
        """Return what finds the time of a row in the first column that is called like one."""
        at = next((self.header.index(name) for name in TIMES if name in self.header), None)
        return itemgetter(at) if at is not None else lambda _: None

    def batches(self) -> Iterator[tuple[list[list[str]], Sequence[int]]]:
        """Yield the rows behind the header, some at a time, with the number of each one's first line."""
        reader = csv.reader(self._source.ended_lines(), delimiter=self._separator)  # an end inside quotes is the cell's
        done, is_header = 0, True
        while True:
            rows: list[list[str]] = []
            fault = ""
            try:
                rows.extend(islice(reader, BATCH))  # what was read before a fault is kept
            except csv.Error as caught:
                fault = f"no CSV: {caught}"
            if not rows and not fault:
                return
            lengths = repeat(1, len(rows)) if reader.line_num - done == len(rows) else map(_lines_of, rows)
            places = [*accumulate(lengths, initial=done + 1)]
            done = reader.line_num
            if fault:
                self._count(places[-1], fault, done - places[-1] + 1)
            if is_header:
                begin = next((i + 1 for i, row in enumerate(rows) if row), len(rows))
                is_header = not any(rows)
                rows, places = rows[begin:], places[begin:]
            yield self._fit(rows, places)

    def _fit(self, rows: list[list[str]], places: list[int]) -> tuple[list[list[str]], Sequence[int]]:
        """Return the rows that are as wide as the header, and count the others."""
        width = len(self.header)
        if set(map(len, rows)) - {width}:
            for row, place in zip(rows, places, strict=False):
                if row and len(row) != width:
                    self._count(place, f"{len(row)} cells in place of {width}", _lines_of(row))
            kept = [len(row) == width for row in rows]
            rows, places = [*compress(rows, kept)], [*compress(places, kept)]
        self._broken.lines += len(rows)
        return rows, places[: len(rows)]

    def _count(self, line: int, why: str, lines: int) -> None:
        self._broken.lines += lines
        self._broken.add(line, why, lines)


def _lines_of(row: list[str]) -> int:
    """Return how many lines a row takes."""
    return 1 + sum(cell.count("\n") for cell in row)
