"""What is asked of each part, as statements of DuckDB: counts by cell, then the values of a few cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.core.sources.field_map import FieldMap, parts_of
from perfgate.formats.parsing.logs.field_map import LONGEST_NAME
from perfgate.formats.parsing.logs.rows import STAMP

if TYPE_CHECKING:
    from collections.abc import Callable

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
NO_DAY = -(2**31)
"""Day of rows that state no time."""
RANGES = 8
"""Most ranges of one series from which values are taken: one for each statistic, and some more."""
_STEP = "100.5"
"""Cells are 1 % wide: 100.5 is 1 / ln(1.01)."""
_SMALLEST, _MIDDLE = "1e-300", 100_000
"""Smaller values share the cell 0; 100.5 * ln(1e-300) > -70,000, so that cells of positive values are positive."""
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
    def keys(self) -> tuple[str, ...]:
        """The fields by which rows are grouped: those of the name, then the labels."""
        return (*self.names, *self.field_map.labels)

    def name_of(self, keys: tuple[str, ...]) -> str:
        """Return the name of the benchmark whose rows hold these keys; empty: they name none, or are too long.

        Without a field that names it, it has the name of the map: files have many names, and are one log.
        """
        of = self.field_map
        texts, fields = parts_of(of.benchmark) if of.benchmark else ([of.name], [])
        if not all(keys[: len(fields)]):
            return ""
        name = texts[0] + "".join(key + text for key, text in zip(keys, texts[1:], strict=False))
        labels = [f"{k}={v}" for k, v in zip(of.labels, keys[len(fields) :], strict=True) if v]
        name += f"[{','.join(labels)}]" if labels else ""
        return name if len(name) <= LONGEST_NAME else ""


class Rows(Struct, frozen=True, kw_only=True):
    """The rows of a part in one form."""

    sql: str
    """A query with the columns ``k0`` and so on, ``day``, ``t``, ``i`` (which value), ``v`` and ``b`` (its cell)."""
    keys: str
    """The columns of the group: ``k0, k1, day``."""


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
    keys = [_key(columns, name, mine, is_needed=name in asked.names) for name in asked.keys]
    time = _time_of(asked, columns)
    is_good = "TRUE"
    if of.ok and (columns.has(of.ok) or not of.is_ok_optional):
        is_good = columns.find(of.ok).is_good(is_optional=of.is_ok_optional)
    values = [columns.find(v.value) for v in asked.values]
    chosen = [
        *(f"{sql} AS k{i}" for i, sql in enumerate(keys)),
        f"{time.instant if time else 'CAST(NULL AS BIGINT)'} AS t",
        f"({is_good}) AS good",
        f"({mine}) AS mine",
        *(
            f"{_value(v, field)} AS v{i}, {field.is_there} AS p{i}"
            for i, (v, field) in enumerate(_paired(asked, values))
        ),
    ]
    broken = "json IS NULL" if can_break else "FALSE"
    inner = f"SELECT {', '.join([*columns.source, f'({broken}) AS broken'])} FROM {source()}"
    middle = f"SELECT {', '.join(chosen)}, broken FROM ({inner})"
    cells = [_cell(v, i, is_choosy=of.is_choosy) for i, v in enumerate(asked.values)]
    day = f"coalesce(CAST(floor(t / {_US_OF_DAY}.0) AS INTEGER), {NO_DAY})" if asked.by_day else "0"
    names = [f"k{i}" for i in range(len(keys))]
    if len(values) == 1:
        each = f"0 AS i, v0 AS v, {cells[0]} AS b"
    else:
        numbers = ", ".join(map(str, range(len(values))))
        each = (
            f"unnest([{numbers}]) AS i, unnest([{', '.join(f'v{i}' for i in range(len(values)))}]) AS v, "
            f"unnest([{', '.join(cells)}]) AS b"
        )
    outer = f"SELECT {', '.join([*names, f'{day} AS day', 't', each])} FROM ({middle})"
    return Rows(sql=outer, keys=", ".join([*names, "day"]))


def _paired(asked: Question, fields: list[Field]) -> list[tuple[FieldValue, Field]]:
    return list(zip(asked.values, fields, strict=True))


def _key(columns: Columns, name: str, mine: str, *, is_needed: bool) -> str:
    """Return what a row holds in a field of its name, empty where it holds nothing; a label may be in no row."""
    if not is_needed and not columns.has(name):
        return "''"
    text = f"coalesce({columns.find(name).text}, '')"
    return text if mine == "TRUE" else f"CASE WHEN {mine} THEN {text} ELSE '' END"


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
    """Return the cell of a value as SQL. That cells ascend with values is all that anything depends on."""
    v = f"v{i}"
    above = f"CAST(floor(ln({v}) * {_STEP}) AS INTEGER) + {_MIDDLE}"
    below = f"-CAST(floor(ln(-{v}) * {_STEP}) AS INTEGER) - {_MIDDLE}"
    if _is_positive(value):
        cell = f"WHEN {v} <= 0 THEN {NO_AMOUNT} WHEN {v} >= {_SMALLEST} THEN {above} ELSE 0"
    else:
        cell = f"WHEN {v} >= {_SMALLEST} THEN {above} WHEN {v} <= -{_SMALLEST} THEN {below} ELSE 0"
    return (
        f"CASE WHEN broken THEN {OTHERS if is_choosy else BROKEN} WHEN NOT mine THEN {OTHERS} "
        f"WHEN NOT good THEN {FAILED} WHEN NOT p{i} THEN {ABSENT} "
        f"WHEN {v} IS NULL OR NOT isfinite({v}) THEN {NO_NUMBER} {cell} END"
    )


def count_statement(rows: Rows) -> str:
    """Return the statement that counts the rows of a part by group, value and cell, into the table ``counted``."""
    return (
        f"CREATE TEMP TABLE counted AS SELECT {rows.keys}, i, b, CAST(count(*) AS BIGINT) AS n, "
        f"coalesce(min(v), 0.0) AS low, coalesce(max(v), 0.0) AS high, min(t) AS first, max(t) AS last "
        f"FROM ({rows.sql}) GROUP BY {rows.keys}, i, b"
    )


def take_statement(rows: Rows) -> str:
    """Return the statement that takes the values of a part in the ranges of the table ``wanted``."""
    inside = " OR ".join(f"v BETWEEN low{r} AND high{r}" for r in range(RANGES))
    return (
        f"SELECT wanted.s AS s, r.v AS v FROM ({rows.sql}) AS r JOIN wanted USING ({rows.keys}, i) "
        f"WHERE r.b >= {LEAST} AND ({inside})"
    )
