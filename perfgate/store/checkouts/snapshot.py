"""What the tracked files of a working tree hold, read from the files themselves, and whether a commit holds the same.

Neither git's index nor a file's times and size are asked: a program that changes a
file can set them as they were.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.store.checkouts.filters import filters_off
from perfgate.store.checkouts.pointers import LARGEST as _LARGEST_POINTER
from perfgate.store.checkouts.pointers import is_named_by
from perfgate.store.git import Commit, blob_hash, git

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_CHUNK = 1 << 20
_SUBMODULE = "160000"
_LINK = "120000"
_SHA1 = 40  # digits
_CONVERSIONS = ("text", "crlf", "eol", "ident", "working-tree-encoding")
"""Attributes by which git itself converts a file at a checkout; each may lose what it cannot convert back."""
_AS_IT_IS = frozenset({b"unspecified", b"unset", b"auto"})
"""Values of these attributes with which nothing is lost (``auto``: a file that holds CR LF is left alone)."""


class Entry(Struct, frozen=True, kw_only=True):
    """One file, or one folder that holds some."""

    kind: str
    """``file``, ``link``, ``folder``, ``absent`` or ``other``."""
    is_executable: bool = False
    size: int = 0
    """In bytes, of a file or of a link's target."""
    digest: str = ""
    """Of a file or of a link's target, as git computes it; of others empty."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """The tracked files of a working tree, and their folders."""

    root: str
    """Of the tree, absolute."""
    is_sha1: bool
    """Does the repository name objects by SHA-1, not by SHA-256?"""
    entries: Mapping[str, Entry]
    """By their path from there."""


def take_of_commit(root: str, commit: str) -> Snapshot:
    """Return the files of a fresh checkout, which are those of its commit.

    Raises:
        CannotDecideError: a file is not the commit's, see `find_held`.
    """
    made_by = Commit(commit, root)
    objects = {path: (mode, oid) for mode, oid, path in made_by.objects() if mode != _SUBMODULE}
    snapshot = _take(root, objects, is_sha1=len(commit) == _SHA1)
    changed = sorted(objects.keys() - _find_held(made_by, objects, snapshot))
    if changed:
        message = f"files of the fresh checkout are not those of the commit: {changed[0]}"
        raise cannot_decide("side-changed", message, place=commit[:12], hint="end what writes there, then repeat it")
    return snapshot


def take_of_tree(root: str) -> Snapshot:
    """Return the files of the user's own working tree that git lists, committed or not."""
    listed = git(root, ["ls-files", "-z", "--stage"], hint="").split(b"\0")
    facts = [os.fsdecode(line).partition("\t") for line in listed if line]
    paths = [path for before, _, path in facts if not before.startswith(_SUBMODULE)]
    return _take(root, paths, is_sha1=True)


def take_again(before: Snapshot) -> Snapshot:
    """Return what the same files hold now."""
    wanted = [path for path, entry in before.entries.items() if entry.kind != "folder"]
    return _take(before.root, wanted, is_sha1=before.is_sha1)


