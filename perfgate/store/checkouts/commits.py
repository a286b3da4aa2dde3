"""The commits between two, and what they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.bisection import Described
from perfgate.core.errors import cannot_decide
from perfgate.store.git import FETCH_HISTORY, git, is_shallow, shown
from perfgate.store.git_start import as_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 100_000
"""Commits of a range: more take minutes to think about alone."""
_FIELDS = "%H%x00%an%x00%as%x00%<(300,trunc)%s"
_LONGEST = 300  # characters of a subject
_TWO = 2  # parents of a merge


class Range(Struct, frozen=True, kw_only=True):
    """The commits after one, up to another one: those that followed each other there, a merge as one."""

    commits: tuple[str, ...]
    """Full hashes, the oldest first."""
    parents: tuple[tuple[str, ...], ...]
    """Full hashes of the parents of each; the first one is the commit before it."""

    def parent(self, commit: str) -> str:
        """Return the first parent of a commit of the range."""
        return self.parents[self.commits.index(commit)][0]

    def merged(self, commit: str) -> str:
        """Return the second parent of a commit of the range, which it merges; empty: it is no merge."""
        parents = self.parents[self.commits.index(commit)]
        return parents[1] if len(parents) >= _TWO else ""


def find_range(folder: str, good: str, bad: str) -> Range:
    """Return the commits after `good`, up to `bad`: along the first parents, as a branch grew.

    Args:
        folder: in the repository.
        good: full hash.
        bad: full hash.

    Raises:
        CannotDecideError: they are the same, the one is no ancestor of the other, or there are too many.
    """
    if good == bad:
        hint = "name an older good commit: --good COMMIT"
        raise cannot_decide("bisect-range", "the good and the bad commit are the same", place=shown(good), hint=hint)
    shared = git(folder, ["merge-base", "--all", good, bad], hint=FETCH_HISTORY, accepted=(0, 1)).decode().split()
    if bad in shared:
        message = f"the good commit {shown(good)} is newer than the bad one, {shown(bad)}"
        hint = f"the other way round: --good {shown(bad)} --bad {shown(good)}; of a gain there is no search"
        raise cannot_decide("bisect-range", message, hint=hint)
    if good not in shared:
        message = f"the good commit {shown(good)} is no ancestor of the bad one, {shown(bad)}"
        hint = FETCH_HISTORY if is_shallow(folder) else f"name one that is: git merge-base {shown(good)} {shown(bad)}"
        raise cannot_decide("bisect-range", message, hint=hint)
    words = ["rev-list", "--first-parent", "--parents", "--reverse", f"--max-count={_MOST + 1}", bad, f"^{good}", "--"]
    lines = [line.split() for line in git(folder, words, hint=FETCH_HISTORY).decode().splitlines()]
    if len(lines) > _MOST:
        message = f"there are more than {_MOST:,} commits between {shown(good)} and {shown(bad)}"
        raise cannot_decide("bisect-range", message, hint="name a later good commit: --good COMMIT")
    first, *parents = lines[0]
    if parents and parents[0] != good:
        message = f"the good commit {shown(good)} was merged into the branch of the bad one, and is no part of it"
        hint = f"name one of that branch, such as the one before {shown(first)}: --good {shown(parents[0])}"
        raise cannot_decide("bisect-range", message, hint=hint)
    for commit, *parents in lines:
        as_hash(commit, "a commit of the range")
        if not parents:
            raise cannot_decide(
                "bisect-range", "the clone lacks the commit before it", place=shown(commit), hint=FETCH_HISTORY
            )
    return Range(commits=tuple(line[0] for line in lines), parents=tuple(tuple(line[1:]) for line in lines))


def describe(folder: str, commits: Sequence[str]) -> dict[str, Described]:
    """Return what some commits say of themselves, by their full hashes.

    Args:
        folder: in the repository.
        commits: full hashes, at most some hundred.
    """
    if not commits:
        return {}
    words = ["log", "--no-walk=unsorted", "-z", f"--format={_FIELDS}", *dict.fromkeys(commits), "--"]
    answer = git(
        folder, words, hint=FETCH_HISTORY, settings=("log.showSignature=false", "i18n.logOutputEncoding=UTF-8")
    )
    parts = answer.decode("utf-8", "replace").split("\0")
    entries = zip(*(parts[n::4] for n in range(4)), strict=False)
    return {
        commit: Described(author=author, date=date, subject=subject.rstrip()[:_LONGEST])
        for commit, author, date, subject in entries
    }
