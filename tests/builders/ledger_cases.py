"""A ledger of made-up sessions, written as fast as git can."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perfgate.core.policy import LEDGER
from perfgate.schema.history_types import StoredHeader, StoredRow
from perfgate.store.history.record import Record, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FIRST = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
EVERY = dt.timedelta(minutes=72)
"""Between two sessions: twenty a day."""
HEADER = StoredHeader(
    schema="perfgate/history/1",
    session="gha-1-1-perf",
    started_at="2026-01-01T12:00:00Z",
    machine_class="linux-4cpu",
    machine="0123abcd",
    commit="a" * 40,
    branch="main",
    tool="perfgate 0.1.0",
    rows_used={"train": [1000]},
    environment={"python": "3.11.7"},
)
ROW = StoredRow("train", {}, "elapsed", "s", "lower", 10, 1.25, None, 0.02, [])


def a_record(*rows: StoredRow, **changes: Any) -> Record:
    """Return a record of one benchmark; keys are of its header."""
    return Record(header=replace(HEADER, **changes), rows=rows or (ROW,))


def sessions(count: int, benchmarks: int, *, metrics: int = 2, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the records of sessions, oldest first."""
    draw = random.Random(seed)
    names = [f"bench_{b:02d}" for b in range(benchmarks)]
    base = {name: 10 ** draw.uniform(-3, 1) for name in names}
    for number in range(count):
        luck = draw.lognormvariate(0, 0.03)
        rows = []
        for name in names:
            for metric, unit, level in (("elapsed", "s", base[name]), ("peak_memory", "B", 1e8 * base[name]))[:metrics]:
                value = level * luck * draw.lognormvariate(0, 0.02)
                numbers = (float(f"{value:.5g}"), float(f"{value * 1.1:.5g}"), float(f"{draw.uniform(0.01, 0.05):.5g}"))
                rows.append(StoredRow(name, {}, metric, unit, "lower", 60, *numbers, []))
        record = a_record(
            *rows,
            session=f"gha-{10**10 + 977 * number}-1-perf",
            started_at=(FIRST + EVERY * number).strftime("%Y-%m-%dT%H:%M:%SZ"),
            machine=f"{number * 7919 & 0xFFFFFFFF:08x}",
            commit=f"{number:040x}",
            rows_used={name: [1000] for name in names},
        )
        yield encode(record, recorded_at="")


def write(folder: Path, records: Iterable[tuple[str, bytes]], *, ref: str = LEDGER) -> None:
    """Add a commit for each record to a ledger of a repository."""
    with subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        for number, (path, content) in enumerate(records):
            parent = f"from {ref}^0\n" if not number and has_ref(folder, ref) else ""
            head = f"commit {ref}\ncommitter Dev <dev@example.org> {1_700_000_000 + number} +0000\ndata 0\n{parent}"
            entry = f"M 100644 inline {path}\ndata {len(content)}\n".encode()
            importer.stdin.write(head.encode() + entry + content + b"\n")
    assert importer.returncode == 0


def has_ref(folder: Path, ref: str) -> bool:
    done = subprocess.run(["git", "-C", str(folder), "show-ref", "-q", "--verify", ref], check=False)
    return done.returncode == 0


def write_tree(folder: Path, files: Mapping[str, bytes | str], *, ref: str = LEDGER, mode: str = "100644") -> str:
    """Make a commit of files of any name, which git itself would not make, and let a ref name it."""

    def git(*words: str, given: bytes = b"") -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], input=given, check=True, capture_output=True)
        return done.stdout.decode().strip()

    tree: dict[str, Any] = {}
    for path, content in files.items():
        *above, name = path.split("/")
        inside = tree
        for part in above:
            inside = inside.setdefault(part, {})
        inside[name] = content.encode() if isinstance(content, str) else content

    def make(inside: dict[str, Any]) -> str:
        found = []
        for name, held in inside.items():
            is_folder = isinstance(held, dict)
            oid = make(held) if is_folder else git("hash-object", "-w", "--stdin", given=held)
            kind = "40000" if is_folder else mode
            found.append((f"{name}/" if is_folder else name, f"{kind} {name}\0".encode() + bytes.fromhex(oid)))
        content = b"".join(entry for _, entry in sorted(found))
        return git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", given=content)

    commit = git("-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", make(tree), "-m", "x")
    git("update-ref", ref, commit)
    return commit
