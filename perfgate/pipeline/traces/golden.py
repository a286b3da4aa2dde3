"""`perfgate golden`: keep the structure of traces, and compare new traces with it."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.text.canonical import dumps, rounded
from perfgate.core.text.names import list_some
from perfgate.core.traces.spans import MOST_INCOMPLETE, describe_causes
from perfgate.core.traces.structure import MOST_ROWS, TooManyRowsError
from perfgate.gate.golden import MOST_STRUCTURES, compare, group, to_golden
from perfgate.pipeline.check.left_behind import find_left_behind
from perfgate.pipeline.report_io import holds, write_output
from perfgate.pipeline.traces import trace
from perfgate.pipeline.traces.golden_edits import find_edits
from perfgate.pipeline.traces.golden_files import MOST_FILES, folder_of, list_names, load, read_attributes
from perfgate.report.tracing.traces import list_stages
from perfgate.store import golden as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.gate_changes import GateChange
    from perfgate.core.traces.spans import Traces
    from perfgate.gate.golden import Comparison

_UNWRITABLE = "golden-unwritable"
_OTHER_FOLDER = "name a folder that can be written to: --out DIR"
_TRACE = "remove old files of traces, trace in this job, and write the traces to a file that git does not hold"
_MOST_NAMES = 8
_MOST_NAMED = 3
"""Files that are named in a command to repeat."""


class Refreshed(Struct, frozen=True, kw_only=True):
    """What a refresh did."""

    written: tuple[tuple[str, int, int], ...]
    """File, distinct structures and traces of each root that was written."""
    unchanged: tuple[str, ...]
    """Files that hold the same already."""
    left: tuple[str, ...]
    """Files of roots that no trace has."""
    remarks: tuple[Diagnostic, ...]
    """What was left out."""


class Checked(Struct, frozen=True, kw_only=True):
    """What a check did."""

    comparison: Comparison
    """What was found."""
    edited: tuple[GateChange, ...]
    """Golden files that are not those of the base of the change, as far as the CI system names it."""
    first: tuple[Diagnostic, ...]
    """What is said before it: by which files the check judged, and which traces."""
    remarks: tuple[Diagnostic, ...]
    """What was left out."""
    faults: tuple[Diagnostic, ...]
    """Why nothing is decided."""
    advice: tuple[str, ...]
    """What to do about changes, in lines."""


def refresh(paths: Sequence[str], *, out: str | None, attributes: Sequence[str]) -> Refreshed:
    """Write the structures of traces as golden files, one a root.

    Args:
        paths: files of traces; none: those of the configured folder.
        out: folder of golden files; None: that beside the configuration.
        attributes: names of the attributes that belong to the structure; none: those that the golden files there have.

    Raises:
        CannotDecideError: there are no complete traces, too many structures or roots, no span has an attribute that is
            asked for, or a file cannot be written.
    """
    found = trace.read(trace.find_files(paths))
    folder = folder_of(out)
    names = list_names(folder)
    attributes = _choose_attributes(attributes, found, set() if attributes else read_attributes(folder, names))
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
    wanted = {store.file_name(root) for root in groups}
    if len(wanted.union(names)) > MOST_FILES:
        raise _too_many_files(folder, len(wanted), len(wanted.union(names)))
    written, unchanged = [], []
    for root, structures in groups.items():
        path = os.path.join(folder, store.file_name(root))
        content = store.encode(to_golden(root, attributes, structures))
        if holds(path, content):
            unchanged.append(path)
            continue
        write_output(path, content, slug=_UNWRITABLE, hint=_OTHER_FOLDER)
        written.append((path, len(structures), sum(map(len, structures.values()))))
    write_output(os.path.join(folder, store.DURATIONS), _durations(found), slug=_UNWRITABLE, hint=_OTHER_FOLDER)
    left = [os.path.join(folder, name) for name in names if name not in wanted]
    return Refreshed(
        written=tuple(written), unchanged=tuple(unchanged), left=tuple(left), remarks=tuple(trace.remarks(found))
    )


def _choose_attributes(asked: Sequence[str], found: Traces, before: set[str]) -> Sequence[str]:
    """Return the attributes that belong to the structure: a misspelled one would choose nothing, in silence."""
    known = {key for one in found.complete for span in one.spans for key, _ in span.attributes}
    unknown = [name for name in asked if name not in known]
    if unknown:
        hint = f"the spans have {list_some(sorted(known), _MOST_NAMES)}" if known else "the spans have no attributes"
        message = f'no span has the attribute "{unknown[0]}"'
        raise cannot_decide("golden-attribute", message, place="--attribute", hint=hint)
    return asked or sorted(before & known)


def check(paths: Sequence[str], *, folder: str | None) -> Checked:
    """Compare traces with the golden files.

    Args:
        paths: files of traces; none: those of the configured folder.
        folder: folder of golden files; None: that beside the configuration.

    Raises:
        CannotDecideError: there are no golden files or no complete traces, or a file is not valid.
    """
    where = folder_of(folder)
    golden = load(where)
    if not golden:
        hint = "write them first: perfgate golden refresh, then commit the folder"
        raise cannot_decide("golden-none", "there are no golden files", place=where, hint=hint)
    edits = find_edits(where, folder, golden)
    files = trace.find_files(paths)
    found = trace.read(files)
    not_of_job, warnings = find_left_behind(trace.tally(found), files, hint=_TRACE)
    try:
        comparison = compare(golden, found.complete)
    except TooManyRowsError as caught:
        raise _too_many_rows(caught) from None
    part = len(found.incomplete)
    incomplete = f"; {len(found.incomplete):,} traces are incomplete" if found.incomplete else ""
    faults = [*not_of_job, *edits.problems]
    faults += [
        error(
            "golden-missing",
            f'no complete trace begins with "{root}"{incomplete}',
            place=os.path.join(where, store.file_name(root)),
            hint="trace it; or, if it was removed on purpose, remove the file with git rm",
        )
        for root in comparison.missing
    ]
    if part > MOST_INCOMPLETE * (part + len(found.complete)):
        message = (
            f"{part:,} of {part + len(found.complete):,} traces are incomplete: {describe_causes(found.incomplete)}"
        )
        hint = "export every span: a larger queue of the exporter, or fewer traces at a time"
        faults.append(error("golden-incomplete", message, place=", ".join(paths) or where, hint=hint))
    return Checked(
        comparison=comparison,
        edited=edits.changes,
        first=(*edits.notes, *warnings),
        remarks=tuple(trace.remarks(found)),
        faults=tuple(faults),
        advice=_advise(paths, folder, where),
    )


def _advise(paths: Sequence[str], folder: str | None, where: str) -> tuple[str, ...]:
    """Return how a change is accepted, and how its cause is found, by commands for the same files.

    Args:
        paths: of the traces, as they were given.
        folder: of golden files, as it was given.
        where: it is.
    """
    files = shlex.join(paths) if len(paths) <= _MOST_NAMED else "FILES"
    given = "" if folder is None else shlex.join(["--out", folder])
    accept = " ".join(filter(None, ("perfgate golden refresh", given, files)))
    return (
        "What to do:",
        f"- If the change is intended: {accept}",
        f"  and commit {shlex.quote(where)}.",
        f"- Else find the caller: {' '.join(filter(None, ('perfgate trace', files)))}",
    )


def _too_many_rows(caught: TooManyRowsError) -> CannotDecideError:
    return cannot_decide(
        "golden-too-many",
        f'a trace has more than {MOST_ROWS:,} different calls, at "{caught}"',
        hint="leave out --attribute names whose values vary, or trace fewer details",
    )


def _too_many_files(folder: str, roots: int, files: int) -> CannotDecideError:
    gone = f", {files - roots:,} of them of roots that no trace has" if files > roots else ""
    return cannot_decide(
        "golden-too-many",
        f"there would be {files:,} golden files, one for each name of a root span{gone}; more than {MOST_FILES:,}"
        " are not read",
        place=folder,
        hint="name root spans by what they do, without numbers and identifiers; and remove files that no trace has",
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
