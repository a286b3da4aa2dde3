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


def find_left_behind(
    selected: Iterable[SessionTally], files: Collection[str] = (), *, hint: str = _ON_PURPOSE
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return errors and warnings on files that are judged, and that this job did not measure.

    In CI they are errors. Elsewhere somebody may judge on purpose what is committed, as an
    example or to see what a report looks like, so that it is only said.

    Args:
        selected: the sessions that are judged.
        files: others that are judged, such as percentiles or traces.
        hint: what to do about an error.
    """
    from perfgate.store.checkouts.committed import find_committed

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
        error(_SLUG, f"{list_some(sorted(found), 3)}: {why}; this job did not measure it", hint=hint)
        for found, why in ((committed, _COMMITTED), (older, "older than the commit that is checked out"))
        if found
    ], (warnings if earlier else [])


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
