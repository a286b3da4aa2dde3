"""The fields of a part as SQL: what a row holds, in the words of DuckDB and with the meaning that logs have today.

Nothing that a configuration or a file says is put into a statement but by `quote_name` and `quote_text`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.names import list_some
from perfgate.core.text.near_names import find_near
from perfgate.formats.parsing.logs.rows import STAMP, TIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SEPARATORS = ",\t;|"
_GOOD = "('true', 'ok', '1', 'yes', 'success', 'passed')"
_TRUE, _FALSE = "('true', '1', '1.0', 'yes')", "('false', '0', '0.0', 'no')"
_SPACE = "chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' '"
_WHOLE = frozenset(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE", "")) | {
    "INTEGER",
    "UINTEGER",
}
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TEXTS = ("VARCHAR", "ENUM", "UUID")
_INSTANTS = ("TIMESTAMP", "DATE")
_MOST_SHOWN, _LONGEST_SHOWN = 12, 40


def quote_name(name: str) -> str:
    """Return the name of a column as SQL.

    Raises:
        ValueError: it holds NUL, which ends a statement.
    """
    return _quoted(name, '"')


def quote_text(text: str) -> str:
    """Return a text as SQL.

    Raises:
        ValueError: it holds NUL, which ends a statement.
    """
    return _quoted(text, "'")


def _quoted(text: str, mark: str) -> str:
    if "\0" in text:
        raise ValueError("NUL in a name or a text")
    return mark + text.replace(mark, 2 * mark) + mark


class Field(NamedTuple):
    """One field of the rows of a part."""

    kind: str
    """``text``, ``json`` (the JSON of a value), ``whole``, ``float``, ``flag`` or ``instant``."""
    sql: str
    """The column that holds it."""

    @property
    def is_there(self) -> str:
        """Does a row have it?"""
        empty = {"text": "''", "json": "'\"\"'"}.get(self.kind)
        return f"({self.sql} IS NOT NULL AND {self.sql} <> {empty})" if empty else f"({self.sql} IS NOT NULL)"

    @property
    def text(self) -> str:
        """The value as a part of a name; NULL for what is no name: nothing, a list, NaN."""
        c = self.sql
        number = "CASE WHEN isfinite({0}) THEN printf('%.15g', {0}) END"
        if self.kind == "float":
            return number.format(f"CAST({c} AS DOUBLE)")
        if self.kind == "json":
            double = number.format(f"TRY_CAST({c} AS DOUBLE)")
            return (
                f"CASE left({c}, 1) WHEN '\"' THEN json_extract_string({c}, '$') "
                "WHEN '{' THEN NULL WHEN '[' THEN NULL "
                f"WHEN 't' THEN {c} WHEN 'f' THEN {c} ELSE CASE WHEN regexp_matches({c}, '^-?[0-9]+$') THEN {c} "
                f"ELSE {double} END END"
            )
        return c if self.kind == "text" else f"CAST({c} AS VARCHAR)"

    @property
    def number(self) -> str:
        """The value as a double; NULL for what is no number; it may be infinite or NaN."""
        if self.kind in {"whole", "float"}:
            return f"CAST({self.sql} AS DOUBLE)"
        if self.kind == "json":
            inner = _number(f"json_extract_string({self.sql}, '$')")
            return f"CASE WHEN left({self.sql}, 1) = '\"' THEN {inner} ELSE TRY_CAST({self.sql} AS DOUBLE) END"
        return _number(self.sql) if self.kind == "text" else "CAST(NULL AS DOUBLE)"

    @property
    def flag(self) -> str:
        """True, false, or NULL where the value says neither."""
        if self.kind == "flag":
            return self.sql
        text = _plain(self.text)
        return f"CASE WHEN {text} IN {_TRUE} THEN TRUE WHEN {text} IN {_FALSE} THEN FALSE END"

    def is_good(self, *, is_optional: bool) -> str:
        """Does a row count, by true, 1, "ok" or a status code from 200 to 399? With `is_optional` silence is yes."""
        number = self.number
        code = f"({number} = 1 OR {number} BETWEEN 200 AND 399)"
        stated = self.sql if self.kind == "flag" else code
        if self.kind in {"text", "json"}:
            stated = f"({_plain(self.text)} IN {_GOOD} OR {code})"
        return f"coalesce({stated}, FALSE)" + (f" OR {self.sql} IS NULL" if is_optional else "")

    def equals(self, wanted: str | float | bool) -> str:  # noqa: FBT001 - data
        """Does it hold what is wanted? A text is text, and no number that is written alike."""
        is_text = f"left({self.sql}, 1) = '\"'" if self.kind == "json" else "TRUE"
        if isinstance(wanted, str):
            return f"({is_text} AND {self.text} = {quote_text(wanted)})"
        if isinstance(wanted, bool):
            stated = f"(NOT ({is_text}) AND {self.sql} = '{str(wanted).lower()}')" if self.kind == "json" else "FALSE"
            return f"({stated} OR ({is_text} AND {self.flag} = {str(wanted).upper()}))"
        return f"({self.number} = CAST({quote_text(repr(float(wanted)))} AS DOUBLE))"

    @property
    def instant(self) -> str:
        """Microseconds since 1970 as a whole number; NULL where the value is no point in time.

        ISO 8601, without an offset in UTC, or s, ms, us or ns since 1970.
        """
        if self.kind == "instant":
            return f"epoch_us({self.sql})"
        number = self.number
        scales = " ".join(f"WHEN {number} >= {least} THEN {number} * {factor}" for least, factor in _SCALES)
        since = f"(CASE {scales} END)"
        usual = f"CASE WHEN {since} BETWEEN 3.2e14 AND 4.1e15 THEN CAST({since} AS BIGINT) END"
        stated = f"epoch_us(TRY_CAST(replace({self.text}, ',', '.') AS TIMESTAMPTZ))"
        return f"CASE WHEN {number} IS NOT NULL THEN {usual} ELSE {stated} END"


_SCALES = ((1e17, 1e-3), (1e14, 1.0), (1e11, 1e3), (1e8, 1e6))
"""Numbers since 1970 in ns, us, ms and s: the least of each, and the factor to us."""


def _number(text: str) -> str:
    return f"CASE WHEN contains({text}, '_') THEN NULL ELSE TRY_CAST({text} AS DOUBLE) END"


def _plain(text: str) -> str:
    return f"lower(trim({text}, {_SPACE}))"


class Columns:
    """The columns of a part, and those that were asked for."""

    is_loose = False
    """May each row hold fields of its own, so that no list says which there are?"""

    def __init__(self, place: str, kinds: Mapping[str, str]) -> None:
        """Start with none asked for.

        Args:
            place: the part, for messages.
            kinds: name -> kind, and behind a tab the SQL that reads it.
        """
        self._place = place
        self._kinds = kinds
        self.asked: dict[str, Field] = {}
        """By name what the rows of the inner query hold."""
        self.source: list[str] = []
        """What the inner query selects."""

    def has(self, name: str) -> bool:
        """Is there such a column?"""
        return name in self._kinds

    def find(self, name: str) -> Field:
        """Return a field, which the inner query selects from now on.

        Raises:
            CannotDecideError: there is no such column, or it holds neither text nor numbers.
        """
        if name not in self.asked:
            if not self.has(name):
                raise self._absent(name)
            kind, _, sql = self._kinds[name].partition("\t")
            if kind.startswith("!"):
                hint = "name a column of numbers or text in the map"
                message = f'has a column "{name}" of the type {kind[1:]}, which is neither number nor text'
                raise cannot_decide("part-columns", message, place=self._place, hint=hint)
            self.asked[name] = self._select(kind, sql)
        return self.asked[name]

    def _select(self, kind: str, sql: str) -> Field:
        self.source.append(f"{sql} AS f{len(self.source)}")
        return Field(kind, f"f{len(self.source) - 1}")

    def stamp(self) -> Field | None:
        """Return the time of a row under the first of its usual names that there is; None: there is none."""
        return next((self.find(name) for name in TIMES if self.has(name)), None)

    def _absent(self, name: str) -> CannotDecideError:
        there, hint = describe_names(name, list(self._kinds))
        message = f'has no column "{name}"; there are {there}'
        return cannot_decide("part-columns", message, place=self._place, hint=hint)


def describe_names(wanted: str, names: Sequence[str]) -> tuple[str, str]:
    """Return what fields there are in place of one that is not, and what to do about it.

    Args:
        wanted: the field that is not there.
        names: those that are.
    """
    shown = list_some([f'"{each[:_LONGEST_SHOWN]}"' for each in names], _MOST_SHOWN) or "none"
    near = find_near(wanted, names)
    correct = f'did you mean "{near}"? Correct the map' if near else "correct the map"
    return shown, f"{correct}, or leave out files of another kind"


def of_parquet(place: str, described: Sequence[tuple[str, str]]) -> Columns:
    """Return the columns of a Parquet file, those inside of a structure by dotted paths.

    Args:
        place: the part, for messages.
        described: name and type of each column, as DuckDB states them.
    """
    kinds: dict[str, str] = {}
    for name, kind in described:
        _add(kinds, name, kind, quote_name(name))
    return Columns(place, kinds)


def _add(kinds: dict[str, str], path: str, kind: str, sql: str) -> None:
    base = kind.partition("(")[0]
    if kind.startswith("STRUCT(") and kind.endswith(")"):
        for inner, its in _members(kind[len("STRUCT(") : -1]):
            _add(kinds, f"{path}.{inner}", its, f"struct_extract({sql}, {quote_text(inner)})")
        return
    found = f"!{base or kind}"
    if kind.endswith("]"):
        found = "!list"
    elif base in _WHOLE or base == "DECIMAL":
        found = "whole"
    elif base in _FLOATS:
        found = "float"
    elif base == "BOOLEAN":
        found = "flag"
    elif base.startswith(_TEXTS):
        found, sql = "text", sql if base == "VARCHAR" else f"CAST({sql} AS VARCHAR)"
    elif base.startswith(_INSTANTS):
        found = "instant"
    kinds.setdefault(path, f"{found}\t{sql}")


def _members(inside: str) -> list[tuple[str, str]]:
    """Return name and type of the members of a structure, from its type as DuckDB writes it."""
    found, depth, start, is_quoted = [], 0, 0, False
    for at, c in enumerate(f"{inside},"):
        is_quoted ^= c == '"'
        depth += (c == "(") - (c == ")") if not is_quoted else 0
        if c == "," and depth == 0 and not is_quoted:
            found.append(_member(inside[start:at].strip()))
            start = at + 1
    return found


def _member(text: str) -> tuple[str, str]:
    if text.startswith('"'):
        end = 1
        while text[end : end + 1] and (text[end] != '"' or text[end + 1 : end + 2] == '"'):
            end += 2 if text[end] == '"' else 1
        return text[1:end].replace('""', '"'), text[end + 1 :].strip()
    name, _, kind = text.partition(" ")
    return name, kind.strip()


def header_of(line: str) -> tuple[str, list[str]]:
    """Return what separates the columns of a table, and their names, from its first line."""
    separator = max(SEPARATORS, key=line.count)
    return separator, [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def of_table(place: str, header: Sequence[str]) -> Columns:
    """Return the columns of a CSV file, which its reader calls c0, c1 and so on: no name of a file gets into SQL.

    Raises:
        CannotDecideError: two of them have the same name.
    """
    twice = next((name for i, name in enumerate(header) if name in header[:i]), None)
    if twice is not None:
        hint = "give each column a name of its own"
        raise cannot_decide("part-columns", f'has two columns "{twice}"', place=place, hint=hint)
    return Columns(place, {name: f"text\tc{i}" for i, name in enumerate(header)})


class JsonFields(Columns):
    """The fields of JSON lines: each may be in some rows and not in others."""

    is_loose = True

    def __init__(self, place: str) -> None:
        """Start with none asked for."""
        super().__init__(place, {})
        self.paths: list[str] = []
        """JSON pointers of what is taken out of each row, at once."""

    def has(self, name: str) -> bool:
        """Return true: a row may hold any field."""
        return name != ""

    def find(self, name: str) -> Field:
        """Return a field: a key, or a dotted path; a key that holds dots itself comes first."""
        if name not in self.asked:
            pointers = [_pointer([name]), *([_pointer(name.split("."))] if "." in name else [])]
            self.asked[name] = self._take(pointers)
        return self.asked[name]

    def stamp(self) -> Field | None:
        """Return the time of a row under the first of its usual names that the row has."""
        if STAMP not in self.asked:
            self.asked[STAMP] = self._take([_pointer([name]) for name in TIMES])
        return self.asked[STAMP]

    def _take(self, pointers: Sequence[str]) -> Field:
        places = range(len(self.paths) + 1, len(self.paths) + len(pointers) + 1)
        self.paths += pointers
        each: Callable[[int], str] = lambda n: f"nullif(CAST(e[{n}] AS VARCHAR), 'null')"  # noqa: E731 - short
        return self._select("json", f"coalesce({', '.join(map(each, places))})")


def _pointer(keys: Sequence[str]) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
