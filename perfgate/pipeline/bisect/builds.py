"""Worktrees of commits, each set up once and kept while it is likely to be measured again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import cannot_decide
from perfgate.pipeline.ab.guard import Guard
from perfgate.pipeline.ab.sides import SHOWN, Side, Sides, clean_up, notes_on_links, place_in_worktree, set_up

if TYPE_CHECKING:
    from collections.abc import Collection

    from perfgate.core.errors import Diagnostic
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.inputs import Settings
    from perfgate.store.checkouts.snapshot import Snapshot
    from perfgate.store.checkouts.tree import Tree
    from perfgate.store.checkouts.worktrees import WorktreeDir

LACKS_FOLDER = "commit-lacks"
"""Slug of the fault of a commit that lacks the working folder."""
_MOST = 4
"""Worktrees at a time: the good commit's, those of one comparison, and one that may be asked for again."""


class _Build(Struct, frozen=True, kw_only=True):
    """A commit, ready to be measured."""

    side: Side
    snapshot: Snapshot | None
    """What its tracked files held after its set-up."""


class Builds:
    """The commits that are ready to be measured."""

    def __init__(self, tree: Tree, worktree_dir: WorktreeDir, request: Request) -> None:
        """Begin without one.

        Args:
            tree: the user's.
            worktree_dir: where the worktrees are made.
            request: has the command and its set-up.
        """
        self._tree, self._worktree_dir, self._request = tree, worktree_dir, request
        self._builds: dict[str, _Build] = {}  # by full hash, the one that was not used for longest first
        self.made: set[str] = set()
        """All that were made."""
        self.notes: dict[Diagnostic, None] = {}
        """What a reader should know of them, each once."""

    def pair(self, base: str, head: str, settings: Settings, kept: Collection[str]) -> Sides:
        """Return two commits as sides, which are made where they do not stand yet.

        Args:
            base: full hash.
            head: full hash.
            settings: by which they are judged.
            kept: commits whose worktrees stay, whatever else is needed.

        Raises:
            CannotDecideError: one cannot be made or set up; `missing` says which.
        """
        guard = Guard()
        was = self._use(base, {base, head, *kept}, guard)
        guard.put("base", was.snapshot)
        now = self._use(head, {base, head, *kept}, guard)
        guard.put("head", now.snapshot)
        sides = Sides(
            base=replace(was.side, name="base"),
            head=replace(now.side, name="head"),
            source=base[:SHOWN],
            commits=(base,),
            settings=settings,
            tree=self._tree,
            worktree_dir=self._worktree_dir,
            notes=(),
            pinned=(),
            guard=guard,
        )
        self.notes |= dict.fromkeys(notes_on_links(sides))
        return sides

    def close(self) -> None:
        """Run the clean-up commands of those that stand."""
        while self._builds:
            self._remove(next(iter(self._builds)))

    def has(self, commit: str) -> bool:
        """Is a commit ready?"""
        return commit in self._builds

    def _use(self, commit: str, kept: Collection[str], guard: Guard) -> _Build:
        """Return a commit ready to be measured, and note that it was used last.

        Args:
            commit: full hash.
            kept: commits that stay.
            guard: knows the base, if that is made before it: its files must stay as they are.

        Raises:
            CannotDecideError: it cannot be made or set up.
        """
        build = self._builds.pop(commit, None) or self._make(commit, kept, guard)
        self._builds[commit] = build
        return build

    def _make(self, commit: str, kept: Collection[str], guard: Guard) -> _Build:
        for other in [c for c in self._builds if c not in kept][: max(0, len(self._builds) + 1 - _MOST)]:
            self._remove(other)
        name = commit[:SHOWN]  # of one length, since counts depend on the length of paths
        self._worktree_dir.drop(name)  # one whose set-up failed
        bare = Side(name="head", argv=self._request.argv, commit=commit)
        side = place_in_worktree(bare, self._request, self._tree, self._worktree_dir, name)
        if side is None:
            message = f"the commit lacks the folder {self._tree.prefix}"
            raise cannot_decide("commit-lacks", message, place=name, hint="run it in a folder that all commits have")
        guard.take("head", self._tree, root=side.root, commit=commit)
        if self._request.hooks.setup:
            guard.before_setup()
            set_up(side, self._request)
            guard.after_setup()
            self.notes |= dict.fromkeys(guard.accept("head"))
        self.made.add(commit)
        return _Build(side=side, snapshot=guard.snapshot("head"))

    def _remove(self, commit: str) -> None:
        build = self._builds.pop(commit)
        self.notes |= dict.fromkeys(clean_up(build.side, self._request))
        self._worktree_dir.drop(commit[:SHOWN])
