"""The sources of a history: CPU to read versions of baselines and records of a ledger; bytes to append, and of a page.

Run it by hand: `python tests/benchmarks/bench_history.py`. It takes some minutes.
"""

from __future__ import annotations

import gc
import os
import resource
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "builders"), str(ROOT)]

import history_cases  # noqa: E402 - the path has to be set before
import ledger_cases  # noqa: E402 - see above

from perfgate.core.policy import LEDGER  # noqa: E402 - see above
from perfgate.store.history import push  # noqa: E402 - see above
from perfgate.store.history.baselines import read_baselines  # noqa: E402 - see above
from perfgate.store.history.commit import append  # noqa: E402 - see above
from perfgate.store.history.ledger import read_ledger  # noqa: E402 - see above

REPEAT = 5
NEWEST, BENCHMARKS = 600, 50
REFRESHES = 1_000
PAGE = 300
YEARS = 36_500
"""Sessions: five years of twenty a day."""
LATEST = "2100"


def cpu() -> float:
    """Return the CPU time of this process and of those that it started, in seconds."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def read(folder: str) -> None:
    """Print what it costs to read the newest sessions."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    ledger_cases.write(Path(folder), ledger_cases.sessions(NEWEST, BENCHMARKS))
    costs = []
    for _ in range(REPEAT):
        begin = cpu()
        found = read_ledger(folder, LEDGER, most=NEWEST, until=LATEST, wants=lambda _name: True)
        costs.append(cpu() - begin)
        assert found is not None
        assert sum(len(b.sessions) for b in found.benchmarks) == NEWEST * BENCHMARKS
    print(f"{NEWEST} sessions of {BENCHMARKS} benchmarks x 2 metrics: {min(costs):.2f} s CPU")


def read_versions(folder: str) -> None:
    """Print what it costs to read the versions of baselines."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    levels = {f"bench_{b:02d}": history_cases.steady(10.0 ** (b % 4 - 3)) for b in range(BENCHMARKS)}
    versions = history_cases.Suite(levels=levels, runs=10).versions(REFRESHES)
    stream = (commit_of(number, files) for number, files in enumerate(versions))
    with subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        importer.stdin.writelines(stream)
    words = ["git", "-C", folder, "rev-parse", "main"]
    head = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    costs = []
    for _ in range(REPEAT):
        begin = cpu()
        found = read_baselines(folder, head, "baselines", wants=lambda _name: True)
        costs.append(cpu() - begin)
        assert sum(len(b.sessions) for b in found.benchmarks) == REFRESHES * BENCHMARKS
    print(f"{REFRESHES:,} refreshes of {BENCHMARKS} benchmarks: {min(costs):.2f} s CPU")


def commit_of(number: int, files: Mapping[str, bytes]) -> bytes:
    """Return a commit of files for `git fast-import`."""
    head = f"commit refs/heads/main\ncommitter Dev <dev@example.org> {1_700_000_000 + number} +0000\ndata 0\n"
    entries = (b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(c), c) for path, c in files.items())
    return head.encode() + b"".join(entries)


def draw(folder: str) -> None:
    """Print how large a page is, and what the command costs."""
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    git = ["git", "-C", folder, "-c", "user.name=Dev", "-c", "user.email=dev@example.org"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    ledger_cases.write(Path(folder), ledger_cases.sessions(PAGE, BENCHMARKS, metrics=1))
    begin = cpu()
    page = subprocess.run(
        [sys.executable, "-m", "perfgate", "history", "--format", "html"],
        check=True, capture_output=True, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
    ).stdout  # fmt: skip
    print(
        f"the page of {PAGE} sessions of {BENCHMARKS} benchmarks: {len(page) / 1e6:.2f} MB, {cpu() - begin:.2f} s CPU"
    )


def send(folder: str) -> None:
    """Print what is fetched to append a session to many, and the size of the ledger."""
    bare, clone, shim, count = (str(Path(folder, name)) for name in ("bare", "clone", "shim", "count"))
    subprocess.run(["git", "init", "-q", "--bare", bare], check=True)
    subprocess.run(["git", "-C", bare, "config", "uploadpack.allowFilter", "true"], check=True)
    ledger_cases.write(Path(bare), ledger_cases.sessions(YEARS, 1))
    subprocess.run(["git", "init", "-q", clone], check=True)
    subprocess.run(["git", "-C", clone, "remote", "add", "origin", f"file://{bare}"], check=True)
    Path(shim).write_text(f'#!/bin/sh\ngit-upload-pack "$@" | tee -a {count}\n')
    os.chmod(shim, stat.S_IRWXU)
    push._FETCHED_BY = f"--upload-pack={shim}"
    append(clone, LEDGER, dict([ledger_cases.encode(ledger_cases.a_record(), recorded_at="")]))
    begin = cpu()
    pushed = push.push(clone, LEDGER, "origin", is_new=True)
    assert pushed.sent == 1
    size = Path(count).stat().st_size
    print(f"appending one session to {YEARS:,}: {size / 1e6:.2f} MB received, {cpu() - begin:.2f} s CPU")


def main() -> None:
    """Print the figures."""
    gc.set_threshold(1_000_000, 10, 10)  # as the command does
    begin = cpu()
    subprocess.run([sys.executable, "-c", "import pandas"], check=True)
    print(f"for comparison, import pandas: {cpu() - begin:.2f} s CPU")
    with tempfile.TemporaryDirectory() as folder:
        read_versions(f"{folder}/versions")
        read(f"{folder}/read")
        draw(f"{folder}/drawn")
        send(folder)


if __name__ == "__main__":
    main()
