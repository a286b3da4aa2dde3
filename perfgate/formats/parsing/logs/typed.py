"""Lines of JSON decoded straight to the fields that are asked for: a third of the time of decoding all of them.

A line fits when these fields hold text, numbers, true, false or null. Whatever else a line is, the caller reads it
as a whole, and gives it the same shape.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from perfgate.formats.parsing.logs.rows import column_of, json_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.formats.parsing.logs.rows import Column

Scalar = bool | int | float | str | None
LONGEST_FIT = 1_500
"""Bytes of a line that is decoded to fields alone. In fields that nobody asks for, decoders disagree about what is
nested too deeply, and about numbers of thousands of digits; neither fits into so few."""


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
                if isinstance(inner, str):
                    raise ValueError(f'the field "{part}" is a value and holds others')
            if inner.setdefault(last, name) != name:
                raise ValueError(f'the field "{path}" is a value and holds others')
        objects = {key: inner for key, inner in tree.items() if isinstance(inner, dict)}
        self._type, self._places = _record_of(self._names | objects)
        self._decode = msgspec.json.Decoder(self._type).decode

    def rows(self, lines: Sequence[bytes], read: Callable[[int], dict[str, Any] | None]) -> list[Any]:
        """Return the records of lines; None for a line that holds no row.

        Args:
            lines: valid UTF-8, without their ends.
            read: returns the row of the line at that position as a whole, None when it holds none.
        """
        is_short = max(map(len, lines), default=0) <= LONGEST_FIT
        decoded = map(self._decode, lines if is_short else [x if len(x) <= LONGEST_FIT else b"" for x in lines])
        found: list[Any] = []
        while len(found) < len(lines):
            try:
                found.extend(decoded)  # what was decoded before a fault is kept
            except (ValueError, RecursionError):
                row = read(len(found))
                found.append(None if row is None else self._type(*[look(row) for look in self._lookups]))
        return found

    def column(self, path: str) -> Column:
        """Return what finds a field in records."""
        own = attrgetter(self._names[path])
        if "." not in path:
            return column_of(own)
        inner = attrgetter(self._places[self._names[path]])
        return lambda rows: [
            deep if cell is None else cell for cell, deep in zip(map(own, rows), map(inner, rows), strict=True)
        ]


def _record_of(tree: dict[str, Any]) -> tuple[type[msgspec.Struct], dict[str, str]]:
    """Return the type of an object, and where in it the fields of the objects inside it are.

    Args:
        tree: by key the name of a field, or the tree of an object inside.
    """
    fields: list[tuple[str, Any, Any]] = []
    keys: dict[str, str] = {}
    places: dict[str, str] = {}
    for i, (key, inner) in enumerate(tree.items()):
        if isinstance(inner, str):
            name = inner
            fields.append((name, Scalar, None))
            places.setdefault(name, name)
        else:
            name = f"g{i}"
            kind, deeper = _record_of(inner)
            fields.append((name, kind, kind()))  # what is not there holds nothing
            places |= {field: f"{name}.{place}" for field, place in deeper.items()}
        keys[name] = key
    return msgspec.defstruct("Fields", fields, rename=keys, frozen=True, gc=False), places
