"""Baselines are files in git: branches merge, a refresh changes nothing twice, old layouts are carried on."""

from __future__ import annotations

import json
import re

import pytest
from support import Project, assert_green

NEWER = {"session": "s-2", "started_at": "2026-01-02T00:00:00Z"}
LATER = {"session": "s-3", "started_at": "2026-01-03T00:00:00Z"}


@pytest.fixture
def repository(project: Project) -> Project:
    """A git repository with baselines of two benchmarks from one session."""
    project.write(".gitignore", "outputs/\nr.json\n")
    for benchmark in ("train", "score"):
        project.write_runs(10, f"s1-{benchmark}", benchmark=benchmark, session="s-1", started_at="2026-01-01T00:00:00Z")
    project.git("init", "-q", "-b", "main")
    assert project.cli("baseline", "refresh").code == 0
    project.commit("Take in the first session")
    return project


def refresh_on_a_branch(project: Project, branch: str, benchmark: str) -> None:
    project.git("checkout", "-q", "-b", branch, "main")
    project.drop_runs("*")
    project.write_runs(10, f"{branch}-{benchmark}", benchmark=benchmark, **NEWER)
    assert project.cli("baseline", "refresh").code == 0
    project.commit(f"Refresh {benchmark}")


@pytest.mark.parametrize("second", ["score", "fresh"])
def test_refreshes_of_different_benchmarks_on_two_branches_merge(repository: Project, second: str) -> None:
    refresh_on_a_branch(repository, "one", "train")
    refresh_on_a_branch(repository, "two", second)
    repository.git("merge", "-q", "--no-edit", "one")
    repository.drop_runs("*")
    for benchmark in {"train", "score", second}:
        repository.write_runs(10, f"now-{benchmark}", benchmark=benchmark, **LATER)
    outcome = repository.cli("check", "--report", "r.json")
    assert_green(outcome)
    sessions = {f["benchmark"]: f["sessions_baseline"] for f in repository.read_json("r.json")["findings"]}
    assert sessions == {"train": 2, "score": 2 if second == "score" else 1} | ({second: 1} if second == "fresh" else {})


def test_a_new_session_adds_lines_and_leaves_the_old_ones(repository: Project) -> None:
    refresh_on_a_branch(repository, "one", "train")
    gone = [
        line for line in repository.git("diff", "-U0", "main", "one", "--", "baselines").splitlines()
        if line.startswith("-") and not line.startswith("---") and '"s-1"' in line
    ]  # fmt: skip
    assert [line for line in gone if not line.rstrip(",").endswith(("]", "}"))] == []
    assert repository.git("diff", "--name-only", "main", "one", "--", "baselines").count("\n") == 0


def test_refreshing_twice_changes_no_byte(repository: Project) -> None:
    before = repository.baseline_files()
    outcome = repository.cli("baseline", "refresh")
    assert_green(outcome)
    assert outcome.stdout == "Nothing to refresh: the baselines hold all of these runs.\n"
    assert repository.baseline_files() == before
    assert repository.git("status", "--porcelain") == ""


def test_a_session_that_is_there_already_only_gains_the_runs_it_lacks(repository: Project) -> None:
    repository.write_runs(2, "late", benchmark="train", session="s-1", started_at="2026-01-01T00:00:09Z")
    assert repository.cli("baseline", "refresh").code == 0
    stored = json.loads(repository.baseline("train").read_text())
    assert (list(stored["sessions"]), stored["metrics"]["elapsed"]["n"]) == (["s-1"], 12)
    before = repository.baseline_files()
    assert repository.cli("baseline", "refresh").code == 0
    assert repository.baseline_files() == before


def test_only_the_newest_sessions_are_kept(repository: Project) -> None:
    for day in range(2, 6):
        repository.write_runs(
            3, f"s{day}", benchmark="train", session=f"s-{day}", started_at=f"2026-01-{day:02d}T00:00:00Z"
        )
    assert repository.cli("baseline", "refresh", "--keep", "3").code == 0
    assert list(json.loads(repository.baseline("train").read_text())["sessions"]) == ["s-3", "s-4", "s-5"]


def test_a_flat_baseline_is_judged_and_rewritten_by_the_next_refresh(project: Project, green_template: Project) -> None:
    name = green_template.baseline("train").name
    flat = {
        "schema": "perfgate/baseline/0", "benchmark": "train", "machine_class": "unspecified", "rows_used": 1000,
        "metrics": {
            "elapsed": {"unit": "s", "values": [1.0, 1.01, 0.99, 1.02, 0.98] * 2},
            "peak_memory": {"unit": "B", "values": [1e8, 1.001e8, 0.999e8, 1e8, 1e8] * 2},
        },
    }  # fmt: skip
    project.write(f"baselines/unspecified/{name}", json.dumps(flat))
    project.write_runs(10, "new", benchmark="train")
    outcome = project.cli("check")
    assert_green(outcome)
    project.change_runs("new-*", elapsed_sec=1.4)
    assert project.cli("check").code == 1

    outcome = project.cli("baseline", "refresh", "--reason", "a larger model")
    assert outcome.code == 0, str(outcome)
    stored = json.loads(project.baseline("train").read_text())
    assert stored["schema"] == "perfgate/baseline/1"
    assert stored["metrics"]["elapsed"]["n"] == 20
    assert project.path(f"baselines/unspecified/{name}") == project.baseline("train")
    assert project.cli("baseline", "refresh").stdout.startswith("Nothing to refresh")


def test_old_and_new_are_shown_before_anything_is_written(repository: Project) -> None:
    repository.write_runs(10, "now", benchmark="train", elapsed=1.5, **NEWER)
    outcome = repository.cli("baseline", "refresh", "--replace", "--benchmark", "train", "--reason", "a larger model")
    assert outcome.code == 0, str(outcome)
    table, _, written = outcome.stdout.partition("wrote ")
    assert "elapsed p50" in table
    assert re.search(r"train +elapsed p50 .* \+5\d\.\d%", table), table
    assert written.splitlines()[-1] == "Commit them: git add baselines"
    assert json.loads(repository.baseline("train").read_text())["provenance"]["reason"] == "a larger model"
