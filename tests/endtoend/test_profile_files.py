"""A profile file says what its run files say: sessions of the future, and benchmarks of which every run failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40
IN_CI = {"CI": "true"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A baseline of three sessions of "train", and no runs beside it."""
    project = Project(tmp_path / "project")
    for day in (1, 2, 3):
        measure(project, f"s{day}", f"2026-01-{day:02}T00:00:00Z")
    done = project.cli("baseline", "refresh", "--sessions", "all")
    assert done.code == 0, str(done)
    project.drop_runs("*")
    return project


def measure(project: Project, session: str, started_at: str, **keys: object) -> None:
    known = {"benchmark": "train", "session": session, "commit": COMMIT, "started_at": started_at}
    project.write_runs(6, session + str(keys.get("benchmark", "")), **{**known, **keys})


def collect(project: Project, *arguments: str) -> None:
    done = project.cli("collect", *arguments, env=IN_CI)
    assert done.code == 0, str(done)


def put_ahead(project: Project, name: str) -> str:
    path = project.path(name)
    text = path.read_text()
    assert "2026-01-10" in text
    path.write_text(text.replace("2026-01-10", "2099-01-10"))
    return name


def test_a_session_of_the_future_hides_no_newer_one_in_a_profile_file(project: Project) -> None:
    measure(project, "fast", "2026-01-10T00:00:00Z")
    measure(project, "slow", "2026-01-11T00:00:00Z", elapsed=3.0)
    collect(project, "--output", "now.json")
    given = ("--runs-from", COMMIT, "--current", "now.json")
    assert project.cli("check", *given).code == 1
    put_ahead(project, "now.json")
    assert_cannot_decide(project.cli("check", *given), "started in the future", "set the clock right")


def test_shards_of_the_future_are_neither_judged_nor_merged(project: Project) -> None:
    measure(project, "one", "2026-01-10T00:00:00Z")
    collect(project, "--shard", "1/1", "--output", "1.json")
    put_ahead(project, "1.json")
    for command in (("check", "--runs-from", COMMIT), ("merge",)):
        assert_cannot_decide(project.cli(*command, "--expect-shards", "1", "1.json"), "started in the future", "clock")


def test_a_report_of_the_future_confirms_nothing(project: Project) -> None:
    measure(project, "first", "2026-01-10T00:00:00Z")
    assert project.cli("check", "--runs-from", COMMIT, "--report", "first.json").code == 0
    project.drop_runs("*")
    measure(project, "second", "2026-01-11T00:00:00Z")
    put_ahead(project, "first.json")
    outcome = project.cli("check", "--runs-from", COMMIT, "--confirm", "first.json")
    assert_cannot_decide(outcome, "started in the future", "clock")


@pytest.mark.parametrize("way", ["runs", "collected", "shard", "merged"])
def test_a_new_benchmark_of_which_every_run_failed_is_never_green(project: Project, way: str) -> None:
    measure(project, "now", "2026-01-10T00:00:00Z")
    measure(project, "now", "2026-01-10T00:00:00Z", benchmark="load", status="failed")
    collect(project, "--output", "now.json")
    collect(project, "--shard", "1/1", "--output", "1.json")
    merged = project.cli("merge", "--expect-shards", "1", "1.json", "-o", "merged.json")
    assert merged.code == 0, str(merged)
    given = {
        "runs": (),
        "collected": ("--current", "now.json"),
        "shard": ("--expect-shards", "1", "1.json"),
        "merged": ("--current", "merged.json"),
    }
    outcome = project.cli("check", "--runs-from", COMMIT, *given[way], env=IN_CI)
    assert_cannot_decide(outcome, 'every run of "load" failed', "fix the program")


def test_a_merged_profile_holds_what_failed_as_one_collected_at_once_does(project: Project) -> None:
    measure(project, "now", "2026-01-10T00:00:00Z")
    measure(project, "now", "2026-01-10T00:00:00Z", benchmark="load", status="failed")
    collect(project, "--output", "now.json")
    collect(project, "--shard", "1/1", "--output", "1.json")
    assert project.cli("merge", "--expect-shards", "1", "1.json", "-o", "merged.json").code == 0
    assert project.path("merged.json").read_bytes() == project.path("now.json").read_bytes()
    assert [(f["benchmark"], f["runs"]) for f in project.read_json("now.json")["failed"]] == [("load", 6)]
