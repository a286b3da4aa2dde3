"""Lines of JSON decoded straight to the fields that are asked for: a third of the time of decoding all of them.

A line fits when these fields hold text, numbers, true, false or null. Whatever else a line is, the caller reads it
as a whole, and gives it the same shape.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

from perfgate.formats.parsing.logs.rows import columns_of, json_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.formats.parsing.logs.rows import Columns

    _Cells = dict[str, Sequence[object]]

Scalar = bool | int | float | str | None
LONGEST_FIT = 1_500
"""Bytes of a line that is decoded to fields alone. In fields that nobody asks for, decoders disagree about what is
nested too deeply, and about numbers of thousands of digits; neither fits into so few."""
_FEW = 2  # fields that are found faster one by one
_INSIDE = "g"  # begins the names of records inside; those of values begin with "f"


class Shape:
    """The fields that are asked for, as one record a line."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Make the type of the records.

        Args:
            paths: keys, or dotted paths, as `rows.json_lookup` takes them.

        Raises:
            ValueError: no type has such fields: one would be a value and hold others, or has a quote in its name.
        """
        self._names = {path: f"f{i}" for i, path in enumerate(dict.fromkeys(paths))}
        self._lookups = [json_lookup(path) for path in self._names]
        tree: dict[str, Any] = {}
        for path, name in self._names.items():
            *above, last = path.split(".")
            inner = tree
            for part in above:
                inner = inner.setdefault(part, {})
                if inner in self._names.values():
                    raise ValueError(f'the field "{part}" is a value and holds others')
            if inner.setdefault(last, name) != name:
                raise ValueError(f'the field "{path}" is a value and holds others')
        objects = {key: inner for key, inner in tree.items() if isinstance(inner, dict)}
        self._type = _record_of(self._names | objects)
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(self._type).decode
        """Returns the record of a line; raises ValueError or RecursionError where the line does not fit."""

    def record(self, row: dict[str, Any]) -> msgspec.Struct:
        """Return the record of a row that was read as a whole."""
        return self._type(*[look(row) for look in self._lookups])

    def columns(self, paths: Sequence[str]) -> Columns:
        """Return what finds fields in records."""
        names = [self._names[path] for path in paths]
        if len(names) <= _FEW and not any("." in path for path in paths):
            return columns_of(list(map(attrgetter, names)))

        def found(rows: Sequence[Any]) -> list[Sequence[object]]:
            whole, inner = _cells_of(self._type, rows)
            columns: list[Sequence[object]] = []
            for name in names:
                cells = whole[name]
                if name in inner:
                    pairs = zip(cells, inner[name], strict=True)
                    cells = [deep if cell is None else cell for cell, deep in pairs]
                columns.append(cells)
            return columns

        return found


def decode_lines(decode: Callable[[bytes], Any], lines: Sequence[bytes]) -> tuple[list[Any], list[int]]:
    """Return the records of lines, and the positions of lines that do not fit: their records are None.

    Args:
        decode: a typed decoder of msgspec.
        lines: valid UTF-8, without their ends.
    """
    is_short = max(map(len, lines), default=0) <= LONGEST_FIT
    decoded = map(decode, lines if is_short else [line if len(line) <= LONGEST_FIT else b"" for line in lines])
    found: list[Any] = []
    gaps: list[int] = []
    while len(found) < len(lines):
        try:
            found.extend(decoded)  # what was decoded before a fault is kept
        except (ValueError, RecursionError):
            gaps.append(len(found))
            found.append(None)
    return found, gaps


def _cells_of(kind: type[msgspec.Struct], rows: Sequence[Any]) -> tuple[_Cells, _Cells]:
    """Return the cells of the fields of records, and those of the records inside them, by the names of the fields."""
    whole: _Cells = dict(zip(kind.__struct_fields__, zip(*map(astuple, rows), strict=True), strict=True))
    inner: _Cells = {}
    for name in [name for name in whole if name.startswith(_INSIDE)]:
        records = whole.pop(name)
        cells, deeper = _cells_of(type(records[0]), records)  # type: ignore[arg-type] # a record
        inner |= cells | deeper
    return whole, inner


def _record_of(tree: dict[str, Any]) -> type[msgspec.Struct]:
    """Return the type of an object.

    Args:
        tree: by key the name of a field, or the tree of an object inside; what a row does not hold, holds nothing.
    """
    fields: list[tuple[str, Any, Any]] = []
    keys: dict[str, str] = {}
    for i, (key, inner) in enumerate(tree.items()):
        kind = None if isinstance(inner, str) else _record_of(inner)
        fields.append((inner, Scalar, None) if kind is None else (f"{_INSIDE}{i}", kind, kind()))
        keys[fields[-1][0]] = key
    return msgspec.defstruct("Fields", fields, rename=keys, frozen=True, gc=False)
