"""Do the runs come from the commit and the CI run that are judged? What another one left behind is no measurement.

A restored cache, an artifact of an earlier attempt or a workspace that was used before holds
run files that state where they come from. Runs that state nothing are taken as they are.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error, note, warning
from perfgate.core.profile import title
from perfgate.core.reasons import INTERLEAVED
from perfgate.core.sessions import REST
from perfgate.core.text.dates import hour_of
from perfgate.core.text.names import list_some
from perfgate.measure.machine import facts
from perfgate.measure.machine.ci import find_ci_run
from perfgate.store.git import Commit, with_parents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.profile import Profile, Session
    from perfgate.pipeline.inputs import BaselineSet

SLUG = "runs-of-another-commit"
_DIGITS = 12
_HASH_AND_MORE = re.compile(rf"[0-9a-fA-F]{{{_DIGITS},64}}([^0-9a-zA-Z].*)", re.DOTALL)
_FEWEST_DIGITS = 4  # as git itself abbreviates at most


def check_origin(profiles: Sequence[Profile], runs_from: str | None) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return errors and warnings on runs of another commit or CI run: in CI they are errors, elsewhere warnings.

    On a laptop commits come and go between measuring and judging, so that it is only said.

    Args:
        profiles: of the sessions that are judged.
        runs_from: the commit whose runs are judged on purpose, from whatever CI run; None: what is checked out.

    Raises:
        CannotDecideError: `runs_from` names no commit that is here.
    """
    if runs_from is not None:
        asked = _find_commit(profiles, runs_from)
        return [*_of_other_commits(profiles, {asked}, f"--runs-from names {asked[:_DIGITS]}")], []
    here = facts.commit() or ""
    if {s.commit for p in profiles for s in p.sessions} <= {"", here}:
        found = []  # no git is started when there is nothing to ask
    else:
        found = [*_of_other_commits(profiles, find_checked_out(here), f"this commit is {here[:_DIGITS]}")]
    if facts.in_ci():
        return [*found, *_of_other_ci_runs(profiles)], []
    return [], [warning(SLUG, d.message, hint="measure again, if the code changed since") for d in found]


def note_one_run(baselines: BaselineSet) -> list[Diagnostic]:
    """Return a note where the baseline is one file of another tool, of one session: by itself it proves little."""
    if not baselines.is_of_tool or any(len(p.sessions) > 1 for p in baselines.profiles):
        return []
    message = f"{baselines.source} is one run of a tool: what differs may be the machine as well as the code"
    return [note("one-run-each", message, hint=f"measure both versions interleaved: {INTERLEAVED}")]


def _find_commit(profiles: Sequence[Profile], runs_from: str) -> str:
    """Return the full hash of the commit whose runs are judged: as git knows it, else as the runs state it.

    An artifact may come from a commit that a shallow clone does not have.

    Raises:
        CannotDecideError: neither git nor a run knows it, or it begins the hashes of several commits.
    """
    try:
        return Commit(runs_from, ".").id
    except CannotDecideError:
        stated = {s.commit for p in profiles for s in p.sessions} - {""}
        if len(runs_from) >= _FEWEST_DIGITS:
            found = [commit for commit in stated if commit.startswith(runs_from.lower())]
            if len(found) == 1:
                return found[0]
        hint = "name a commit that git has here"
        if stated:
            shown = list_some(sorted(c if _suffix(c) else c[:_DIGITS] for c in stated))
            hint = f"the runs state {shown}; name one of these, or measure again"
        message = f'neither git nor a run knows a commit "{runs_from}"'
        raise cannot_decide("ref-unreadable", message, place="--runs-from", hint=hint) from None


def find_older(profiles: Sequence[Profile], baselines: Sequence[Profile]) -> list[Diagnostic]:
    """Return a warning for benchmarks whose runs are older than their baseline: an earlier measuring left them behind.

    Args:
        profiles: what is judged.
        baselines: what it is judged by.
    """
    newest = {(p.machine_class, p.key): _newest_hour(p) for p in baselines}
    older = [
        title(*p.key)
        for p in profiles
        if (then := newest.get((p.machine_class, p.key))) is not None
        and (now := _newest_hour(p)) is not None
        and then - now > REST
    ]
    if not older:
        return []
    message = f"runs of {list_some(older)} were measured before the newest session of their baseline"
    return [warning("runs-older", message, hint="measure again, if they were not meant")]


def _newest_hour(profile: Profile) -> float | None:
    return hour_of(max((s.started_at for s in profile.sessions), default=""))


def find_checked_out(commit: str) -> set[str]:
    """Return the commit that CI or git names, HEAD, and what they merge: a merge is tested in place of its head."""
    known = {commit} - {""}
    for ref in ("HEAD", *known):
        try:
            found, *parents = with_parents(ref)
        except CannotDecideError:  # no repository here, or a shallow one without that commit
            continue
        known |= {found, *parents[1:]}
    return known


def _of_other_commits(profiles: Sequence[Profile], known: set[str], judged: str) -> Iterator[Diagnostic]:
    """Yield an error for each commit that runs state and that is none of the known ones."""
    if not known:
        return
    for commit, names in _names_by(profiles, lambda s: "" if is_known(s.commit, known) else s.commit).items():
        suffix = _suffix(commit)
        short = commit[:_DIGITS] + suffix[:_DIGITS]
        message = f"runs of {list_some(names)} were measured at commit {short}; {judged}"
        named = shlex.quote(commit) if suffix else short  # git knows no such name: the runs state it
        yield error(SLUG, message, hint=f"measure again in this job; or judge them on purpose: --runs-from {named}")


def _suffix(commit: str) -> str:
    """Return what follows the hash of a commit, such as ``-dirty``: the first digits alone would hide it."""
    found = _HASH_AND_MORE.fullmatch(commit)
    return found[1] if found else ""


def is_known(commit: str, known: set[str]) -> bool:
    """Is a commit one of the known ones? Tools also write its first digits."""
    return any(full.startswith(commit) for full in known) if len(commit) >= _FEWEST_DIGITS else not commit


def _of_other_ci_runs(profiles: Sequence[Profile]) -> Iterator[Diagnostic]:
    """Yield an error for each other run of this CI system from which runs come."""
    system, this = find_ci_run(os.environ)

    def other(session: Session) -> str:
        is_other = this and session.session.startswith(system) and not session.session.startswith(this)
        return session.session if is_other else ""

    for name, names in _names_by(profiles, other).items():
        message = f"runs of {list_some(names)} are of the CI run of session {name}; this run is {this.rstrip('-')}"
        yield error(SLUG, message, hint="measure again in this run; or judge them on purpose: --runs-from COMMIT")


def _names_by(profiles: Sequence[Profile], place: Callable[[Session], str]) -> dict[str, list[str]]:
    """Return the benchmarks whose sessions are at a place, by that place; sessions at the place "" are left out."""
    names: dict[str, dict[str, None]] = {}
    for profile in profiles:
        for session in profile.sessions:
            if found := place(session):
                names.setdefault(found, {})[title(*profile.key)] = None
    return {found: [*titles] for found, titles in sorted(names.items())}
