"""Runs that state no session -> sessions: what was collected together is one, unless the runs say otherwise.

Runs of other commits, or of times hours apart, share neither the code nor the conditions.
A folder of saved results holds many of these, and only the newest is what was measured now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from perfgate.core.sessions import REST
from perfgate.core.text.dates import cut_to_hour, hour_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.run import Run

ZONES = 14.0
"""Hours by which two clocks may differ of which one shows UTC and the other its own time zone: the farthest zone is
UTC+14. Some tools write local time without saying so."""
_FEWEST_DIGITS = 7  # of an abbreviated commit that stands for the whole one, as git abbreviates by default


class Part(Struct):
    """What one file, or the run summaries of one hour, state of themselves."""

    tool: str
    """The format of the file: its clock is one; empty for run summaries."""
    commits: set[str] = field(default_factory=set)
    """Versions of the measured code, as stated."""
    first: float | None = None
    """Hour of the earliest run, counted from 1970; None when none states it."""
    last: float | None = None
    """Hour of the end of the latest one."""

    def take(self, run: Run) -> None:
        """Add what a run states."""
        if run.commit:
            self.commits.add(run.commit)
        self._take_times(run.started_at, run.ended_at)
        if run.more is not None:
            self._take_times(min(run.more.started), max(run.more.started))

    def _take_times(self, *instants: str) -> None:
        for instant in instants:
            hour = hour_of(instant)
            if hour is not None:
                self.first = hour if self.first is None else min(self.first, hour)
                self.last = hour if self.last is None else max(self.last, hour)

    @property
    def commit(self) -> str:
        """The commit, when it is one; a file that names several versions is of none."""
        return next(iter(self.commits)) if len(self.commits) == 1 else ""


def add_part(parts: dict[str, Part], run: Run) -> str:
    """Take a run into its part, and return the name of that."""
    name = _part_of(run)
    if name not in parts:
        parts[name] = Part(tool=run.file.rpartition("-")[0] if run.series else "")
    parts[name].take(run)
    return name


class Period(Struct, frozen=True, kw_only=True):
    """Parts that share their conditions: one session."""

    parts: tuple[str, ...]
    """Names of the parts, ascending."""
    commit: str
    """Version of the measured code; empty when no part states it."""
    last: float | None
    """Hour of the end of the latest part; None when no part states a time."""

    @property
    def is_placed(self) -> bool:
        """Do its parts say when, or of which commit, they are?"""
        return bool(self.commit) or self.last is not None


def divide(parts: Mapping[str, Part]) -> list[Period]:
    """Return the parts as sessions: those of other commits, or with hours between them, lie in different ones.

    A part that states a time and no commit joins what was measured before it; one that
    states a commit and no time the newest of that commit; one that states neither joins
    when there is one session only.
    """
    whole = _whole_commits(parts.values())
    dated = sorted(name for name, p in parts.items() if p.first is not None)
    found = [s for names in _split_by_time(dated, parts) for s in _split_by_commit(names, parts, whole)]
    found.sort(key=lambda s: (s.last or 0.0, s.parts))
    undated: dict[str, list[str]] = {}
    for name in sorted(parts.keys() - set(dated)):
        undated.setdefault(whole.get(parts[name].commit, ""), []).append(name)
    unplaced = undated.pop("", [])
    for commit, names in undated.items():
        same = next((i for i in reversed(range(len(found))) if found[i].commit == commit), None)
        if same is None:
            found.append(Period(parts=tuple(names), commit=commit, last=None))
        else:
            found[same] = _add_parts(found[same], names)
    if unplaced and len(found) == 1:
        return [_add_parts(found[0], unplaced)]
    return [*found, *([Period(parts=tuple(unplaced), commit="", last=None)] if unplaced else [])]


def is_one_session(runs: Iterable[Run]) -> bool:
    """Do runs that state no session share their conditions, as far as they say?"""
    parts: dict[str, Part] = {}
    for run in runs:
        add_part(parts, run)
    return len(divide(parts)) <= 1


def newest_of(periods: Sequence[Period]) -> Period | None:
    """Return the session that was measured last; None when that is not known."""
    placed = [s for s in periods if s.is_placed]
    if len(placed) < 2:  # noqa: PLR2004 - there is no choice
        return placed[0] if placed else periods[0] if periods else None
    times = [s.last for s in placed if s.last is not None]
    newest = [s for s in placed if s.last == max(times, default=None)]
    return newest[0] if len(newest) == 1 and len(times) == len(placed) else None


def is_apart(period: Period, instant: str) -> bool:
    """Was a session measured so long before a point in time that it is another one, in whatever time zone its clock is?

    Args:
        period: of runs that state no session.
        instant: ISO 8601 in UTC; empty when unknown.
    """
    hour = hour_of(instant)
    return hour is not None and period.last is not None and hour - period.last > REST + ZONES


def _add_parts(period: Period, names: Iterable[str]) -> Period:
    return Period(parts=tuple(sorted((*period.parts, *names))), commit=period.commit, last=period.last)


def _whole_commits(parts: Iterable[Part]) -> dict[str, str]:
    """Return for each commit the longest one that begins with it: tools also write its first digits."""
    whole: dict[str, str] = {}
    following = ""
    for commit in sorted({p.commit for p in parts} - {""}, reverse=True):
        is_begun = len(commit) >= _FEWEST_DIGITS and following.startswith(commit)
        whole[commit] = whole[following] if is_begun else commit
        following = commit
    return whole


def _split_by_time(names: Iterable[str], parts: Mapping[str, Part]) -> list[list[str]]:
    """Return parts that state a time in periods without hours of rest between them."""
    found: list[list[str]] = []
    ends: dict[str, float] = {}  # of the period, by tool
    for name in sorted(names, key=lambda n: (parts[n].first or 0.0, n)):
        part = parts[name]
        first, last = part.first or 0.0, part.last or 0.0
        if not any(first - end <= (REST if tool == part.tool else REST + ZONES) for tool, end in ends.items()):
            found.append([])
            ends = {}
        found[-1].append(name)
        ends[part.tool] = max(ends.get(part.tool, last), last)
    return found


def _split_by_commit(names: Sequence[str], parts: Mapping[str, Part], whole: Mapping[str, str]) -> list[Period]:
    """Return the parts of one period by commit; one without a commit is of that of the part before it."""
    stated = [whole.get(parts[n].commit, "") for n in names]
    commit = next(filter(None, stated), "")
    by_commit: dict[str, list[str]] = {}
    for name, own in zip(names, stated, strict=True):
        commit = own or commit
        by_commit.setdefault(commit, []).append(name)
    return [
        Period(
            parts=tuple(sorted(mine)),
            commit=commit,
            last=max((last for n in mine if (last := parts[n].last) is not None), default=None),
        )
        for commit, mine in by_commit.items()
    ]


def _part_of(run: Run) -> str:
    """Return the name of the part to which a run without a session belongs: its file, or the hour and the commit.

    A file of another tool is one measurement, whatever times it states inside. Run
    summaries are many files; those of one hour and one commit are never apart.
    """
    if run.series:
        return run.file or run.origin
    return f"{run.commit} {cut_to_hour(run.started_at)}"
