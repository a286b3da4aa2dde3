"""What is done with one part, wherever that is: counting it, and taking some of its values. The only door to DuckDB.

Both are functions of a module, so that a worker on another machine imports them. Each has a DuckDB of its own, which
can read that part and nothing else: no other file, no network, no extension.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.text.origin import VERSION
from perfgate.formats.parsing.logs.field_map import fields_of
from perfgate.formats.scale.columns import JsonFields, header_of, of_parquet, of_table, quote_text
from perfgate.formats.scale.kinds import describe_broken, key_twice, kind_of, names_in
from perfgate.formats.scale.parts import CUT_OFF, door_to, masked, missing, unreadable
from perfgate.formats.scale.query import BROKEN, OTHERS, count_statement, rows_of, take_statement
from perfgate.formats.scale.rejected import KEEP_REJECTED, count_rejected, first_rejected
from perfgate.formats.scale.tables import TYPES, Counted, Oddities, Taken, find_lacking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.formats.scale.columns import Columns
    from perfgate.formats.scale.kinds import Kind
    from perfgate.formats.scale.parts import Part
    from perfgate.formats.scale.query import Question, Rows
    from perfgate.formats.scale.tables import Group

MEMORY = "600MB"
"""What DuckDB keeps in memory for one part; beyond it writes to its folder for temporary files."""
MOST_GROUPS = 10_000
"""Benchmarks, times days: more are none, the field holds something of each row. Each takes up to 64 kB in the end."""
_LONGEST_LINE = 1 << 24
"""Bytes of a line of JSON that DuckDB reads for certain; of CSV it leaves out a row of 2 MB."""
_ADDRESS = "part://0"
_INTERNAL = rf"""(?:file )?["']?(?:{re.escape(_ADDRESS)}|[^\s"']*/perfgate-\w+/part)\b["']?"""
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
        with tempfile.TemporaryDirectory(prefix="perfgate-") as folder, _locked(part, folder) as (base, address, door):
            source, columns = _source_of(base, part, found, address)
            rows = rows_of(asked, columns, lambda: _filled(source, columns), can_break=columns.is_loose)
            if wanted is not None:
                return _take(base, asked, rows, wanted)
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


@contextmanager
def _locked(part: Part, folder: str) -> Iterator[tuple[Any, str, Any]]:
    """Yield a database that can read one part alone, the part's address in it, and its door; None: it is on disk."""
    import duckdb

    spill = os.path.join(folder, "spill")
    with duckdb.connect(":memory:") as base:
        door = None
        if part.is_local:
            address = os.path.join(folder, "part")
            os.symlink(part.url, address)
        else:
            address, door = _ADDRESS, door_to(part, _ADDRESS)
            base.register_filesystem(door)
        for name, value in (
            ("threads", 1),
            ("memory_limit", MEMORY),
            ("temp_directory", spill),
            ("TimeZone", "UTC"),
            ("preserve_insertion_order", False),
            ("enable_progress_bar", False),
            ("autoinstall_known_extensions", False),
            ("autoload_known_extensions", False),
            ("allow_community_extensions", False),
            ("allowed_paths", [address]),
            ("enable_external_access", False),
            ("lock_configuration", True),
        ):
            base.execute(f"SET {name} = {_literal(value)}")
        try:
            yield base, address, door
        except (RuntimeError, duckdb.InterruptException) as caught:
            if "interrupted" in str(caught):  # DuckDB puts this in the place of what the handler of a signal raised
                raise KeyboardInterrupt from None
            raise


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return quote_text(value) if isinstance(value, str) else str(value).lower()


def _source_of(base: Any, part: Part, found: Kind, address: str) -> tuple[str, Columns]:
    """Return what reads a part, as SQL, and its columns.

    Raises:
        CannotDecideError: its columns are ambiguous.
    """
    place, how = _literal(address), f"compression = '{'gzip' if found.is_packed else 'none'}'"
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
        f"read_csv({place}, columns = {{{columns}}}, delim = {_literal(separator)}, quote = '\"', escape = '\"', "
        f"header = false, skip = {first + 1}, auto_detect = false, {KEEP_REJECTED}, {how})"
    )
    return source, of_table(part.name, header)


def _filled(source: str, columns: Columns) -> str:
    """Return a source whose rows hold the fields that were asked for; of JSON as a list, so that it is parsed once."""
    if not isinstance(columns, JsonFields):
        return source
    return f"(SELECT json, json_extract(json, {_literal(columns.paths)}) AS e FROM {source})"


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
    times = [np.asarray(found[name], dtype=np.int64) for name in ("first", "last")]
    counted = Counted(
        versions=_versions(),
        groups=[(tuple(key), day) for *key, day in zip(*keys, strict=True)],
        times=np.stack(times, axis=1),
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


def _take(base: Any, asked: Question, rows: Rows, wanted: Sequence[Wanted]) -> Taken:
    """Return the values of a part that are wanted."""
    keys = [f"k{i}" for i in range(len(asked.keys))]
    most = max(len(w.ranges) for w in wanted)
    bounds = [f"{side}{r}" for r in range(most) for side in ("low", "high")]
    table: dict[str, list[Any]] = {f"{name} VARCHAR": [w.group[0][i] for w in wanted] for i, name in enumerate(keys)}
    table |= {"s INTEGER": [w.series for w in wanted], "day INTEGER": [w.group[1] for w in wanted]}
    table |= {"i INTEGER": [w.value for w in wanted]}
    flat = [[bound for each in (*w.ranges, *[_NOTHING] * most)[:most] for bound in each] for w in wanted]
    table |= {f"{name} DOUBLE": [bounds_of[i] for bounds_of in flat] for i, name in enumerate(bounds)}
    base.execute(f"CREATE TEMP TABLE wanted ({', '.join(table)})")
    filled = ", ".join(f"unnest(CAST(? AS {name.rpartition(' ')[2]}[]))" for name in table)
    base.execute(f"INSERT INTO wanted SELECT {filled}", list(table.values()))
    return _taken(base.execute(take_statement(rows, most)).fetchnumpy())


_NOTHING = (1.0, 0.0)
"""A range in which no value lies."""


def _taken(columns: dict[str, Any]) -> Taken:
    series = np.asarray(columns.get("s", ()), dtype=np.int32)
    return Taken(series=series, values=np.asarray(columns.get("v", ()), dtype=np.float64))


def _nothing() -> Counted:
    """Return the counts of a part without a row."""
    lines: dict[str, Any] = {name: np.zeros(0, dtype=kind) for name, kind in {"group": np.int64, **TYPES}.items()}
    return Counted(
        versions=_versions(),
        groups=[],
        times=np.zeros((0, 2), dtype=np.int64),
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
