"""Use case ``perfgate runs``: which runs there are, and the removal of some of them.

Only what perfgate wrote for one run is ever removed: a file of another tool, or one that cannot be read, may be the
only copy of something. A removal never follows a link out of the folders that were given.
"""

from __future__ import annotations

import os
import re
import stat
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.policy import matches
from perfgate.core.profile import title
from perfgate.core.text.dates import hour_of
from perfgate.core.text.names import list_some
from perfgate.core.text.near_names import hint_among
from perfgate.core.text.steps import watched
from perfgate.formats.discovery import RunReader, find, folder_of
from perfgate.formats.folders import unmatched
from perfgate.formats.own.compacted import is_compacted, is_same, runs_in
from perfgate.pipeline import inputs
from perfgate.pipeline.runs.removal import unlink
from perfgate.pipeline.runs.rewriting import drop_runs
from perfgate.store.lock import refresh_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perfgate.core.run import Run
    from perfgate.pipeline.inputs import Settings

_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_AGE = r"([0-9]{1,6})([hdw])"
_NUMBER = r"[0-9.]+"
OTHER = "of another tool, or several runs in one file"
_LINK = "behind a symbolic link: name the file or folder that it leads to"
_UNREMOVABLE = "make its folder writable for this user"
_NO_TIME = "no started_at, so that the age is unknown"


class Choice(Struct, frozen=True, kw_only=True):
    """Which run files are meant: those for which everything holds that is asked."""

    failed: bool = False
    """Only runs that failed."""
    benchmarks: tuple[str, ...] = ()
    """Globs of benchmarks; empty: all."""
    older_than: str = ""
    """Least age, such as ``7d``; empty: any."""

    @property
    def is_empty(self) -> bool:
        """Does it ask for nothing?"""
        return not (self.failed or self.benchmarks or self.older_than)


class RunFile(Struct, frozen=True, kw_only=True):
    """A run, and the file that holds it alone or, when it is compacted, with others."""

    path: str
    """As it was found."""
    run: Run
    """What it holds."""
    folder: str
    """Real path of the folder that was given, below which a removal stays."""
    is_again: bool
    """Is the same run in an earlier file, too?"""


class Listed(Struct, frozen=True, kw_only=True):
    """The runs that were found."""

    chosen: tuple[RunFile, ...]
    """Those that are meant: of run files in the order found, then of compacted files."""
    left: tuple[tuple[str, str], ...]
    """Files that hold no run of perfgate's own, each with why."""
    where: str
    """Where was looked."""


class Removed(Struct, frozen=True, kw_only=True):
    """The outcome of a removal."""

    paths: tuple[str, ...]
    """Run files that were removed, or would be."""
    compacted: tuple[tuple[str, str], ...]
    """Compacted file and run id of each run that was removed from one, or would be."""
    listed: Listed
    """What was found, and what is left."""


def list_runs(paths: Sequence[str], choice: Choice, *, config: str | None) -> Listed:
    """Return the runs in the files that paths name, or in the configured ones.

    Args:
        paths: run files, folders or globs; empty: those of the configuration.
        choice: which of them are meant.
        config: configuration file; None: look for one.

    Raises:
        CannotDecideError: a path names no file, an option is not valid, or no run is of a benchmark that is asked for.
    """
    settings = inputs.read_settings(config)
    found, where = _find(paths, settings)
    return _list(found, where, choice, settings)


def _list(found: Mapping[str, str], where: str, choice: Choice, settings: Settings) -> Listed:
    """Return which runs of files are meant.

    Args:
        found: the files, each with the folder below which it must stay.
        where: where was looked.
        choice: which runs are meant.
        settings: of the configuration.

    Raises:
        CannotDecideError: an option is not valid, or no run is of a benchmark that is asked for.
    """
    least = _hours(choice.older_than)
    files, left = _read(found, RunReader(maps=settings.policy.maps))
    _check_names(choice.benchmarks, files)
    meant = [f for f in files if _is_meant(f.run, choice)]
    if least is not None:
        newest = time.time() / 3600 - least
        hours = {f.run.origin: hour_of(f.run.started_at) for f in meant}
        left += [(origin, _NO_TIME) for origin, hour in hours.items() if hour is None]
        meant = [f for f in meant if (hour := hours[f.run.origin]) is not None and hour <= newest]
    return Listed(chosen=tuple(meant), left=tuple(left), where=where)


