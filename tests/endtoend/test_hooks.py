"""Commands beside the measured one, and a limit of time: what is run when, and what a failure comes to."""

from __future__ import annotations

import json

import pytest
from ab_cases import REPORT, ab, notes, report, versions
from support import Project, assert_cannot_decide

# Long enough that two runs of each side do not differ by much, whatever else the machine does.
STEADY = ("--", "sleep", "0.2")
HOOK = "sh -c 'echo \"{0} $PERFGATE_SIDE $PERFGATE_RUN\" >> ../log'"


def hooks(*names: str) -> list[str]:
    return [word for name in names for word in (f"--{name}", HOOK.format(name))]


def log(project: Project) -> list[str]:
    path = project.root.parent / "log"
    return [" ".join(line.split()) for line in path.read_text().splitlines()] if path.exists() else []


ALL = ("setup", "prepare", "conclude", "cleanup")


def test_run_prepares_and_concludes_each_run_between_one_setup_and_one_cleanup(project: Project) -> None:
    outcome = project.cli("run", "-n", "2", "--warmup", "1", *hooks(*ALL), "--", "sh", "-c", "echo run >> ../log")
    assert outcome.code == 0, str(outcome)
    assert log(project) == [
        "setup", "prepare 0", "run", "conclude 0", "prepare 1", "run", "conclude 1", "prepare 2", "run", "conclude 2",
        "cleanup",
    ]  # fmt: skip
    assert len(project.runs()) == 2


def test_what_is_prepared_is_not_timed(project: Project) -> None:
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--prepare", "sleep 1", "--", "true")
    assert outcome.code == 0, str(outcome)
    assert json.loads(project.runs()[0].read_text())["elapsed_sec"] < 0.9


def test_ab_runs_them_on_each_side_in_its_own_folder(project: Project) -> None:
    versions(project)
    where = project.root.parent / "where"
    outcome = ab(
        project, "--prepare", f"sh -c 'echo $PERFGATE_SIDE $PERFGATE_RUN $PWD >> {where}'",
        "--cleanup", f"sh -c 'echo clean $PERFGATE_SIDE >> {where}'", *STEADY, runs=2,
    )  # fmt: skip
    assert outcome.code == 0, str(outcome)
    lines = [line.split() for line in where.read_text().splitlines()]
    for side in ("base", "head"):
        assert [number for name, number, *_ in lines if name == side] == ["0", "1", "2"]
    folders = {name: folder for name, _, *rest in lines for folder in rest}
    assert folders["head"] == str(project.root)
    assert folders["base"] != folders["head"]
    assert [line[1] for line in lines if line[0] == "clean"] == ["base", "head"]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("setup", r"the set-up exited with 3 \[setup-failed\]"),
        ("prepare", r"the preparation of warm-up run 1 exited with 3 \[prepare-failed\]"),
        ("conclude", r"the conclusion of warm-up run 1 exited with 3 \[conclude-failed\]"),
    ],
)
def test_one_that_fails_is_no_measurement_and_says_what_it_wrote(project: Project, name: str, cause: str) -> None:
    outcome = project.cli("run", f"--{name}", "sh -c 'echo oh no; exit 3'", *hooks("cleanup"), "--", "true")
    assert_cannot_decide(outcome, cause, f"correct --{name}")
    assert f"{name}: oh no" in outcome.stderr
    assert log(project) == ["cleanup"]
    assert project.runs() == []


def test_a_cleanup_that_fails_changes_no_verdict(project: Project) -> None:
    outcome = project.cli("run", "-n", "1", "--cleanup", "false", "--", "true")
    assert outcome.code == 0, str(outcome)
    assert "warning: false: the clean-up exited with 1 [cleanup-failed]" in outcome.stderr
    versions(project)
    outcome = ab(project, *REPORT, "--cleanup", "false", *STEADY, runs=2)
    assert outcome.code == 0, str(outcome)
    assert notes(project).count("cleanup-failed") == 2


def test_a_run_that_fails_is_concluded_and_its_own_cause_is_named(project: Project) -> None:
    outcome = project.cli("run", *hooks("conclude", "cleanup"), "--conclude", "false", "--", "sh", "-c", "exit 4")
    assert_cannot_decide(outcome, "exited with 4", "run it alone")
    assert log(project) == ["conclude 0", "cleanup"]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("--prepare", "'open"), "no closing quotation"),
        (("--prepare", " "), "--prepare is empty"),
        (("--max-time", "soon"), '"soon" is no time'),
        (("--max-time", "0s"), "--max-time must be above 0"),
        (("--profile", "--prepare", "true"), "--profile excludes --prepare"),
    ],
)
def test_what_cannot_be_meant_is_refused(project: Project, words: tuple[str, ...], cause: str) -> None:
    outcome = project.cli("run", *words, "--", "true")
    assert outcome.code == 2
    assert cause in outcome.cause


def test_run_begins_no_run_that_would_end_too_late(project: Project) -> None:
    outcome = project.cli("run", "-n", "50", "--warmup", "0", "--max-time", "1s", "--", "sleep", "0.3")
    assert outcome.code == 0, str(outcome)
    assert 1 <= len(project.runs()) <= 3
    assert "of 50 runs were made within 1 s" in outcome.stderr
    assert "[time-up]" in outcome.stderr


def test_ab_ends_after_a_round_and_judges_what_it_has(project: Project) -> None:
    versions(project)
    outcome = ab(project, *REPORT, "--max-time", "2s", "--warmup", "0", "--", "sleep", "0.05", runs=None)
    assert outcome.code == 0, str(outcome)
    runs = {f["n_current"] for f in report(project)["findings"] if f["metric"] == "elapsed" and f["statistic"] == "p50"}
    assert 6 <= runs.pop() < 20


def test_ab_without_time_for_enough_runs_decides_nothing(project: Project) -> None:
    versions(project)
    outcome = ab(project, "--max-time", "1s", "--warmup", "0", "--", "sleep", "0.2", runs=None)
    assert_cannot_decide(outcome, "2 runs of each side were made within 1 s; one value needs 5", "--max-time")


def test_ab_takes_one_answer_to_how_many_runs(project: Project) -> None:
    outcome = project.cli("ab", "-n", "5", "--max-time", "1m", "--", "true")
    assert_cannot_decide(outcome, "-n and --max-time exclude each other", "help")
