"""`perfgate golden`: keep the structure of traces, and compare new traces with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.text.canonical import dumps, rounded
from perfgate.core.traces.spans import MOST_INCOMPLETE
from perfgate.core.traces.structure import MOST_ROWS, TooManyRowsError
from perfgate.formats.parsing.files import read_bounded, unreadable
from perfgate.gate.golden import MOST_STRUCTURES, compare, group, to_golden
from perfgate.pipeline.inputs import read_settings
from perfgate.pipeline.report_io import write_output
from perfgate.pipeline.traces import trace
from perfgate.report.traces import list_stages
from perfgate.store import golden as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.traces.spans import Traces
    from perfgate.gate.golden import Comparison, Golden

FOLDER = "artifacts/golden"
"""Where golden files are, relative to the configuration."""
_UNWRITABLE = "golden-unwritable"
_LARGEST = 64 * 1024 * 1024  # bytes of a golden file
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did."""

    written: tuple[tuple[str, int, int], ...]
    """File, distinct structures and traces of each root that was written."""
    unchanged: tuple[str, ...]
    """Files that hold the same already."""
    left: tuple[str, ...]
    """Files of roots that no trace has."""
    remarks: tuple[Diagnostic, ...]
    """What was left out."""


def refresh(paths: Sequence[str], *, out: str | None, attributes: Sequence[str]) -> Refreshed:
    """Write the structures of traces as golden files, one a root.

    Args:
        paths: files of traces; none: those of the configured folder.
        out: folder of golden files; None: `FOLDER` beside the configuration.
        attributes: names of the attributes that belong to the structure.

    Raises:
        CannotDecideError: there are no complete traces, too many structures, or a file cannot be written.
    """
    found = trace.read(paths)
    folder = folder_of(out)
    try:
        groups = group(found.complete, attributes)
    except TooManyRowsError as caught:
        raise _too_many_rows(caught) from None
    for root, structures in groups.items():
        if len(structures) > MOST_STRUCTURES:
            raise cannot_decide(
                "golden-too-many",
                f'the traces of "{root}" have {len(structures):,} different structures, more than {MOST_STRUCTURES}',
                hint="leave out --attribute names whose values vary, or trace a workload of fixed inputs",
            )
    written, unchanged = [], []
    for root, structures in groups.items():
        path = os.path.join(folder, store.file_name(root))
        content = store.encode(to_golden(root, attributes, structures))
        if _holds(path, content):
            unchanged.append(path)
            continue
        write_output(path, content, slug=_UNWRITABLE)
        written.append((path, len(structures), sum(map(len, structures.values()))))
    write_output(os.path.join(folder, store.DURATIONS), _durations(found), slug=_UNWRITABLE)
    left = [os.path.join(folder, store.file_name(one.root)) for one in load(folder) if one.root not in groups]
    return Refreshed(
        written=tuple(written), unchanged=tuple(unchanged), left=tuple(left), remarks=tuple(trace.remarks(found))
    )


def check(paths: Sequence[str], *, folder: str | None) -> tuple[Comparison, tuple[Diagnostic, ...], list[Diagnostic]]:
    """Compare traces with the golden files; return what was found, what could not be decided, and remarks.

    Args:
        paths: files of traces; none: those of the configured folder.
        folder: folder of golden files; None: `FOLDER` beside the configuration.

    Raises:
        CannotDecideError: there are no golden files or no complete traces, or a file is not valid.
    """
    where = folder_of(folder)
    golden = load(where)
    if not golden:
        hint = "write them first: perfgate golden refresh, then commit the folder"
        raise cannot_decide("golden-none", "there are no golden files", place=where, hint=hint)
    found = trace.read(paths)
    try:
        comparison = compare(golden, found.complete)
    except TooManyRowsError as caught:
        raise _too_many_rows(caught) from None
    part = len(found.incomplete)
    incomplete = f"; {len(found.incomplete):,} traces are incomplete" if found.incomplete else ""
    faults = tuple(
        error(
            "golden-missing",
            f'no complete trace begins with "{root}"{incomplete}',
            place=os.path.join(where, store.file_name(root)),
            hint="trace it; or, if it was removed on purpose, remove the file with git rm",
        )
        for root in comparison.missing
    )
    if part > MOST_INCOMPLETE * (part + len(found.complete)):
        message = f"{part:,} of {part + len(found.complete):,} traces are incomplete: {trace.causes(found)}"
        hint = "export every span: a larger queue of the exporter, or fewer traces at a time"
        faults += (error("golden-incomplete", message, place=", ".join(paths) or where, hint=hint),)
    return comparison, faults, trace.remarks(found)


def load(folder: str) -> list[Golden]:
    """Return the golden traces of a folder, by the names of their roots; an absent folder has none.

    Raises:
        CannotDecideError: a file is not valid, or cannot be read.
    """
    try:
        names = sorted(n for n in os.listdir(folder) if n.endswith(".json") and n[0] != "." and n != store.DURATIONS)
    except FileNotFoundError:
        return []
    except OSError as caught:
        raise unreadable(folder, caught, "golden-unreadable") from None
    if len(names) > _MOST_FILES:
        raise cannot_decide("golden-invalid", f"the folder holds more than {_MOST_FILES:,} files", place=folder)
    found: dict[str, Golden] = {}
    for name in names:
        path = os.path.join(folder, name)
        golden = store.decode(read_bounded(path, limit=_LARGEST, slug="golden-unreadable"), path)
        if golden.root in found or name != store.file_name(golden.root):
            raise store.fault(path, f'the file of the root "{golden.root}" is named {store.file_name(golden.root)}')
        found[golden.root] = golden
    return [found[root] for root in sorted(found)]


def folder_of(given: str | None) -> str:
    """Return the folder of golden files: the given one, else `FOLDER` beside the configuration."""
    return given if given is not None else os.path.join(read_settings(None).root, FOLDER)


def _holds(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(content) + 1) == content
    except OSError:
        return False


def _too_many_rows(caught: TooManyRowsError) -> CannotDecideError:
    return cannot_decide(
        "golden-too-many",
        f'a trace has more than {MOST_ROWS:,} different calls, at "{caught}"',
        hint="leave out --attribute names whose values vary, or trace fewer details",
    )


def _durations(found: Traces) -> bytes:
    """Return the times of each stage for people who read the golden files; they are never compared."""
    stages = list_stages(found.complete)
    return dumps(
        {
            stage.name: {
                "p50_ms": None if stage.p50 is None else rounded(stage.p50 * 1e3),
                "p95_ms": None if stage.p95 is None else rounded(stage.p95 * 1e3),
            }
            for stage in sorted(stages, key=lambda stage: stage.name)
        }
    ).encode()
