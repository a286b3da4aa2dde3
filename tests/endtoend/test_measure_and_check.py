"""The whole way: measure a program, keep a baseline, make the program slower, see the check fail."""

from __future__ import annotations

import json
import re

import pytest
from support import RUNS, Project, assert_cannot_decide

JOB = """
steps = {steps}
total = 0
for i in range(steps):
    total += i * i % 7
"""
STEPS = 500_000  # about 60 ms with the interpreter's start
SLOWER = 12  # so much that no load on a shared machine can hide it, whichever side it falls on
SELF_MEASURING = """
from perfgate.measure import measure_run_context

with open("calls", "a") as calls:
    calls.write("x")
with measure_run_context() as run:
    run.rows_used = 7
    run.record("loss", 0.25)
"""


def measure(project: Project, n: int = 10) -> None:
    outcome = project.cli("run", "-n", str(n), "--", "python", "job.py")
    assert outcome.code == 0, str(outcome)


@pytest.fixture
def measured(project: Project) -> Project:
    """A project whose job has a baseline of ten runs."""
    project.write("job.py", JOB.format(steps=STEPS))
    measure(project)
    outcome = project.cli("baseline", "refresh")
    assert outcome.code == 0, str(outcome)
    return project


@pytest.mark.slow
def test_a_slower_job_fails_the_check_and_the_report_says_where(measured: Project) -> None:
    measured.write("perfgate.toml", '[defaults]\nthreshold = "+200%"\n')  # this machine may be busy
    measure(measured)
    outcome = measured.cli("check")
    assert outcome.code == 0, str(outcome)

    measured.write("job.py", JOB.format(steps=SLOWER * STEPS))
    measure(measured)
    outcome = measured.cli("check", "--report", "r.md")
    assert outcome.code == 1, str(outcome)
    report = measured.path("r.md").read_text().splitlines()
    assert report[0].startswith("## ❌ perfgate: ")
    assert " worse by more than 200%" in report[2]
    row = next(line for line in report if line.startswith("| ❌ | "))
    _, value, _, _, change = row.strip("| ").split(" | ")
    assert value == "`job` elapsed"
    assert re.match(r"\*\*(?:\+[2-9]\d\d%|\d\d×)\*\* ", change), change  # a multiple beyond +1,000 %


@pytest.mark.slow
def test_by_default_the_limit_is_5_percent(measured: Project) -> None:
    measured.write("job.py", JOB.format(steps=SLOWER * STEPS))
    measure(measured, n=4)
    outcome = measured.cli("check", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    first = measured.read_json("r.json")["findings"][0]
    assert (first["benchmark"], first["metric"], first["limit_text"]) == ("job", "elapsed", "+5%")
    assert (first["status"], first["n_baseline"], first["n_current"]) == ("regressed", 10, 4)
    assert first["method"] == "across-sessions"


def test_runs_are_labelled_alike_and_warm_ups_are_not_kept(project: Project) -> None:
    project.write("job.sh", "echo x >> calls")
    outcome = project.cli("run", "-n", "3", "--warmup", "2", "--rows", "5", "--", "sh", "job.sh")
    assert outcome.code == 0, str(outcome)
    assert project.path("calls").read_text() == "x\n" * 5
    summaries = [json.loads(path.read_text()) for path in project.runs()]
    assert len(summaries) == 3
    assert {(s["benchmark"], s["rows_used"], s["status"]) for s in summaries} == {("job", 5, "ok")}
    assert len({s["session"] for s in summaries}) == len({s["commit"] for s in summaries if "commit" in s} or {1}) == 1
    assert all(s["elapsed_sec"] >= 0 and s["peak_memory_bytes"] > 0 for s in summaries)


def test_a_program_that_measures_itself_is_labelled_and_counted_once(project: Project) -> None:
    project.write("job.py", SELF_MEASURING)
    outcome = project.cli("run", "-n", "3", "--warmup", "1", "--benchmark", "own", "--", "python", "job.py")
    assert outcome.code == 0, str(outcome)
    assert project.path("calls").read_text() == "xxxx"
    summaries = [json.loads(path.read_text()) for path in project.runs()]
    assert len(summaries) == 3
    assert {(s["benchmark"], s["rows_used"], s["metrics"]["loss"]["value"]) for s in summaries} == {("own", 7, 0.25)}
    assert len({s["session"] for s in summaries}) == 1
    assert {s["memory_source"] for s in summaries} != {"wait4-launcher"}
    assert "own" in outcome.stdout


def test_a_failing_command_exits_2_with_what_it_said_and_leaves_failed_runs(project: Project) -> None:
    outcome = project.cli("run", "-n", "3", "--warmup", "0", "--", "sh", "-c", "echo torn apart >&2; exit 3")
    assert_cannot_decide(outcome, "run 1 of 3 failed: exited with 3", "run it alone")
    assert "stderr: torn apart" in outcome.stderr
    assert [json.loads(p.read_text())["status"] for p in project.runs()] == ["failed"]
    assert_cannot_decide(project.cli("collect"), "every run failed", "fix the program")
    assert_cannot_decide(project.cli("baseline", "refresh"), "failed: only good runs", "fix the program")


def test_a_command_that_fails_later_keeps_its_good_runs(project: Project) -> None:
    project.write("job.sh", 'echo x >> calls; test "$(wc -l < calls)" -lt 3')
    outcome = project.cli("run", "-n", "5", "--warmup", "0", "--", "sh", "job.sh")
    assert_cannot_decide(outcome, "job: run 3 of 5 failed: exited with 1", "run it alone")
    assert sorted(json.loads(p.read_text())["status"] for p in project.runs()) == ["failed", "ok", "ok"]


def test_a_self_measuring_program_that_fails_afterwards_is_a_failed_run(project: Project) -> None:
    project.write("job.py", SELF_MEASURING + "raise SystemExit(4)\n")
    outcome = project.cli("run", "-n", "2", "--warmup", "0", "--", "python", "job.py")
    assert_cannot_decide(outcome, "run 1 of 2 failed: exited with 4", "run it alone")
    assert [json.loads(p.read_text())["status"] for p in project.runs()] == ["failed"]


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        pytest.param(("--timeout", "0.3", "--", "sleep", "60"), r"timed out after 0\.3 s", id="timeout"),
        pytest.param(("--", "no-such-command-here"), "command not found", id="not-found"),
        pytest.param(("--", "./job.txt"), "permission denied", id="not-executable"),
        pytest.param(("--", "sh", "-c", "kill -9 $$"), "signal 9", id="killed"),
        pytest.param(("--out", "job.txt", "--", "true"), "job.txt cannot be written", id="nowhere-to-write"),
    ],
)
def test_a_command_that_cannot_be_measured_exits_2(project: Project, arguments: tuple[str, ...], cause: str) -> None:
    project.write("job.txt", "")
    assert_cannot_decide(
        project.cli("run", "-n", "2", *arguments), cause, "run it alone|--out|--timeout|chmod|Nothing was recorded"
    )


