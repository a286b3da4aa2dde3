"""Temporary git worktrees outside the user's tree, removed afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.store.git import git
from perfgate.store.processes import run_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.store.tree import Tree

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_FRESH = ["-c", "core.hooksPath=/dev/null", "-c", "worktree.useRelativePaths=false", "-c", "advice.detachedHead=false"]
_NOWHERE = "name a folder outside the repository for temporary files: TMPDIR=DIR perfgate ab …"


class WorktreeDir:
    """A temporary folder, and the worktrees in it."""

    def __init__(self, tree: Tree | None) -> None:
        """Take the user's tree; None: there is none, and no worktree can be added."""
        self.path = ""
        self.left = ""
        """The folder, when it could not be removed."""
        self._tree = tree

    def checkout(self, name: str, commit: str) -> str:
        """Return the root of a new worktree.

        The repository's hooks do not run: they are meant for the user's own work.

        Args:
            name: of its folder.
            commit: full hash.

        Raises:
            CannotDecideError: git cannot make it.
        """
        if self._tree is None:  # pragma: no cover - the caller has a repository
            raise ValueError("there is no repository")
        path = os.path.join(self.path, name)
        words = ["git", *_FRESH, "worktree", "add", "--detach", path, commit]
        env = {**self._tree.env, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        code, output = run_group(words, folder=self._tree.top, env=env)
        if code != 0:
            lines = output.strip().splitlines()
            cause = lines[-1] if lines else f"git worktree add failed ({code})"
            raise cannot_decide(
                "worktree-failed", cause, place=commit[:12], hint="run it by hand: git worktree add DIR COMMIT"
            )
        return path

    def remove(self) -> None:
        """Remove the folder, its worktrees and the repository's records of them; a second call changes nothing."""
        tree = self._tree
        for path in self._known():
            with contextlib.suppress(CannotDecideError):
                words = ["-c", "core.hooksPath=/dev/null", "worktree", "remove", "--force", "--force", path]
                git(tree.top if tree else path, words, hint="", env=tree.env if tree else None)
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
