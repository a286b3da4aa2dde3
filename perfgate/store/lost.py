"""Baselines that are not where they are looked for: does git hold them elsewhere, or did it hold them before?"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.core.text.names import list_some
from perfgate.store.codec import decode_baseline
from perfgate.store.git import git, is_shallow
from perfgate.store.git_start import DISTRUSTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MARK = '"perfgate/baseline/'
"""What every baseline file contains."""
_MOST_READ = 50
"""Files that git lists and the folder lacks, of which the runs are looked up."""
_NOTHING_FOUND = 1  # exit code of git grep
_SUBMODULE = b"160000 "
"""Git's mode of a submodule."""


def find_lost(folder: str) -> str:
    """Return where baselines are, or were, that a folder lacks; empty: nowhere, as far as the whole history shows.

    Outside a repository, and before its first commit, nothing can have been lost.

    Args:
        folder: of the baselines, relative to the working directory.
    """
    try:
        history = git(".", ["log", "-1", "--format=%h", "HEAD", "--", folder], hint="").decode().strip()
    except CannotDecideError as caught:
        first = caught.diagnostics[0]
        return f"git cannot be asked whether it held some ({first.message})" if first.slug == DISTRUSTED else ""
    if history:
        return f"git held some there (last changed in {history})"
    grep = ["grep", "-lF", "--full-name", "-e", MARK, "HEAD", "--", ":(top)*.json"]
    elsewhere = git(".", grep, hint="", accepted=(0, _NOTHING_FOUND)).decode("utf-8", "replace").splitlines()
    if elsewhere:
        return f"git holds {list_some([line.partition(':')[2] for line in elsewhere], 2)}"
    if is_shallow("."):
        return "the clone is shallow, so that git may have held some there"
    return ""


def find_absent_submodule(folder: str) -> str:
    """Return the submodule of the commit that a folder is, or lies in, and that is not checked out; empty: none.

    Git leaves an empty folder in its place. What it holds is in another repository, which nobody can ask.

    Args:
        folder: of the baselines, relative to the working directory.
    """
    path = os.path.relpath(os.path.realpath(folder))
    parts = path.split(os.sep)
    places = [os.path.join(*parts[:depth]) for depth in range(1, len(parts) + 1) if parts[depth - 1] != os.pardir]
    for place in places:
        if os.path.lexists(os.path.join(place, ".git")):
            continue
        try:
            entry = git(".", ["--literal-pathspecs", "ls-tree", "HEAD", "--", place], hint="")
        except CannotDecideError:  # no repository, no commit, or a place outside of it
            return ""
        if entry.startswith(_SUBMODULE):
            return place
    return ""


def find_deleted(folder: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the baseline files that git lists in a folder and that are not there, ascending; none outside git.

    Args:
        folder: of the baselines, relative to the working directory.

    Yields:
        The file and its runs, by which one that was renamed is known again; no runs: it cannot be read.
    """
    try:
        listed = git(".", ["ls-files", "-z", "--", folder], hint="")
    except CannotDecideError:
        return
    names = sorted(name for name in os.fsdecode(listed).split("\0") if name.endswith(".json"))
    for number, name in enumerate(n for n in names if not os.path.lexists(n)):
        runs: frozenset[str] = frozenset()
        if number < _MOST_READ:
            with contextlib.suppress(CannotDecideError):
                profile, _ = decode_baseline(git(".", ["cat-file", "blob", f":./{name}"], hint=""), name)
                runs = frozenset(run for s in profile.sessions for run in s.runs)
        yield name, runs


def find_listed(files: Collection[str]) -> frozenset[str]:
    """Return which baselines git lists for the next commit, in whatever folder of the repository.

    A file that is absent from the folder, but listed, was lost and not removed: a sparse
    checkout leaves it out, a moved folder holds it elsewhere.

    Args:
        files: of each its machine class and its name, ``gha-4cpu/train-0123abcd.json``.

    Raises:
        CannotDecideError: git cannot be asked.
    """
    if not files:
        return frozenset()
    listed = git(".", ["ls-files", "-z", "--full-name", "--", ":(top,glob)**/*.json"], hint="run it in the repository")
    ends = {"/".join(path.split("/")[-2:]) for path in os.fsdecode(listed).split("\0")}
    return frozenset(ends.intersection(files))
