"""Result files that this job did not measure: git holds them, or they say that they are older than what is judged.

A result that was committed by mistake, or that a cache restored, stays as it is whatever
the code becomes. Judged again and again, it passes again and again.
"""

from __future__ import annotations

import contextlib
import os
import time
from itertools import chain
from typing import TYPE_CHECKING

from perfgate.collect.unnamed import ZONES
from perfgate.core.errors import CannotDecideError, Diagnostic, error, warning
from perfgate.core.sessions import REST
from perfgate.core.text.dates import hour_of
from perfgate.core.text.names import list_some
from perfgate.measure.machine import facts
from perfgate.store.checkouts.snapshot import hash_of_file
from perfgate.store.git import git

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from perfgate.collect import SessionTally

_SLUG = "results-left-behind"
MEASURE = "measure in this job, and write the results to a file that git does not hold"
_ON_PURPOSE = f"{MEASURE}; or judge them on purpose: --runs-from COMMIT"
_COMMITTED = "committed in git, and not changed since"
_NO_TIME = 315_619_200.0
"""1980-01-02, the day after the first one that an archive can state: programs write it in place of a time."""
_HOUR = 3600.0
_AT_CHECKOUT = ("HEAD", "logs/HEAD", "FETCH_HEAD")
"""Files that git writes when it fetches or checks out."""
_AT_ONCE = 500
"""Names that one call of git is given."""


def find_left_behind(
    selected: Iterable[SessionTally], files: Collection[str] = ()
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return errors and warnings on files that are judged, and that this job did not measure.

    In CI they are errors. Elsewhere somebody may judge on purpose what is committed, as an
    example or to see what a report looks like, so that it is only said.

    Args:
        selected: the sessions that are judged.
        files: others that are judged, such as percentiles.
    """
    judged = [s for s in selected if s.ok or s.failed]
    named = sorted({*files, *chain.from_iterable({s.files for s in judged})})  # many sessions may be of one file
    committed = find_committed(named)
    if not facts.in_ci():
        if not committed:
            return [], []
        message = f"{list_some(sorted(committed), 3)}: {_COMMITTED}"
        return [], [warning(_SLUG, message, hint="measure again, if the code changed since")]
    silent = [s for s in judged if not any(s.commits)]
    older = _find_older(silent, time_of_commit()) - committed if silent else set()
    earlier = _find_older(silent, time_of_checkout()) - committed - older if silent else set()
    message = f"{list_some(sorted(earlier), 3)}: measured hours before CI checked out the commit"
    warnings = [warning(_SLUG, message, hint="nothing, if another job of this CI run measured it; else measure again")]
    return [
        error(_SLUG, f"{list_some(sorted(found), 3)}: {why}; this job did not measure it", hint=_ON_PURPOSE)
        for found, why in ((committed, _COMMITTED), (older, "older than the commit that is checked out"))
        if found
    ], (warnings if earlier else [])


def find_committed(files: Iterable[str]) -> set[str]:
    """Return which files git has committed, and that were not changed since."""
    found: set[str] = set()
    for root, paths in _by_repository(files).items():
        names = list(paths)
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            listing = ["--literal-pathspecs", "ls-files", "-z", "--", *some]
            try:
                listed = sorted(_names(git(root, listing, hint="")) & paths.keys())
                if listed:
                    found |= {path for name in _unchanged(root, listed) for path in paths[name]}
            except CannotDecideError:  # no repository here after all, or nothing committed yet
                continue
    return found


def _unchanged(folder: str, names: Iterable[str]) -> set[str]:
    """Return the files that are those of HEAD, byte for byte: `git diff` would run filters that settings name."""
    listed = git(folder, ["--literal-pathspecs", "ls-tree", "-z", "HEAD", "--", *names], hint="")
    entries = [line.partition("\t") for line in os.fsdecode(listed).split("\0") if line]
    blobs = {name: facts_of.rpartition(" ")[2] for facts_of, _, name in entries}
    return {name for name, oid in blobs.items() if hash_of_file(os.path.join(folder, name), like=oid) == oid}


def time_of_commit() -> float:
    """Return when the commit that is checked out was made, in seconds since 1970; 0.0: unknown.

    The clock of whoever committed may be ahead: it was made by now.
    """
    try:
        return min(float(git(".", ["log", "-1", "--format=%ct", "HEAD"], hint="")), time.time())
    except (CannotDecideError, ValueError):
        return 0.0


def time_of_checkout() -> float:
    """Return when the commit was last fetched or checked out here, in seconds since 1970; 0.0: unknown.

    CI systems do so as a job begins, also in a workspace that stays. A commit may be days older
    than a job that a schedule starts.
    """
    asked = [word for name in _AT_CHECKOUT for word in ("--git-path", name)]
    try:
        paths = os.fsdecode(git(".", ["rev-parse", *asked], hint=""))
    except CannotDecideError:
        return 0.0
    times = [0.0]
    for path in paths.splitlines():
        with contextlib.suppress(OSError):
            times.append(os.stat(path).st_mtime)
    return max(times)


def is_older(path: str, instant: float) -> bool:
    """Was a file written before a point in time, as far as it has a time at all?"""
    try:
        return _NO_TIME < os.stat(path).st_mtime < instant
    except OSError:
        return False


def _find_older(silent: Iterable[SessionTally], instant: float) -> set[str]:
    """Return the files that say, or of which the disk says, that they were there hours before a point in time.

    Args:
        silent: sessions that state no commit: those that do are held against it, which says more than a clock.
        instant: seconds since 1970; 0.0: unknown, so that none is.
    """
    older: set[str] = set()
    for s in silent:
        hour = hour_of(max(s.started_at, s.ended_at))
        margin = REST + ZONES if s.is_of_tool else REST
        if hour is None:
            older |= {path for path in s.files if is_older(path, instant - REST * _HOUR)}
        elif hour + margin < instant / _HOUR:
            older |= set(s.files)
    return older


def _by_repository(files: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return files by the root of their repository and their name from there; those of none are left out."""
    roots: dict[str, str] = {}
    found: dict[str, dict[str, list[str]]] = {}
    for path in files:
        real = os.path.realpath(path)
        root = _root_of(os.path.dirname(real), roots)
        if root:
            found.setdefault(root, {}).setdefault(os.path.relpath(real, root), []).append(path)
    return found


def _root_of(folder: str, known: dict[str, str]) -> str:
    """Return the root of the repository that a folder is in, by the folders that were asked for before; empty: none."""
    passed = []
    above = folder
    while above not in known:
        passed.append(above)
        if os.path.lexists(os.path.join(above, ".git")):
            known[above] = above
        elif os.path.dirname(above) == above:
            known[above] = ""
        else:
            above = os.path.dirname(above)
    for each in passed:
        known[each] = known[above]
    return known[above]


def _names(listed: bytes) -> set[str]:
    return set(filter(None, os.fsdecode(listed).split("\0")))
