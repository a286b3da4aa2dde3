"""The folder of golden files: what is in it, and what is nearly a golden file."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.formats.parsing.files import read_bounded
from perfgate.pipeline.inputs import read_settings
from perfgate.store import golden as store
from perfgate.store.baselines import list_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.golden import Golden

FOLDER = "artifacts/golden"
"""Where golden files are, relative to the configuration."""
LARGEST = 64 * 1024 * 1024
"""Largest golden file in bytes."""
MOST_FILES = 10_000
"""Golden files of one folder, each of one root."""
_UNREADABLE = "golden-unreadable"


def folder_of(given: str | None) -> str:
    """Return the folder of golden files: the given one, else `FOLDER` beside the configuration."""
    return given if given is not None else os.path.join(read_settings(None).root, FOLDER)


def load(folder: str) -> list[Golden]:
    """Return the golden traces of a folder, by the names of their roots; an absent folder has none.

    Raises:
        CannotDecideError: a file is not valid, cannot be read, or is where none is read.
    """
    names = list_names(folder)
    if len(names) > MOST_FILES:
        raise cannot_decide("golden-invalid", f"the folder holds more than {MOST_FILES:,} files", place=folder)
    found: dict[str, Golden] = {}
    for name in names:
        path = os.path.join(folder, name)
        golden = _read(path)
        if golden.root in found or name != store.file_name(golden.root):
            raise store.fault(path, f'the file of the root "{golden.root}" is named {store.file_name(golden.root)}')
        found[golden.root] = golden
    return [found[root] for root in sorted(found)]


def read_attributes(folder: str, names: Sequence[str]) -> set[str]:
    """Return the attributes that golden files of a folder chose; one that is not valid has chosen nothing."""
    found: set[str] = set()
    for name in names[:MOST_FILES]:
        with contextlib.suppress(CannotDecideError):
            found.update(_read(os.path.join(folder, name)).attributes)
    return found


def list_names(folder: str) -> list[str]:
    """Return the names of the golden files of a folder, ascending; an absent folder has none.

    Raises:
        CannotDecideError: the folder cannot be listed, or a file that looks like a golden one is where none is read.
    """
    problems: list[Diagnostic] = []
    hint = "name a folder of golden files"
    below = list_json(folder, problems, slug=_UNREADABLE, hint=hint, is_json=store.is_nearly_golden)
    problems += [_misplaced(folder, name) for name in below if not store.is_read(name)]
    if problems:
        raise CannotDecideError(problems)
    return [name for name in below if name != store.DURATIONS]


def _misplaced(folder: str, name: str) -> Diagnostic:
    """Return the error for a file that no check reads, with the place where one would."""
    path = os.path.join(folder, name)
    try:
        root = _read(path).root
    except CannotDecideError:
        message = f"it is no golden file, and only {os.path.join(folder, '<name>.json')} is read"
        hint = "move it out of the folder of golden files"
    else:
        message = f'the file of the root "{root}" is {os.path.join(folder, store.file_name(root))}'
        hint = "move the file, or restore it from git"
    return error("golden-misplaced", f"no check reads it there: {message}", place=path, hint=hint)


def _read(path: str) -> Golden:
    return store.decode(read_bounded(path, limit=LARGEST, slug=_UNREADABLE), path)
