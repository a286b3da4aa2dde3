"""Fixtures: a working directory outside CI, and projects for the tests that run perfgate as a real process."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from lower_wings import GIT_ENVIRONMENT
from sessions import make_settled
from support import Project, make_green

from perfgate.measure.machine.ci import _SYSTEMS

if TYPE_CHECKING:
    from pathlib import Path

# A job started in the background is deaf to Ctrl-C and passes that on to its children, the programs under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
    for variable in ("CI", *(marker for _, marker, _ in _SYSTEMS)):
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
