"""Files that git has committed and that nobody wrote again since: they are no output of the job that reads them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.store.checkouts.snapshot import find_held
from perfgate.store.git import Commit, git

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_AT_ONCE = 500
"""Names that one call of git is given."""
_LISTED = (
    rb"[0-7]+ ([0-9a-f]+) 0\t([^\0]+)\0  ctime: \d+:\d+\n  mtime: (\d+):(\d+)\n"
    rb"  dev: \d+\tino: \d+\n  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: [0-9a-f]+\n"
)
"""A file of git's index: what it holds, its name, the time and the size that it had when git last read or wrote it."""
_NS = 1_000_000_000
_FILE = "100"
"""How the mode of a file begins, not that of a link or of a submodule."""


def find_committed(files: Iterable[str]) -> set[str]:
    """Return which files git has committed, and that were not changed since.

    A file is one when it holds what the commit does (`find_held`), or when nobody wrote it
    since git did: filters of the machine, which are not run here, may have converted it.

    Args:
        files: paths, in whatever repositories.

    Raises:
        CannotDecideError: git lists a file, but cannot say what the commit holds.
    """
    found: set[str] = set()
    for root, paths in _by_repository(files).items():
        names = list(paths)
        for start in range(0, len(names), _AT_ONCE):
            listed = _list(root, names[start : start + _AT_ONCE])
            if listed:
                found |= {path for name in _find_unchanged(root, listed) for path in paths[name]}
    return found


def _list(root: str, names: Sequence[str]) -> list[str]:
    """Return which of these names are files of git's index; none where nothing is committed."""
    try:
        listed = git(root, ["--literal-pathspecs", "ls-files", "-z", "--", *names], hint="")
        found = {*filter(None, os.fsdecode(listed).split("\0"))} & {*names}
        if found:
            git(root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], hint="")
    except CannotDecideError:  # no repository here after all, or nothing committed yet
        return []
    return sorted(found)


def _find_unchanged(root: str, names: Sequence[str]) -> set[str]:
    """Return the files that are those of HEAD; `git diff` would run filters that settings name."""
    entries = git(root, ["--literal-pathspecs", "ls-tree", "-z", "HEAD", "--", *names], hint="")
    objects: dict[str, tuple[str, str]] = {}
    for line in filter(None, os.fsdecode(entries).split("\0")):
        facts, _, name = line.partition("\t")
        mode, _, oid = facts.split(" ")
        if mode.startswith(_FILE):
            objects[name] = (mode, oid)
    kept = _find_kept(root, objects)
    left = {name: entry for name, entry in objects.items() if name not in kept}
    return kept | (find_held(Commit("HEAD", root), root, left) if left else set())


def _find_kept(root: str, objects: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the files that have the time and the size with which git's index holds the content of the commit."""
    if not objects:  # git would list them all
        return set()
    listed = git(root, ["--literal-pathspecs", "ls-files", "-z", "--stage", "--debug", "--", *objects], hint="")
    kept = set()
    for oid, path, seconds, rest, size in re.findall(_LISTED, listed):
        name = os.fsdecode(path)
        if objects.get(name, ("", ""))[1] != oid.decode():
            continue
        try:
            facts = os.lstat(os.path.join(root, name))
        except OSError:
            continue
        # git writes 0 for the size of a file that it wrote just now, and could not convert back
        if facts.st_mtime_ns == int(seconds) * _NS + int(rest) and int(size) in {facts.st_size, 0}:
            kept.add(name)
    return kept


def _by_repository(files: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return files by the root of their repository and their name from there; those of none are left out."""
    roots: dict[str, str] = {}
    found: dict[str, dict[str, list[str]]] = {}
    for path in files:
        real = os.path.realpath(path)
        root = _root_of(os.path.dirname(real), roots)
        if root:
            found.setdefault(root, {}).setdefault(os.path.relpath(real, root), []).append(path)
    return found


def _root_of(folder: str, known: dict[str, str]) -> str:
    """Return the root of the repository that a folder is in, by the folders that were asked for before; empty: none."""
    passed = []
    above = folder
    while above not in known:
        passed.append(above)
        if os.path.lexists(os.path.join(above, ".git")):
            known[above] = above
        elif os.path.dirname(above) == above:
            known[above] = ""
        else:
            above = os.path.dirname(above)
    for each in passed:
        known[each] = known[above]
    return known[above]
