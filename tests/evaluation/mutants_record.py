"""Which test runs which line of perfgate, and how long it takes: recorded once, kept in a file.

python tests/evaluation/mutants_record.py TREE FILE [TEST ...]    record the fast tests of a tree (a copy)
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "perfgate"
_LEFT_OUT = (
    "tests/docs", "tests/test_house.py", "tests/config", "tests/formats", "tests/measure", "tests/render",
    "tests/schema",
)  # fmt: skip
"""The first two read sources and pages as text, and would fail for a fault that no behaviour shows; the others test
folders that use none of those that are mutated, or draw what these have decided."""
_SETTINGS = "[run]\nbranch = true\nsource = perfgate\nparallel = true\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the fast tests run."""

    seconds: dict[str, float]
    """How long each test takes, by its id; those that fail without a fault are left out."""
    lines: dict[str, dict[int, list[str]]]
    """The ids of the tests that run a line, by file and number."""
    sums: dict[str, str]
    """Checksums of the recorded sources and tests, by file."""

    def write(self, path: Path) -> None:
        """Write the record, each id once."""
        ids = sorted({test for rows in self.lines.values() for tests in rows.values() for test in tests})
        places = {test: place for place, test in enumerate(ids)}
        lines = {
            file: {n: [places[t] for t in tests] for n, tests in rows.items()} for file, rows in self.lines.items()
        }
        path.write_text(json.dumps({"ids": ids, "seconds": self.seconds, "lines": lines, "sums": self.sums}))

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read what `write` wrote."""
        kept = json.loads(path.read_text())
        ids = kept["ids"]
        lines = {file: {int(n): [ids[p] for p in at] for n, at in rows.items()} for file, rows in kept["lines"].items()}
        return cls(seconds=kept["seconds"], lines=lines, sums=kept["sums"])


def sums(tree: Path) -> dict[str, str]:
    """Return the checksums of all sources and tests of a tree."""
    files = [file for top in (PACKAGE, "tests") for file in sorted((tree / top).rglob("*.py"))]
    return {str(f.relative_to(tree)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def up_to_date(tree: Path, path: Path) -> Record:
    """Return the record of a tree: from the file, with what changed since recorded anew.

    A changed source needs all tests, a changed file of tests its own; a changed helper of tests is not noticed.
    """
    now = sums(tree)
    old = Record.read(path) if path.exists() else None
    changed = {
        file
        for file in now.keys() | (old.sums.keys() if old else set())
        if not old or old.sums.get(file) != now.get(file)
    }
    if old and not changed:
        return old
    tests = sorted(f for f in changed if _is_test(f) and f in now)
    if old is None or any(f.startswith(f"{PACKAGE}/") for f in changed):
        fresh = _record(tree, [])
    else:
        fresh = _merged(old, _record(tree, tests) if tests else None, changed)
    fresh = Record(seconds=fresh.seconds, lines=fresh.lines, sums=now)
    fresh.write(path)
    return fresh


def _is_test(file: str) -> bool:
    return Path(file).name.startswith("test_") and not file.startswith(_LEFT_OUT)


def _merged(old: Record, fresh: Record | None, changed: set[str]) -> Record:
    """Return a record in which the tests of the changed files are those of the second one."""
    seconds = {test: s for test, s in old.seconds.items() if test.partition("::")[0] not in changed}
    lines = {
        file: {n: [t for t in tests if t in seconds] for n, tests in rows.items()} for file, rows in old.lines.items()
    }
    for file, rows in (fresh.lines if fresh else {}).items():
        for n, tests in rows.items():
            lines.setdefault(file, {}).setdefault(n, []).extend(tests)
    return Record(seconds=seconds | (fresh.seconds if fresh else {}), lines=lines, sums=old.sums)


def _record(tree: Path, tests: list[str]) -> Record:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "record.json"
        words = [sys.executable, __file__, str(tree), str(file), *tests]
        subprocess.run(words, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)
        return Record.read(file)


class _Durations:
    """Notes how long each test takes, and which ones fail."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def main() -> int:
    """Run the fast tests of a tree, with the lines that each of them runs."""
    import pytest
    from coverage import CoverageData

    tree, file, *tests = (sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.ini"
        settings.write_text(_SETTINGS)
        lines = Path(tree) / ".coverage"  # also where processes under test write theirs
        os.environ["COVERAGE_FILE"] = str(lines)
        durations = _Durations()
        pytest.main(
            [
                "-n", "2", "-m", "not slow", "-p", "no:cacheprovider", f"--cov={PACKAGE}", f"--cov-config={settings}",
                "--cov-context=test", "--cov-report=", *(f"--ignore={name}" for name in _LEFT_OUT), *tests,
            ],
            plugins=[durations],
        )  # fmt: skip
        data = CoverageData(str(lines))
        data.read()
        Record(seconds=_sound(durations), lines=_lines(data, Path(tree), durations.failed), sums={}).write(file)
    return 0


def _sound(durations: _Durations) -> dict[str, float]:
    return {test: round(s, 4) for test, s in durations.seconds.items() if test not in durations.failed}


def _lines(data: Any, tree: Path, failed: set[str]) -> dict[str, dict[int, list[str]]]:
    """Return the tests of each line; a line that only an import runs has none."""
    found: dict[str, dict[int, list[str]]] = {}
    for file in data.measured_files():
        rows = {}
        for line, contexts in data.contexts_by_lineno(file).items():
            tests = {context.rpartition("|")[0] for context in contexts if "|" in context}
            rows[line] = sorted(tests - failed)
        found[str(Path(file).relative_to(tree))] = rows
    return found


if __name__ == "__main__":
    sys.exit(main())
