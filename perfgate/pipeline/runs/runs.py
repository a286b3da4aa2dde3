"""Use case ``perfgate runs``: which run files there are, and the removal of some of them.

Only what perfgate wrote for one run is ever removed: a file of another tool, or one that cannot be read, may be the
only copy of something. A removal never follows a link out of the folders that were given.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.policy import matches
from perfgate.core.profile import title
from perfgate.core.text.dates import hour_of
from perfgate.core.text.names import list_some
from perfgate.core.text.near_names import find_near
from perfgate.core.text.steps import watched
from perfgate.formats.discovery import RunReader, find, folder_of
from perfgate.formats.folders import unmatched
from perfgate.pipeline import inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.pipeline.inputs import Settings

_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_AGE = r"([0-9]{1,6})([hdw])"
_NUMBER = r"[0-9.]+"
_MOST_NAMES = 8
_OTHER = "of another tool, or several runs in one file"
_LINK = "behind a symbolic link: name the file or folder that it leads to"
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
    """A file that holds one run."""

    path: str
    """As it was found."""
    run: Run
    """What it holds."""
    folder: str
    """Real path of the folder that was given, below which a removal stays."""


class Listed(Struct, frozen=True, kw_only=True):
    """The run files that were found."""

    chosen: tuple[RunFile, ...]
    """Those that are meant, in the order found."""
    left: tuple[tuple[str, str], ...]
    """Files that hold no run of perfgate's own, each with why."""
    where: str
    """Where was looked."""


class Removed(Struct, frozen=True, kw_only=True):
    """The outcome of a removal."""

    paths: tuple[str, ...]
    """Files that were removed, or would be."""
    listed: Listed
    """What was found, and what is left."""


def list_runs(paths: Sequence[str], choice: Choice, *, config: str | None) -> Listed:
    """Return the run files that paths name, or the configured ones.

    Args:
        paths: run files, folders or globs; empty: those of the configuration.
        choice: which of them are meant.
        config: configuration file; None: look for one.

    Raises:
        CannotDecideError: a path names no file, an option is not valid, or no run is of a benchmark that is asked for.
    """
    least = _hours(choice.older_than)
    settings = inputs.read_settings(config)
    found, where = _find(paths, settings)
    reader = RunReader(maps=settings.policy.maps)
    files: list[RunFile] = []
    left: list[tuple[str, str]] = []
    for path, folder in watched(list(found.items()), "reading runs", "files"):
        try:
            run = reader.read_own(path)
        except CannotDecideError as caught:
            left.append((path, caught.diagnostics[0].message))
            continue
        if run is None:
            left.append((path, _OTHER))
        else:
            files.append(RunFile(path=path, run=run, folder=folder))
    _check_names(choice.benchmarks, files)
    meant = [f for f in files if _is_meant(f.run, choice)]
    if least is not None:
        newest = time.time() / 3600 - least
        hours = {f.path: hour_of(f.run.started_at) for f in meant}
        left += [(path, _NO_TIME) for path, hour in hours.items() if hour is None]
        meant = [f for f in meant if (hour := hours[f.path]) is not None and hour <= newest]
    return Listed(chosen=tuple(meant), left=tuple(left), where=where)


def remove_runs(paths: Sequence[str], choice: Choice, *, config: str | None, dry_run: bool) -> Removed:
    """Remove run files, and return which.

    Args:
        paths: as `list_runs` takes them. Files that are named one by one are a choice of their own; a folder or
            a glob is none, so that nothing ever removes all runs unless somebody says so.
        choice: which of them are meant.
        config: configuration file; None: look for one.
        dry_run: remove nothing.

    Raises:
        CannotDecideError: nothing says which, as in `list_runs`, or a file cannot be removed; the others are.
    """
    if choice.is_empty and not (paths and all(os.path.isfile(path) for path in paths)):
        hint = "add --failed, --benchmark GLOB or --older-than 7d, or name files; perfgate runs list shows them"
        raise cannot_decide("usage", "no option says which runs to remove", hint=hint)
    listed = list_runs(paths, choice, config=config)
    removed: list[str] = []
    left = list(listed.left)
    faults: list[Diagnostic] = []
    for file in listed.chosen:
        if not _is_inside(file):
            left.append((file.path, _LINK))
            continue
        try:
            if not dry_run:
                os.unlink(file.path)
            removed.append(file.path)
        except FileNotFoundError:  # somebody else was quicker
            continue
        except OSError as caught:
            message = f"cannot be removed ({caught.strerror or caught})"
            hint = "make its folder writable for this user"
            faults.append(error("run-unremovable", message, place=file.path, hint=hint))
    if faults:
        done = [f"removed {path}" for path in removed]
        raise CannotDecideError(faults, output=done)
    return Removed(paths=tuple(removed), listed=Listed(chosen=listed.chosen, left=tuple(left), where=listed.where))


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


def removal_of(benchmark: str, files: Sequence[str]) -> str:
    """Return the command that removes the failed runs of a benchmark; empty when it cannot: a file holds several.

    Args:
        benchmark: its name with its labels.
        files: where the runs are.
    """
    if not files or not all(os.path.isfile(file) for file in files):
        return ""
    places = sorted({os.path.dirname(f) or os.curdir if f.endswith(".json") else f for f in files})
    places = [f"./{place}" if place.startswith("-") else place for place in places]
    return f"perfgate runs remove {shlex.join(['--failed', '--benchmark', benchmark, *places])}"


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
            near = find_near(glob, names)
            hint = f'did you mean "{near}"?' if near else f"there are {list_some(names, _MOST_NAMES) or 'no runs'}"
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
