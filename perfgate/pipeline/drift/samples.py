"""Files of input samples to columns: JSON lines, JSON arrays, CSV with a header, packed or not."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any

from perfgate.collect.samples.columns import MOST_ROWS, Rows, TooManyFieldsError, to_batch, typed
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, note
from perfgate.formats.discovery import find
from perfgate.formats.options import TOLERANCE
from perfgate.formats.parsing.logs.rows import BATCH, Broken, Table, is_json, json_rows
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect.samples.columns import Batch, Column

_UNREADABLE = "drift-samples"
_HINT = "input samples are JSON lines, as InputSampleLog writes them, a JSON array of objects, or CSV with a header"


def read_samples(
    patterns: Sequence[str], root: str, *, cluster_field: str = "", fields: Sequence[str] = ()
) -> tuple[Batch, list[str], list[Diagnostic]]:
    """Return the samples of files as columns, the files, and what was left out.

    Args:
        patterns: files, folders or globs.
        root: what relative ones are relative to.
        cluster_field: field that says which samples belong together; empty: each stands for itself.
        fields: those that are kept; empty: all.

    Raises:
        CannotDecideError: there is no file, or one cannot be read.
    """
    files, problems = find(patterns, root)
    if problems:
        raise CannotDecideError(problems)
    if not files:
        where = ", ".join(os.path.join(root, pattern) for pattern in patterns)
        hint = "collect some: perfgate.monitor.InputSampleLog; or name the files"
        raise cannot_decide("drift-no-samples", "no file of input samples was found", place=where, hint=hint)
    rows, notes = Rows(), list[Diagnostic]()
    try:
        for path in files:
            notes += _read(Source(path), rows)
        batch = to_batch(rows, cluster_field, fields)
    except TooManyFieldsError as caught:
        hint = "name the fields to compare: fields in [drift], or --field"
        raise cannot_decide("drift-too-many-fields", f"the samples have {caught}", place=path, hint=hint) from None
    if rows.step > 1:
        message = f"of {rows.seen:,} samples one in {rows.step} is compared, {MOST_ROWS:,} at most"
        notes.append(note("drift-thinned", message))
    return batch, files, notes


def _read(source: Source, rows: Rows) -> list[Diagnostic]:
    """Take the rows of a file; return a note about lines that cannot be read."""
    if source.is_folder:
        raise source.fault("is a folder", _HINT)
    if "\0" in source.head:
        raise cannot_decide(_UNREADABLE, "is no text", place=source.path, hint=_HINT)
    broken = Broken()
    source.counts_lines = True
    if is_json(source):
        found = (row for _, row in json_rows(source, broken, is_choosy=False))
        while some := list(islice(found, BATCH)):
            rows.add(some)
    elif source.head.strip():
        columns, count = _read_table(source, broken)
        rows.extend(columns, count)
    if fault := source.doubles.fault():
        raise source.fault(fault, "remove the copies: repeated samples prove nothing more")
    skipped = broken.skipped(source, TOLERANCE)
    return [note("drift-lines-skipped", each.why, place=source.path) for each in skipped]


def _read_table(source: Source, broken: Broken) -> tuple[dict[str, Column], int]:
    table = Table(source, broken)
    if not all(table.header) or len(set(table.header)) < len(table.header):
        message = "its first line is no header: a column has no name, or two have the same"
        raise cannot_decide(_UNREADABLE, message, place=source.path, hint=_HINT)
    cells: list[list[Any]] = [[] for _ in table.header]
    for some, _ in table.batches():
        for column, values in zip(cells, zip(*some, strict=True), strict=False):
            column.extend(values)
    return {name: typed(column) for name, column in zip(table.header, cells, strict=True)}, len(cells[0])
