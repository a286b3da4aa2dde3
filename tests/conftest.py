"""Fixtures of the tests that run perfgate as a real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Project, make_green

if TYPE_CHECKING:
    from pathlib import Path


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
