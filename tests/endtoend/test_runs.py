"""`perfgate runs` lists run files and removes those that are chosen, never others, and never all by silence."""

from __future__ import annotations

import os
import re
import shlex
import time
from typing import TYPE_CHECKING

import pytest
from support import RUNS, Project, assert_cannot_decide, make_green

if TYPE_CHECKING:
    from pathlib import Path


def hours_ago(hours: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - hours * 3600))


@pytest.fixture
def mixed(project: Project) -> Project:
    """Return a project with four runs of two benchmarks, one failed, one old, and two files that are no run."""
    project.write_run("good", benchmark="sort", labels={"n": "9"}, started_at=hours_ago(1))
    project.write_run("bad", benchmark="sort", status="failed", started_at=hours_ago(2))
    project.write_run("old", benchmark="parse", started_at=hours_ago(200))
    project.write_run("timeless", benchmark="parse")
    project.write(f"{RUNS}/broken.json", '{"run_id": "x", "elapsed_sec": ')
    project.write(f"{RUNS}/other.json", '{"benchmarks": [], "machine_info": {}}')
    return project


def left_in(project: Project) -> set[str]:
    return {path.stem for path in project.runs()}


def test_the_list_has_a_row_for_each_run_file_and_names_the_files_that_hold_none(mixed: Project) -> None:
    outcome = mixed.cli("runs", "list")
    assert outcome.code == 0, str(outcome)
    rows = [re.split(r"  +", line) for line in outcome.stdout.splitlines()]
    assert [row[0] for row in rows] == ["Status", "failed", "ok", "ok", "ok", "4 run files, 1 failed"]
    assert {(row[2], row[3], row[4]) for row in rows[1:5]} == {
        ("sort[n=9]", "good", f"{RUNS}/good.json"),
        ("sort", "bad", f"{RUNS}/bad.json"),
        ("parse", "old", f"{RUNS}/old.json"),
        ("parse", "timeless", f"{RUNS}/timeless.json"),
    }
    assert f"left: {RUNS}/broken.json: " in outcome.stderr
    assert f"left: {RUNS}/other.json: " in outcome.stderr


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("options", "removed"),
    [
        pytest.param(["--failed"], {"bad"}, id="failed"),
        pytest.param(["--benchmark", "sort"], {"good", "bad"}, id="benchmark-with-and-without-labels"),
        pytest.param(["--benchmark", "sort[n=9]"], {"good"}, id="benchmark-with-labels"),
        pytest.param(["--benchmark", "p*", "--benchmark", "so*"], {"good", "bad", "old", "timeless"}, id="globs"),
        pytest.param(["--older-than", "7d"], {"old"}, id="days"),
        pytest.param(["--older-than", "90h"], {"old"}, id="hours"),
        pytest.param(["--older-than", "2w"], set(), id="weeks"),
        pytest.param(["--failed", "--benchmark", "parse"], set(), id="both-must-hold"),
        pytest.param(["--benchmark", "*", f"{RUNS}/bad.json"], {"bad"}, id="of-a-file"),
        pytest.param([f"{RUNS}/bad.json", f"{RUNS}/old.json"], {"bad", "old"}, id="named-files"),
        pytest.param([f"{RUNS}/broken.json", f"{RUNS}/other.json"], set(), id="named-files-that-are-no-runs"),
    ],
)
def test_a_removal_takes_what_was_chosen_and_nothing_else(
    mixed: Project, options: list[str], removed: set[str]
) -> None:
    before = left_in(mixed)
    trial = mixed.cli("runs", "remove", "--dry-run", *options)
    assert trial.code == 0, str(trial)
    assert left_in(mixed) == before
    outcome = mixed.cli("runs", "remove", *options)
    assert outcome.code == 0, str(outcome)
    assert before - left_in(mixed) == removed
    lines = outcome.stdout.splitlines()
    assert set(lines[:-1]) == {f"removed {RUNS}/{name}.json" for name in removed}
    assert lines[-1] == f"Removed {len(removed)} run file{'s' * (len(removed) != 1)}."
    assert trial.stdout.replace("would remove", "removed").splitlines()[:-1] == lines[:-1]


@pytest.mark.parametrize(
    ("options", "cause", "hint"),
    [
        pytest.param([], "no option says which runs", "--failed", id="nothing"),
        pytest.param([RUNS], "no option says which runs", "--failed", id="a-folder-alone"),
        pytest.param([f"{RUNS}/*.json"], "no option says which runs", "--failed", id="a-glob-alone"),
        pytest.param([f"{RUNS}/bad.json", RUNS], "no option says which runs", "--failed", id="a-file-and-a-folder"),
        pytest.param(["--benchmark", "sotr"], 'no run is of a benchmark "sotr"', 'did you mean "sort"', id="typo"),
        pytest.param(["--older-than", "7 days"], "--older-than: .*is not an age", "7d", id="no-age"),
        pytest.param(["--failed", "nowhere/"], "nowhere", "check the path", id="no-such-path"),
    ],
)
def test_a_removal_that_is_not_certain_is_refused_and_removes_nothing(
    mixed: Project, options: list[str], cause: str, hint: str
) -> None:
    before = left_in(mixed)
    assert_cannot_decide(mixed.cli("runs", "remove", *options), cause, hint)
    assert left_in(mixed) == before


