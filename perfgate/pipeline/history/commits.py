"""What git knows of the commits at the steps of a history: a few calls, however many values and steps there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.report.history.steps import MOST_COMMITS, find_steps, nearest
from perfgate.store.checkouts.commits import describe
from perfgate.store.git import FETCH_HISTORY, git
from perfgate.store.git_start import is_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.trends import Commits
    from perfgate.report.history.found import Found

_MOST_STEPS = 40
"""Of which the commits are listed: open ones before others, the newest first."""
_LONGEST_CHAIN = 50_000
"""Commits of the branch that are listed to place those of sessions in it."""
_MOST_ASKED = 20
"""Ranges outside of the branch that are listed."""
_MOST_LISTED = 5_000
"""Commits between sessions, of all steps, of which it is asked what they change."""


def add_commits(found: Found, folder: str, baselines: str) -> Found:
    """Return what was found with what git knows of the commits at its newest steps.

    Args:
        found: a history.
        folder: of the configuration, in the repository.
        baselines: folder of the baselines, relative to `folder`; empty: there is none.
    """
    steps = sorted(find_steps(found), key=lambda s: not s.mark.is_open)
    marks = [step.mark for step in steps[:_MOST_STEPS]]
    ends = list(dict.fromkeys(pair for m in marks for pair in (m.likely, m.widest) if all(map(is_hash, pair))))
    if not ends:
        return found
    ranges = dict(_between(folder, ends))
    listed: dict[Commits, tuple[str, ...]] = {}
    left = _MOST_LISTED
    for pair, commits in ranges.items():
        if len(commits) <= left:
            listed[pair] = commits
            left -= len(commits)
    changing = _changing(folder, list(dict.fromkeys(c for commits in listed.values() for c in commits)), baselines)
    kept = {pair: tuple(c for c in commits if c in changing) or commits for pair, commits in listed.items()}
    found = replace(found, between=kept, distances={pair: len(commits) for pair, commits in ranges.items()})
    named = dict.fromkeys(c for m in marks for c in nearest(m.likely, m.widest, found, MOST_COMMITS)[0])
    return replace(found, described=describe(folder, list(named)))


def _between(folder: str, ends: Sequence[Commits]) -> Iterator[tuple[Commits, tuple[str, ...]]]:
    """Yield ranges with their commits, the newest first, along the first parents; one that has none is left out.

    One call lists the branch; the few ranges that are no part of it, as of a measured pull request, take one each.
    """
    words = ["rev-list", "--first-parent", f"--max-count={_LONGEST_CHAIN}"]
    chain = git(folder, [*words, "HEAD", "--"], hint=FETCH_HISTORY).decode("ascii", "replace").split()
    places = {commit: number for number, commit in enumerate(chain)}
    asked = 0
    for between in ends:
        before, after = between
        commits = chain[places[after] : places[before]] if {before, after} <= places.keys() else []
        if not {before, after} <= places.keys() and asked < _MOST_ASKED:
            asked += 1
            answer = git(folder, [*words, after, f"^{before}", "--"], hint=FETCH_HISTORY, accepted=(0, 128))
            commits = answer.decode("ascii", "replace").split()
        if commits:
            yield between, tuple(commits)


def _changing(folder: str, commits: Sequence[str], baselines: str) -> set[str]:
    """Return those of some commits that change something else than the baselines."""
    if not baselines:
        return set(commits)
    words = ["diff-tree", "--stdin", "-r", "-s", "--root", "--diff-merges=first-parent", "--"]
    asked = "".join(f"{commit}\n" for commit in commits).encode()
    answer = git(
        folder,
        [*words, ":(top)", f":(exclude,literal){baselines}"],
        hint=FETCH_HISTORY,
        asked=asked,
        accepted=(0, 128),  # a folder outside of the repository
    )
    return set(answer.decode("ascii", "replace").split()) or set(commits)
