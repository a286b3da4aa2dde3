"""What every unit test may count on: it runs outside CI, and git knows nobody."""

from __future__ import annotations

import pytest
from lower_wings import GIT_ENVIRONMENT

from perfgate.measure.ci import _SYSTEMS


@pytest.fixture
def outside_ci(monkeypatch):
    """Take away what a CI system would say, and give git a name."""
    for variable in ("CI", *(marker for _, marker, _ in _SYSTEMS)):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture
def project(tmp_path, monkeypatch, outside_ci):
    """Return an empty project, which is the working directory and the root of its repository."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder
