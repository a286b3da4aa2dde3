"""`perfgate trace`: read files of traces, wherever they come from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.collect import SessionTally
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, warning
from perfgate.core.traces.spans import describe_causes
from perfgate.formats.detect import detect
from perfgate.formats.discovery import find
from perfgate.formats.parsing.requests import instant
from perfgate.formats.parsing.source import Source
from perfgate.formats.parsing.traces import read_traces
from perfgate.pipeline.inputs import read_settings
from perfgate.pipeline.measuring.tracing import GOLDEN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.traces.spans import Traces


def find_files(paths: Sequence[str]) -> list[str]:
    """Return the files of traces that paths name; at least one.

    Args:
        paths: files, folders of ``.jsonl`` and ``.json`` files, or globs; none: the configured folder of traces.

    Raises:
        CannotDecideError: there are none.
    """
    given = list(paths) or [os.path.join(read_settings(None).root, GOLDEN_FOLDER)]
    patterns: list[str] = []
    for path in given:
        inner = [os.path.join(path, ending) for ending in ("*.jsonl", "*.json", "*.jsonl.gz")]
        patterns += inner if os.path.isdir(path) else [path]
    files, problems = find(patterns) if paths or os.path.isdir(given[0]) else ([], [])
    if problems:
        raise CannotDecideError(problems)
    if not files:
        hint = "keep traces first: set PERFGATE_TRACE_FILE, or export_golden in [tool.perfgate.trace]"
        raise cannot_decide("no-traces", "there are no files of traces", place=given[0], hint=hint)
    return files


def read(files: Sequence[str]) -> Traces:
    """Return the traces of files; at least one of them is complete.

    Args:
        files: at least one, as `find_files` finds them.

    Raises:
        CannotDecideError: a file cannot be read or is no OTLP, or there is no complete trace.
    """
    found = _read_all(files)
    if not found.complete:
        raise cannot_decide("no-traces", _none_complete(found), place=files[0], hint=_HINT)
    return found


def _read_all(files: Sequence[str]) -> Traces:
    try:
        return read_traces(map(Source, files))
    except CannotDecideError as caught:
        (fault,) = caught.diagnostics
        if fault.slug == "format-invalid" and os.path.isfile(fault.place):
            detect(Source(fault.place))  # a file of another kind says which
        raise


_HINT = "give all files that the spans were written to, and export whole traces"


def _none_complete(found: Traces) -> str:
    if found.incomplete:
        return f"all {len(found.incomplete):,} traces are incomplete: {describe_causes(found.incomplete)}"
    return "the files hold no spans" if not found.unnamed else "no span names its trace"


def tally(found: Traces) -> list[SessionTally]:
    """Return when the traces of each root in each file began, as far as they say, for who asks whether they are old.

    A file to which traces were added holds old ones beside new ones, so that each root of it counts by itself.
    """
    newest: dict[tuple[str, str], int] = {}
    for trace in found.complete:
        key = trace.file, trace.spans[0].name
        newest[key] = max(newest.get(key, 0), trace.start)
    return [
        SessionTally(
            machine_class="",
            key=(root, ()),
            session="",
            started_at=instant(start / 1e9),
            ok=1,
            failed=0,
            known=0,
            files=(file,),
        )
        for (file, root), start in newest.items()
    ]


def remarks(found: Traces) -> list[Diagnostic]:
    """Return what was left out, as warnings."""
    noted: list[Diagnostic] = []
    if found.incomplete:
        message = f"{len(found.incomplete):,} incomplete traces were left out: {describe_causes(found.incomplete)}"
        noted.append(warning("traces-incomplete", message, hint=_HINT))
    if found.unnamed:
        noted.append(warning("traces-incomplete", f"{found.unnamed:,} spans name no trace, and were left out"))
    if found.broken_lines:
        noted.append(warning("traces-incomplete", f"{found.broken_lines:,} lines are no batches, and were left out"))
    unfinished = sum(trace.unfinished for trace in found.complete)
    if unfinished:
        message = f"{unfinished:,} spans have no end, or one before their start: they count as calls, without a time"
        noted.append(warning("traces-incomplete", message))
    return noted