def _read(found: Mapping[str, str], reader: RunReader) -> tuple[list[RunFile], list[tuple[str, str]]]:
    """Return the runs of files, and which files hold none, each with why."""
    files: list[RunFile] = []
    left: list[tuple[str, str]] = []
    known: dict[str, Run] = {}
    for path in watched(sorted(found, key=is_compacted), "reading runs", "files"):
        try:
            runs = _runs_of(path, reader)
        except CannotDecideError as caught:
            left.append((path, caught.diagnostics[0].message))
            continue
        if not runs:
            left.append((path, reader.fault_of(path) or OTHER))
        for run in runs:
            first = known.setdefault(run.run_id, run)
            is_again = first is not run and is_same(first, run)
            files.append(RunFile(path=path, run=run, folder=found[path], is_again=is_again))
    return files, left


def _runs_of(path: str, reader: RunReader) -> Sequence[Run]:
    """Return the runs of a run file or of a compacted file; none: it is of another tool, or holds several otherwise.

    Raises:
        CannotDecideError: it cannot be read, or a run in it is not valid.
    """
    if is_compacted(path):
        return list(runs_in(path))
    run = reader.read_own(path)
    return () if run is None else (run,)


def remove_runs(paths: Sequence[str], choice: Choice, *, config: str | None, dry_run: bool) -> Removed:
    """Remove run files, and runs from compacted files, and return which.

    Args:
        paths: as `list_runs` takes them. Run files that are named one by one are a choice of their own; a folder, a
            glob or a compacted file is none, so that nothing ever removes all runs unless somebody says so.
        choice: which of them are meant.
        config: configuration file; None: look for one.
        dry_run: remove nothing.

    Raises:
        CannotDecideError: nothing says which, as in `list_runs`, or a file cannot be removed or written; what could
            be removed before is.
    """
    if choice.is_empty and not (paths and all(os.path.isfile(path) and not is_compacted(path) for path in paths)):
        hint = "add --failed, --benchmark GLOB or --older-than 7d, or name run files; perfgate runs list shows them"
        raise cannot_decide("usage", "no option says which runs to remove", hint=hint)
    settings = inputs.read_settings(config)
    found, where = _find(paths, settings)
    with ExitStack() as stack:
        for folder, files in _by_folder(path for path in found if is_compacted(path)).items():
            stack.enter_context(refresh_lock(folder, written=() if dry_run else files))
        listed = _list(found, where, choice, settings)
        compacted, left = _remove_compacted(listed.chosen, dry_run=dry_run)
        single = {f.path: f for f in listed.chosen if not is_compacted(f.path)}

        def why_not(path: str) -> str:
            return "" if _is_inside(single[path]) else _LINK

        try:
            done = unlink(list(single), why_not, hint=_UNREMOVABLE, dry_run=dry_run)
        except CannotDecideError as caught:
            lines = [describe_removed(*run) for run in compacted]
            raise CannotDecideError(caught.diagnostics, output=[*lines, *caught.output]) from None
    listed = Listed(chosen=listed.chosen, left=(*listed.left, *done.left, *left), where=where)
    return Removed(paths=done.removed, compacted=tuple(compacted), listed=listed)


def describe_removed(path: str, run_id: str) -> str:
    """Return the line that says that a run was removed from a compacted file."""
    return f"removed run {run_id} from {path}"


def _by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the real folders of files, ascending, each with its files."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(os.path.realpath(os.path.dirname(path) or os.curdir), []).append(path)
    return dict(sorted(folders.items()))


