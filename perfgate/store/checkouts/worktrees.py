"""Temporary git worktrees outside the user's tree, removed afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.names import list_some
from perfgate.store.checkouts.filters import filters_off
from perfgate.store.checkouts.processes import run_group
from perfgate.store.git import Commit, git
from perfgate.store.git_start import command, environment, failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.store.checkouts.tree import Tree

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_MOST_SHOWN = 3
_WHOLE = "core.sparseCheckout=false"
"""A side holds what its commit holds: a file that the clone's settings leave out would not be missed."""
_NOWHERE = "name a folder outside the repository for temporary files: TMPDIR=DIR perfgate ab …"


class WorktreeDir:
    """A temporary folder, and the worktrees in it."""

    def __init__(self, tree: Tree | None) -> None:
        """Take the user's tree; None: there is none, and no worktree can be added."""
        self.path = ""
        self.left = ""
        """The folder, when it could not be removed."""
        self._tree = tree

    def checkout(self, name: str, commit: str, *, is_set_up: bool) -> str:
        """Return the root of a new worktree.

        The repository's hooks and filters do not run: a setting may name any program for them.

        Args:
            name: of its folder.
            commit: full hash.
            is_set_up: will the user's own commands prepare it, so that they can do what a filter would?

        Raises:
            CannotDecideError: git cannot make it, or its files need a filter.
        """
        if self._tree is None:  # pragma: no cover - the caller has a repository
            raise ValueError("there is no repository")
        path = os.path.join(self.path, name)
        Commit(commit, self._tree.top).objects()  # an error when no checkout can hold them
        with _block_signals():  # some milliseconds, at whose beginning git leaves a record that names no worktree
            _run(self._tree.top, ["worktree", "add", "--no-checkout", "--detach", path, commit], (), commit)
        filters = filters_off(path)  # as git's settings are in the new worktree, not in the user's
        _run(path, ["reset", "--hard", "--quiet", "--no-recurse-submodules"], (*filters.settings, _WHOLE), commit)
        filtered = [] if is_set_up else filters.find_filtered(path)
        if filtered:
            message = f"git's filters are not run for {list_some(filtered, _MOST_SHOWN)}: they may start any program"
            hint = 'let a command of your own do it in both folders, such as --setup "git-crypt unlock"'
            raise cannot_decide("worktree-failed", message, place=commit[:12], hint=hint)
        return path

    def drop(self, name: str) -> None:
        """Remove one worktree, as far as that is possible; `remove` tries again."""
        path = os.path.join(self.path, name)
        with contextlib.suppress(CannotDecideError):
            git(self._tree.top if self._tree else path, ["worktree", "remove", "--force", "--force", path], hint="")
        _remove_tree(path)

    def remove(self) -> None:
        """Remove the folder, its worktrees and the repository's records of them; a second call changes nothing."""
        tree = self._tree
        for path in self._known():
            with contextlib.suppress(CannotDecideError):
                git(tree.top if tree else path, ["worktree", "remove", "--force", "--force", path], hint="")
        _remove_tree(self.path)
        for entry in self._known().values():  # an unfinished one, which git itself would refuse to remove
            _remove_tree(entry)
            with contextlib.suppress(OSError):  # git has no such folder either while there is no worktree
                os.rmdir(os.path.dirname(entry))
        self.left = self.path if os.path.lexists(self.path) else ""

    def _known(self) -> dict[str, str]:
        """Return the worktrees in this folder that the repository has records of: root -> folder of the record."""
        found: dict[str, str] = {}
        entries = os.path.join(self._tree.common, "worktrees") if self._tree else ""
        for name in os.listdir(entries) if os.path.isdir(entries) else ():
            entry = os.path.join(entries, name)
            with contextlib.suppress(OSError), open(os.path.join(entry, "gitdir"), "rb") as file:
                root = os.path.dirname(os.fsdecode(file.read().removesuffix(b"\n")))
                if os.path.dirname(root) == self.path:
                    found[root] = entry
        return found


@contextlib.contextmanager
def open_worktree_dir(tree: Tree | None) -> Iterator[WorktreeDir]:
    """Yield a temporary folder outside the user's tree, and remove it on any exit.

    Args:
        tree: the user's; None: there is none.

    Raises:
        CannotDecideError: there is no place for it.
    """
    worktree_dir = WorktreeDir(tree)
    try:
        with _block_signals():
            worktree_dir.path = os.path.realpath(_new_folder(tree.top if tree else None))
        yield worktree_dir
    finally:
        _remove_uninterrupted(worktree_dir)


def _run(folder: str, words: Sequence[str], settings: Sequence[str], commit: str) -> None:
    """Run git in a folder until a part of the checkout of a commit is made.

    Raises:
        CannotDecideError: git refuses.
    """
    argv = command(folder, words, settings=settings)
    code, output = run_group(argv, folder=folder, env=environment(os.environ))
    if code != 0:
        hint = "run it by hand: git worktree add DIR COMMIT"
        (cause,) = failure("worktree-failed", words, output, hint=hint).diagnostics
        raise CannotDecideError([cause._replace(place=commit[:12])])


def _remove_uninterrupted(worktree_dir: WorktreeDir) -> None:
    """Remove the folder; signals and Ctrl-C that arrive meanwhile are handled after that."""
    interruption: KeyboardInterrupt | None = None
    while worktree_dir.path:
        try:
            with _block_signals():
                worktree_dir.remove()
            break
        except KeyboardInterrupt as caught:  # it came just before, or while signals were blocked
            interruption = caught
    if interruption is not None:
        raise interruption


@contextlib.contextmanager
def _block_signals() -> Iterator[None]:
    """Block the signals that stop the program, and deliver them afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _new_folder(top: str | None) -> str:
    """Make a temporary folder outside the tree, if possible on its file system: another may be faster or slower."""
    places = [tempfile.gettempdir()]
    if top is not None and not os.environ.get("TMPDIR"):
        places = sorted([*places, "/var/tmp"], key=lambda p: not _on_one_disk(p, top))  # noqa: S108 - a fallback
    for place in places:
        if top is None or not _is_inside(place, top):
            with contextlib.suppress(OSError):
                return tempfile.mkdtemp(prefix="perfgate-ab-", dir=place)
    raise cannot_decide(
        "worktree-failed", "there is no place for temporary files outside the repository", hint=_NOWHERE
    )


def _on_one_disk(place: str, other: str) -> bool:
    try:
        return os.stat(place).st_dev == os.stat(other).st_dev
    except OSError:
        return False


def _is_inside(path: str, folder: str) -> bool:
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    return os.path.commonpath([path, folder]) == folder


def _remove_tree(path: str) -> None:
    """Remove a folder, also when a program removed the permissions for it."""
    shutil.rmtree(path, ignore_errors=True)
    if not os.path.isdir(path):
        return
    os.chmod(path, 0o700)
    for folder, names, _ in os.walk(path):
        for name in names:
            inner = os.path.join(folder, name)
            if not os.path.islink(inner):
                with contextlib.suppress(OSError):
                    os.chmod(inner, 0o700)
    shutil.rmtree(path, ignore_errors=True)
