"""What git's objects say, read from their own bytes: git names each by its hash, but looks at that hash only in `fsck`.

A program that could write into the repository may have put another content in the place
of an object, or a tree that no checkout can hold.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.store.git_start import is_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SLUG = "git-answer"
_DIGITS = 12  # of a hash that are shown
_OWN_FOLDERS = frozenset({b".git", b"git~1"})
"""Names of git's own folder, which no folder of a commit may hold (the second: as Windows shortens it)."""
_KINDS = frozenset({stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR, 0o160000})
"""Of entries: a file, a link, a folder, a submodule."""
_MOST_DIGITS = 7  # of a mode


class TreeEntry(Struct, frozen=True, kw_only=True):
    """What stands in a folder of a commit."""

    mode: str
    """Six octal digits, as ``git ls-tree`` writes them."""
    oid: str
    """The hash of its object."""
    name: bytes
    """Its name in the folder."""


def object_hash(kind: str, content: bytes, *, like: str) -> str:
    """Return the hash by which git names an object, of the kind of another one (SHA-1 or SHA-256)."""
    import hashlib

    made = hashlib.sha256 if len(like) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    found = made(f"{kind} {len(content)}\0".encode(), usedforsecurity=False)
    found.update(content)
    return found.hexdigest()


def split_answer(output: bytes, kind: str, oids: Sequence[str], hint: str) -> Iterator[bytes]:
    """Yield the content of each object that `git cat-file --batch` was asked for, if it has its hash.

    Args:
        output: what it answered.
        kind: of the objects: ``blob``, ``tree`` or ``commit``.
        oids: their hashes, in the order of the answers.
        hint: what to do when an object is not here.

    Raises:
        CannotDecideError: an object is not here, of another kind, or has another content.
    """
    at = 0
    for oid in oids:
        line, _, _ = output[at : at + 200].partition(b"\n")
        words = line.decode("ascii", "replace").split(" ")
        if len(words) != 3 or words[:2] != [oid, kind] or not words[2].isdecimal():  # noqa: PLR2004 - hash, kind, size
            if words[1:2] == ["missing"]:
                raise cannot_decide("ref-unreadable", f"the {kind} {oid[:_DIGITS]} is not here", hint=hint)
            message = f"git gave something else than the {kind} {oid[:_DIGITS]}"
            raise cannot_decide(_SLUG, message, hint="check which git is found first: git --version; git fsck")
        start = at + len(line) + 1
        at = start + int(words[2]) + 1
        content = output[start : at - 1]
        if object_hash(kind, content, like=oid) != oid:
            raise cannot_decide(_SLUG, f"git gave other content than the {kind} {oid[:_DIGITS]}", hint="git fsck")
        yield content


def parse_commit(content: bytes, oid: str) -> tuple[str, tuple[str, ...]]:
    """Return the tree and the parents of a commit, as it states them itself.

    Args:
        content: of the object.
        oid: its hash.

    Raises:
        CannotDecideError: it does not begin with a tree, or names what is no hash.
    """
    tree, parents = "", []
    for number, line in enumerate(content.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")):
        key, _, value = line.partition(" ")
        if (key == "tree") != (number == 0) or (key in {"tree", "parent"} and not is_hash(value)):
            raise cannot_decide(_SLUG, f"the commit {oid[:_DIGITS]} is not formed as git forms one", hint="git fsck")
        if key == "tree":
            tree = value
        elif key == "parent":
            parents.append(value)
        elif key == "author":
            break
    return tree, tuple(parents)


def parse_tree(content: bytes, oid: str) -> Iterator[TreeEntry]:
    """Yield what a folder of a commit holds.

    Args:
        content: of the object.
        oid: its hash.

    Raises:
        CannotDecideError: an entry cannot be checked out as it stands: its name is a path, is git's own or stands
            there twice, or its mode is that of no file, link, folder or submodule.
    """
    at, width, seen, before = 0, len(oid) // 2, set[bytes](), b""
    while at < len(content):
        space = content.find(b" ", at, at + _MOST_DIGITS + 1)
        end = content.find(b"\0", space)
        digits, name = content[at : max(space, at)], content[space + 1 : max(end, 0)]
        at = end + 1 + width
        if space < 0 or end < 0 or at > len(content) or not digits.isdigit() or set(digits) & set(b"89"):
            raise _odd(oid, "is cut off")
        mode = int(digits, 8)
        order = name + b"/" if stat.S_IFMT(mode) == stat.S_IFDIR else name
        if stat.S_IFMT(mode) not in _KINDS:
            raise _odd(oid, f"gives {_shown(name)} the mode {mode:06o}, which git does not have")
        if name in {b"", b".", b".."} or b"/" in name or name.lower() in _OWN_FOLDERS:
            raise _odd(oid, f"holds {_shown(name)}, which is no name of a file")
        if name in seen or order <= before:
            raise _odd(oid, f"holds {_shown(name)} twice, or out of order")
        seen.add(name)
        before = order
        yield TreeEntry(mode=f"{mode:06o}", oid=content[end + 1 : at].hex(), name=name)


def _odd(oid: str, message: str) -> CannotDecideError:
    hint = "git fsck; commit the files with git itself, which makes no such folder"
    return cannot_decide(_SLUG, f"a folder of the commit ({oid[:_DIGITS]}) {message}", hint=hint)


def _shown(name: bytes) -> str:
    return f'"{name.decode("utf-8", "replace")}"' if name else "an entry without a name"
