"""How the tests are run, and their fixtures: a working directory outside CI, and projects for perfgate as a process."""

from __future__ import annotations

import gc
import os
import signal
import sys
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from records import GIT_ENVIRONMENT
from sessions import make_settled
from support import Project, make_green

from perfgate.measure.machine.ci import MARKERS

if TYPE_CHECKING:
    from pathlib import Path

# A job started in the background is deaf to Ctrl-C and passes that on to its children, the programs under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Containers often forbid Python to keep bytecode; then each worker of each run would compile 290 files again (6 s).
sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run the tests of named files in this process: to start workers costs more than they save.

    Folders, and no argument at all, get one worker for each core (None: xdist counts them).
    """
    begun = config.invocation_params
    named = [begun.dir / str(word).partition("::")[0] for word in begun.args]
    is_asked = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return 0 if not is_asked and any(path.suffix == ".py" and path.is_file() for path in named) else None


class FirstFailure:
    """Shows the first failure when it happens; pytest shows failures when the last test has ended."""

    def __init__(self, reporter: Any) -> None:
        self.reporter = reporter
        self.is_shown = False

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.is_shown:
            self.is_shown = True
            self.reporter.ensure_newline()
            self.reporter.section(f"first failure: {report.nodeid} ({report.when})", sep="_", red=True)
            self.reporter.write_line(report.longreprtext)
            self.reporter.flush()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Show the first failure at once, where there is a terminal (a worker has none)."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        config.pluginmanager.register(FirstFailure(reporter), "first-failure")


@pytest.hookimpl(tryfirst=True)  # before heavy tests are left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave about every other case of sampled tests to the heavy tests, and measure no coverage in slow tests and laws.

    These repeat the same lines, at thrice the cost.
    """
    begun: set[str] = set()
    for item in items:
        if item.get_closest_marker("sampled"):
            kind = item.nodeid.partition("[")[0]
            if kind in begun and zlib.crc32(item.nodeid.encode()) % 2:  # by chance, but the same in every run
                item.add_marker(pytest.mark.heavy)
            begun.add(kind)
    if config.pluginmanager.hasplugin("pytest_cov"):
        for item in items:
            if item.get_closest_marker("slow") or getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Leave the collected tests out of every later search for garbage: they stay to the end."""
    gc.freeze()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def green_template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose check passes, made once."""
    return make_green(Project(tmp_path_factory.mktemp("green") / "project"))


@pytest.fixture
def green(green_template: Project, tmp_path: Path) -> Project:
    """A project whose check passes, to be spoilt."""
    return green_template.copy_to(tmp_path / "project")


@pytest.fixture(scope="session")
def settled_template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a baseline of five sessions of two benchmarks, made once."""
    return make_settled(Project(tmp_path_factory.mktemp("settled") / "project"), commit="a" * 40)


@pytest.fixture
def settled(settled_template: Project, tmp_path: Path) -> Project:
    """A project with a baseline of five sessions of two benchmarks; no run lies there."""
    return settled_template.copy_to(tmp_path / "project")


@pytest.fixture
def outside_ci(monkeypatch):
    """Take away what a CI system would say, and give git a name."""
    for variable in MARKERS:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture
def workdir(tmp_path, monkeypatch, outside_ci):
    """Return an empty project, which is the working directory and the root of its repository."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder
