"""A faulty GitHub, and a job that may comment there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from comment_jobs import Job
from fault_server import FaultyGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def hub() -> Iterator[FaultyGitHub]:
    """A GitHub with one open pull request, #7."""
    server = FaultyGitHub()
    server.pull()
    yield server
    server.close()


@pytest.fixture
def job(tmp_path: Path, hub: FaultyGitHub) -> Job:
    """A job that may write there, with the report of a regression."""
    return Job(tmp_path, hub)
