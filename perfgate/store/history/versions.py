"""The versions of the files of a folder along the first parents of a commit: one call lists all of them."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.store.git import FETCH_HISTORY, git
from perfgate.store.git_objects import split_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PIECE = re.compile(rb"\n?(?:\x01[0-9a-f]{40,64} (-?\d*)\0|:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [A-Z]\0([^\0]+)\0)")
"""A commit with its date, or a file with the hash of its new content, as `git log --raw -z` lists them."""
_MOST_LOG = 1 << 30
"""Bytes of a log: some million versions."""
_MOST_BYTES = 64 * 1024 * 1024
"""Of contents that are held at once."""
LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Variables by which git fetches nothing: a partial clone would ask for one content after another."""
_PLAIN = ("log.showSignature=false", "log.showRoot=true", "diff.relative=false", "log.follow=false")
"""Settings of a listing, whatever the user prefers; also that of the first commit."""
_AS_IT_IS = ("-O/dev/null", "--encoding=UTF-8")
_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}
"""A folder may be called ``perf*`` or ``:x``."""


class Version(Struct, frozen=True):
    """One version of a file."""

    recorded_at: str
    """Date of the commit that has it first (UTC, ISO 8601)."""
    oid: str
    """Hash of its content; empty: the commit removed the file."""


def list_versions(folder: str, ref: str, below: str) -> dict[str, list[Version]]:
    """Return the versions of each JSON file below a folder, the newest first.

    Args:
        folder: in the repository.
        ref: full hash of the newest commit.
        below: the folder of the files, relative to `folder`.

    Raises:
        CannotDecideError: git cannot be asked, or gives something else than a log.
    """
    words = ["log", "-m", "--first-parent", "--no-renames", "--no-abbrev", "--raw", "-z", "--format=%x01%H%x20%ct"]
    answer = git(
        folder,
        [*words, *_AS_IT_IS, ref, "--", below],
        hint=FETCH_HISTORY,
        settings=_PLAIN,
        most=_MOST_LOG,
        variables=LOCAL | _LITERAL,
    )
    found: dict[str, list[Version]] = defaultdict(list)
    recorded_at, end = "", 0
    for piece in _PIECE.finditer(answer):
        if piece.start() != end:
            break
        end = piece.end()
        seconds, oid, path = piece.groups()
        if seconds is not None:
            recorded_at = _date(seconds) or recorded_at  # of a broken one: not later than the commit after it
        elif path.lower().endswith(b".json"):
            version = Version(recorded_at, "" if oid.count(b"0") == len(oid) else oid.decode())
            found[path.decode("utf-8", "surrogateescape")].append(version)
    if end != len(answer):
        raise cannot_decide("git-answer", "git log gave no list of versions", hint="check which git is found first")
    return found


def _date(seconds: bytes) -> str:
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""


def promisor(folder: str) -> str:
    """Return the remote from which a partial clone fetches contents when they are asked for; empty: it is none."""
    words = ["config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$"]
    names = git(folder, words, hint="", accepted=(0, 1)).decode("utf-8", "replace").splitlines()
    return names[0].removeprefix("remote.").removesuffix(".promisor") if names else ""


def list_missing(folder: str, ref: str, below: str) -> set[str]:
    """Return the hashes of the contents that a partial clone lacks, of those that `list_versions` lists.

    Raises:
        CannotDecideError: git cannot be asked, or folders are missing as well.
    """
    words = ["rev-list", "--objects", "--no-object-names", "--missing=print", "--first-parent", ref, "--", below]
    answer = git(folder, words, hint=FETCH_HISTORY, most=_MOST_LOG, variables=LOCAL | _LITERAL)
    return {line[1:] for line in answer.decode("ascii", "replace").splitlines() if line.startswith("?")}


def read_contents(folder: str, oids: Sequence[str], *, largest: int) -> Iterator[tuple[str, bytes]]:
    """Yield hash and content of files; those that are not here, or are larger than `largest` bytes, are left out.

    Nothing is fetched.

    Args:
        folder: in the repository.
        oids: their hashes.
        largest: in bytes.

    Raises:
        CannotDecideError: git cannot be asked, or gives another content than the hash says; the clone is partial,
            and one is not here.
    """
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answer = git(folder, ["cat-file", "--batch-check"], hint=FETCH_HISTORY, asked=asked, variables=LOCAL)
    batch: list[str] = []
    room = _MOST_BYTES
    for line in answer.decode("ascii", "replace").splitlines():
        oid, _, rest = line.partition(" ")
        kind, _, size = rest.partition(" ")
        if kind != "blob" or not size.isdecimal() or int(size) > largest:
            continue
        room -= int(size)
        if room < 0 and batch:
            yield from _read_batch(folder, batch)
            batch, room = [], _MOST_BYTES - int(size)
        batch.append(oid)
    if batch:
        yield from _read_batch(folder, batch)


def _read_batch(folder: str, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answer = git(folder, ["cat-file", "--batch", "--buffer"], hint=FETCH_HISTORY, asked=asked, variables=LOCAL)
    yield from zip(oids, split_answer(answer, "blob", oids, FETCH_HISTORY), strict=True)
