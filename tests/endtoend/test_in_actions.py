"""``check`` and ``ab`` inside GitHub Actions: annotations, summary, outputs; and the exit code stays as it is."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from support import Outcome, Project


@pytest.fixture
def slower(green: Project) -> Project:
    green.change_runs("new-train-*", elapsed_sec=3.0)
    return green


def in_actions(project: Project, *words: str, **env: str) -> Outcome:
    files = {name: str(project.path(file)) for name, file in (("GITHUB_STEP_SUMMARY", "s.md"), ("GITHUB_OUTPUT", "o"))}
    told = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(project.root), **files}
    return project.cli("check", *words, env={**told, **env})


def outputs(project: Project) -> dict[str, str]:
    found = re.findall(
        r"^(.+?)<<(ghadelimiter_\w+)\n(.*?)\n\2$", project.path("o").read_text(), re.MULTILINE | re.DOTALL
    )
    return {name: value for name, _, value in found}


def commands(text: str) -> list[str]:
    """Return the lines that the runner takes for commands."""
    found, silent = [], ""
    for line in text.splitlines():
        if silent:
            silent = "" if line.strip() == f"::{silent}::" else silent
        elif match := re.match(r"\s*::stop-commands::(\w+)$", line):
            silent = match[1]
        elif line.lstrip().startswith("::") or "##[" in line:
            found.append(line)
    assert not silent
    return found


def test_a_regression_is_annotated_summed_up_and_told_to_the_next_step(slower: Project) -> None:
    slower.path("s.md").write_text("from another step\n")
    outcome = in_actions(slower)
    assert outcome.code == 1, str(outcome)
    (error, *others) = commands(outcome.stdout)
    assert re.match(
        r"::error title=perfgate%3A train elapsed p50,file=baselines/[\w-]+/train-\w+\.json::\+2\d\d", error
    )
    assert [line.partition(" ")[0] for line in others] == ["::warning"] * len(others)
    assert commands(outcome.stderr) == []
    summary = slower.path("s.md").read_text()
    assert summary.startswith("from another step\n\n\n## ❌ perfgate: 1 performance regression\n\n1 of ")
    assert summary.endswith(slower.path("perfgate-report/report.md").read_text())
    told = {"verdict": "regression", "exit-code": "1", "regressions": "1", "suspected": "0", "improved": "0"}
    told |= {"confirmations": "0"}
    assert outputs(slower) == {**told, "report-dir": "perfgate-report"}


def test_elsewhere_nothing_is_told_unless_asked_for(slower: Project) -> None:
    assert commands(slower.cli("check").stdout) == []
    assert commands(slower.cli("check", "--github").stdout)
    assert commands(in_actions(slower, "--no-github").stdout) == []
    assert not slower.path("s.md").exists()


def test_json_on_stdout_stays_json(slower: Project) -> None:
    slower.change_runs("new-score-*", benchmark="##[error]x\n::error::y")
    outcome = in_actions(slower, "--format", "json")
    assert json.loads(outcome.stdout)["verdict"] == "error"
    assert commands(outcome.stdout) == []
    told = commands(outcome.stderr)
    assert {line.partition(" ")[0] for line in told} <= {"::error", "::warning", "::notice"}
    assert told


@pytest.mark.parametrize("form", ["json", "junit", "openmetrics", "codequality", "markdown", "badge", "shields"])
def test_what_a_program_reads_on_stdout_is_the_document_alone(slower: Project, form: str) -> None:
    outcome = in_actions(slower, "--format", form)
    assert outcome.code == 1, str(outcome)
    quiet = in_actions(slower, "--no-github", "--format", form)
    assert outcome.stdout == quiet.stdout
    assert commands(quiet.stderr) == []
    assert [line.partition(" ")[0] for line in commands(outcome.stderr)][:1] == ["::error"]


def test_junit_in_actions_is_read_back_with_the_name_as_it_is(green: Project) -> None:
    for i in range(5):
        green.write_run(f"evil-{i}", benchmark="##[error]x", elapsed_sec=1.0 + i / 1000)
    outcome = in_actions(green, "--format", "junit")
    assert "##[" not in outcome.stdout
    assert "##[error]x" in {case.get("classname") for case in ET.fromstring(outcome.stdout).iter("testcase")}  # noqa: S314 - our own


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_file_gives_no_command_where_its_fault_is_told(green: Project, form: str) -> None:
    green.write_run("##[error]x", elapsed_sec=-1)
    outcome = in_actions(green, "--format", form)
    assert outcome.code == 2
    assert "outputs/model_runs/# #[error]x.json: /elapsed_sec" in outcome.stderr
    told = [line for line in commands(outcome.stdout) + commands(outcome.stderr) if not line.startswith("::")]
    assert told == []


def test_what_a_failing_program_says_gives_no_command(project: Project) -> None:
    base = "sh -c 'echo \"##[error]evil\" >&2; echo ::error::evil >&2; exit 3'"
    words = ("ab", "-n", "2", "--benchmark", "nap", "--base-cmd", base, "--head-cmd", "true")
    outcome = project.cli(*words, env={"GITHUB_ACTIONS": "true"})
    assert outcome.code == 2, str(outcome)
    assert "error::evil" in outcome.stderr
    assert commands(outcome.stderr) == []


def test_a_hostile_name_gives_no_command(green: Project) -> None:
    for i in range(5):
        green.write_run(f"evil-{i}", benchmark="::set-output name=verdict::pass", elapsed_sec=1.0 + i / 1000)
    outcome = in_actions(green)
    assert "::set-output" in outcome.stdout
    assert not [line for line in commands(outcome.stdout) if "set-output" in line.partition("::")[0]]
    assert not any(line.startswith("::set-output") for line in commands(outcome.stdout) + commands(outcome.stderr))


@pytest.mark.parametrize("code", [0, 1, 2])
@pytest.mark.parametrize("kind", ["absent-folder", "folder", "full", "unset", "empty"])
def test_a_file_that_cannot_be_written_changes_no_exit_code(green: Project, code: int, kind: str) -> None:
    if code == 1:
        green.change_runs("new-train-*", elapsed_sec=3.0)
    elif code == 2:
        green.drop_runs("new-train-*")
    paths = {"absent-folder": "no/file", "folder": ".", "full": "full"}
    if kind == "full":
        green.write("full", b"x" * 1024 * 1024)
        os.truncate(green.path("full"), 1024 * 1024)
    path = str(green.path(paths[kind])) if kind in paths else ""
    outcome = in_actions(green, GITHUB_STEP_SUMMARY=path, GITHUB_OUTPUT=str(green.path("no/file")) if path else "")
    assert outcome.code == code, str(outcome)
    told = [line for line in outcome.stderr.splitlines() if line.endswith("[actions-unwritable]")]
    assert len(told) == (2 if path else 0)


def test_a_report_that_is_too_long_for_a_summary_is_replaced(green: Project) -> None:
    green.write("s.md", b"x" * (1024 * 1024 - 500))
    assert in_actions(green).code == 0
    assert green.path("s.md").read_text().strip("x\n").startswith("The report is too long for a summary")


@pytest.mark.slow
def test_a_comparison_in_turns_tells_the_same(project: Project) -> None:
    words = ("ab", "-n", "5", "--benchmark", "nap", "--base-cmd", "sleep 0.02", "--head-cmd", "sleep 0.2")
    outcome = project.cli(*words, env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(project.path("o"))})
    assert outcome.code == 1, str(outcome)
    assert commands(outcome.stdout)[0].startswith("::error title=perfgate%3A nap elapsed p50::")
    assert outputs(project)["verdict"] == "regression"


def test_a_later_pass_leaves_the_outputs_and_the_summary_of_a_step_that_failed(slower: Project) -> None:
    assert in_actions(slower).code == 1
    slower.change_runs("new-train-*", elapsed_sec=1.0)
    assert in_actions(slower, "--benchmark", "score").code == 0
    assert (outputs(slower)["verdict"], outputs(slower)["report-dir"]) == ("regression", "perfgate-report")
    summary = slower.path("s.md").read_text()
    assert "## ❌ perfgate: 1 performance regression\n" in summary
    assert "## ⚠️ perfgate: pass, 1 value too noisy to judge\n" in summary
