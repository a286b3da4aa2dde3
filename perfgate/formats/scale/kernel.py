"""What is done with one part, wherever that is: counting it, and taking some of its values.

Both are functions of a module, so that a worker on another machine imports them.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.text.origin import VERSION
from perfgate.formats.scale.columns import JsonFields, header_of, of_parquet, of_table
from perfgate.formats.scale.database import ADDRESS, MEMORY, literal, locked
from perfgate.formats.scale.parts import masked, missing, opened, unreadable
from perfgate.formats.scale.query import BROKEN, cell_of, count_statement, rows_of, take_statement
from perfgate.formats.scale.tables import TYPES, Counted, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.formats.scale.columns import Columns
    from perfgate.formats.scale.parts import Part
    from perfgate.formats.scale.query import Question, Rows
    from perfgate.formats.scale.tables import Group

MOST_GROUPS = 10_000
"""Benchmarks, times days: more are none, the field holds something of each row. Each takes up to 64 kB in the end."""
_HEAD = 1 << 16
_INTERNAL = rf"""(?:file )?["']?(?:{re.escape(ADDRESS)}|[^\s"']*/perfgate-\w+/part\d+)\b["']?"""
"""What DuckDB calls the part."""
_LONGEST_CAUSE = 200


class Wanted(Struct, frozen=True, kw_only=True):
    """One series of which some values are needed."""

    series: int
    """Its number; rows with other keys may be of the same."""
    group: Group
    """What its rows hold in the fields that name it, and their day."""
    value: int
    """Its place in the question."""
    ranges: tuple[tuple[float, float], ...]
    """Least and largest value of what is needed, at least one."""


def count_part(part: Part, asked: Question) -> Counted | Diagnostic:
    """Return what a part counts by group, value and cell, or why it cannot be read."""
    return _answered(part, asked, None)  # type: ignore[return-value] # counts, when nothing is wanted


def take_values(part: Part, asked: Question, wanted: Sequence[Wanted]) -> Taken | Diagnostic:
    """Return the values of a part in the ranges that are needed, or why it cannot be read."""
    return _answered(part, asked, wanted)  # type: ignore[return-value] # values, when some are wanted


def _answered(part: Part, asked: Question, wanted: Sequence[Wanted] | None) -> Counted | Taken | Diagnostic:
    try:
        import duckdb
    except ImportError:
        return missing("duckdb", "scale").diagnostics[0]
    door: Any = None
    try:
        found = _kind_of(part)
    except CannotDecideError as caught:
        return caught.diagnostics[0]
    except Exception as caught:
        return unreadable(part.name, caught)
    if found.name == "empty":
        return _nothing() if wanted is None else _taken({})
    try:
        with locked(part) as (base, address, door):
            source, columns = _source_of(base, part, found, address)
            rows = rows_of(asked, columns, lambda: _filled(source, columns), can_break=found.name == "json")
            return _count(base, part, rows) if wanted is None else _take(base, rows, wanted)
    except CannotDecideError as caught:
        return caught.diagnostics[0]
    except duckdb.OutOfMemoryException as caught:
        message = f"needs more than {MEMORY} of memory, or the disk for temporary files is full: {_cause(caught)}"
        return error("part-unreadable", message, place=part.name, hint="write smaller files, or set TMPDIR")
    except duckdb.Error as caught:
        if door is not None and door.caught is not None:
            return unreadable(part.name, door.caught)
        message = f"cannot be read as {_WORDS[found.name]}: {_cause(caught)}"
        return error("part-unreadable", message, place=part.name, hint="it may be cut off: write it again")
    except OSError as caught:
        return unreadable(part.name, caught)


_WORDS = {"parquet": "Parquet", "json": "JSON lines", "table": "CSV"}


def _cause(caught: BaseException) -> str:
    """Return the first line of what DuckDB says, without its name for the part."""
    first = str(caught).strip().partition("\n")[0]
    return masked(re.sub(_INTERNAL, "the file", first))[:_LONGEST_CAUSE]


class _Kind(NamedTuple):
    """What a part is."""

    name: str
    """``parquet``, ``json``, ``table`` or ``empty``."""
    is_packed: bool
    """Is it compressed by gzip?"""
    head: str
    """How its text begins."""


def _kind_of(part: Part) -> _Kind:
    """Return what a part is.

    Raises:
        CannotDecideError: it is in none of the formats.
    """
    with opened(part) as file:
        head = file.read(_HEAD)
        packed = head[:2] == b"\x1f\x8b"
        if packed:
            file.seek(0)
            with gzip.open(file) as unpacked:
                head = unpacked.read(_HEAD)
    if head[:4] == b"PAR1":
        return _Kind("parquet", packed, "")
    text = head.decode("utf-8-sig", "replace")
    bare = text.lstrip()
    if not bare:
        return _Kind("empty", packed, "")
    if bare[0] == "[":
        message = "is one JSON array: its rows cannot be counted apart"
        raise cannot_decide("part-unreadable", message, place=part.name, hint="write one JSON object a line")
    if "\0" in text:
        message = "is neither Parquet nor text"
        raise cannot_decide("part-unreadable", message, place=part.name, hint="leave it out; or write JSON lines")
    return _Kind("json" if bare[0] == "{" else "table", packed, text)


def _source_of(base: Any, part: Part, found: _Kind, address: str) -> tuple[str, Columns]:
    """Return what reads a part, as SQL, and its columns.

    Raises:
        CannotDecideError: its columns are ambiguous.
    """
    place, how = literal(address), f"compression = '{'gzip' if found.is_packed else 'none'}'"
    if found.name == "parquet":
        source = f"read_parquet({place})"
        described = base.execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {source})").fetchall()
        return source, of_parquet(part.name, described)
    if found.name == "json":
        return f"read_ndjson_objects({place}, ignore_errors = true, {how})", JsonFields(part.name)
    lines = found.head.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip())
    separator, header = header_of(lines[first])
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    source = (
        f"read_csv({place}, columns = {{{columns}}}, delim = {literal(separator)}, quote = '\"', escape = '\"', "
        f"header = false, skip = {first + 1}, auto_detect = false, store_rejects = true, rejects_limit = 100000, {how})"
    )
    return source, of_table(part.name, header)


def _filled(source: str, columns: Columns) -> str:
    """Return a source whose rows hold the fields that were asked for; of JSON as a list, so that it is parsed once."""
    if not isinstance(columns, JsonFields):
        return source
    return f"(SELECT json, json_extract(json, {literal(columns.paths)}) AS e FROM {source})"


def _count(base: Any, part: Part, rows: Rows) -> Counted:
    """Return the counts of a part.

    Raises:
        CannotDecideError: it has too many groups.
    """
    base.execute(count_statement(rows))
    if base.execute("SELECT count(*) FROM counted").fetchone()[0] > MOST_GROUPS:
        raise too_many_groups(part.name)
    found = base.execute(f"SELECT * FROM counted ORDER BY {rows.group}").fetchnumpy()
    rejected = 0
    if "read_csv(" in rows.sql:
        rejected = base.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]
    keys = [found[name].tolist() for name in (*rows.keys, "day")]
    count = len(keys[-1])
    lines = {"group": np.repeat(np.arange(count), [len(cells) for cells in found["b"]])}
    for name, kind in TYPES.items():
        lines[name] = np.concatenate([np.zeros(0, kind), *found[name]]).astype(kind)
    times = np.asarray(found["first"], dtype=np.int64)
    counted = Counted(
        versions=_versions(),
        groups=[(tuple(key), day) for *key, day in zip(*keys, strict=True)],
        times=times,
        lines=lines,
        is_ok_stated=bool(np.any(found["stated"])),
        broken=rejected,
    )
    return replace(counted, broken=rejected + counted.total(BROKEN))


def too_many_groups(place: str) -> CannotDecideError:
    """Return the error for rows of more benchmarks, or days, than are counted."""
    message = f"names more than {MOST_GROUPS:,} benchmarks (times days, with --by day)"
    return cannot_decide("part-groups", message, place=place, hint="name them by a field that has few values")


def _take(base: Any, rows: Rows, wanted: Sequence[Wanted]) -> Taken:
    """Return the values of a part that are wanted."""
    each = [(w, *bounds) for w in wanted for bounds in w.ranges]
    table: dict[str, list[Any]] = {f"{k} VARCHAR": [w.group[0][i] for w, *_ in each] for i, k in enumerate(rows.keys)}
    table |= {"s INTEGER": [w.series for w, *_ in each], "day INTEGER": [w.group[1] for w, *_ in each]}
    table |= {"i INTEGER": [w.value for w, *_ in each]}
    table |= {"low DOUBLE": [low for _, low, _ in each], "high DOUBLE": [high for _, _, high in each]}
    filled = ", ".join(f"unnest(CAST(? AS {name.rpartition(' ')[2]}[])) AS {name.partition(' ')[0]}" for name in table)
    cells = f"CAST(unnest(range({cell_of('low')}, {cell_of('high')} + 1)) AS INTEGER)"
    base.execute(f"CREATE TEMP TABLE wanted AS SELECT *, {cells} AS b FROM (SELECT {filled})", list(table.values()))
    return _taken(base.execute(take_statement(rows)).fetchnumpy())


def _taken(columns: dict[str, Any]) -> Taken:
    series = np.asarray(columns.get("s", ()), dtype=np.int32)
    return Taken(series=series, values=np.asarray(columns.get("v", ()), dtype=np.float64))


def _nothing() -> Counted:
    """Return the counts of a part without a row."""
    lines: dict[str, Any] = {name: np.zeros(0, dtype=kind) for name, kind in {"group": np.int64, **TYPES}.items()}
    return Counted(
        versions=_versions(),
        groups=[],
        times=np.zeros(0, dtype=np.int64),
        lines=lines,
        is_ok_stated=False,
        broken=0,
    )


def _versions() -> tuple[str, str]:
    import duckdb

    return VERSION, str(duckdb.__version__)


def versions_here() -> tuple[str, str]:
    """Return the versions of perfgate and of DuckDB in this process.

    Raises:
        CannotDecideError: DuckDB is not installed.
    """
    try:
        return _versions()
    except ImportError:
        raise missing("duckdb", "scale") from None
