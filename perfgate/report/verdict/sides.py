"""What was compared with what, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.text.columns import cut_apart
from perfgate.report.document import Line, name, text
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.core.profile import Profile

_EDITED = "head-dirty"
"""Note that the head is the working tree, with edits that no commit has."""
_LONGEST = 60
"""Columns of a command that are shown."""
_SHORT = 7
"""Digits of a commit, as git shortens it."""


def is_interleaved(verdict: Verdict) -> bool:
    """Were both sides measured in one session, interleaved?"""
    sessions = [s for p in verdict.current for s in p.sessions]
    return bool(sessions) and all(s.is_interleaved for s in sessions)


def describe_sides(verdict: Verdict) -> Line:
    """Return what was compared: base and head with their runs, or sessions with a baseline and the machine class.

    Empty when nothing was measured.
    """
    compared = verdict.compared
    if is_interleaved(verdict):
        runs = _count_runs(verdict.current)
        is_edited = any(d.slug == _EDITED for d in verdict.notes)
        base, head = _commit(compared.baseline_commits), _commit(() if is_edited else compared.current_commits)
        if compared.commands:
            base, head = ((name(command),) for command in cut_apart(compared.commands, _LONGEST))
        line: Line = (text("base "), *base, text(" → head "), *head)
        return (*line, text(f", {runs} interleaved runs each")) if runs else line
    current = _sessions(verdict.current) or (count(len(compared.sessions), "session") if compared.sessions else "")
    if not current:
        return ()
    line = (text("current"), *_at(compared.current_commits), text(f": {current}"))
    if verdict.baseline:
        held = _sessions(verdict.baseline) or "quantiles alone"
        line += (text("; baseline"), *_at(compared.baseline_commits), text(f": {held}"))
    for each in compared.machine_classes[:1]:
        line += (text("; "), name(each))
    more = len(compared.machine_classes) - 1
    return (*line, text(f" and {more:,} more")) if more > 0 else line


def _at(commits: Sequence[str]) -> Line:
    """Return the commit of a side behind its name; nothing where there are none or several."""
    return (text(" "), *_commit(commits)) if len(commits) == 1 else ()


def _commit(commits: Sequence[str]) -> Line:
    """Return the commit of a side; a tree with uncommitted edits has none that says what was measured."""
    if not commits:
        return (text("working tree"),)
    return (name(commits[0][:_SHORT] if len(commits[0]) >= _SHORT and commits[0].isalnum() else commits[0]),)


def _sessions(profiles: Sequence[Profile]) -> str:
    """Return how many sessions profiles have, and how many runs a session; of several benchmarks the range."""
    sessions = {len({s.id for s in p.sessions}) for p in profiles} - {0}  # quantiles alone have none
    if not sessions:
        return ""
    runs = _count_runs(profiles)
    return (
        f"{_range(sessions, 'session')} of {runs} {'run' if runs == '1' else 'runs'}"
        if runs
        else _range(sessions, "session")
    )


def _count_runs(profiles: Sequence[Profile]) -> str:
    """Return how many runs the sessions have: one number, or the range; empty when nobody knows."""
    counts = {sample.count for p in profiles for m in p.metrics[:1] for sample in m.samples}
    counts.discard(0)
    if not counts:
        return ""
    return f"{min(counts):,}" if len(counts) == 1 else f"{min(counts):,} to {max(counts):,}"


def _range(counts: Iterable[int], noun: str) -> str:
    least, most = min(counts), max(counts)
    return count(least, noun) if least == most else f"{least:,} to {count(most, noun)}"
