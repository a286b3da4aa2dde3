"""Only a change that adds a gate to a commit that has none introduces it; all else has nothing to compare with."""

from __future__ import annotations

import pytest
from support import Project, assert_cannot_decide, assert_green

INTRODUCES = "introduces the gate"
CI = {"CI": "true"}


@pytest.fixture
def bare(project: Project) -> Project:
    """A repository without any gate, and runs of a program."""
    project.write(".gitignore", "outputs/\n")
    project.write("pyproject.toml", '[project]\nname = "solver"\n')
    project.git("init", "-q", "-b", "main")
    project.commit("Begin")
    project.write_runs(6, "solve", benchmark="solve")
    return project


def gate_in(project: Project, folder: str) -> None:
    """Commit a gate in a folder, with a baseline of the runs that are there."""
    assert project.cli("baseline", "refresh").code == 0
    project.path(folder).mkdir(parents=True, exist_ok=True)
    project.path("baselines").rename(project.path(folder) / "baselines")
    project.write(f"{folder}/perfgate.toml", '[defaults]\nthreshold = "+4%"\n')
    project.commit("Gate")
    project.drop_runs("*")
    project.write_runs(6, "slow", elapsed=3.0, benchmark="solve")


def test_a_repository_without_any_gate_introduces_none(bare: Project) -> None:
    bare.write("README.md", "a change\n")
    bare.commit("Change")
    outcome = bare.cli("check", "--baseline-ref", "HEAD~1")
    assert_cannot_decide(outcome, r"HEAD~1:\.: .*neither this commit nor the change holds a gate", "baseline refresh")
    assert INTRODUCES not in outcome.stdout


def test_a_check_above_the_gates_folder_introduces_none_and_names_the_folder(bare: Project) -> None:
    gate_in(bare, "services/api")
    outcome = bare.cli("check", "--baseline-ref", "HEAD")
    assert_cannot_decide(outcome, "no baseline", "HEAD holds a gate in services/api: run the check there")


def test_a_check_beside_the_gates_folder_introduces_none(bare: Project) -> None:
    gate_in(bare, "api")
    bare.path("web").mkdir()
    outcome = bare.cli("check", "--baseline-ref", "HEAD", "../outputs/model_runs", cwd="web")
    assert_cannot_decide(outcome, "no baseline", "HEAD holds a gate in api")


@pytest.mark.parametrize("table", ["[tool.perfgate]\n", "[tool]\nperfgate = {}\n"])
def test_a_gate_in_a_shared_file_below_is_named(bare: Project, table: str) -> None:
    bare.write("deep/er/pyproject.toml", table)
    bare.write("other/pyproject.toml", '[project]\ndependencies = ["perfgate"]\n')
    bare.commit("Gate")
    assert_cannot_decide(bare.cli("check", "--baseline-ref", "HEAD"), "no baseline", "a gate in deep/er: run")


def test_a_gate_above_that_of_a_folder_below_is_not_the_first(bare: Project) -> None:
    gate_in(bare, "api")
    bare.write("perfgate.toml", "")
    bare.commit("Another")
    outcome = bare.cli("check", "--baseline-ref", "HEAD~1")
    assert_cannot_decide(outcome, "introduces a gate above that of api", "without --baseline-ref")


def test_a_gate_that_a_change_moves_is_not_the_first(bare: Project) -> None:
    gate_in(bare, "api")
    bare.git("mv", "api", "backend")
    bare.commit("Move")
    outcome = bare.cli("check", "--baseline-ref", "HEAD~1", "../outputs/model_runs", cwd="backend")
    assert_cannot_decide(outcome, "moves the gate of api", "without --baseline-ref")


def test_a_gate_beside_that_of_another_folder_is_introduced(bare: Project) -> None:
    gate_in(bare, "api")
    bare.write("web/perfgate.toml", "")
    bare.commit("Another")
    outcome = bare.cli("check", "--baseline-ref", "HEAD~1", "../outputs/model_runs", cwd="web")
    assert_green(outcome)
    assert INTRODUCES in " ".join(outcome.stdout.split())


def test_baselines_alone_introduce_a_gate(bare: Project) -> None:
    assert bare.cli("baseline", "refresh").code == 0
    bare.commit("Gate")
    bare.drop_runs("*")
    bare.write_runs(6, "new", benchmark="solve")
    assert_green(bare.cli("check", "--baseline-ref", "HEAD~1"))


def test_in_ci_only_files_that_git_lists_introduce_a_gate(bare: Project) -> None:
    assert bare.cli("baseline", "refresh").code == 0
    bare.drop_runs("*")
    bare.write_runs(6, "new", benchmark="solve")
    assert_green(bare.cli("check", "--baseline-ref", "HEAD"))
    outcome = bare.cli("check", "--baseline-ref", "HEAD", env=CI)
    assert_cannot_decide(outcome, "neither this commit nor the change", "git add")
    bare.git("add", "baselines")
    assert_green(bare.cli("check", "--baseline-ref", "HEAD", "--report-dir", "again", env=CI))


@pytest.mark.parametrize("words", [("check", "../outputs/model_runs", "--baseline-ref"), ("ab", "-n", "2", "--base")])
@pytest.mark.parametrize("held", ["lib/perfgate.toml", "lib/README.md"])
def test_a_folder_that_becomes_a_link_moves_its_gate(bare: Project, words: tuple[str, ...], held: str) -> None:
    bare.write(held, "")
    gate_in(bare, "api")
    bare.git("rm", "-rq", "api")
    bare.write("lib/perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    bare.path("api").symlink_to("lib")
    bare.commit("Link")
    command = (*words, "HEAD~1", *(["--", "true"] if words[0] == "ab" else []))
    outcome = bare.cli(*command, cwd="api")
    assert_cannot_decide(
        outcome, "makes api a symbolic link to lib, which (HEAD~1|[0-9a-f]{12}) does not have", "keep the folder"
    )


def test_a_link_that_the_commit_holds_as_well_leads_to_its_gate(bare: Project) -> None:
    bare.path("app").symlink_to("api")
    gate_in(bare, "api")
    bare.write("README.md", "a change\n")
    bare.commit("Change")
    words = ("check", "../outputs/model_runs", "--baseline-ref", "HEAD~1")
    assert bare.cli(*words, cwd="app").code == 1
    bare.path("api2").mkdir()
    bare.write("api2/perfgate.toml", "")
    bare.path("app").unlink()
    bare.path("app").symlink_to("api2")
    assert_cannot_decide(bare.cli(*words, cwd="app"), "makes app a symbolic link to api2", "keep the folder")


@pytest.mark.parametrize("words", [("check", "--baseline-ref"), ("ab", "-n", "2", "--base")])
def test_a_folder_that_becomes_a_submodule_is_not_asked_for_its_gate(bare: Project, words: tuple[str, ...]) -> None:
    elsewhere = bare.copy_to(bare.root.parent / "elsewhere")
    gate_in(elsewhere, ".")
    gate_in(bare, "api")
    bare.git("rm", "-rq", "api")
    bare.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(elsewhere.root), "api")
    bare.commit("Submodule")
    command = (*words, "origin/main", *(["--", "true"] if words[0] == "ab" else []))
    outcome = bare.cli(*command, cwd="api", env=CI)
    assert_cannot_decide(outcome, "lies in a submodule: the change chooses", "repository that holds the submodule")
