"""The folder of committed baselines: ``baselines/<machine-class>/<slug>-<hash>.json``."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.rollout.drift import PREFIX, REFERENCE
from perfgate.store.codec import decode_baseline, file_name, version_of
from perfgate.store.staging import is_staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perfgate.core.profile import Profile

LARGEST = 16 * 1024 * 1024
"""Largest baseline file in bytes: ten sessions of ten thousand values fit."""
_UNREADABLE = "baseline-unreadable"
_MOST_BYTES = 256 * 1024 * 1024
"""Of all files together: baselines of ten thousand benchmarks fit."""
_HEAD = 200  # bytes of a file in which it states its schema
_MOST_FILES = 100_000
"""JSON files below the folder: no project has so many benchmarks."""


class Baselines(Struct, frozen=True, kw_only=True):
    """What is committed."""

    source: str
    """Where they were read, such as ``baselines`` or ``origin/main:baselines``."""
    profiles: tuple[Profile, ...]
    """Sorted by machine class and benchmark."""
    outdated: frozenset[tuple[str, str]]
    """(machine class, file name) of files in an older schema."""
    problems: tuple[Diagnostic, ...]
    """Every fault of every file."""


def load(folder: str) -> Baselines:
    """Return the baselines in a folder; what is wrong with them is in `problems`, together.

    A folder that does not exist holds none.
    """
    files: list[tuple[str, bytes]] = []
    problems: list[Diagnostic] = []
    room = _MOST_BYTES
    for relative in list_json(folder, problems, slug=_UNREADABLE, hint="correct the key baselines"):
        path = os.path.join(folder, relative)
        try:
            content = _read(path)
        except CannotDecideError as caught:
            problems.extend(caught.diagnostics)
            continue
        room -= len(content)
        if room < 0:  # small in git, as links to one large file may be
            message = f"holds more than {_MOST_BYTES:,} bytes of JSON files"
            problems.append(error(_UNREADABLE, message, place=folder, hint="move what is no baseline elsewhere"))
            break
        files.append((relative, content))
    return parse(folder, files, problems)


def _is_json(name: str) -> bool:
    return name.lower().endswith(".json")


def list_json(
    folder: str,
    problems: list[Diagnostic],
    *,
    slug: str,
    hint: str,
    is_json: Callable[[str], bool] = _is_json,
) -> list[str]:
    """Return the JSON files below a folder, relative to it, ascending: also those that are not where one belongs.

    A file of the gate that no check reads would ask for nothing. The folders of machine classes may be
    links; deeper ones are not followed, so that each file is met once.

    Args:
        folder: need not exist.
        problems: takes what cannot be listed.
        slug: of that.
        hint: what to do about too many files.
        is_json: is it the name of such a file, or nearly?
    """

    def fail(caught: OSError) -> None:
        if isinstance(caught, FileNotFoundError) and caught.filename == folder:
            return
        place, message, action = str(caught.filename), f"cannot be listed ({caught.strerror})", "make it readable"
        if isinstance(caught, NotADirectoryError):
            message = "is a file, not a folder" if os.path.exists(place) else "a part of this path is a file"
            action = "name a folder"
        problems.append(error(slug, message, place=place, hint=action))

    tops = [folder]
    names: list[str] = []
    while tops:
        top = tops.pop()
        for place, folders, files in os.walk(top, onerror=fail):
            files += [name for name in folders if is_json(name)]  # a folder in place of a file cannot be read
            folders[:] = [name for name in folders if not is_staging(name) and not is_json(name)]
            if place == folder:
                tops += [path for name in folders if os.path.islink(path := os.path.join(place, name))]
            names += [os.path.relpath(os.path.join(place, n), folder) for n in files if is_json(n)]
            if len(names) > _MOST_FILES:
                message = f"holds more than {_MOST_FILES:,} JSON files"
                problems.append(error(slug, message, place=folder, hint=hint))
                return []
    return sorted(names)


def _read(path: str) -> bytes:
    hint = "restore it from git: git checkout -- " + path
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise cannot_decide(_UNREADABLE, "is no regular file", place=path, hint=hint)
            content = file.read(LARGEST + 1)
    except OSError as caught:
        raise cannot_decide(_UNREADABLE, f"cannot be read ({caught.strerror})", place=path, hint=hint) from None
    if len(content) > LARGEST:
        raise cannot_decide(_UNREADABLE, f"is larger than {LARGEST:,} bytes", place=path, hint=hint)
    return content


def parse(source: str, files: Iterable[tuple[str, bytes]], problems: Iterable[Diagnostic] = ()) -> Baselines:
    """Return the baselines that files state.

    Args:
        source: where they came from, for messages.
        files: paths relative to the baselines' folder, and contents.
        problems: faults found so far.
    """
    faults = list(problems)
    profiles: dict[tuple[object, ...], Profile] = {}
    outdated = set()
    for relative, content in files:
        place = f"{source}/{relative}"
        if _is_of_inputs(relative, content):
            if relative != REFERENCE:
                message = f'it is a reference of inputs, which belongs to "{REFERENCE}", or out of this folder'
                faults.append(error("baseline-misplaced", message, place=place, hint="move the file"))
            continue
        try:
            profile, is_present = decode_baseline(content, place)
        except CannotDecideError as caught:
            faults.extend(caught.diagnostics if _belongs(relative) else [_misplaced(place)])
            continue
        folder, _, name = relative.rpartition("/")
        expected = file_name(profile.benchmark, profile.labels)
        if folder != profile.machine_class or name != expected:
            message = f'is not where its content belongs: "{profile.machine_class}/{expected}"'
            faults.append(
                error("baseline-misplaced", message, place=place, hint="move the file, or restore it from git")
            )
            continue
        profiles[profile.machine_class, profile.key] = profile
        if not is_present:
            outdated.add((folder, name))
    return Baselines(
        source=source,
        profiles=tuple(sorted(profiles.values(), key=lambda p: (p.machine_class, p.key))),
        outdated=frozenset(outdated),
        problems=tuple(faults),
    )


def _is_of_inputs(relative: str, content: bytes) -> bool:
    """Is a file the reference of the inputs, which `perfgate drift` reads?"""
    is_likely = relative == REFERENCE or PREFIX.encode() in content[:_HEAD]
    return is_likely and version_of(content).startswith(PREFIX)


def _belongs(relative: str) -> bool:
    """Is a path one where checks look for baselines, whatever the file holds?"""
    return relative.count("/") <= 1 and relative.endswith(".json") and "/." not in f"/{relative}"


def _misplaced(place: str) -> Diagnostic:
    message = "no check reads it there, and it is no baseline: only <machine class>/<name>.json is read"
    return error("baseline-misplaced", message, place=place, hint="move it out of the baselines' folder")
