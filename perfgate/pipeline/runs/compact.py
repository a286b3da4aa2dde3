"""Use case ``perfgate compact``: the runs of older sessions into one file, and their files away when it is asked for.

No run is ever lost: a compacted file is written beside the old one, read back and compared run by run before it takes
the name. Only then, and only files that are as they were when they were read, are removed.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, field

from perfgate.collect import collect
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide
from perfgate.core.text.steps import Work, watched
from perfgate.formats.discovery import LARGEST_RUN, RunReader, id_twice
from perfgate.formats.own.compacted import (
    ENDINGS,
    LONGEST_FILE,
    NAME,
    is_compacted,
    is_same,
    line_of,
    lines_in,
    runs_in,
)
from perfgate.formats.own.imported import is_imported
from perfgate.formats.parsing.files import read_bounded, unreadable
from perfgate.pipeline import inputs
from perfgate.pipeline.runs.removal import unlink
from perfgate.pipeline.runs.rewriting import AGAIN, write_compacted
from perfgate.pipeline.runs.runs import OTHER, real_folder
from perfgate.store.lock import refresh_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.collect import Collection
    from perfgate.core.run import Run
    from perfgate.pipeline.inputs import Settings

_LINK = "a symbolic link"
_LINKED = "a symbolic link leads to it"
_IMPORTED = "imported: it is no run summary"
_LONG = "longer than a line of a compacted file may be"
_EDITED = "its text differs from that of the compacted run"
_CHANGED = "changed since it was read"
_UNREMOVABLE = "make its folder writable for this user; its run is in the compacted file, and counts once"
_UNWRITABLE = "free some space, or name a file in a folder that can be written to: -o FILE; no run file was removed"
_MAGIC = "*?["


class Compacted(Struct, frozen=True, kw_only=True):
    """The outcome."""

    output: str
    """The compacted file."""
    added: int
    """Runs that were added to it, or would be."""
    held: int
    """Runs that it holds now, or would."""
    is_any_older: bool
    """Are there runs of sessions that are older than the ones to keep, in files of their own?"""
    removed: tuple[str, ...]
    """Run files that were removed, or would be."""
    beside: int
    """Run files whose runs it holds and that were not asked to be removed."""
    left: tuple[tuple[str, str], ...]
    """Files that were not touched, each with why."""
    is_found: bool
    """Is the compacted file read with the folder?"""


class _Found(Struct, kw_only=True):
    """What a folder and the output hold."""

    states: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Run file -> what shows that it is still the one that was read."""
    first: dict[str, str] = field(default_factory=dict)
    """Run id -> the run file that has it."""
    copies: dict[str, str] = field(default_factory=dict)
    """Run file -> the earlier one with the same bytes."""
    present: set[str] = field(default_factory=set)
    """Run files whose runs the output holds."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """Files that are not touched, each with why."""
    held: int = 0
    """Runs that the output holds."""
    problems: list[Diagnostic] = field(default_factory=list)
    """What is wrong with the files."""


def compact(
    folder: str | None, *, output: str | None, keep: int, remove: bool, dry_run: bool, config: str | None
) -> Compacted:
    """Write the runs of older sessions of a folder into its compacted file.

    Args:
        folder: holds the run files; None: that of the configuration.
        output: the compacted file; None: the one in the folder.
        keep: newest sessions whose run files stay as they are, >= 0.
        remove: remove the run files whose runs the compacted file holds.
        dry_run: write and remove nothing.
        config: configuration file; None: look for one.

    Raises:
        CannotDecideError: a run file or the compacted file is not valid, or cannot be read or written. Then nothing is
            removed, and the compacted file is as it was. Or a file cannot be removed; then the others are.
    """
    settings = inputs.read_settings(config)
    where = _folder_of(settings) if folder is None else folder
    _check_folder(where)
    target = _output_of(where) if output is None else output
    _check_output(target)
    reader = RunReader(maps=settings.policy.maps)
    with ExitStack() as stack:
        for locked in sorted({_real(where), _real(os.path.dirname(target))}):
            stack.enter_context(refresh_lock(locked, written=() if dry_run else (target,)))
        found = _Found()
        collection = collect(_runs(where, target, found, reader), machine_class=settings.policy.machine_class)
        if found.problems:
            raise CannotDecideError(found.problems)
        if not collection.seen:
            raise cannot_decide(
                "no-runs", "no run files are in it", place=where, hint="name the folder of the run files"
            )
        _find_present(target, found, reader)
        older = _older(collection, keep, found)
        added = [path for path in older if path not in found.present]
        if added and not dry_run:
            _write(target, added, found, reader)
        copies = [path for path, first in found.copies.items() if first in set(older)]
        done = sorted((*older, *copies))
        removed = _remove(done, found, dry_run=dry_run) if remove else ()
    return Compacted(
        output=target,
        added=len(added),
        held=found.held + len(added),
        is_any_older=bool(older),
        removed=removed,
        beside=0 if remove else len(done),
        left=tuple(found.left),
        is_found=_real(os.path.dirname(target)) == _real(where),
    )


def _real(folder: str) -> str:
    return os.path.realpath(folder or os.curdir)


def _folder_of(settings: Settings) -> str:
    """Return the folder of the configured runs.

    Raises:
        CannotDecideError: they are not all the files of one folder, or a link leads to it, which may lead anywhere.
    """
    folders = {os.path.dirname(pattern) for pattern in settings.policy.runs}
    if len(folders) != 1 or any(c in next(iter(folders)) for c in _MAGIC):
        shown = ", ".join(settings.policy.runs)
        hint = "name one: perfgate compact FOLDER"
        raise cannot_decide("usage", f"the runs of the configuration are not in one folder: {shown}", hint=hint)
    folder = os.path.join(settings.root, folders.pop()) or os.curdir
    if os.path.realpath(folder) != real_folder(folder, settings.root, is_given=False):
        hint = "name the folder that it leads to: perfgate compact FOLDER"
        raise cannot_decide("compact-refused", "is or is behind a symbolic link", place=folder, hint=hint)
    return folder


def _check_folder(folder: str) -> None:
    """Raise CannotDecideError when a folder is none."""
    if os.path.lexists(folder) and not os.path.isdir(folder):
        hint = "name the folder that the run files are in"
        raise cannot_decide("compact-refused", "is not a folder", place=folder, hint=hint)


def _names_in(folder: str) -> list[str]:
    """Return the names of a folder that runs may be in, ascending.

    Raises:
        CannotDecideError: it cannot be listed.
    """
    try:
        names = os.listdir(folder)
    except OSError as caught:
        raise unreadable(folder, caught, "runs-unreadable") from None
    return sorted(n for n in names if n[0] != "." and (n.endswith(".json") or is_compacted(n)))


def _output_of(folder: str) -> str:
    """Return the compacted file of a folder: the one that it has, else the usual one."""
    names = set(_names_in(folder))
    return os.path.join(folder, next((n for n in (NAME, *ENDINGS) if n in names), NAME))


def _check_output(path: str) -> None:
    """Raise CannotDecideError when a path cannot be a compacted file."""
    if not is_compacted(path):
        hint = f"let its name end in {' or '.join(ENDINGS)}, such as 2026-01.{NAME}"
        raise cannot_decide("compact-refused", "the name is not that of a compacted file", place=path, hint=hint)
    if os.path.islink(path) or (os.path.lexists(path) and not os.path.isfile(path)):
        message = "is a symbolic link" if os.path.islink(path) else "is not a file"
        raise cannot_decide("compact-refused", message, place=path, hint="name another file: -o FILE")
    if not os.path.isdir(os.path.dirname(path) or os.curdir):
        hint = "make the folder, or name a file in another one"
        raise cannot_decide("compact-unwritable", "its folder does not exist", place=path, hint=hint)


def _runs(folder: str, target: str, found: _Found, reader: RunReader) -> Iterator[Run]:
    """Yield every run of a folder and of the output once, and note where it is and what is wrong."""
    names = _names_in(folder)
    linked = {os.path.realpath(path) for n in names if os.path.islink(path := os.path.join(folder, n))}
    real = _real(folder)
    paths = [os.path.join(folder, name) for name in names if not is_compacted(name)]
    for path in watched(paths, "reading runs", "files"):
        if os.path.islink(path) or os.path.join(real, os.path.basename(path)) in linked:
            found.left.append((path, _LINK if os.path.islink(path) else _LINKED))
            continue
        try:
            state = _state(path)
            run = reader.read_own(path)
        except CannotDecideError as caught:
            found.problems.extend(caught.diagnostics)
            continue
        if run is None or state[0] > LONGEST_FILE:
            found.left.append((path, reader.fault_of(path) or OTHER if run is None else _LONG))
            continue
        if run.series and is_imported(_content(path)):
            found.left.append((path, _IMPORTED))
            continue
        first = found.first.setdefault(run.run_id, path)
        found.states[path] = state
        if first is path:
            yield run
        elif _content(first) == _content(path):
            found.copies[path] = first
        else:
            found.problems.append(id_twice(run.run_id, first, path))
    compacted = [
        path for name in names if is_compacted(name) and not os.path.islink(path := os.path.join(folder, name))
    ]
    others = [path for path in compacted if _real(path) != _real(target)]
    for path in [*others, *([target] if os.path.lexists(target) else [])]:
        yield from _compacted_runs(path, found, reader, is_target=path == target)


def _compacted_runs(path: str, found: _Found, reader: RunReader, *, is_target: bool) -> Iterator[Run]:
    """Yield the runs of a compacted file that are in no run file."""
    try:
        for run in runs_in(path):
            found.held += is_target
            first = found.first.get(run.run_id)
            if first is None:
                yield run
                continue
            other = reader.read_own(first)
            if other is None or not is_same(other, run):
                found.problems.append(id_twice(run.run_id, first, run.origin))
            elif is_target:
                found.present.add(first)
    except CannotDecideError as caught:
        found.problems.extend(caught.diagnostics)


def _find_present(target: str, found: _Found, reader: RunReader) -> None:
    """Leave out run files whose runs the output holds with another text, such as keys that perfgate does not read."""
    if not found.present:
        return
    paths = watched(sorted(found.present), "comparing runs", "files")
    texts = {sha256(_line(path, found, reader)).digest(): path for path in paths}
    same = {texts[digest] for line in lines_in(target) if (digest := sha256(line).digest()) in texts}
    for path in sorted(found.present - same):
        found.left.append((path, _EDITED))
        del found.states[path]


def _older(collection: Collection, keep: int, found: _Found) -> list[str]:
    """Return the run files of all sessions but the newest ones, ascending."""
    newest: dict[str, str] = {}
    for tally in collection.seen:
        newest[tally.session] = max(tally.started_at, newest.get(tally.session, ""))
    ordered = sorted(newest, key=lambda session: (newest[session], session), reverse=True)
    old = set(ordered[keep:])
    files = {path for tally in collection.seen if tally.session in old for path in tally.files}
    return sorted(files & found.states.keys())


def _write(target: str, added: Sequence[str], found: _Found, reader: RunReader) -> None:
    """Add runs to the output, which is compared with what it must hold before it takes its name.

    Raises:
        CannotDecideError: it cannot be written, or a run file changed meanwhile.
    """
    new = (_line(path, found, reader) for path in watched(added, "adding runs", "files"))

    def is_right(runs: Iterator[Run]) -> bool:
        wanted = set(added)
        work = Work("checking runs", "runs", found.held + len(added))
        count = 0
        for run in runs:
            count += 1
            path = found.first.get(run.run_id, "")
            own = reader.read_own(path) if path in wanted else None
            if own is not None and is_same(own, run):
                wanted.remove(path)
            work.add()
        return not wanted and count == found.held + len(added)

    lines = chain(lines_in(target) if os.path.lexists(target) else (), new)
    write_compacted(target, lines, is_right, hint=_UNWRITABLE)


def _line(path: str, found: _Found, reader: RunReader) -> bytes:
    """Return the line of a run file.

    Raises:
        CannotDecideError: it is not the file that was read before.
    """
    try:
        run = reader.read_own(path)
        content = _content(path)
        is_unchanged = _state(path) == found.states[path]
    except CannotDecideError:
        run, is_unchanged = None, False
    if run is None or not is_unchanged:
        raise cannot_decide("compact-changed", "was changed while it was read", place=path, hint=AGAIN)
    return line_of(content, run)


def _content(path: str) -> bytes:
    return read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")


def _state(path: str) -> tuple[int, ...]:
    """Return what shows that a file is still the same, its size first.

    Raises:
        CannotDecideError: it is gone.
    """
    try:
        s = os.lstat(path)
    except OSError as caught:
        raise unreadable(path, caught, "run-unreadable") from None
    return (s.st_size, s.st_mode, s.st_dev, s.st_ino, s.st_mtime_ns, s.st_ctime_ns)


def _remove(paths: Sequence[str], found: _Found, *, dry_run: bool) -> tuple[str, ...]:
    """Remove run files that are as they were when they were read, and return which.

    Raises:
        CannotDecideError: a file cannot be removed; the others are.
    """

    def why_not(path: str) -> str | None:
        try:
            return "" if _state(path) == found.states[path] else _CHANGED
        except CannotDecideError:  # somebody else was quicker
            return None

    done = unlink(paths, why_not, hint=_UNREMOVABLE, dry_run=dry_run)
    found.left += done.left
    return done.removed
