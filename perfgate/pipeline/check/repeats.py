"""Files whose content is that of the baseline: what no clock measures may be the same each time.

A file with times, or that says when it was written, is never the same twice: the same
content is the same measurement. Sizes and counts are the same whenever nothing changed.
So such a file is judged, unless it is seen to be no measurement of this job.
"""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

from perfgate.collect import SessionTally
from perfgate.core.errors import Diagnostic, error, warning
from perfgate.core.metrics import is_clocked
from perfgate.core.run import OLD_DIGITS, digest_of, holds_run
from perfgate.core.text.names import list_some
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.machine import facts
from perfgate.pipeline.check.left_behind import MEASURE, is_older, time_of_commit
from perfgate.store.baselines import LARGEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from perfgate.collect import Key
    from perfgate.core.profile import Profile
    from perfgate.core.run import Run

_UNREADABLE = "baseline-unreadable"
_SKEW = 300.0
"""Seconds by which a file may be older than the commit: the clock of whoever committed may be ahead.

`left_behind` leaves hours, since there age alone speaks against a file, and who measures and then commits did
nothing wrong. Here the file also equals the baseline: with hours, one that a cache restored would pass each time.
"""


class Repeats:
    """Decides which runs are judged although the baseline holds the same."""

    def __init__(self, baselines: Sequence[Profile], source: str | None = None) -> None:
        """Start with nothing found.

        Args:
            baselines: what is judged by.
            source: file that was named as the baseline, which is no measurement beside itself; None: a folder.
        """
        self.problems: list[Diagnostic] = []
        """Files that are no measurement of this job."""
        self.notes: list[Diagnostic] = []
        """Files that are judged."""
        self._source = source
        self._sessions: dict[tuple[Key, str], str] = {}
        for p in baselines:
            self._sessions |= {(p.key, digest): s.id for s in p.sessions for digest in s.runs}

    def mark(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Yield all runs; those of the baseline's files are marked where they are judged, and come last.

        They are judged where nothing else was measured of their benchmark, and where they
        are one session of its baseline: of a folder with older files only the newest counts.
        """
        held: dict[Key, list[Run]] = {}
        measured: set[Key] = set()
        for file, group in groupby(runs, key=lambda run: run.file):
            if not file:
                for run in group:
                    measured.add((run.benchmark, run.labels))
                    yield run
                continue
            of_file = list(group)
            is_alike = all(map(_could_repeat, of_file))
            for run in of_file:
                key = run.benchmark, run.labels
                if is_alike and self._session_of(run):
                    held.setdefault(key, []).append(run)
                else:
                    measured.add(key)
                    yield run
        alone = {key: group for key, group in held.items() if key not in measured and self._is_one(group)}
        fresh = self._sort_out({run.origin for group in alone.values() for run in group})
        for key, of_key in held.items():
            for run in of_key:
                run.is_repeat = key in alone and run.origin in fresh
                yield run

    def forget(
        self, profiles: Sequence[Profile], known: Mapping[Key, frozenset[str]], files: Collection[str]
    ) -> Mapping[Key, frozenset[str]]:
        """Return the runs of the baseline without those that are judged, for profiles that were collected before.

        Args:
            profiles: of one session for each benchmark; others are left as they are.
            known: digests of the runs that the baseline holds, by benchmark.
            files: where the profiles come from.
        """
        if not all(map(_could_be_collected_again, profiles)):
            return known
        whole = {p.key: p.sessions[0].runs for p in profiles if len(p.sessions) == 1 and p.sessions[0].runs}
        again = {
            key: {form for run in runs for form in (run, run[:OLD_DIGITS])}
            for key, runs in whole.items()
            if all(holds_run(known.get(key, frozenset()), run) for run in runs)
        }
        if not again or not self._sort_out(files) >= set(files):
            return known
        return {key: runs.difference(again.get(key, ())) for key, runs in known.items()}

    def _session_of(self, run: Run) -> str:
        """Return the session of the baseline that holds a run; empty: none does."""
        key, digest = (run.benchmark, run.labels), digest_of(run)
        return self._sessions.get((key, digest)) or self._sessions.get((key, digest[:OLD_DIGITS]), "")

    def _is_one(self, group: Sequence[Run]) -> bool:
        return len({self._session_of(run) for run in group}) == 1

    def _sort_out(self, files: Collection[str]) -> set[str]:
        """Return the files that may be a measurement of this job; say what is known of each."""
        if not files:
            return set()
        itself = {path for path in files if self._source is not None and _is_same(path, self._source)}
        from perfgate.store.checkouts.committed import find_committed

        committed = find_committed(sorted(set(files) - itself))
        written = time_of_commit() if facts.in_ci() else 0.0
        older = {path for path in set(files) - itself - committed if is_older(path, written - _SKEW)}
        for found, why in (
            (committed, "committed in git, and not changed since"),
            (older, "older than the commit that is checked out"),
        ):
            if found:
                message = f"{list_some(sorted(found))} equals the baseline, and is {why}: this job did not measure it"
                self.problems.append(error("results-left-behind", message, hint=MEASURE))
        fresh = set(files) - itself - committed - older
        if fresh:
            named = list_some(sorted(fresh))
            message = f"{named} equals what the baseline holds, value for value; it holds no times, and was judged"
            hint = "nothing, if this job wrote it; else measure again"
            self.notes.append(warning("same-as-baseline", message, hint=hint))
        return fresh


def _could_repeat(run: Run) -> bool:
    """Can another measurement give the same file? Not where it holds times, or says when it was written."""
    return bool(run.series) and not run.started_at and not any(is_clocked(s.metric) for s in run.series)


def _could_be_collected_again(profile: Profile) -> bool:
    """Can another measurement give the same profile?"""
    return not any(s.started_at for s in profile.sessions) and not any(is_clocked(m.metric) for m in profile.metrics)


def are_same_percentiles(one: str, other: str, profiles: Iterable[Profile]) -> bool:
    """Are two files of plain percentiles one measurement: the same file, or of the same bytes with times in them?

    Args:
        one: the first file.
        other: the second.
        profiles: what the first one holds.
    """
    if _is_same(one, other):
        return True
    if not any(is_clocked(m.metric) for p in profiles for m in p.metrics):
        return False
    if os.path.getsize(one) != os.path.getsize(other):
        return False
    return read_bounded(one, limit=LARGEST, slug=_UNREADABLE) == read_bounded(other, limit=LARGEST, slug=_UNREADABLE)


def tally_known(profiles: Iterable[Profile], path: str) -> tuple[SessionTally, ...]:
    """Return counts that say that what was measured of each benchmark is the baseline's own.

    Args:
        profiles: of a file of plain percentiles.
        path: of the file.
    """
    return tuple(
        SessionTally(
            machine_class=p.machine_class,
            key=p.key,
            session="",
            started_at="",
            ok=0,
            failed=0,
            known=1,
            files=(path,),
        )
        for p in profiles
    )


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
