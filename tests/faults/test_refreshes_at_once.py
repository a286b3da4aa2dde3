"""Several refreshes at once: none deletes a baseline, none loses what another has taken in."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import Project

if TYPE_CHECKING:
    from pathlib import Path

MANY = [f"stage-{i:02}" for i in range(30)]
AT_ONCE = 4
ROUNDS = 3


@pytest.fixture(scope="module")
def thirty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Thirty benchmarks in two machine classes with a baseline each; new runs lie in a folder for each refresh."""
    project = Project(tmp_path_factory.mktemp("thirty") / "project")
    for i, benchmark in enumerate(MANY):
        for folder, session, day in [("old", "s-0", 1), *((f"new-{k}", f"s-{k}", 2) for k in range(AT_ONCE))]:
            project.write_run(
                f"{session}-{benchmark}", folder=folder, benchmark=benchmark, session=session,
                started_at=f"2026-01-0{day}T00:00:00Z", environment={"os": "linux" if i % 2 else "darwin"},
            )  # fmt: skip
    project.write_run("fresh", folder="fresh", benchmark="fresh", session="s-9", started_at="2026-01-02T00:00:00Z")
    outcome = project.cli("baseline", "refresh", "--runs", "old")
    assert outcome.code == 0, str(outcome)
    return project


def at_once(project: Project, *folders: str) -> list[int]:
    """Refresh from several folders at once and return the exit codes."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "perfgate", "baseline", "refresh", "--runs", folder], cwd=project.root,
            env=project.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for folder in folders
    ]  # fmt: skip
    return [child.wait(timeout=60) for child in children]


@pytest.mark.slow
def test_refreshes_at_once_keep_every_baseline_and_every_session(thirty: Project, tmp_path: Path) -> None:
    for turn in range(ROUNDS):
        project = thirty.copy_to(tmp_path / str(turn))
        folders = [f"new-{k}" for k in range(AT_ONCE)]
        assert at_once(project, *folders, "fresh") == [0] * (AT_ONCE + 1)
        stored = [json.loads(content) for content in project.baseline_files().values()]
        sessions = {s["benchmark"]: set(s["sessions"]) for s in stored}
        assert sessions == {"fresh": {"s-9"}} | {name: {f"s-{k}" for k in range(AT_ONCE)} for name in MANY}
        assert list(project.root.rglob(".perfgate-*")) == []
