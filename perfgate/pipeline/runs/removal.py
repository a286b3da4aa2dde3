"""The removal of many run files, some at a time: a file system may take milliseconds for each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, error
from perfgate.core.text.steps import Work, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_THREADS = 8
"""Removals that wait for the file system at a time; more of them saved nothing."""
_BATCH = 256
"""Files whose removal is begun at a time: so many may go after a Ctrl-C."""


class Unlinked(Struct, frozen=True, kw_only=True):
    """What became of files that were to be removed."""

    removed: tuple[str, ...]
    """Files that were removed, or would be."""
    left: tuple[tuple[str, str], ...]
    """Files that stay, each with why."""


def unlink(paths: Sequence[str], why_not: Callable[[str], str | None], *, hint: str, dry_run: bool) -> Unlinked:
    """Remove files, and return which.

    Args:
        paths: the files, in the order in which they are named.
        why_not: returns why a file is not removed, empty when it may be, and None when it is gone; called just before
            it is removed, in any thread.
        hint: what to do about a file that cannot be removed.
        dry_run: remove nothing.

    Raises:
        CannotDecideError: a file cannot be removed; the others are.
    """
    removed: list[str] = []
    left: list[tuple[str, str]] = []
    faults: list[Diagnostic] = []

    def remove(path: str) -> str | OSError | None:
        why = why_not(path)
        try:
            if why == "" and not dry_run:
                os.unlink(path)
        except FileNotFoundError:  # somebody else was quicker
            return None
        except OSError as caught:
            return caught
        return why

    for path, outcome in zip(paths, _each(remove, paths), strict=True):
        if isinstance(outcome, OSError):
            message = f"cannot be removed ({outcome.strerror or outcome})"
            faults.append(error("run-unremovable", message, place=path, hint=hint))
        elif outcome:
            left.append((path, outcome))
        elif outcome is not None:
            removed.append(path)
    if faults:
        raise CannotDecideError(faults, output=[f"removed {path}" for path in removed])
    return Unlinked(removed=tuple(removed), left=tuple(left))


def _each(remove: Callable[[str], str | OSError | None], paths: Sequence[str]) -> list[str | OSError | None]:
    """Return what a function returns for each path; for many of them it is called in threads."""
    doing, what = "removing run files", "files"
    if len(paths) < _BATCH:
        return [remove(path) for path in watched(paths, doing, what)]
    from concurrent.futures import ThreadPoolExecutor  # for many files only

    outcomes: list[str | OSError | None] = []
    work = Work(doing, what, len(paths))
    with ThreadPoolExecutor(_THREADS) as pool:
        for i in range(0, len(paths), _BATCH):
            batch = paths[i : i + _BATCH]
            outcomes += pool.map(remove, batch)
            work.add(len(batch))
    return outcomes
