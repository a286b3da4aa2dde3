"""0, 1 and 2 by real processes, and both doors of the program."""

from __future__ import annotations

import json
import re
import sys

import pytest
from support import Project, assert_cannot_decide, assert_green, verdict_of

CONSOLE_SCRIPT = "import sys; sys.argv[0] = 'perfgate'; from perfgate.__main__ import main; main()"
PLACES = {"pass": 0, "regression": 1, "missing": 2, "both": 2}


def spoil(project: Project, how: str) -> None:
    if how in {"regression", "both"}:
        project.change_runs("new-train-*", elapsed_sec=2.0)
    if how in {"missing", "both"}:
        project.drop_runs("*-score-*")


@pytest.mark.parametrize(
    ("how", "code"),
    [pytest.param(*place, id=place[0], marks=[] if place[1] < 2 else pytest.mark.slow) for place in PLACES.items()],
)
def test_both_doors_exit_alike(green: Project, how: str, code: int) -> None:
    spoil(green, how)
    module = green.started("check")
    script = green.command(sys.executable, "-c", CONSOLE_SCRIPT, "check")
    assert module.code == code, str(module)
    assert script == module
    assert green.cli("check") == module, "a forked command is no other"


def test_a_pass_says_so_last_and_leaves_stderr_empty(green: Project) -> None:
    outcome = green.cli("check")
    assert_green(outcome)
    said = verdict_of(outcome.stdout)
    assert said.startswith("PASS 4 gated values, none significantly worse. Smallest detectable change: +5.0%.")
    assert " ".join(outcome.stdout.split()).endswith(said)


def test_a_regression_names_itself_below_the_values_and_leaves_stderr_empty(green: Project) -> None:
    spoil(green, "regression")
    outcome = green.cli("check")
    assert (outcome.code, outcome.stderr) == (1, "")
    assert verdict_of(outcome.stdout).startswith("REGRESSION 1 of 4 gated values is worse by more than 5%.")
    values, _, steps = outcome.stdout.partition("\nREGRESSION  ")
    assert re.search(r"^Regressed \(1\)\n.*\n  train\n  ✗ elapsed .* \+100% ", values, re.MULTILINE)
    assert "\n  next: find the change" in steps


