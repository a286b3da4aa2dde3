"""No command prints what data contain as a command to the runner of a CI system."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from support import Project, make_green

NAME = "::warning::w ##vso[task.complete result=Succeeded]v ##[error]e"
CI = {"azure": {"TF_BUILD": "True"}, "actions": {"GITHUB_ACTIONS": "true"}}
COMMANDS = [
    ["report", "r.json"],
    ["report", "r.json", "--format", "markdown"],
    ["report", "r.json", "--format", "junit"],
    ["report", "r.json", "--format", "codequality"],
    ["report", "r.json", "--format", "openmetrics"],
    ["check", "--no-github"],
    ["collect"],
    ["runs", "list"],
    ["runs", "remove", "--failed", "--dry-run"],
    ["baseline", "list"],
    ["baseline", "show"],
    ["baseline", "refresh", "--dry-run"],
    ["baseline", "rename", NAME, "other", "--dry-run"],
    ["explain", NAME],
    ["audit"],
    ["validate"],
    ["import", "junit.xml", "--dry-run"],
    ["waive", NAME, "elapsed", "--ceiling", "+20%", "--until", "2099-01-01", "--reason", NAME],
]


@pytest.fixture
def hostile(project: Project) -> Project:
    """Return a project whose benchmark, files and run ids are called like commands."""
    make_green(project)
    for i in range(6):
        project.write_run(f"old{i}", benchmark=NAME, memory_source="vmhwm", elapsed_sec=1.0 + i / 100)
    assert project.cli("baseline", "refresh", "--benchmark", NAME).code == 0
    for i in range(6):
        project.write_run(f"new{i}", benchmark=NAME, memory_source="vmhwm", elapsed_sec=2.0 + i / 100)
    project.write_run("bad", benchmark=NAME, status="failed", memory_source="vmhwm")
    project.write("junit.xml", f'<testsuite><testcase classname="c" name="{NAME}" time="0.5"/></testsuite>')
    project.cli("check", "--report", "r.json")
    return project


def commands_in(text: str) -> list[str]:
    """Return what the runners of GitHub and Azure take for commands."""
    lines = re.split(r"[\r\n]", text)
    return [line for line in lines if line.lstrip().startswith("::") or re.search(r"##(\w*)\[", line)]


@pytest.mark.sampled
@pytest.mark.parametrize("system", CI)
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(w for w in words if w != NAME)[:40])
def test_a_name_is_no_command(hostile: Project, words: list[str], system: str) -> None:
    outcome = hostile.cli(*words, env=CI[system])
    assert "Traceback" not in outcome.stderr
    assert commands_in(outcome.stdout) == [], str(outcome)
    assert commands_in(outcome.stderr) == [], str(outcome)


@pytest.mark.parametrize("words", [["report", "r.json"], ["collect"]], ids=" ".join)
@pytest.mark.parametrize("system", CI)
def test_json_for_programs_keeps_the_name(hostile: Project, words: list[str], system: str) -> None:
    outcome = hostile.cli(*words, "--format", "json", env=CI[system])
    assert commands_in(outcome.stdout) == []
    assert outcome.stdout.count("u0023#[error]e") > 0
    assert json.dumps(NAME)[1:-1] in json.dumps(json.loads(outcome.stdout))


def test_outside_ci_a_name_is_printed_as_it_is(hostile: Project) -> None:
    assert NAME in hostile.cli("runs", "list").stdout


def test_a_path_of_two_lines_is_no_command(project: Project) -> None:
    path = "two\n::error::lines.toml"
    project.write(path, "")
    outcome = project.cli("validate", path, env=CI["actions"])
    assert outcome.code == 0, str(outcome)
    assert ": :error::lines.toml" in outcome.stdout
    assert commands_in(outcome.stdout) == []


def test_the_commands_print_through_one_door() -> None:
    allowed = {"output.py", "completion.py"}  # the door, and what a shell reads
    folder = Path(__file__).resolve().parents[2] / "perfgate" / "cli"
    for file in sorted(folder.glob("*.py")):
        calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)}
        assert file.name in allowed or not calls & {"click.echo", "print", "sys.stdout.write"}, file.name
