"""Running tests against a copy of the tree: each mutant in a process forked from one that has the libraries loaded."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LIBRARIES = ("pytest", "click", "jsonschema", "msgspec", "numpy", "pandas", "tabulate", "scipy.stats", "yaml")
"""Loaded once. Not hypothesis, which pytest loads as a plugin."""
SURVIVED, KILLED, TIMED_OUT = "survived", "killed", "timed out"
_SKIPPED = (
    ".git",
    ".hypothesis",
    "__pycache__",
    ".*_cache",
    ".coverage*",
    "outputs",
    "*.actual",
    ".venv",
    "dist",
    "build",
)
_MEMORY = 4 << 30  # bytes of addresses: a loop that a fault makes endless may fill a list
_NO_TESTS = 5  # pytest's exit code where nothing was collected
_BAD_USE = 4  # pytest's exit code for an id that no test has, and for a conftest.py that cannot be imported


def copy_tree(source: Path, target: Path) -> None:
    """Copy a checkout without what git does not hold; the copy is a repository, as tests expect."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_SKIPPED), symlinks=True)
    (target / ".git").mkdir()


def load_libraries() -> None:
    """Import what the tests import, but nothing of perfgate."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


@dataclass(slots=True)
class Copy:
    """A copy of the tree, for one mutant at a time."""

    root: Path
    stamp: int = field(default=1_500_000_000)
    """The last file time given: caches of bytecode go by the second and the size, which a mutant may share."""

    def write(self, file: str, text: str) -> None:
        """Write a source with a time that no earlier one had."""
        path = self.root / file
        path.write_text(text)
        self.stamp += 10
        os.utime(path, (self.stamp, self.stamp))


@dataclass(slots=True)
class Running:
    """Tests that run in a process."""

    pid: int
    copy: Copy
    until: float
    """When it is killed, by the monotonic clock."""

    @classmethod
    def start(cls, copy: Copy, tests: list[str], limit: float) -> Running:
        """Fork a process that runs tests in a copy, until the first failure."""
        pid = os.fork()
        if pid == 0:
            code = 3
            try:
                code = _run(copy.root, tests)
            finally:
                os._exit(code)
        return cls(pid=pid, copy=copy, until=time.monotonic() + limit)

    def outcome(self) -> tuple[str, str] | None:
        """Return how it ended and the test that failed, None as long as it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0 and time.monotonic() < self.until:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # also what its tests have left
        if pid == 0:
            os.waitpid(self.pid, 0)
            return TIMED_OUT, self._killer()
        code = os.waitstatus_to_exitcode(status)
        return (SURVIVED if code in (0, _NO_TESTS) else KILLED), self._killer() or f"exit code {code}"

    def names_unknown_tests(self) -> bool:
        """Was a test asked for that the mutant does not have, such as a case that it names otherwise?"""
        return "not found:" in _output(self.copy.root).read_text(errors="replace") and not self._killer()

    def _killer(self) -> str:
        file = _failed(self.copy.root)
        return file.read_text() if file.exists() else ""


def _output(root: Path) -> Path:
    return root.with_suffix(".out")


def _failed(root: Path) -> Path:
    return root.with_suffix(".failed")


class _FirstFailure:
    """Notes which test fails."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._file.write_text(nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if int(exitstatus) == 0:
            self._file.unlink(missing_ok=True)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._file.write_text(f"import of {report.nodeid}")


def _run(root: Path, tests: list[str]) -> int:
    """Run tests in this process, which is a fork; the output goes to a file beside the copy."""
    import pytest

    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    output = os.open(_output(root), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(old, new)
    os.chdir(root)
    sys.path[:] = [str(root), *(each for each in sys.path if "evaluation" not in each)]
    os.environ["PYTHONPATH"] = str(root)
    _failed(root).unlink(missing_ok=True)
    options = [
        "-x", "-q", "-n", "0", "--no-header", "--tb=short", "-m", "not slow", "-p", "no:cacheprovider",
        f"--basetemp={root.with_suffix('.tmp')}",
    ]  # fmt: skip
    code = pytest.main([*options, *tests], plugins=[_FirstFailure(_failed(root))])
    sys.stdout.flush()
    return int(code)
