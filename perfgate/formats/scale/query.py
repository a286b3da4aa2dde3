"""What is asked of each part, as statements of DuckDB: counts by cell, then the values of a few cells."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.core.sources.field_map import FieldMap, parts_of
from perfgate.formats.parsing.logs.field_map import LONGEST_NAME
from perfgate.formats.parsing.logs.rows import STAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.core.sources.field_map import FieldValue
    from perfgate.formats.scale.columns import Columns, Field

FAILED, ABSENT, NO_NUMBER, NO_AMOUNT, OTHERS, BROKEN = (
    -1_000_001,
    -1_000_002,
    -1_000_003,
    -1_000_004,
    -1_000_005,
    -1_000_006,
)
"""Cells of rows without a value that counts: the row failed, has none, one that is no number, a time or size of zero or
below; it is of another kind; it cannot be read."""
LEAST = -1_000_000
"""Cells from here on hold values."""
NO_TIME = -(2**62)
"""First and last time of a group whose rows state none."""
NO_DAY = -(2**31)
"""Day of rows that state no time."""
_STEP = "100.5"
"""Cells are 1 % wide: 100.5 is 1 / ln(1.01)."""
_SMALLEST, _MIDDLE = "1e-300", 100_000
"""Smaller values share the cell 0; 100.5 * ln(1e-300) > -70,000, so that cells of positive values are positive."""
_LARGEST = repr(sys.float_info.max)
_US_OF_DAY = 86_400_000_000


class Question(Struct, frozen=True, kw_only=True):
    """What is asked of every part."""

    field_map: FieldMap
    """Which field says what."""
    by_day: bool
    """Are the rows of each day (UTC) a session?"""

    @property
    def values(self) -> tuple[FieldValue, ...]:
        """The values that are counted. Quotients of sums are not: sums of doubles depend on their order."""
        return tuple(v for v in self.field_map.values if not v.over)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that name a benchmark, without its labels."""
        return tuple(parts_of(self.field_map.benchmark)[1]) if self.field_map.benchmark else ()

    @property
    def states_time(self) -> bool:
        """Does the map name the field of the time, rather than take one of its usual names?"""
        return self.field_map.time not in {"", STAMP}

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields by which rows are grouped: those of the name, then the labels."""
        return (*self.names, *self.field_map.labels)

    def name_of(self, keys: tuple[str | None, ...]) -> str:
        """Return the name of the benchmark whose rows hold these keys; empty: they name none, or are too long.

        Without a field that names it, it has the name of the map: files have many names, and are one log.
        """
        of = self.field_map
        texts, fields = parts_of(of.benchmark) if of.benchmark else ([of.name], [])
        if not all(keys[: len(fields)]):
            return ""
        name = texts[0] + "".join(f"{key}{text}" for key, text in zip(keys, texts[1:], strict=False))
        labels = [f"{k}={v}" for k, v in zip(of.labels, keys[len(fields) :], strict=True) if v]
        name += f"[{','.join(labels)}]" if labels else ""
        return name if len(name) <= LONGEST_NAME else ""


class Rows(Struct, frozen=True, kw_only=True):
    """The rows of a part in one form."""

    sql: str
    """A query with the columns ``k0`` and so on, ``t`` (us since 1970), ``broken``, ``mine``, ``good``, values (``v0``
    and so on) and whether they are there (``p0`` and so on)."""
    keys: tuple[str, ...]
    """The columns that name the group, without its day."""
    day: str
    """The day, from ``t``."""
    cells: tuple[str, ...]
    """The cell of each value."""
    is_timed: bool
    """Do rows state their time?"""
    stated: str
    """Does any row of a group say whether it is good?"""
    undated: str
    """How many rows of a group state no time that is read, although the map names its field."""

    @property
    def group(self) -> str:
        """The columns of the group, as both statements call them."""
        return ", ".join((*self.keys, "day"))

    def each(self, **columns: Sequence[str]) -> str:
        """Return columns of which a row has one for each value, and ``i``, which value it is; of several a row each."""
        held = {"i": [str(i) for i in range(len(self.cells))], **columns}
        if len(self.cells) == 1:
            return ", ".join(f"{sql[0]} AS {name}" for name, sql in held.items())
        return ", ".join(f"unnest([{', '.join(sql)}]) AS {name}" for name, sql in held.items())


def rows_of(asked: Question, columns: Columns, source: Callable[[], str], *, can_break: bool) -> Rows:
    """Return the query of the rows of a part.

    Args:
        asked: what is asked.
        columns: the part's.
        source: returns what stands behind FROM, once it is known which columns are asked for.
        can_break: does the source give rows that are NULL for what cannot be read, in the column ``json``?

    Raises:
        CannotDecideError: it lacks a column.
    """
    of = asked.field_map
    conditions = [columns.find(name).equals(wanted) for name, wanted in of.where]
    mine = " AND ".join(f"coalesce({c}, FALSE)" for c in conditions) or "TRUE"
    keys = [_key(columns, name, mine) for name in asked.keys]
    time = _time_of(asked, columns)
    good = stated = "TRUE"
    if of.ok and (columns.has(of.ok) or not of.is_ok_optional):
        good = columns.find(of.ok).is_good(is_optional=of.is_ok_optional)
        stated = columns.find(of.ok).is_there if of.is_ok_optional or columns.is_loose else stated
    values = [(v, columns.find(v.value)) for v in asked.values]
    chosen = [
        *(f"{sql} AS k{i}" for i, sql in enumerate(keys)),
        f"{time.instant if time else 'CAST(NULL AS BIGINT)'} AS t",
        f"({mine}) AS mine",
        f"({good}) AS good",
        f"{stated} AS stated",
        *(f"{_value(v, field)} AS v{i}" for i, (v, field) in enumerate(values)),
        *(f"{field.is_there} AS p{i}" for i, (_, field) in enumerate(values)),
    ]
    broken = "json IS NULL OR NOT starts_with(json, '{')" if can_break else "FALSE"
    inner = f"SELECT {', '.join([*columns.source, f'({broken}) AS broken'])} FROM {source()}"
    return Rows(
        sql=f"SELECT {', '.join(chosen)}, broken FROM ({inner})",
        keys=tuple(f"k{i}" for i in range(len(keys))),
        day=f"coalesce(CAST(t // {_US_OF_DAY} AS INTEGER), {NO_DAY})" if asked.by_day else "0",
        cells=tuple(_cell(v, i, is_choosy=of.is_choosy) for i, v in enumerate(asked.values)),
        is_timed=time is not None,
        stated="TRUE" if stated == "TRUE" else "bool_or(stated)",
        undated="count(*) - count(t)" if time is not None and asked.states_time else "0",
    )


def _key(columns: Columns, name: str, mine: str) -> str:
    """Return what a row holds in a field of its name, empty or NULL for nothing.

    A column of text stays as it is: what DuckDB reads as numbers of a dictionary is grouped by these, not by the texts.
    """
    text = columns.find(name).text
    return text if mine == "TRUE" else f"CASE WHEN {mine} THEN {text} END"


def _time_of(asked: Question, columns: Columns) -> Field | None:
    """Return the field of the time of a row; None: the map names none, or no column has it.

    Raises:
        CannotDecideError: the days of the rows are asked for, and nothing states them.
    """
    name = asked.field_map.time
    found = columns.stamp() if name == STAMP else columns.find(name) if name else None
    if found is None and asked.by_day:
        message = f'the map "{asked.field_map.name}" names no field of the time, which --by day needs'
        hint = 'add time = "FIELD" to the map, or leave out --by'
        raise cannot_decide("usage", message, place="--by", hint=hint)
    return found


def _value(value: FieldValue, field: Field) -> str:
    """Return a value as a double; -0.0 is 0.0, so that equal values are equal bits."""
    if value.share:
        return f"CAST({field.flag} AS DOUBLE)"
    return field.number if _is_positive(value) else f"({field.number} + 0.0)"


def _is_positive(value: FieldValue) -> bool:
    return value.is_amount and not value.allow_zero and not value.share


def _cell(value: FieldValue, i: int, *, is_choosy: bool) -> str:
    """Return the cell of a value as SQL. That cells ascend with values is all that anything depends on.

    What nearly every row holds comes first: the other cases are computed for the few rows that remain.
    """
    v = f"v{i}"
    usual = f"WHEN mine AND good AND {v} BETWEEN {_SMALLEST} AND {_LARGEST} THEN {_above(v)}"
    rest = f"WHEN {v} <= 0 THEN {NO_AMOUNT} ELSE 0" if _is_positive(value) else f"ELSE {cell_of(v)}"
    return (
        f"CASE {usual} WHEN broken THEN {OTHERS if is_choosy else BROKEN} WHEN NOT mine THEN {OTHERS} "
        f"WHEN NOT good THEN {FAILED} WHEN NOT p{i} THEN {ABSENT} "
        f"WHEN {v} IS NULL OR NOT isfinite({v}) THEN {NO_NUMBER} {rest} END"
    )


def cell_of(v: str) -> str:
    """Return the cell of a column of finite values as SQL."""
    below = f"-CAST(floor(ln(-{v}) * {_STEP}) AS INTEGER) - {_MIDDLE}"
    return f"CASE WHEN {v} >= {_SMALLEST} THEN {_above(v)} WHEN {v} <= -{_SMALLEST} THEN {below} ELSE 0 END"


def _above(v: str) -> str:
    return f"CAST(floor(ln({v}) * {_STEP}) AS INTEGER) + {_MIDDLE}"


def count_statement(rows: Rows) -> str:
    """Return the statement that counts the rows of a part: a line for each group, with lists of values and cells."""
    first = "min(t)" if rows.is_timed else f"{NO_TIME}"
    counted = (
        f"SELECT {rows.group}, i, b, count(*) AS n, min(v) AS low, max(v) AS high, {first} AS first, "
        f"{rows.stated} AS stated, {rows.undated} AS undated "
        f"FROM ({_cells_of(rows, 't', 'stated')}) GROUP BY {rows.group}, i, b"
    )
    return (
        f"CREATE TEMP TABLE counted AS SELECT {rows.group}, coalesce(min(first), {NO_TIME}) AS first, "
        "bool_or(stated) AS stated, list(i) AS i, "
        f"coalesce(CAST(sum(undated) FILTER (i = 0 AND b NOT IN ({OTHERS}, {BROKEN})) AS BIGINT), 0) AS undated, "
        f"list(b) AS b, list(n) AS n, list(coalesce(low, 0.0)) AS low, list(coalesce(high, 0.0)) AS high "
        f"FROM ({counted}) GROUP BY {rows.group}"
    )


def _cells_of(rows: Rows, *columns: str) -> str:
    """Return a query of each value of each row: its group, which value it is, the value, its cell, and more columns."""
    values = [f"v{i}" for i in range(len(rows.cells))]
    chosen = [*rows.keys, f"{rows.day} AS day", *columns, rows.each(v=values, b=rows.cells)]
    return f"SELECT {', '.join(chosen)} FROM ({rows.sql})"


def take_statement(rows: Rows) -> str:
    """Return the statement that takes the values of a part in the ranges of the table ``wanted``.

    It meets them by their cells, which leaves few rows of each group, as this machine computes cells.
    """
    same = " AND ".join(f"r.{c} IS NOT DISTINCT FROM w.{c}" for c in (*rows.keys, "day", "i", "b"))
    return f"SELECT s, v FROM ({_cells_of(rows)}) r JOIN wanted w ON {same} WHERE v BETWEEN low AND high"