@pytest.mark.parametrize(
    "command", [("no-such-command-here",), ("./job.txt",), ("sh", "-c", "no-such-command-here")], ids=lambda c: c[-1]
)
def test_a_command_that_never_started_stands_in_the_way_of_no_other(project: Project, command: tuple[str, ...]) -> None:
    project.write("job.txt", "")
    assert project.cli("run", "-n", "2", "--", *command).code == 2
    assert project.runs() == []
    assert project.cli("run", "-n", "2", "--benchmark", "good", "--", "true").code == 0
    assert project.cli("baseline", "refresh").code == 0


def test_runs_that_failed_are_named_by_their_files(project: Project) -> None:
    project.cli("run", "-n", "1", "--benchmark", "bad", "--", "false")
    (path,) = project.runs()
    for command in (("baseline", "refresh"), ("check",)):
        assert_cannot_decide(project.cli(*command), "failed", rf"remove these runs \(outputs/model_runs/{path.name}\)")


def test_json_on_stdout_is_one_summary_a_line_and_nothing_else(project: Project) -> None:
    outcome = project.cli("run", "-n", "3", "--format", "json", "--", "sh", "-c", "echo noise; echo noise >&2")
    assert (outcome.code, outcome.stderr) == (0, "")
    lines = outcome.stdout.splitlines()
    assert len(lines) == 3
    written = sorted(path.read_text().rstrip("\n") for path in project.runs())
    assert sorted(lines) == written


def test_another_command_under_the_same_name_is_refused(project: Project) -> None:
    assert project.cli("run", "-n", "1", "--benchmark", "job", "--", "true").code == 0
    outcome = project.cli("run", "-n", "1", "--benchmark", "job", "--", "false")
    assert_cannot_decide(
        outcome, rf'"job" was measured with another command(.|\n)*{RUNS}/', "run --benchmark false -n 1 -- false"
    )


@pytest.mark.slow
def test_measuring_again_replaces_what_was_measured_before_and_says_so(measured: Project) -> None:
    measure(measured, n=5)
    measure(measured, n=6)
    outcome = measured.cli("check", "--report", "r.json")
    assert outcome.code in {0, 1}, str(outcome)
    report = measured.read_json("r.json")
    assert report["findings"][0]["n_current"] == 6
    assert report["suite"]["superseded_runs"] == 5
    assert report["suite"]["baseline_runs"] == 10


def test_a_name_clash_repeats_the_options(project: Project) -> None:
    assert project.cli("run", "-n", "1", "--", "true", "1").code == 0
    outcome = project.cli("run", "-n", "1", "--prepare", "sleep 0", "--", "true", "2")
    assert_cannot_decide(
        outcome, r"\[benchmark-name-clash\]", "perfgate run --benchmark true-2 -n 1 --prepare 'sleep 0' -- true 2"
    )


def test_a_command_that_only_failed_leaves_its_name_to_the_corrected_one(project: Project) -> None:
    assert_cannot_decide(project.cli("run", "--benchmark", "x", "--", "false"), "warm-up run 1 failed", "alone")
    assert project.cli("run", "-n", "2", "--benchmark", "x", "--", "true").code == 0
    outcome = project.cli("collect")
    assert (outcome.code, 'left out, failed runs of "x": 1' in outcome.stderr) == (0, True), str(outcome)
    outcome = project.cli("run", "-n", "2", "--benchmark", "x", "--", "true", "2")
    assert_cannot_decide(outcome, r"\[benchmark-name-clash\]", "--benchmark true -n 2")


def test_a_command_that_removes_its_own_folder_is_refused_by_that_name(project: Project) -> None:
    project.path("inner").mkdir()
    outcome = project.started("run", "-n", "2", "--out", "../runs", "--", "sh", "-c", 'rm -rf "$PWD"', cwd="inner")
    assert_cannot_decide(outcome, r"the command removed the folder in which it runs.* \[folder-removed\]", "of its own")
