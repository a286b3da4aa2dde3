"""Adding records to a ledger: a commit that is made without a work tree, and touches neither the index nor HEAD."""

from __future__ import annotations

import os
import random
import re
import tempfile
import time
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.names import list_some
from perfgate.store.git import git
from perfgate.store.git_start import as_hash
from perfgate.store.history import record
from perfgate.store.history.ledger import find_tip, list_files
from perfgate.store.history.versions import promisor, read_contents

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MOST_TRIES = 10
"""Of several writers at once one is first in each round; ten tries are enough for ten of them."""
_LONGEST_PAUSE = 2.0  # seconds
_NAME, _MAIL = "perfgate", "perfgate@localhost"
_RECORDS = re.compile(rb"[0-9]{4}/")
_TRICKS = frozenset({b".", b"..", b".git"})
"""Folders that git itself never makes, and does not read into an index."""
_REPAIR = "look who wrote it: git log REF; or name another ref: --ref"
_HINT = "run it in the git repository of the project"


def pause(tries: int) -> None:
    """Wait for a random time, longer after each try, so that two writers do not meet again."""
    time.sleep(random.uniform(0.0, min(_LONGEST_PAUSE, 0.05 * 2**tries)))  # noqa: S311 - no secret depends on it


def require_ledger(folder: str, tip: str, place: str) -> dict[str, str]:
    """Return the paths of what a ledger holds, with the hashes of their contents.

    Args:
        folder: in the repository.
        tip: full hash of its newest commit.
        place: what it is called, for the message.

    Raises:
        CannotDecideError: it holds other things beside the folders of years: it is the branch of something else.
    """
    files = {listed.path: listed.oid for listed in list_files(folder, tip)}
    others = [p.decode("utf-8", "replace") for p in files if not _RECORDS.match(p) or _TRICKS & {*p.split(b"/")}]
    if others:
        message = f"is no ledger of perfgate: it holds {list_some(others, 3)}"
        hint = "name a ref of its own: --ref refs/perfgate/history, or [history] ref in the configuration"
        raise cannot_decide("history-not-ours", message, place=place, hint=hint)
    return {os.fsdecode(path): oid for path, oid in files.items()}


def require_room(present: Collection[str], records: Collection[str], place: str) -> None:
    """Return when no file of a ledger stands where a record needs a folder, and no folder where it needs a file.

    Git would replace either without a word.

    Args:
        present: paths of what the ledger holds.
        records: paths of what is to be added.
        place: what the ledger is called, for the message.

    Raises:
        CannotDecideError: one does.
    """
    above = _above(records)
    blocking = sorted({path for path in present if path in above} | ({*records} & _above(present)))
    if blocking:
        message = f"holds something else where a record belongs: {list_some(blocking, 3)}"
        raise cannot_decide("history-not-ours", message, place=place, hint=_REPAIR)


def _above(paths: Collection[str]) -> set[str]:
    """Return all folders in which files lie."""
    found = set[str]()
    for folder in {path.rpartition("/")[0] for path in paths}:
        parts = folder.split("/")
        found.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return found


def _require_records(folder: str, held: Mapping[str, str], place: str) -> None:
    """Return when what a ledger holds under the paths of records are records.

    Args:
        folder: in the repository.
        held: hashes of their contents, by path.
        place: what the ledger is called, for the message.

    Raises:
        CannotDecideError: something else has the name of a record.
    """
    try:
        contents = dict(read_contents(folder, [*held.values()], largest=record.LARGEST))
    except CannotDecideError:
        if promisor(folder):
            return  # some are not here
        raise
    for path, oid in held.items():
        content, at = contents.get(oid, b""), record.time_of(path.encode())
        if record.decode(content, at, lambda _metric: False) is None:
            message = f"holds something else under the name of a record: {path}"
            raise cannot_decide("history-not-ours", message, place=place, hint=_REPAIR)


