"""In CI: files without a session belong to the job, and a report folder is written and named last."""

from __future__ import annotations

import json

import pytest
from support import Project, assert_cannot_decide, assert_green


def job(number: int) -> dict[str, str]:
    return {
        "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": str(number), "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_JOB": "bench",
    }  # fmt: skip


@pytest.fixture
def gated(project: Project) -> Project:
    """Baselines of three jobs, and the files of a fourth one."""
    for number in (1, 2, 3):
        project.drop_runs("*")
        project.write_runs(10, f"job-{number}", benchmark="train", seed=number)
        outcome = project.cli("baseline", "refresh", env=job(number))
        assert outcome.code == 0, str(outcome)
    project.drop_runs("*")
    project.write_runs(10, "job-4", benchmark="train", seed=4)
    return project


def test_files_without_a_session_take_the_job_s(gated: Project) -> None:
    outcome = gated.cli("check", env=job(4))
    assert_green(outcome)
    report = gated.read_json("perfgate-report/report.json")
    assert [s.rsplit("-", 1)[0] for s in report["provenance"]["sessions"]] == ["gha-4-1-bench"]
    assert {f["method"] for f in report["findings"] if f["level"] == "fail"} == {"across-sessions"}
    assert {f["sessions_baseline"] for f in report["findings"]} == {3}
    sessions = list(json.loads(gated.baseline("train").read_text())["sessions"])
    assert [s.rsplit("-", 1)[0] for s in sessions] == ["gha-1-1-bench", "gha-2-1-bench", "gha-3-1-bench"]


def test_the_report_folder_is_written_and_named_last(gated: Project) -> None:
    outcome = gated.cli("check", env=job(4))
    assert outcome.stdout.splitlines()[-1] == "details: perfgate-report/report.html"
    assert sorted(p.name for p in gated.path("perfgate-report").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]
    text = gated.path("perfgate-report/report.md").read_text()
    assert text.startswith("## ✅ perfgate: no performance regressions\n")


def test_a_job_three_times_slower_fails(gated: Project) -> None:
    gated.change_runs("*", elapsed_sec=3.0)
    outcome = gated.cli("check", env=job(4))
    assert outcome.code == 1, str(outcome)
    assert gated.path("perfgate-report/report.md").read_text().startswith("## ❌ perfgate: 1 performance regression\n")
    assert "details: perfgate-report/report.html" in outcome.stdout.splitlines()


@pytest.mark.parametrize("spoilt", ["bad.json", "perfgate.toml"])
def test_what_cannot_be_decided_is_reported_too(gated: Project, spoilt: str) -> None:
    gated.write(spoilt if spoilt.endswith("toml") else f"outputs/model_runs/{spoilt}", "{")
    outcome = gated.cli("check", env=job(4))
    assert_cannot_decide(outcome, spoilt, ".")
    assert gated.read_json("perfgate-report/report.json")["verdict"] == "error"
    assert gated.path("perfgate-report/report.md").read_text().startswith("## ⛔ perfgate: cannot decide, 1 error\n")


def test_json_on_stdout_stays_json(gated: Project) -> None:
    outcome = gated.cli("check", "--format", "json", env=job(4))
    assert json.loads(outcome.stdout) == gated.read_json("perfgate-report/report.json")
    assert outcome.stderr == "details: perfgate-report/report.html\n"


def test_a_report_asked_for_replaces_the_folder(gated: Project) -> None:
    assert gated.cli("check", "--report", "r.md", env=job(4)).code == 0
    assert gated.path("r.md").exists()
    assert not gated.path("perfgate-report").exists()


def test_a_report_folder_asked_for_is_written_outside_ci_too(green: Project) -> None:
    outcome = green.cli("check", "--report-dir", "out/here")
    assert outcome.code == 0
    assert outcome.stdout.splitlines()[-1] == "details: out/here/report.html"
    assert green.read_json("out/here/report.json")["verdict"] == "pass"


def test_a_report_folder_that_cannot_be_written_exits_2_and_is_not_named(gated: Project) -> None:
    gated.write("perfgate-report", "a file")
    outcome = gated.cli("check", env=job(4))
    assert_cannot_decide(outcome, r"3 files cannot be written[^`]*perfgate-report/report\.json", "name a file")
    assert "details: " not in outcome.stdout


def test_a_second_check_of_one_job_keeps_the_first_one_s_report(gated: Project) -> None:
    gated.change_runs("*", elapsed_sec=3.0)
    assert gated.cli("check", env=job(4)).code == 1
    first = gated.path("perfgate-report/report.json").read_bytes()
    gated.change_runs("*", elapsed_sec=1.0)
    for number in (2, 3):
        outcome = gated.cli("check", "--format", "json", env=job(4))
        assert "warning: perfgate-report/report.json" in outcome.stderr
        assert outcome.stderr.splitlines()[-1] == f"details: perfgate-report/{number}/report.html"
        assert (
            gated.read_json(f"perfgate-report/{number}/report.json")["verdict"] == json.loads(outcome.stdout)["verdict"]
        )
    assert gated.path("perfgate-report/report.json").read_bytes() == first