def test_with_a_regression_and_a_missing_benchmark_the_exit_is_2_and_both_are_shown(green: Project) -> None:
    spoil(green, "both")
    outcome = green.cli("check", "--report", "r.json", "--report", "r.md")
    assert_cannot_decide(outcome, "score ", "measure it")
    for shown in (outcome.stdout, green.path("r.md").read_text()):
        assert shown.index("Regressed (1)") < shown.index("Not measured (3)")
    assert verdict_of(outcome.stdout).startswith(
        "CANNOT DECIDE 2 of 4 gated values were not measured (benchmark score), 1 value regressed. The other 1 passes."
    )
    findings = green.read_json("r.json")["findings"]
    found = {(f["benchmark"], f["status"]) for f in findings if f["status"] in {"regressed", "missing"}}
    assert found == {("train", "regressed"), ("score", "missing")}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",), ("-h",), ("--version",), ("check", "--help"), ("run", "--help"), ("collect", "--help"),
        ("baseline", "--help"), ("baseline", "refresh", "--help"), ("report", "--help"), ("explain", "--help"),
        ("schema", "--help"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_help_exits_0(project: Project, arguments: tuple[str, ...]) -> None:
    outcome = project.cli(*arguments)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout


@pytest.mark.parametrize("how", PLACES)
def test_a_report_rendered_again_exits_0_and_reads_alike(green: Project, how: str) -> None:
    spoil(green, how)
    first = green.cli("check", "--report", "r.json", "--report", "r.md", "--report", "r.txt")
    for form, name in (("markdown", "r.md"), ("json", "r.json"), ("text", "r.txt")):
        again = green.cli("report", "r.json", "--format", form)
        assert (again.code, again.stderr) == (0, "")
        assert again.stdout == green.path(name).read_text()
    read, shown = green.path("r.txt").read_text(), first.stdout
    if first.code < 2:
        assert read == shown
    else:  # stderr says what to do
        assert read.startswith(f"{shown}  next: ")
        assert read.count("measure it") == first.stderr.count("measure it") == 1
        assert "measure it" not in shown


@pytest.mark.parametrize("how", PLACES)
def test_a_report_exits_as_the_check_did_when_it_is_asked_to(green: Project, how: str) -> None:
    spoil(green, how)
    first = green.cli("check", "--report", "r.json")
    again = green.cli("report", "r.json", "--exit-code")
    assert (again.code, again.stdout) == (first.code, first.stdout)
    if first.code == 2:
        assert again.stderr.splitlines()[0] == first.stderr.splitlines()[0]


@pytest.mark.parametrize("status", ["unchanged", "improved", "suspected", "advisory", "waived", "new", "removed"])
def test_a_report_whose_regression_was_edited_into_a_pass_exits_2(green: Project, status: str) -> None:
    spoil(green, "regression")
    assert green.cli("check", "--report", "r.json").code == 1
    report = green.read_json("r.json")
    for finding in report["findings"]:
        if finding["status"] == "regressed":
            finding["status"] = status
    green.write("r.json", json.dumps(report | {"verdict": "pass", "exit_code": 0}))
    outcome = green.cli("report", "r.json", "--exit-code")
    assert_cannot_decide(outcome, r"r\.json: /findings/\d+: .* p50: it is ", "no check writes such a finding")


def test_a_report_of_a_job_exits_as_the_worst_of_its_checks(green: Project) -> None:
    assert green.cli("check", "--report-dir", "out").code == 0
    spoil(green, "regression")
    assert green.cli("check", "--report-dir", "out/2").code == 1
    assert green.cli("report", "out/report.json", "--exit-code").code == 1
    assert green.cli("report", "out/report.json").code == 0


def test_a_committed_report_is_no_report_of_this_job(green: Project) -> None:
    assert green.cli("check", "--report-dir", "out").code == 0
    green.git("init", "-q", "-b", "main")
    green.write(".gitignore", "outputs/\n")
    green.commit("Hold a report")
    assert_cannot_decide(green.cli("report", "out/report.json", "--exit-code"), "is what git holds", "--report-dir")
    spoil(green, "regression")
    assert green.cli("check", "--report-dir", "out", env={"CI": "true"}).code == 1
    assert green.cli("report", "out/report.json", "--exit-code").code == 1


@pytest.mark.parametrize("link", ["out", "out/deep", "out/report.json"])
def test_reports_are_not_written_through_a_link_that_git_holds(green: Project, link: str) -> None:
    green.write("elsewhere/report.json", "kept")
    green.path(link).parent.mkdir(exist_ok=True)
    green.path(link).symlink_to(green.path("elsewhere/report.json" if link.endswith("json") else "elsewhere"))
    folder = "out/deep" if link == "out/deep" else "out"
    green.git("init", "-q", "-b", "main")
    green.write(".gitignore", "outputs/\n")
    green.commit("Hold a link")
    outcome = green.cli("check", "--report-dir", folder, env={"CI": "true"})
    assert_cannot_decide(
        outcome, rf"{link} is a symbolic link that git holds|2 files are(.|\n)*{link}", "name another place"
    )
    assert green.path("elsewhere/report.json").read_text() == "kept"
    green.git("rm", "-q", "--cached", link)
    assert green.cli("check", "--report-dir", folder).code == 0


def test_a_report_that_contradicts_itself_is_refused(green: Project) -> None:
    green.cli("check", "--report", "r.json")
    green.write("r.json", green.path("r.json").read_text().replace('"verdict": "pass"', '"verdict": "regression"'))
    assert_cannot_decide(green.cli("report", "r.json"), r"r\.json: /verdict", "schema")


@pytest.mark.parametrize("closed", ["2>&-", "0<&-"])
def test_a_stream_that_the_caller_closed_changes_no_exit_code(project: Project, closed):
    words = f'"{sys.executable}" -m perfgate run -n 1 --warmup 0 -- true {closed} >printed.txt'
    done = project.command("sh", "-c", words)
    assert done.code == 0
    assert len(project.path("printed.txt").read_text().splitlines()) > 1
    assert len(list(project.path("outputs/model_runs").glob("*.json"))) == 1