def find_held(commit: Commit, root: str, objects: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the files of a working tree that hold what a commit does, conversions of a checkout included.

    What git converts (line ends, encodings, ``$Id$``) is compared as git would convert it back,
    and as it would write it; what Git LFS fetched is compared with the pointer to it that the
    commit holds. No program runs that git's settings or the attributes of a file name.

    Args:
        commit: looked up from the root.
        root: of the tree, absolute.
        objects: mode and object id of each file that is asked for, by its path from there.
    """
    some = next(iter(objects.values()), ("", ""))
    return _find_held(commit, objects, _take(root, objects, is_sha1=len(some[1]) == _SHA1))


def find_changed(before: Snapshot) -> list[str]:
    """Return the files, or folders in whose place something else stands now, that hold something else, ascending.

    Reads no more of a file than it held before.
    """
    changed = []
    for path, entry in before.entries.items():
        full = os.path.join(before.root, path)
        if _read(full, is_sha1=before.is_sha1, size=entry.size) != entry:
            changed.append(path)
    return sorted(changed)


def signature_of(snapshot: Snapshot) -> dict[str, tuple[int, ...]]:
    """Return the state of each file and folder as the file system keeps it: whoever writes, adds or renames changes it.

    Cheap: nothing is read. The time of the last change of an entry (ctime) cannot be set by a program.
    """
    found: dict[str, tuple[int, ...]] = {}
    for path in snapshot.entries:
        with contextlib.suppress(OSError):
            facts = os.lstat(os.path.join(snapshot.root, path))
            found[path] = (facts.st_ino, facts.st_ctime_ns, facts.st_mode, facts.st_size)
    return found


def _take(root: str, paths: Iterable[str], *, is_sha1: bool) -> Snapshot:
    entries: dict[str, Entry] = {"": _read(root, is_sha1=is_sha1)}
    for path in paths:
        folder = os.path.dirname(path)
        while folder and folder not in entries:
            entries[folder] = _read(os.path.join(root, folder), is_sha1=is_sha1)
            folder = os.path.dirname(folder)
        entries[path] = _read(os.path.join(root, path), is_sha1=is_sha1)
    return Snapshot(root=root, is_sha1=is_sha1, entries=entries)


def _read(path: str, *, is_sha1: bool, size: int | None = None) -> Entry:
    """Return what stands at a path; a file of another size than `size` is not read."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            return Entry(kind="folder")
        if stat.S_ISLNK(mode):
            target = os.fsencode(os.readlink(path))
            return Entry(kind="link", size=len(target), digest=_begin(len(target), target, is_sha1=is_sha1).hexdigest())
        if not stat.S_ISREG(mode):
            return Entry(kind="other")
        return _read_file(path, is_sha1=is_sha1, size=size)
    except OSError:
        return Entry(kind="absent")


def _read_file(path: str, *, is_sha1: bool, size: int | None) -> Entry:
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(fd, "rb", buffering=0) as file:
        facts = os.fstat(fd)
        digest = ""
        if stat.S_ISREG(facts.st_mode) and size in {None, facts.st_size}:
            left, found = facts.st_size, _begin(facts.st_size, is_sha1=is_sha1)
            while left > 0 and (chunk := file.read(min(left, _CHUNK))):
                found.update(chunk)
                left -= len(chunk)
            digest = found.hexdigest() if not left else ""
        return Entry(kind="file", is_executable=bool(facts.st_mode & 0o100), size=facts.st_size, digest=digest)


def _begin(size: int, content: bytes = b"", *, is_sha1: bool) -> hashlib._Hash:
    """Return the hash of an object of git that holds a file, as far as its content is there."""
    import hashlib

    kind = hashlib.sha1 if is_sha1 else hashlib.sha256
    return kind(b"blob %d\0" % size + content, usedforsecurity=False)


def _is_as_held(entry: Entry, mode: str, oid: str) -> bool:
    """Does a file, or the target of a link, hold what its commit does?"""
    return entry.digest == oid and entry.kind == ("link" if mode == _LINK else "file")


def _find_held(commit: Commit, objects: Mapping[str, tuple[str, str]], snapshot: Snapshot) -> set[str]:
    root, entries = snapshot.root, snapshot.entries
    held = {path for path, (mode, oid) in objects.items() if _is_as_held(entries[path], mode, oid)}
    left = {
        path: oid
        for path, (mode, oid) in objects.items()
        if path not in held and entries[path].kind == "file" and mode != _LINK
    }
    if not left:
        return held
    # Git LFS is off, too: a file of its own would be copied into the repository.
    settings = filters_off(root, is_lfs_off=True).settings
    held |= _find_converted(root, left, settings)
    pointers = commit.small_contents({oid for path, oid in left.items() if path not in held}, limit=_LARGEST_POINTER)
    held |= {path for path, oid in left.items() if is_named_by(pointers.get(oid, b""), os.path.join(root, path))}
    left = {path: oid for path, oid in left.items() if path not in held}
    if not left:
        return held
    return held | {path for path, oid in _write(root, left, settings) if oid == entries[path].digest}


def _find_converted(root: str, objects: Mapping[str, str], settings: Sequence[str]) -> set[str]:
    """Return the files that git, as it would commit them, names by the hash that the commit has for them."""
    asked = b"".join(_quote(path) + b"\n" for path in objects)
    hashes = git(root, ["hash-object", "--stdin-paths"], hint="", asked=asked, settings=settings).decode().split()
    return {path for (path, oid), found in zip(objects.items(), hashes, strict=True) if found == oid}


def _write(root: str, objects: Mapping[str, str], settings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the files that git converts at a checkout, and the hash of what it would write.

    That may be more than it converts back: mixed line ends, an ``$Id$`` that was filled
    in, an encoding with several forms. One call for each file, which few repositories have.
    """
    asked = b"".join(os.fsencode(path) + b"\0" for path in objects)
    words = git(root, ["check-attr", "-z", "--stdin", *_CONVERSIONS], hint="", asked=asked).split(b"\0")
    pairs = zip(words[::3], words[2::3], strict=False)  # of (file, attribute, value)
    for path in sorted({os.fsdecode(file) for file, value in pairs if value not in _AS_IT_IS}):
        oid = objects[path]
        content = git(root, ["cat-file", "--filters", f"--path={path}", oid], hint="", settings=settings)
        yield path, blob_hash(content, oid)


def _quote(path: str) -> bytes:
    """Return a path as git reads it from a line: of one that begins with a quote it would take away the quotes."""
    escaped = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
