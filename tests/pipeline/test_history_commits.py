"""What git knows of the commits at steps: of the branch, of others, and where some are not in the clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import Project
from trend_cases import history, judged, wander

from perfgate.pipeline.history import commits
from perfgate.pipeline.history.commits import add_commits
from perfgate.report.history.steps import find_steps

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from perfgate.report.history.found import Found

SIZE, STEP = 40, 20


def repository(folder: Path) -> tuple[Project, list[str]]:
    """Return a repository of commits of code, each followed by one that refreshes the baselines."""
    project = Project(folder)
    folder.mkdir(exist_ok=True)
    project.git("init", "-q", "-b", "main")
    hashes = []
    for number in range(SIZE):
        project.write("code", f"{number}")
        hashes.append(_commit(project, f"Change {number}"))
        project.write("baselines/one.json", f"{number}")
        _commit(project, "Refresh")
    return project, hashes


def _commit(project: Project, subject: str) -> str:
    project.commit(subject)
    return project.git("rev-parse", "HEAD").strip()


def measured(hashes: list[str]) -> Found:
    values = [v * (1.3 if n >= STEP else 1.0) for n, v in enumerate(wander(1, SIZE))]
    return judged(history("a", values, commits=hashes))


def subjects(found: Found) -> list[str]:
    (step,) = find_steps(found)
    return [found.described[c].subject for c in found.between.get(step.mark.widest, ())]


def test_refreshes_are_left_out_but_counted_in_the_distance(tmp_path: Path) -> None:
    project, hashes = repository(tmp_path / "here")
    found = add_commits(measured(hashes), str(project.root), "baselines")
    assert subjects(found) == [f"Change {n}" for n in range(STEP + 2, STEP - 3, -1)]
    (step,) = find_steps(found)
    assert found.distances[step.mark.widest] == 10
    every = add_commits(measured(hashes), str(project.root), "")
    assert len(every.between[step.mark.widest]) == 10


def test_a_folder_outside_of_the_repository_leaves_none_out(tmp_path: Path) -> None:
    project, hashes = repository(tmp_path / "here")
    found = add_commits(measured(hashes), str(project.root), "../elsewhere")
    (step,) = find_steps(found)
    assert len(found.between[step.mark.widest]) == 10


def test_commits_of_another_branch_are_listed_and_absent_ones_are_not(tmp_path: Path) -> None:
    project, hashes = repository(tmp_path / "here")
    project.git("checkout", "-q", "--orphan", "other")
    project.commit("Elsewhere")
    assert subjects(add_commits(measured(hashes), str(project.root), "baselines"))[0] == f"Change {STEP + 2}"
    absent = [f"{n:040x}" for n in range(SIZE)]
    found = add_commits(measured(absent), str(project.root), "baselines")
    assert (found.between, found.distances, found.described) == ({}, {}, {})


def test_a_range_that_is_too_long_is_counted_and_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, hashes = repository(tmp_path / "here")
    monkeypatch.setattr(commits, "_MOST_LISTED", 5)
    found = add_commits(measured(hashes), str(project.root), "baselines")
    (step,) = find_steps(found)
    assert step.mark.likely in found.between
    assert step.mark.widest not in found.between
    assert found.distances[step.mark.widest] == 10
