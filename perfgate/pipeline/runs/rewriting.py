"""Compacted files are written anew: read back and compared before they take the name."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from perfgate.core.atomic import write_parts
from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.formats.own.compacted import lines_in, packed, runs_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from perfgate.core.run import Run

AGAIN = "run the command again when nothing writes here; no run file was removed"


class _Named(msgspec.Struct):
    """What is read of a line to know its run."""

    run_id: str


def write_compacted(path: str, lines: Iterable[bytes], is_right: Callable[[Iterator[Run]], bool], *, hint: str) -> None:
    """Write a compacted file, which is compared with what it must hold before it takes its name.

    Args:
        path: the file.
        lines: what it must hold, each line with its end.
        is_right: are runs, as they are read back, those that it must hold?
        hint: what to do when it cannot be written.

    Raises:
        CannotDecideError: it cannot be written, or holds something else; then the old file is as it was.
    """
    written = hashlib.sha256()

    def noted() -> Iterator[bytes]:
        for line in lines:
            written.update(line)
            yield line

    def check(part: str) -> None:
        again = hashlib.sha256()
        try:
            for line in lines_in(part):
                again.update(line)
            is_equal = again.digest() == written.digest() and is_right(runs_in(part))
        except CannotDecideError:  # it names the part
            is_equal = False
        if not is_equal:
            message = "what was written is not what was read; the compacted file is as it was"
            raise cannot_decide("compact-unequal", message, place=path, hint=AGAIN)

    try:
        write_parts(path, packed(noted(), path), durable=True, check=check)
    except OSError as caught:
        message = f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide("compact-unwritable", message, place=path, hint=hint) from None


def drop_runs(path: str, run_ids: Collection[str]) -> None:
    """Remove runs from a compacted file, and the file when none is left.

    Args:
        path: the file; who calls this keeps other writers out.
        run_ids: of runs that it holds.

    Raises:
        CannotDecideError: it cannot be read or written; it is as it was.
    """
    held = sum(run.run_id not in run_ids for run in runs_in(path))

    def is_right(runs: Iterator[Run]) -> bool:
        ids = [run.run_id for run in runs]
        return len(ids) == held and not any(run_id in run_ids for run_id in ids)

    hint = "free some space, or make its folder writable for this user; no run was removed from it"
    if held:
        decode = msgspec.json.Decoder(_Named).decode
        kept = (line for line in lines_in(path) if decode(line).run_id not in run_ids)
        write_compacted(path, kept, is_right, hint=hint)
        return
    try:
        os.unlink(path)
    except OSError as caught:
        message = f"cannot be removed ({caught.strerror or caught})"
        raise cannot_decide("run-unremovable", message, place=path, hint=hint) from None
