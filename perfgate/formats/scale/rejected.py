"""Rows of a table that DuckDB rejects: how many lines they are, and what is wrong with the first."""

from __future__ import annotations

from typing import Any

from perfgate.core.errors import cannot_decide

_MOST = 100_000
"""Faults of rows that DuckDB keeps."""
_SHOWN = 9_000
"""Characters of a faulty row from which on it may be cut off where it is kept, at 10,000.

Its ends are trimmed: in CRLF it begins with the end of the row before it.
"""
KEEP_REJECTED = f"store_rejects = true, rejects_limit = {_MOST}"
"""Options of a reader of tables that keep them."""
_FAULTS = {
    "MISSING COLUMNS": "fewer cells than the header has",
    "TOO MANY COLUMNS": "more cells than the header has",
    "INVALID ENCODING": "not UTF-8",
    "LINE SIZE OVER MAXIMUM": "longer than 2,000,000 bytes",
    "UNQUOTED VALUE": "a quote that does not end with its cell",
}
"""What DuckDB calls the faults of rows."""
_ENDS = ", ".join(f"length(held) - length(replace(held, chr({end}), ''))" for end in (10, 13))
_IS_CUT = f"length(held) >= {_SHOWN} AND contains(held, chr(10)) OR is_lost"
_LINES = (
    f"SELECT sum(n), sum(1 + greatest({_ENDS})), min(line) FILTER ({_IS_CUT}) FROM (SELECT line, count(*) AS n, "
    "any_value(trim(csv_line, chr(10) || chr(13))) AS held, bool_or(error_type = 'UNQUOTED VALUE' AND "
    "line_byte_position + strlen(csv_line) <= byte_position) AS is_lost FROM reject_errors GROUP BY line)"
)
"""How many faults there are, how many lines have them, and the first line whose row is not kept as a whole.

Of a row that goes on behind its buffer of 32 MB DuckDB keeps the row before it, and goes on within the open quote.
"""


def count_rejected(base: Any, place: str) -> int:
    """Return how many lines of a table cannot be read; one row may be several, where a quote opens and does not end.

    Args:
        base: the database that has read it.
        place: the part, for messages.

    Raises:
        CannotDecideError: DuckDB kept too little to count them.
    """
    faults, lines, cut = base.execute(_LINES).fetchone()
    if cut is not None:
        message = f"a quote that line {cut:,} opens does not end: the lines behind it cannot be read"
        raise cannot_decide("part-unreadable", message, place=place, hint="close it, or leave the line out")
    if (faults or 0) >= _MOST:
        message = f"more lines cannot be read than are counted ({_MOST:,} faults)"
        raise cannot_decide("part-rows", message, place=place, hint="correct the log; or write smaller files")
    return int(lines or 0)


def first_rejected(base: Any, count: int) -> str:
    """Return which line of a table cannot be read first, and why.

    Args:
        base: the database that has read it.
        count: how many lines cannot be read, >= 1.
    """
    line, kind = base.execute("SELECT line, error_type FROM reject_errors ORDER BY line, column_idx LIMIT 1").fetchone()
    return f"{'it' if count == 1 else 'the first'} is line {line:,}: {_FAULTS.get(kind, str(kind).lower())}"