def test_a_removal_follows_no_link_out_of_the_folder(project: Project, tmp_path: Path) -> None:
    project.write_run("here", benchmark="sort", status="failed")
    outside = Project(tmp_path / "elsewhere")
    kept = outside.write_run("there", benchmark="sort", status="failed")
    project.path(f"{RUNS}/file.json").symlink_to(kept)
    project.path(f"{RUNS}/deep").symlink_to(kept.parent)
    project.write("perfgate.toml", f'runs = ["{RUNS}/**/*.json"]\n')
    outcome = project.cli("runs", "remove", "--failed")
    assert outcome.code == 0, str(outcome)
    assert kept.exists()
    assert project.path(f"{RUNS}/file.json").is_symlink()
    assert outcome.stdout == f"removed {RUNS}/here.json\nRemoved 1 run file.\n"
    assert "behind a symbolic link" in outcome.stderr


def test_a_configured_folder_that_is_a_link_is_left_until_it_is_named(project: Project, tmp_path: Path) -> None:
    kept = Project(tmp_path / "elsewhere").write_run("there", benchmark="sort", status="failed")
    project.path("outputs").symlink_to(kept.parent.parent)
    assert project.cli("runs", "remove", "--failed").code == 0
    assert kept.exists()
    assert project.cli("runs", "remove", "--failed", RUNS).code == 0
    assert not kept.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_a_file_that_cannot_be_removed_is_an_error_that_names_it(project: Project) -> None:
    path = project.write_run("fast", benchmark="sort", status="failed")
    path.parent.chmod(0o555)
    try:
        assert_cannot_decide(project.cli("runs", "remove", "--failed"), "fast.json cannot be removed", "writable")
    finally:
        path.parent.chmod(0o755)


def test_many_files_that_are_left_for_one_cause_are_one_line(project: Project) -> None:
    for i in range(12):
        project.write(f"{RUNS}/b{i:02d}.json", f'{{"run_id": "b{i}", "elapsed_sec": .{i}5}}')
    outcome = project.cli("runs", "list")
    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == f"No run files: {RUNS}/*.json\n"
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"left: {RUNS}/b00.json, {RUNS}/b01.json, {RUNS}/b02.json and 9 more: is not JSON")


def test_several_runs_in_one_file_are_left(project: Project) -> None:
    line = '{"run_id": "%s", "elapsed_sec": 1.5, "rows_used": 1, "peak_memory_mb": 2.0, "status": "failed"}\n'
    path = project.write(f"{RUNS}/many.json", line % "a" + line % "b")
    outcome = project.cli("runs", "remove", "--failed")
    assert (outcome.code, path.exists()) == (0, True), str(outcome)
    assert f"left: {RUNS}/many.json" in outcome.stderr


def test_the_command_in_the_hint_about_failed_runs_works(project: Project) -> None:
    make_green(project)
    project.write_run("odd", benchmark="tar in", labels={"of": "it's"}, status="failed", memory_source="vmhwm")
    refused = project.cli("check", env={"CI": "true"})
    assert_cannot_decide(refused, "every run of .* failed", "perfgate runs remove")
    words = shlex.split(refused.block.rpartition(": perfgate ")[2])
    done = project.cli(*words)
    assert done.stdout.splitlines() == [f"removed {RUNS}/odd.json", "Removed 1 run file."], str(done)
    assert project.cli("check", env={"CI": "true"}).code == 0


def test_the_hint_about_failed_runs_of_a_compacted_file_works_as_well(project: Project) -> None:
    make_green(project)
    project.write_run("odd", benchmark="tar in", status="failed", memory_source="vmhwm")
    assert project.cli("compact", "--keep", "0", "--remove").code == 0
    refused = project.cli("check", env={"CI": "true"})
    assert_cannot_decide(refused, "every run of .* failed", "perfgate runs remove")
    done = project.cli(*shlex.split(refused.block.rpartition(": perfgate ")[2]))
    (removed, counted) = done.stdout.splitlines()
    assert (removed, counted) == (f"removed run odd from {RUNS}/compacted.jsonl.gz", "Removed 1 compacted run.")
    assert project.cli("check", env={"CI": "true"}).code == 0
