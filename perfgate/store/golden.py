"""Golden traces as files: canonical JSON, a row a line, so that a diff shows what changed."""

from __future__ import annotations

import re
from typing import TypeGuard

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.run import slug
from perfgate.core.text.canonical import dump_line, short_hash
from perfgate.core.text.strict_json import load_json
from perfgate.core.traces.structure import MOST_ROWS, Row, Structure
from perfgate.gate.golden import MOST_STRUCTURES, Golden

DURATIONS = "durations.json"
"""File of the folder that is only for people: no check reads it."""
VERSION = 1
_SHORT = 3
"""Items of a row without attributes."""
_NEARLY = re.compile(r"\.json(?!\w)(?!.*\.tmp$)", re.IGNORECASE)
"""In the name of a file: that of a golden one, or nearly; not what a write leaves that was cut off."""
_HINT = "restore it from git, or write it again: perfgate golden refresh"


def file_name(root: str) -> str:
    """Return the name of a root's golden file: readable, and unique by the hash of the name."""
    return f"{slug(root) or 'trace'}-{short_hash(root, digits=8)}.json"


def is_nearly_golden(name: str) -> bool:
    """Does a file have the name of a golden one, or nearly: with more before or behind it, or capital letters?"""
    return bool(_NEARLY.search(name))


def is_read(relative: str) -> bool:
    """Is a path, relative to the folder of golden files, one where a check looks for them?"""
    return "/" not in relative and relative.endswith(".json") and not relative.startswith(".")


def encode(golden: Golden) -> bytes:
    """Return the content of a golden file: each row is depth, name, calls and, if there are any, attributes."""
    structures = []
    for structure, traces in golden.structures:
        rows = ",\n".join(f"      {dump_line(_row_to_data(row))}" for row in structure)
        structures.append(f'    {{"traces": {traces}, "spans": [\n{rows}\n    ]}}')
    parts = (
        f'  "golden_version": {VERSION}',
        f'  "root": {dump_line(golden.root)}',
        f'  "attributes": {dump_line(list(golden.attributes))}',
        '  "structures": [\n' + ",\n".join(structures) + "\n  ]",
    )
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _row_to_data(row: Row) -> list[object]:
    return [row.depth, row.name, row.calls, *([dict(row.attributes)] if row.attributes else [])]


def decode(content: bytes, origin: str) -> Golden:
    """Return the content of a golden file.

    Raises:
        CannotDecideError: it is not valid.
    """
    data = load_json(content, origin, "golden-invalid", _HINT)
    if not isinstance(data, dict) or data.get("golden_version") != VERSION:
        raise fault(origin, f"is no golden trace of version {VERSION}")
    root, attributes, structures = data.get("root"), data.get("attributes"), data.get("structures")
    if not isinstance(root, str) or not _is_texts(attributes):
        raise fault(origin, "/root must be a text, and /attributes a list of texts")
    if not isinstance(structures, list) or not 0 < len(structures) <= MOST_STRUCTURES:
        raise fault(origin, f"/structures must be a list of 1 to {MOST_STRUCTURES} structures")
    read = tuple(_structure(one, f"/structures/{i}", origin) for i, one in enumerate(structures))
    if any(structure[0].name != root for structure, _ in read):
        raise fault(origin, f'each structure must begin with the root "{root}"')
    return Golden(root=root, attributes=tuple(attributes), structures=read)


def _structure(data: object, pointer: str, origin: str) -> tuple[Structure, int]:
    traces, spans = (data.get("traces"), data.get("spans")) if isinstance(data, dict) else (None, None)
    if not _is_count(traces) or not isinstance(spans, list) or not 0 < len(spans) <= MOST_ROWS:
        raise fault(origin, f"{pointer} must have a count of traces, and 1 to {MOST_ROWS:,} spans")
    rows: list[Row] = []
    for i, span in enumerate(spans):
        row = _row(span)
        deepest = rows[-1].depth + 1 if rows else 0
        if row is None or not min(1, i) <= row.depth <= deepest:
            raise fault(origin, f"{pointer}/spans/{i} must be [depth, name, calls], at most one deeper than before it")
        rows.append(row)
    return tuple(rows), traces


def _row(data: object) -> Row | None:
    if not isinstance(data, list) or len(data) not in (_SHORT, _SHORT + 1):
        return None
    depth, name, calls, attributes = (*data, {}) if len(data) == _SHORT else data
    is_depth = isinstance(depth, int) and not isinstance(depth, bool)
    if not is_depth or not isinstance(name, str) or not _is_count(calls) or not isinstance(attributes, dict):
        return None
    if not all(isinstance(value, str | int | float) for value in attributes.values()):
        return None
    return Row(depth=depth, name=name, calls=calls, attributes=tuple(sorted(attributes.items())))


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def fault(origin: str, message: str) -> CannotDecideError:
    """Return the error for a golden file that is not valid."""
    return cannot_decide("golden-invalid", message, place=origin, hint=_HINT)
