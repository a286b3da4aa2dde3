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
    from collections.abc import Iterator, Mapping, Sequence

_PIECE = re.compile(rb"\n?(?:\x01[0-9a-f]{40,64} (\d+)\0|:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [A-Z]\0([^\0]+)\0)")
"""A commit with its date, or a file with the hash of its new content, as `git log --raw -z` lists them."""
_MOST_LOG = 1 << 30
"""Bytes of a log: some million versions."""
_MOST_BYTES = 64 * 1024 * 1024
"""Of contents that are held at once."""


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
        folder, [*words, ref, "--", below], hint=FETCH_HISTORY, settings=("log.showSignature=false",), most=_MOST_LOG
    )
    found: dict[str, list[Version]] = defaultdict(list)
    recorded_at, end = "", 0
    for piece in _PIECE.finditer(answer):
        if piece.start() != end:
            break
        end = piece.end()
        seconds, oid, path = piece.groups()
        if seconds:
            recorded_at = _date(seconds)
        elif path.lower().endswith(b".json"):
            version = Version(recorded_at, "" if oid.count(b"0") == len(oid) else oid.decode())
            found[path.decode("utf-8", "surrogateescape")].append(version)
    if end != len(answer):
        raise cannot_decide("git-answer", "git log gave no list of versions", hint="check which git is found first")
    return found


def _date(seconds: bytes) -> str:
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def read_contents(
    folder: str, oids: Sequence[str], *, largest: int, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield hash and content of files; those that are not here, or are larger than `largest` bytes, are left out.

    Args:
        folder: in the repository.
        oids: their hashes.
        largest: in bytes.
        variables: of git's environment, in place of those of every call.

    Raises:
        CannotDecideError: git cannot be asked, or gives another content than the hash says.
    """
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answer = git(folder, ["cat-file", "--batch-check"], hint=FETCH_HISTORY, asked=asked, variables=variables)
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
    answer = git(folder, ["cat-file", "--batch", "--buffer"], hint=FETCH_HISTORY, asked=asked)
    yield from zip(oids, split_answer(answer, "blob", oids, FETCH_HISTORY), strict=True)
