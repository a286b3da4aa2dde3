"""Reading files of another commit through git; whatever cannot be read for certain is an error."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMEOUT = 60.0
_REGULAR = ("100644", "100755")


class Commit:
    """One commit of the repository that holds a folder."""

    def __init__(self, ref: str, folder: str) -> None:
        """Look up `ref` from `folder`.

        Raises:
            CannotDecideError: git is absent, `folder` is in no repository, or the ref
                does not name a commit that is here.
        """
        self.ref = ref
        self._folder = folder
        if ref.startswith("-") or not ref.isprintable() or not ref:
            raise cannot_decide("ref-unreadable", f'"{ref}" is not a git ref', hint="name a branch, a tag or a commit")
        where = self._git(["rev-parse", "--show-prefix"], "", hint="run it inside the git repository of the baselines")
        self._prefix = where.decode().strip()
        try:
            found = self._git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"], "")
        except CannotDecideError:
            raise self._unreadable() from None
        self.id = found.decode().strip()

    def _unreadable(self) -> CannotDecideError:
        remote, _, branch = self.ref.partition("/")
        # with the full target, since a clone of one branch would leave the other's name unset
        fetch = (
            f"git fetch {remote} +{branch}:refs/remotes/{self.ref}"
            if branch and remote == "origin" and not set(branch) & set("~^@{}:")
            else "git fetch --deepen=1"
        )
        return cannot_decide(
            "ref-unreadable",
            f'the git ref "{self.ref}" does not name a commit that is here',
            hint=f"{fetch} (in Actions: fetch-depth: 2 at the checkout)",
        )

    def read(self, path: str, *, limit: int) -> bytes | None:
        """Return the content of a file of the commit, None when the commit verifiably lacks it.

        Args:
            path: relative to the folder that the commit was looked up from.
            limit: largest size in bytes.

        Raises:
            CannotDecideError: it cannot be told, or the file is no regular one, or too large.
        """
        found = self.tree(path)
        return self._content(found[0], limit) if found else None

    def files(self, folder: str, *, limit: int) -> list[tuple[str, bytes]]:
        """Return the JSON files below a folder of the commit: path relative to it, and content.

        Raises:
            CannotDecideError: it cannot be told.
        """
        start = self._full(folder).rstrip("/") + "/"
        wanted = [e for e in self.tree(folder + "/") if e[2].endswith(".json") and "/." not in f"/{e[2][len(start) :]}"]
        return [(path[len(start) :], self._content((mode, oid, path), limit)) for mode, oid, path in wanted]

    def tree(self, path: str) -> list[tuple[str, str, str]]:
        """Return (mode, object id, path) of every entry of the commit at or below a path."""
        listed = self._git(
            ["ls-tree", "-r", "-z", "--full-tree", self.id, "--", self._full(path)],
            "the commit cannot be listed",
        )
        entries = []
        for line in filter(None, listed.decode("utf-8", "replace").split("\0")):
            facts, _, name = line.partition("\t")
            mode, _, oid = facts.split(" ")
            entries.append((mode, oid, name))
        return entries

    def _full(self, path: str) -> str:
        """Return a path of the folder as the repository knows it."""
        full = os.path.normpath(os.path.join(self._prefix, path)) + ("/" if path.endswith("/") else "")
        if full.startswith(("../", "/")) or full == "..":
            raise cannot_decide(
                "ref-unreadable",
                "lies outside the git repository",
                place=path,
                hint="name a folder inside it",
            )
        return full

    def _content(self, entry: tuple[str, str, str], limit: int) -> bytes:
        mode, oid, path = entry
        place = f"{self.ref}:{path}"
        if mode not in _REGULAR:
            raise cannot_decide(
                "ref-unreadable",
                "is not a regular file",
                place=place,
                hint="commit the file itself, not a link",
            )
        size = int(self._git(["cat-file", "-s", oid], "the object is not here"))
        if size > limit:
            raise cannot_decide(
                "ref-unreadable", f"is larger than {limit:,} bytes", place=place, hint="remove the file"
            )
        return self._git(["cat-file", "blob", oid], "the object is not here")

    def _git(self, arguments: Sequence[str], failing: str, *, hint: str = "git fetch --unshallow") -> bytes:
        """Return what git prints.

        Raises:
            CannotDecideError: git is absent or refuses.
        """
        command = ["git", "--no-optional-locks", "--literal-pathspecs", "-C", self._folder, *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - a list, never a shell; refs are checked, paths come after "--"
                command, capture_output=True, check=False, timeout=_TIMEOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as caught:
            raise cannot_decide("ref-unreadable", f"git cannot be run ({caught})", hint="install git") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            cause = said[-1] if said else f"git {arguments[0]} failed"
            raise cannot_decide("ref-unreadable", f"{cause} ({failing})" if failing else cause, hint=hint)
        return done.stdout
