"""The history that the ledger holds: a ref of its own with one small file a session, which whoever may push can write.

So nothing in it is trusted, and nothing in it is an error: what is no record is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide, note
from perfgate.core.history.past import BenchmarkHistory, History
from perfgate.store.git import git
from perfgate.store.git_start import as_hash
from perfgate.store.history import record
from perfgate.store.history.versions import promisor, read_contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.history.past import Past

_MOST_LISTED = 64 << 20
"""Bytes of a listing: 700,000 records."""
_MOST_BYTES = 256 << 20
"""Of records that are read at once: 20,000 of usual size take 120 MB."""
_MOST_ROWS = 1_000_000
"""Of these records: 10,000 sessions of 50 benchmarks with 2 metrics each. They take some 700 MB of memory."""
_FEW = 20
"""Newest records of a class of machine of which one has to hold a benchmark that still exists."""


class Listed(Struct, frozen=True, kw_only=True):
    """A file of the ledger."""

    path: bytes
    """From its root."""
    oid: str
    """Hash of its content."""
    at: str
    """Time that its path states; empty: it is no record."""


def find_tip(folder: str, ref: str) -> str | None:
    """Return the full hash of the newest commit of a ledger; None: there is no such ref here.

    Args:
        folder: in the repository.
        ref: its full name, ``refs/perfgate/history``.

    Raises:
        CannotDecideError: git cannot be asked, or the ref names something else than a commit.
    """
    found = git(folder, ["for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", ref], hint="git fsck")
    for line in found.decode("utf-8", "replace").splitlines():
        oid, kind, name = line.split(" ", 2)
        if name == ref:
            if kind != "commit":
                message = f"names a {kind}, and no commit"
                hint = f"name another ref: --ref; or remove it: git update-ref -d {ref}"
                raise cannot_decide("history-not-ours", message, place=ref, hint=hint)
            return as_hash(oid, f"the commit {ref}")
    return None


def list_files(folder: str, commit: str) -> list[Listed]:
    """Return the files of a commit of a ledger, oldest first.

    Raises:
        CannotDecideError: they cannot be listed, or are too many.
    """
    answer = git(folder, ["ls-tree", "-r", "-z", "--full-tree", commit], hint="git fsck", most=_MOST_LISTED)
    found = []
    for entry in answer.split(b"\0")[:-1]:
        facts, _, path = entry.partition(b"\t")
        mode, kind, oid = facts.split(b" ")
        is_file = kind == b"blob" and mode == b"100644"
        found.append(Listed(path=path, oid=oid.decode(), at=record.time_of(path) if is_file else ""))
    return sorted(found, key=lambda listed: listed.path)


def read_ledger(folder: str, ref: str, *, most: int, until: str, wants: Callable[[str], bool]) -> History | None:
    """Return the history of the newest records of a ledger; None: there is no such ref here.

    Args:
        folder: in the repository.
        ref: its full name.
        most: how many records, >= 1.
        until: what is later lies in the future and is left out (UTC, ISO 8601).
        wants: is a metric of that name asked for?
    """
    try:
        tip = find_tip(folder, ref)
        if tip is None:
            return None
        listed = list_files(folder, tip)
        left_out: Counter[str] = Counter()
        past = _choose(listed, until, left_out)
        chosen, older = past[:most], max(len(past) - most, 0)
        found = _read(folder, ref, chosen, wants, left_out)
    except CannotDecideError as caught:
        (first, *_) = caught.diagnostics
        remark = note("history-unreadable", f"{first.message}; it is left out", place=ref, hint=first.hint)
        return History(source="", benchmarks=(), notes=(remark,))
    count = len(found)
    newest = f"the newest {count:,} of {count + older:,}" if older else f"{count:,}"
    return History(
        source=f"{newest} record{'' if count + older == 1 else 's'} of {ref}" if count else "",
        benchmarks=tuple(_benchmarks(found)),
        notes=tuple(_notes(ref, listed, left_out)),
        older=older,
    )


def _choose(listed: Sequence[Listed], until: str, left_out: Counter[str]) -> list[Listed]:
    """Return the records, newest first."""
    dated = [one for one in reversed(listed) if one.at]
    left_out["no-records"] = len(listed) - len(dated)
    past = [one for one in dated if one.at <= until]
    left_out["in the future"] = len(dated) - len(past)
    return past


def _read(
    folder: str, ref: str, chosen: Sequence[Listed], wants: Callable[[str], bool], left_out: Counter[str]
) -> list[tuple[str, dict[record.Place, Past]]]:
    """Return session and measurements of each record that can be read, newest first.

    Raises:
        CannotDecideError: git cannot be asked, or the clone lacks records since it is partial.
    """
    of_content: dict[str, bytes] = {}
    room = _MOST_BYTES
    oids = list(dict.fromkeys(c.oid for c in chosen))
    try:
        for oid, content in read_contents(folder, oids, largest=record.LARGEST):
            room -= len(content)
            if room < 0:
                break
            of_content[oid] = content
    except CannotDecideError:
        if not promisor(folder):
            raise
    remote = "" if of_content or not chosen else promisor(folder)
    if remote:
        hint = f"git fetch --refetch --no-filter {remote} {ref}:{ref}"
        raise cannot_decide("history-unreadable", "its records are not in this clone, which is partial", hint=hint)
    found = []
    room, rows = _MOST_BYTES, _MOST_ROWS
    for number, one in enumerate(chosen):  # many names may stand for one content: each is decoded
        held = of_content.get(one.oid)
        if held is not None:
            room, rows = room - len(held), rows - held.count(b"\n")
        if room < 0 or rows < 0:
            bound = f"{_MOST_ROWS:,} rows" if rows < 0 else f"{_MOST_BYTES >> 20} MB"
            left_out[f"older than the newest {bound}"] = len(chosen) - number
            break
        decoded = None if held is None else record.decode(held, one.at, wants)
        if decoded is None:
            left_out["too large or not here" if held is None else "not valid"] += 1
        else:
            found.append(decoded)
    return found


def _benchmarks(found: Sequence[tuple[str, dict[record.Place, Past]]]) -> Iterator[BenchmarkHistory]:
    """Yield the benchmarks, sorted; of a session that has several records the newest counts for each benchmark."""
    sessions: dict[record.Place, dict[str, Past]] = {}
    present: set[record.Place] = set()
    of_class: Counter[str] = Counter()
    for session, measured in found:
        (machine_class, *_) = next(iter(measured))
        of_class[machine_class] += 1
        if of_class[machine_class] <= _FEW:
            present.update(measured)
        for place, past in measured.items():
            sessions.setdefault(place, {}).setdefault(session, past)
    for place, held in sorted(sessions.items()):
        machine_class, benchmark, labels = place
        yield BenchmarkHistory(
            machine_class=machine_class,
            benchmark=benchmark,
            labels=labels,
            is_present=place in present,
            sessions=tuple(sorted(held.values(), key=lambda s: (s.when, s.session))),
        )


def _notes(ref: str, listed: Sequence[Listed], left_out: Counter[str]) -> Iterator[Diagnostic]:
    others = left_out.pop("no-records")
    if not listed:
        yield note("history-unreadable", "is empty", place=ref, hint="perfgate history append")
    elif others == len(listed):
        message = f"is no ledger of perfgate: none of its {others:,} files is a record"
        yield note("history-unreadable", message, place=ref, hint="name another ref: --ref")
    elif others:
        yield note("history-unreadable", f"files that are no records are left out: {others:,}", place=ref)
    counted = [f"{count:,} {why}" for why, count in sorted(left_out.items()) if count]
    if counted:
        yield note("history-unreadable", f"records are left out: {', '.join(counted)}", place=ref)