def _remove_compacted(
    chosen: Sequence[RunFile], *, dry_run: bool
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Remove runs from compacted files; return file and id of each, and the files that are left, each with why.

    Raises:
        CannotDecideError: a file cannot be written; it is as it was.
    """
    removed: list[tuple[str, str]] = []
    left: list[tuple[str, str]] = []
    by_path: dict[str, list[RunFile]] = {}
    for file in chosen:
        if is_compacted(file.path):
            by_path.setdefault(file.path, []).append(file)
    for path, files in by_path.items():
        if not _is_inside(files[0]):
            left.append((path, _LINK))
            continue
        run_ids = dict.fromkeys(file.run.run_id for file in files)
        if not dry_run:
            drop_runs(path, run_ids.keys())
        removed += [(path, run_id) for run_id in run_ids]
    return removed, left


def describe_left(left: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each cause why files are left, with the first of them; numbers in it may differ.

    Args:
        left: files, each with why.
    """
    by_cause: dict[str, tuple[str, list[str]]] = {}
    for path, why in left:
        by_cause.setdefault(re.sub(_NUMBER, "#", why), (why, []))[1].append(path)
    for why, paths in by_cause.values():
        yield f"left: {list_some(paths, 3)}: {why}"


def _find(paths: Sequence[str], settings: Settings) -> tuple[dict[str, str], str]:
    """Return the files, each with the folder below which it must stay, and where was looked."""
    patterns, root = (list(paths), "") if paths else (list(settings.policy.runs), settings.root)
    found: dict[str, str] = {}
    problems: list[Diagnostic] = []
    empty: list[str] = []
    for pattern in patterns:
        files, faults = find([pattern], root)
        problems += faults
        if not files and not faults:
            empty.append(pattern)
        folder = real_folder(folder_of(pattern, root), root, is_given=bool(paths))
        for file in files:
            found.setdefault(file, folder)
    where = ", ".join(os.path.join(root, p) for p in patterns)
    if paths and empty:
        missing = error("no-runs", "no run files were found", place=", ".join(empty), hint="check the path")
        problems += unmatched(empty) or [missing]
    if problems:
        raise CannotDecideError(problems)
    return found, where


def real_folder(folder: str, root: str, *, is_given: bool) -> str:
    """Return the real path of a folder that was named by hand; one of the configuration must not be a link."""
    if is_given or os.path.isabs(folder):
        return os.path.realpath(folder or os.curdir)
    top = root or os.curdir
    below = os.path.relpath(folder or os.curdir, top)
    return os.path.normpath(os.path.join(os.path.realpath(top), below))


def _is_inside(file: RunFile) -> bool:
    """Is a file itself in the folder that was given, and not behind a link?"""
    try:
        if not stat.S_ISREG(os.lstat(file.path).st_mode):
            return False
    except OSError:  # gone meanwhile: the removal finds out
        return True
    real = os.path.realpath(os.path.dirname(file.path) or os.curdir)
    return os.path.commonpath((real, file.folder)) == file.folder


def _is_meant(run: Run, choice: Choice) -> bool:
    if choice.failed and run.status != "failed":
        return False
    titled = title(run.benchmark, run.labels)
    return not choice.benchmarks or any(matches(glob, run.benchmark, titled) for glob in choice.benchmarks)


def _check_names(globs: Sequence[str], files: Sequence[RunFile]) -> None:
    """Refuse a glob that names the benchmark of no run: it is mistyped, or its runs are elsewhere."""
    known = {(f.run.benchmark, title(f.run.benchmark, f.run.labels)) for f in files}
    names = sorted({titled for _, titled in known})
    problems = []
    for glob in globs:
        if not any(matches(glob, *pair) for pair in known):
            hint = hint_among(glob, names, where_none="there are no runs")
            problems.append(error("runs-none", f'no run is of a benchmark "{glob}"', place="--benchmark", hint=hint))
    if problems:
        raise CannotDecideError(problems)


def _hours(age: str) -> float | None:
    """Return an age in hours; None for no age.

    Raises:
        CannotDecideError: it is not valid.
    """
    if not age:
        return None
    found = re.fullmatch(_AGE, age)
    if found is None:
        hint = "write hours, days or weeks, such as 12h, 7d or 2w"
        raise cannot_decide("usage", f'"{age}" is not an age', place="--older-than", hint=hint)
    return int(found[1]) * _HOURS[found[2]]
