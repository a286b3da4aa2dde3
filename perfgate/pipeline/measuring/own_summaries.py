"""Summaries that a measured command wrote itself, as its receipt names them: they replace the one from outside."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.strict_json import load_json
from perfgate.formats.discovery import LARGEST_RUN
from perfgate.formats.own.imported import imported_to_data, is_imported
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.identity import check_run_id, file_name
from perfgate.measure.summary import write_summary
from perfgate.pipeline.measuring.parameters import add_labels, join_labels
from perfgate.pipeline.measuring.results import take_series

if TYPE_CHECKING:
    from perfgate.core.run import Labels, Run

LARGEST_RECEIPT = 1 << 20
"""Bytes of a file that a measured command leaves for perfgate."""
_OWN_HINT = "let perfgate.measure write the summaries, and measure again"


def read_own_summaries(receipt: str, out: str, labels: Labels, *, failed: bool) -> list[tuple[str, dict[str, Any]]]:
    """Return the summaries that the command wrote itself, with their files.

    Summaries of a failed command count as failed, whatever their status, and all get the labels of its combination of
    parameters. What differs from what the program wrote is written anew: the receipt may name any file of the user.

    Args:
        receipt: file in which the command names them.
        out: folder of the run files.
        labels: the combination; empty: there are no parameters.
        failed: did it fail?

    Raises:
        CannotDecideError: one cannot be read, or has a label of its own in place of one of the combination.
    """
    if not os.path.exists(receipt):
        return []
    lines = read_bounded(receipt, limit=LARGEST_RECEIPT, slug="run-unreadable").decode("utf-8", "surrogateescape")
    found = []
    paths = list(dict.fromkeys(lines.splitlines()))
    for path in paths:
        if "\0" in path:
            raise cannot_decide("run-unreadable", "the command names a file with the character NUL", hint=_OWN_HINT)
        content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
        try:
            if not is_imported(content):
                found.append(_take_own_summary(content, path, out, labels, failed=failed))
            elif not failed:  # of a command that failed nothing is known that could be compared
                found.append(_take_own_series(add_labels(take_series(content, path), labels), path, out))
        except CannotDecideError:
            for one in paths if labels else ():  # without the labels they are runs of another benchmark
                take_back(one, out)
            raise
    return found


def _take_own_summary(
    content: bytes, path: str, out: str, labels: Labels, *, failed: bool
) -> tuple[str, dict[str, Any]]:
    """Return the summary of a run that the command wrote itself."""
    run = SummaryReader().parse(content, path, "")
    _check_own(run.run_id, path)
    summary: dict[str, Any] = load_json(content, path, "run-invalid", _OWN_HINT)
    own = dict(summary)
    if failed:
        own["status"] = "failed"
    if labels:
        own["labels"] = join_labels(run.benchmark, dict(run.labels), labels)
    return os.path.relpath(path if own == summary else write_into(own, out)), own


def _take_own_series(run: Run, path: str, out: str) -> tuple[str, dict[str, Any]]:
    """Return a file of many values that the command wrote itself, as one value a metric: this process is one run."""
    _check_own(run.run_id, path)
    document = imported_to_data(run)
    return os.path.relpath(write_into(document, out)), document


def _check_own(run_id: str, path: str) -> None:
    """Refuse a file that is not where a program writes the summary of such a run: it could be any file of the user."""
    try:
        name = file_name(check_run_id(run_id))
    except ValueError as caught:
        raise cannot_decide("run-invalid", str(caught), place=path, hint=_OWN_HINT) from None
    if os.path.basename(path) != name:
        message = f"the command names it as the summary of a run, which would be {name}"
        raise cannot_decide("run-invalid", message, place=path, hint=_OWN_HINT)


def write_into(summary: dict[str, Any], out: str) -> str:
    """Write a summary into the folder of the run files and return its absolute path.

    Raises:
        CannotDecideError: it cannot be written.
    """
    try:
        return write_summary(summary, out)
    except OSError as caught:
        hint = "name another folder: --out DIR"
        raise cannot_decide("run-unwritable", f"cannot be written ({caught.strerror})", place=out, hint=hint) from None


def take_back(path: str, out: str) -> None:
    """Remove a summary that the command wrote into the folder of the run files, and which is no run.

    One that it wrote into a folder of its own choice stays: it may be any file of the user.
    """
    if os.path.realpath(os.path.dirname(path)) == os.path.realpath(out):
        with contextlib.suppress(OSError):
            os.remove(path)
