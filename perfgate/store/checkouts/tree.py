"""The user's working tree in its repository: which commits it knows, and what is its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.store.checkouts.filters import filters_off
from perfgate.store.git import git, resolve
from perfgate.store.git_start import as_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL_VARIABLES = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip
"""Variables that git sets for its hooks; in another worktree they would point to the user's own."""
_DEFAULTS = ("remotes/origin/HEAD", "remotes/origin/main", "remotes/origin/master", "heads/main", "heads/master")
_DEEPEN = "git fetch --unshallow (in Actions: fetch-depth: 0 at the checkout), or name another base: --base REF"
_NO_TREE = 'run it in a git working tree, or compare two commands: --base-cmd "CMD" --head-cmd "CMD"'
_GITLINK = b"160000"
_SHOWN = 12  # digits of a commit's hash that are shown
_MOST_SHOWN = 4


def is_tracked(folder: str, path: str) -> bool:
    """Does git hold a file, or a file of a folder? Where there is no repository it holds none.

    Args:
        folder: a folder of a working tree.
        path: relative to it.
    """
    try:
        return bool(git(folder, ["--literal-pathspecs", "ls-files", "-z", "--cached", "--", path], hint=""))
    except CannotDecideError:
        return False


class Tree:
    """The working tree that holds the working directory."""

    def __init__(self) -> None:
        """Find it.

        Raises:
            CannotDecideError: git is absent, or the working directory is in no working tree.
            OSError: the working directory was removed.
        """
        here = os.getcwd()
        try:
            self.top = self._line(["rev-parse", "--show-toplevel"])
            """Root of the tree, absolute."""
            if not os.path.isabs(self.top):
                as_hash(self.top, "the root of the working tree")
            self.prefix = self._line(["rev-parse", "--show-prefix"])
            """The working directory below it: empty, or a path that ends in a slash."""
            self.common = os.path.join(here, self._line(["rev-parse", "--git-common-dir"]))
            """The repository itself, shared by all its worktrees."""
        except CannotDecideError as caught:
            first = caught.diagnostics[0]
            if first.slug != "ref-unreadable":
                raise
            message = first.message.removeprefix("fatal: ")
            hint = first.hint or _NO_TREE
            raise cannot_decide("no-repository", message, hint=hint) from None

    def head(self) -> str:
        """Return the full hash of the commit that is checked out.

        Raises:
            CannotDecideError: nothing was committed yet.
        """
        try:
            found = self._line(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        except CannotDecideError:
            raise cannot_decide("no-base", "nothing is committed yet", hint=_NO_TREE) from None
        return as_hash(found, "the commit that is checked out")

    def default_base(self) -> tuple[str, str]:
        """Return the commit that HEAD and the default branch have in common, and what to call it.

        Raises:
            CannotDecideError: there is no default branch, nothing in common, more than one such commit, or a shallow
                clone in which a newer one may be cut off.
        """
        head = self.head()
        upstream = next((f"refs/{ref}" for ref in _DEFAULTS if resolve(".", f"refs/{ref}")), None)
        if upstream is None:
            looked = ", ".join(ref.partition("/")[2] for ref in _DEFAULTS)
            message = f"there is no default branch to compare with (looked for {looked})"
            raise cannot_decide("no-base", message, hint=f"name a base: --base REF; or fetch one: {_DEEPEN}")
        name = self._line(["rev-parse", "--abbrev-ref", upstream])
        try:
            found = self._line(["merge-base", "--all", head, f"{upstream}^{{commit}}"]).split()
        except CannotDecideError:
            message = f"HEAD and {name} have no commit in common here"
            raise cannot_decide("no-base", message, hint=_DEEPEN) from None
        found = [as_hash(line, f"what HEAD and {name} have in common") for line in found or [""]]
        cut = self._cut_above(found, head, upstream)
        if cut:
            message = (
                f"HEAD and {name} seem to part at {found[0][:_SHOWN]}, but this shallow clone lacks history after it"
            )
            raise cannot_decide("no-base", f"{message} (cut off at {cut[:_SHOWN]})", hint=_DEEPEN)
        if len(found) > 1:
            shown = ", ".join(commit[:_SHOWN] for commit in found[:_MOST_SHOWN])
            more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
            message = f"HEAD and {name} have {len(found)} merge bases: {shown}{more}"
            raise cannot_decide("no-base", message, hint=f"name the one to compare with: --base {found[0][:_SHOWN]}")
        return found[0], f"what HEAD and {name} have in common"

    def _cut_above(self, bases: Sequence[str], head: str, upstream: str) -> str:
        """Return a commit after the merge bases whose parents a shallow clone lacks; empty: there is none.

        Through such parents head and upstream may have a newer commit in common. What lies before the bases
        does not matter; nor does anything when one of the two is the base itself, for no newer one is in both.
        """
        ends = {head, self._line(["rev-parse", "--verify", f"{upstream}^{{commit}}"])}
        if ends & set(bases) or self._line(["rev-parse", "--is-shallow-repository"]) != "true":
            return ""
        listed = self._git(["rev-list", "--parents", head, upstream, "--not", *bases]).decode().splitlines()
        return next(
            (commit for commit in map(str.strip, listed) if " " not in commit and self._has_parents(commit)), ""
        )

    def _has_parents(self, commit: str) -> bool:
        """Has a commit parents as it states them itself, whether they are here or not?"""
        return b"\nparent " in self._git(["cat-file", "commit", commit]).partition(b"\n\n")[0]

    def changes(self) -> tuple[int, int]:
        """Return how many files differ from HEAD, and how many are neither committed nor ignored."""
        entries = self._status("normal")
        untracked = sum(code == b"??" for code, _ in entries)
        return len(entries) - untracked, untracked

    def changed_files(self) -> list[str]:
        """Return the paths that differ from HEAD, and those that are neither committed nor ignored, from the top."""
        return [os.fsdecode(path).removesuffix("/") for _, path in self._status("all")]

    def _status(self, untracked: str) -> list[tuple[bytes, bytes]]:
        """Return what differs from HEAD: two letters that say how, and the path."""
        # A look into submodules would start git there, with settings of their own.
        words = ["status", "--porcelain=v1", "-z", f"--untracked-files={untracked}", "--no-renames"]
        off = filters_off(self.top)
        status = git(".", [*words, "--ignore-submodules=dirty"], hint="", settings=off.settings)
        return [(line[:2], line[3:]) for line in status.split(b"\0") if line]

    def files(self) -> list[str]:
        """Return the paths of all files that git lists, from the top."""
        return [
            os.fsdecode(path) for path in git(self.top, ["ls-files", "-z", "--cached"], hint="").split(b"\0") if path
        ]

    def locate(self, path: str) -> str:
        """Return a path from the top of the tree; one that leads out of it begins with ``..``.

        Args:
            path: relative to the working directory, or absolute.
        """
        if os.path.isabs(path):
            return os.path.relpath(os.path.realpath(path), os.path.realpath(self.top))
        return os.path.normpath(os.path.join(self.prefix, path))

    def is_part(self, folder: str, path: str) -> bool:
        """Is a path in a working tree part of it: committed, or at least not ignored?

        Args:
            folder: a folder of this tree or of another worktree of the repository.
            path: relative to it.
        """
        listing = ["--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", path]
        try:
            return bool(git(folder, listing, hint=""))
        except CannotDecideError:  # outside the tree, or in a submodule
            return False

    def committed(self, folder: str) -> frozenset[str]:
        """Return what git's index holds of a working tree: files and the folders that they are in, ``.`` the root.

        Args:
            folder: root of this tree, or of another worktree of the repository.
        """
        listed = git(folder, ["ls-files", "-z", "--cached"], hint="").split(b"\0")
        found = {os.curdir}
        for path in map(os.fsdecode, filter(None, listed)):
            found.add(path)
            while (path := os.path.dirname(path)) and path not in found:
                found.add(path)
        return frozenset(found)

    def submodules(self, folder: str) -> list[str]:
        """Return the paths of the submodules of a worktree, relative to its root.

        Args:
            folder: root of the worktree.
        """
        if not os.path.exists(os.path.join(folder, ".gitmodules")):
            return []
        listed = git(folder, ["ls-files", "-z", "--stage"], hint="").split(b"\0")
        return [os.fsdecode(line.partition(b"\t")[2]) for line in listed if line.startswith(_GITLINK)]

    def _line(self, arguments: Sequence[str]) -> str:
        return os.fsdecode(self._git(arguments)).removesuffix("\n")

    def _git(self, arguments: Sequence[str]) -> bytes:
        return git(".", arguments, hint="")