def append(folder: str, ref: str, records: Mapping[str, bytes]) -> list[str]:
    """Add those records to a ledger that it lacks, and return their paths.

    Args:
        folder: in the repository.
        ref: full name of the ledger's ref; it is made where it is absent.
        records: content by path.

    Raises:
        CannotDecideError: the ref is no ledger, is checked out, or cannot be changed.
    """
    head = git(folder, ["symbolic-ref", "-q", "HEAD"], hint=_HINT, accepted=(0, 1)).decode("utf-8", "replace").strip()
    if head == ref:
        hint = "check out another branch, or name another ref: --ref"
        raise cannot_decide("history-not-ours", "is checked out", place=ref, hint=hint)
    for tries in range(MOST_TRIES):
        tip = find_tip(folder, ref)
        present = require_ledger(folder, tip, ref) if tip else dict[str, str]()
        new = {path: content for path, content in records.items() if path not in present}
        _require_records(folder, {path: oid for path, oid in present.items() if path in records}, ref)
        if not new:
            return []
        require_room(present, new, ref)
        made = commit_records(folder, tip, new)
        try:
            move(folder, ref, made, tip)
        except CannotDecideError:
            if find_tip(folder, ref) == tip:  # nobody else was first: it cannot be changed
                raise
            pause(tries)
        else:
            return sorted(new)
    hint = "wait for the other writers to end, then run the command again"
    raise cannot_decide("history-busy", "others were first each time", place=ref, hint=hint)


def move(folder: str, ref: str, new: str, old: str | None) -> None:
    """Make a ref name another commit, if it still names the old one; None: if it is still absent.

    Raises:
        CannotDecideError: it does not, or it cannot be changed.
    """
    words = ["update-ref", "--no-deref", "-m", "perfgate history", ref, new, old or ""]
    git(folder, words, failing="the ref was not changed", hint="check the permissions of the repository")


def commit_records(folder: str, parent: str | None, records: Mapping[str, bytes], *, identity: str = "") -> str:
    """Return the hash of a new commit that holds records beside those of its parent; no ref names it yet.

    Args:
        folder: in the repository.
        parent: full hash of a commit; None: it is the first one.
        records: content by path.
        identity: repository whose settings name the author; empty: the same.

    Raises:
        CannotDecideError: git cannot write.
    """
    hint = "check the disk and the permissions of the repository"
    entries = b""
    for path, content in sorted(records.items()):
        answer = git(folder, ["hash-object", "-w", "--stdin"], hint=hint, asked=content)
        entries += f"100644 {as_hash(answer, 'a record')} 0\t{path}\0".encode()
    with tempfile.TemporaryDirectory(prefix="perfgate-") as spare:
        index = {"GIT_INDEX_FILE": os.path.join(spare, "index")}
        if parent:
            git(folder, ["read-tree", parent], hint=hint, variables=index)
        git(folder, ["update-index", "-z", "--index-info"], hint=hint, variables=index, asked=entries)
        tree = as_hash(git(folder, ["write-tree", "--missing-ok"], hint=hint, variables=index), "a folder")
    count = len(records)
    words = ["commit-tree", tree, *(["-p", parent] if parent else [])]
    message = f"perfgate: {count} record{'' if count == 1 else 's'}\n"
    made = git(folder, words, hint=hint, asked=message.encode(), variables=_identity(identity or folder))
    return as_hash(made, "a commit")


def _identity(folder: str) -> dict[str, str]:
    """Return the variables that name the author of a commit: as the user's settings do, else perfgate itself."""
    answer = git(folder, ["config", "-z", "--get-regexp", r"^user\.(name|email)$"], hint=_HINT, accepted=(0, 1))
    stated = dict(entry.split("\n", 1) for entry in answer.decode("utf-8", "replace").split("\0") if "\n" in entry)
    kinds = {"NAME": stated.get("user.name") or _NAME, "EMAIL": stated.get("user.email") or _MAIL}
    names = ((f"GIT_{who}_{kind}", value) for who in ("AUTHOR", "COMMITTER") for kind, value in kinds.items())
    return {name: os.environ.get(name) or value for name, value in names}
