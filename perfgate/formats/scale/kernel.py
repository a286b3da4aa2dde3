"""What is done with one part, wherever that is: counting it, and taking some of its values.

Both are functions of a module, so that a worker on another machine imports them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.text.origin import VERSION
from perfgate.formats.parsing.logs.field_map import fields_of
from perfgate.formats.scale.columns import JsonFields, header_of, of_parquet, of_table
from perfgate.formats.scale.database import ADDRESS, MEMORY, literal, locked
from perfgate.formats.scale.kinds import describe_broken, key_twice, kind_of, names_in
from perfgate.formats.scale.parts import CUT_OFF, masked, missing, unreadable
from perfgate.formats.scale.query import BROKEN, OTHERS, cell_of, count_statement, rows_of, take_statement
from perfgate.formats.scale.rejected import KEEP_REJECTED, count_rejected, first_rejected
from perfgate.formats.scale.tables import TYPES, Counted, Oddities, Taken, find_lacking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.formats.scale.columns import Columns
    from perfgate.formats.scale.kinds import Kind
    from perfgate.formats.scale.parts import Part
    from perfgate.formats.scale.query import Question, Rows
    from perfgate.formats.scale.tables import Group

MOST_GROUPS = 10_000
"""Benchmarks, times days: more are none, the field holds something of each row. Each takes up to 64 kB in the end."""
_LONGEST_LINE = 1 << 24
"""Bytes of a line of JSON that DuckDB reads for certain; of CSV it leaves out a row of 2 MB."""
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
        found = kind_of(part)
    except CannotDecideError as caught:
        return caught.diagnostics[0]
    except Exception as caught:
        return unreadable(part.name, caught)
    if found.name == "empty":
        return _nothing() if wanted is None else _taken({})
    try:
        with locked(part) as (base, address, door):
            source, columns = _source_of(base, part, found, address)
            rows = rows_of(asked, columns, lambda: _filled(source, columns), can_break=columns.is_loose)
            if wanted is not None:
                return _take(base, rows, wanted)
            return _count_checked(base, part, found, asked, rows)
    except CannotDecideError as caught:
        return caught.diagnostics[0]
    except duckdb.Error as caught:
        if door is not None and door.caught is not None:
            return unreadable(part.name, door.caught)
        return _refused(part, found, caught)
    except OSError as caught:
        return unreadable(part.name, caught)


def _refused(part: Part, found: Kind, caught: Exception) -> Diagnostic:
    """Return why DuckDB does not read a part."""
    import duckdb

    message, hint = f"cannot be read as {_WORDS[found.name]}: {_cause(caught)}", CUT_OFF
    if isinstance(caught, duckdb.OutOfMemoryException):
        message = f"needs more than {MEMORY} of memory, or the disk for temporary files is full: {_cause(caught)}"
        hint = "write smaller files, or set TMPDIR"
    elif "maximum_object_size" in str(caught):
        message, hint = f"a line is longer than {_LONGEST_LINE:,} bytes", "write one record a line"
    elif "state machine" in str(caught):
        message = "cannot be read as CSV: its lines seem to end in CRLF and in LF"
        hint = "end all lines alike; or leave out --engine"
    return error("part-unreadable", message, place=part.name, hint=hint)


_WORDS = {"parquet": "Parquet", "json": "JSON lines", "table": "CSV"}


def _cause(caught: BaseException) -> str:
    """Return the first line of what DuckDB says, without its name for the part."""
    first = str(caught).strip().partition("\n")[0]
    return masked(re.sub(_INTERNAL, "the file", first))[:_LONGEST_CAUSE]


def _source_of(base: Any, part: Part, found: Kind, address: str) -> tuple[str, Columns]:
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
    lines = found.text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip())
    separator, header = header_of(lines[first])
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    source = (
        f"read_csv({place}, columns = {{{columns}}}, delim = {literal(separator)}, quote = '\"', escape = '\"', "
        f"header = false, skip = {first + 1}, auto_detect = false, {KEEP_REJECTED}, {how})"
    )
    return source, of_table(part.name, header)


def _filled(source: str, columns: Columns) -> str:
    """Return a source whose rows hold the fields that were asked for; of JSON as a list, so that it is parsed once."""
    if not isinstance(columns, JsonFields):
        return source
    return f"(SELECT json, json_extract(json, {literal(columns.paths)}) AS e FROM {source})"


def _count_checked(base: Any, part: Part, found: Kind, asked: Question, rows: Rows) -> Counted:
    """Return the counts of a part, and what is odd in it.

    Raises:
        CannotDecideError: it has too many groups, or states a field twice.
    """
    if found.name == "json":
        _refuse_twice(part, found, fields_of(asked.field_map, ()))
    counted = _count(base, part, rows)
    return replace(counted, odd=_odd(base, part, found, counted, asked))


def _count(base: Any, part: Part, rows: Rows) -> Counted:
    """Return the counts of a part.

    Raises:
        CannotDecideError: it has too many groups.
    """
    base.execute(count_statement(rows))
    if base.execute("SELECT count(*) FROM counted").fetchone()[0] > MOST_GROUPS:
        raise too_many_groups(part.name)
    found = base.execute(f"SELECT * FROM counted ORDER BY {rows.group}").fetchnumpy()
    rejected = count_rejected(base, part.name) if "read_csv(" in rows.sql else 0
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
    undated = int(np.sum(found["undated"])) if count else 0
    return replace(counted, broken=rejected + counted.total(BROKEN), odd=Oddities(undated=undated))


def _odd(base: Any, part: Part, found: Kind, counted: Counted, asked: Question) -> Oddities:
    """Return what is odd in a part beside its counts."""
    broken = ""
    if counted.broken:
        broken = (
            first_rejected(base, counted.broken)
            if found.name != "json"
            else describe_broken(part, found, counted.broken)
        )
    if found.name != "json":
        return replace(counted.odd, broken=broken)
    of, rows = asked.field_map, counted.total()
    lacks = find_lacking(counted, asked)
    are_undated = asked.states_time and 0 < rows - counted.total(OTHERS, BROKEN) == counted.odd.undated
    maybe = [of.time] if are_undated else []
    if rows == counted.total(OTHERS, BROKEN):
        maybe += [name for name, _ in of.where]
    names = names_in(found) if lacks or maybe else []
    lacks += [name for name in maybe if names and name not in names]
    return replace(counted.odd, broken=broken, lacks=tuple(lacks), names=tuple(names) if lacks else ())


def _refuse_twice(part: Part, found: Kind, names: Sequence[str]) -> None:
    """Return when the first rows state each field once.

    Raises:
        CannotDecideError: one states a field twice, of which DuckDB takes the first and all else the last.
    """
    line, key = key_twice(found, names)
    if line:
        message = (
            f'line {line:,} holds the key "{key}" twice, of which --engine takes the first, other readers the last'
        )
        raise cannot_decide("part-columns", message, place=part.name, hint="write each key once; or leave out --engine")


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