def test_a_named_folder_keeps_the_first_report_too(gated: Project) -> None:
    for _ in range(2):
        gated.cli("check", "--report-dir", "kept", "--report", "kept/x.md", env=job(4))
    assert gated.path("kept/2/report.json").exists()


def test_the_report_of_an_earlier_ci_run_is_replaced(gated: Project) -> None:
    assert_green(gated.cli("check", env=job(4)))
    outcome = gated.cli("check", env=job(5))
    assert "second-report" not in outcome.stderr
    assert sorted(p.name for p in gated.path("perfgate-report").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]


@pytest.mark.parametrize(
    "measured", [{}, {"session": "by-hand"}, {"session": "gha-4-1-other-0a1b2c3d/x"}], ids=["job", "by-hand", "other"]
)
def test_a_report_of_another_ci_run_has_no_exit_code_for_this_one(gated: Project, measured: dict[str, str]) -> None:
    gated.change_runs("job-4*", **measured)
    assert_green(gated.cli("check", env=job(4)))
    words = ("report", "perfgate-report/report.json", "--exit-code")
    assert_green(gated.cli(*words, env=job(4)))
    assert_green(gated.cli(*words))
    outcome = gated.cli(*words, env=job(5))
    assert_cannot_decide(outcome, "is of CI run gha-4-1; this CI run is gha-5-1", "--report-dir")
    assert "cannot decide: perfgate-report/report.json" in outcome.stderr


@pytest.mark.parametrize("left", ["commits", "sessions"])
def test_a_report_that_states_no_ci_run_is_known_by_its_sessions_and_commits(gated: Project, left: str) -> None:
    gated.write(".gitignore", "outputs/\nold/\n")
    gated.git("init", "-q", "-b", "main")
    gated.commit("First")
    first = gated.git("rev-parse", "HEAD")
    stated = {"commit": first} if left == "commits" else {"session": "gha-4-1-bench-0a1b2c3d"}
    gated.change_runs("job-4*", **stated)
    assert_green(gated.cli("check", "--report-dir", "old"))
    words = ("report", "old/report.json", "--exit-code")
    now = {"CI": "true"} if left == "commits" else job(5)
    if left == "commits":
        assert_green(gated.cli(*words, env=now))
        gated.write("other.txt", "")
        gated.commit("Second")
    shown = f"judges commit {first[:12]}; this commit is" if left == "commits" else "this CI run is gha-5-1"
    assert_cannot_decide(gated.cli(*words, env=now), shown, "--report-dir")


def measure(project: Project, env: dict[str, str]) -> None:
    outcome = project.cli("run", "-n", "2", "--warmup", "0", "--benchmark", "nap", "--", "sleep", "0.01", env=env)
    assert outcome.code == 0, str(outcome)


def test_a_session_named_by_hand_does_not_hide_the_runs_of_another_ci_run(project: Project) -> None:
    measure(project, job(8) | {"PERFGATE_SESSION": "warm"})
    assert project.cli("baseline", "refresh", env=job(8)).code == 0
    measure(project, job(9) | {"PERFGATE_SESSION": "warm"})
    assert "runs-of-another-commit" not in project.cli("check", env=job(9)).stderr
    left = project.cli("check", env=job(10) | {"PERFGATE_SESSION": "warm"})
    assert_cannot_decide(left, r"of the CI run of session gha-9-1-bench-\w+\+warm.*this run is gha-10-1", "--runs-from")


def test_a_session_named_by_hand_does_not_hide_a_leg_of_the_matrix(project: Project) -> None:
    measure(project, job(8))
    assert project.cli("baseline", "refresh", env=job(8)).code == 0
    for leg in ("linux", "arm"):
        measure(project, job(9) | {"PERFGATE_SESSION": "warm", "GITHUB_JOB": leg})
    assert_cannot_decide(project.cli("check", env=job(9)), "twice in the CI run gha-9-1", "PERFGATE_SHARD")


def test_two_sessions_named_by_hand_in_one_job_are_no_legs(project: Project) -> None:
    for name in ("cold", "warm"):
        measure(project, job(9) | {"PERFGATE_SESSION": name})
    outcome = project.cli("baseline", "refresh", env=job(9))
    assert outcome.code == 0, str(outcome)
    sessions = json.loads(project.baseline("nap").read_text())["sessions"]
    assert [s.partition("/")[0].partition("+")[2] for s in sessions] == ["cold", "warm"]
