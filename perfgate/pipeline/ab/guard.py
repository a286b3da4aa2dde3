"""Notices when the code of a side changes while both are measured: a program can write into the other side's folder.

Tracked files are compared with their commits when they are checked out, and with that state, or
the one after their own set-up, when all is measured. Meanwhile neither the set-up nor a run of
the head may touch a tracked file or a folder of one on the base's side, even if it puts back what was
there: a new file beside them may take the place of a module.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, warning
from perfgate.core.text.names import list_some
from perfgate.formats.discovery import LARGEST_RUN
from perfgate.formats.parsing.files import read_bounded
from perfgate.store.checkouts.snapshot import (
    find_changed,
    signature_of,
    take_again,
    take_of_commit,
    take_of_tree,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.store.checkouts.snapshot import Snapshot
    from perfgate.store.checkouts.tree import Tree

_SLUG = "side-changed"
_MOST_NAMES = 5
_MOST_WATCHED = 20_000
"""Files and folders that are looked at after each run of the head, some 2 microseconds each."""
_HINT = "let the command write nowhere but in files that git ignores, in its own folder"
_OTHER = "the head's programs must not write into the folder of the base; review what the change does"


class Guard:
    """Knows what the tracked files of both sides held."""

    def __init__(self) -> None:
        """Start without knowing any."""
        self._snapshots: dict[str, Snapshot] = {}
        self._watched: dict[str, tuple[int, ...]] | None = None
        self._kept: dict[str, bytes] = {}

    def take(self, name: str, tree: Tree, *, root: str | None, commit: str) -> None:
        """Take note of a side as it was checked out.

        Args:
            name: of the side.
            tree: the user's.
            root: of the worktree that was made for it; None: it is the user's tree, with its uncommitted edits.
            commit: full hash.

        Raises:
            CannotDecideError: its files are not those of its commit.
        """
        self._snapshots[name] = take_of_tree(tree.top) if root is None else take_of_commit(root, commit)

    def snapshot(self, name: str) -> Snapshot | None:
        """Return what the tracked files of a side held; None: it is not known."""
        return self._snapshots.get(name)

    def put(self, name: str, snapshot: Snapshot | None) -> None:
        """Take note of a side that was checked out and set up earlier; None: it is not known."""
        if snapshot is not None:
            self._snapshots[name] = snapshot

    def forget(self, name: str) -> None:
        """Forget a side that is not measured."""
        self._snapshots.pop(name, None)

    def accept(self, name: str) -> list[Diagnostic]:
        """Take note of a side after its own set-up, and return a warning when that changed tracked files."""
        before = self._snapshots.get(name)
        if before is None:
            return []
        changed = find_changed(before)
        if not changed:
            return []
        self._snapshots[name] = take_again(before)
        message = f"the set-up of the {name} changed tracked files: {list_some(changed, _MOST_NAMES)}"
        return [warning("setup-changed", message, hint="what is measured is not the commit; review what it changes")]

    def require_same(self, name: str, when: str, hint: str = _HINT) -> None:
        """Return when a side's tracked files hold what they held.

        Args:
            name: of the side.
            when: what may have changed them, in words.
            hint: what to do.

        Raises:
            CannotDecideError: they do not.
        """
        before = self._snapshots.get(name)
        changed = find_changed(before) if before is not None else []
        if changed:
            raise _changed(name, when, changed, hint)

    def before_setup(self) -> None:
        """Take note of the base, fresh from its checkout, before the set-up of the head."""
        base = self._snapshots.get("base")
        self._watched = signature_of(base) if base is not None else None

    def after_setup(self) -> None:
        """Return when the set-up of the head left the base alone.

        Raises:
            CannotDecideError: it did not.
        """
        self.require_same("base", "the set-up of the head", _OTHER)
        self._require_untouched("the set-up of the head")

    def require_measured(self) -> None:
        """Return when both sides hold what was to be measured.

        Raises:
            CannotDecideError: one does not.
        """
        for name in ("base", "head"):
            self.require_same(name, "the measuring")

    def keep(self, path: str) -> None:
        """Take note of a run summary, as it was written after its run."""
        self._kept[path] = _digest(path)

    def require_kept(self, paths: Iterable[str]) -> None:
        """Return when run summaries are as they were written: a program must not rewrite those of other runs.

        Raises:
            CannotDecideError: one is not.
        """
        changed = [path for path in paths if self._kept.get(path) != _digest(path)]
        if changed:
            message = "the summaries of earlier runs were changed while others were measured"
            raise cannot_decide(_SLUG, message, place=changed[0], hint=_HINT)

    def before_run(self, name: str) -> None:
        """Take note of the base before a run of the head."""
        base = self._snapshots.get("base")
        is_watched = name == "head" and base is not None and len(base.entries) <= _MOST_WATCHED
        self._watched = signature_of(base) if base is not None and is_watched else None

    def after_run(self) -> None:
        """Return when a run of the head left the base alone.

        Raises:
            CannotDecideError: it did not.
        """
        self._require_untouched("a run of the head")

    def _require_untouched(self, when: str) -> None:
        base, before = self._snapshots.get("base"), self._watched
        if base is None or before is None:
            return
        now = signature_of(base)
        changed = sorted(path or "." for path in before if before[path] != now.get(path))
        if changed:
            raise _changed("base", when, changed, _OTHER)


def _digest(path: str) -> bytes:
    return hashlib.sha256(read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")).digest()


def _changed(name: str, when: str, paths: list[str], hint: str) -> CannotDecideError:
    message = f"{when} changed files of the {name}: {list_some(paths, _MOST_NAMES)}"
    return cannot_decide(_SLUG, message, hint=hint)
