"""The gate of ``--baseline-ref`` is found in the commit: a pull request cannot move it out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STRICT = 'runs = ["sub/outputs/model_runs/*.json"]\n[defaults]\nthreshold = "+6%"\n'
INTRODUCES = "introduces the gate"
EDITED = "this change edits the gate itself"


@pytest.fixture
def repository(green: Project) -> Project:
    """Runs below a subfolder that got slower, baselines and configuration in the root on main."""
    green.write(".gitignore", "outputs/\nr.json\n")
    green.write("perfgate.toml", STRICT)
    green.change_runs("new-train-*", elapsed_sec=1.3)
    green.path("sub").mkdir()
    green.path("outputs").rename(green.path("sub/outputs"))
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    return green


def own_file(project: Project) -> None:
    project.write("sub/perfgate.toml", "")


def shared_file(project: Project) -> None:
    project.write("sub/pyproject.toml", "[tool.perfgate]\n")


def deleted(project: Project) -> None:
    project.path("perfgate.toml").unlink()


@pytest.mark.parametrize("trick", [own_file, shared_file, deleted])
@pytest.mark.parametrize("cwd", ["sub", "."])
def test_a_configuration_added_or_deleted_in_the_tree_switches_nothing_off(
    repository: Project, trick: Callable[[Project], None], cwd: str
) -> None:
    trick(repository)
    outcome = repository.cli("check", "--baseline-ref", "main", cwd=cwd)
    assert outcome.code == 1, str(outcome)
    assert INTRODUCES not in outcome.stdout
    if cwd == "sub" or trick is deleted:
        assert f"{EDITED}: the configuration; judged by that of " in " ".join(outcome.stdout.split())


def test_a_working_directory_that_the_ref_lacks_is_judged_by_the_gate_above_it(repository: Project) -> None:
    repository.path("new/deep").mkdir(parents=True)
    outcome = repository.cli("check", "--baseline-ref", "main", cwd="new/deep")
    assert outcome.code == 1, str(outcome)
    assert EDITED not in outcome.stdout


def test_the_gate_is_found_from_a_subfolder_of_a_shallow_clone_and_of_a_worktree(
    repository: Project, tmp_path: Path
) -> None:
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", str(tmp_path / "clone"))
    repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    for root in (tmp_path / "clone", tmp_path / "tree"):
        there = repository.copy_to(tmp_path / f"{root.name}-runs")
        (root / "sub").mkdir()
        there.path("sub/outputs").rename(root / "sub" / "outputs")
        (root / "perfgate.toml").unlink()
        outcome = Project(root).cli("check", "--baseline-ref", "HEAD", cwd="sub")
        assert outcome.code == 1, str(outcome)


def test_two_configurations_at_one_level_of_the_ref_are_an_error(repository: Project) -> None:
    shared_file(repository)
    own_file(repository)
    repository.commit("Two")
    repository.path("sub/pyproject.toml").unlink()
    assert_cannot_decide(repository.cli("check", "--baseline-ref", "HEAD", cwd="sub"), "HEAD: both", "keep one of them")
    assert repository.cli("check", "--baseline-ref", "HEAD~1", cwd="sub").code == 1


def test_a_configuration_given_by_hand_and_deleted_in_the_tree_is_read_from_the_ref(repository: Project) -> None:
    deleted(repository)
    outcome = repository.cli("check", "--baseline-ref", "main", "--config", "../perfgate.toml", cwd="sub")
    assert outcome.code == 1, str(outcome)
    assert EDITED in " ".join(outcome.stdout.split())


def test_baselines_without_a_configuration_are_found_from_a_subfolder(repository: Project) -> None:
    repository.git("rm", "-q", "perfgate.toml")
    repository.commit("Only baselines")
    outcome = repository.cli("check", "--baseline-ref", "HEAD", "outputs/model_runs", cwd="sub")
    assert outcome.code == 1, str(outcome)
    assert INTRODUCES not in outcome.stdout


def test_baselines_in_a_folder_that_only_the_trees_configuration_names_are_found(repository: Project) -> None:
    repository.git("rm", "-q", "perfgate.toml")
    repository.git("mv", "baselines", "kept")
    repository.commit("Move")
    repository.write("perfgate.toml", 'baselines = "kept"\n' + STRICT)
    outcome = repository.cli("check", "--baseline-ref", "HEAD", "outputs/model_runs", cwd="sub")
    assert outcome.code == 1, str(outcome)
    assert INTRODUCES not in outcome.stdout


@pytest.mark.parametrize("name", ["baselines", "baselines/class"])
def test_a_link_in_place_of_the_baselines_of_the_ref_is_an_error(repository: Project, name: str) -> None:
    repository.git("rm", "-q", "perfgate.toml")
    repository.git("mv", "baselines", "kept")
    repository.path(name).parent.mkdir(exist_ok=True)
    repository.path(name).symlink_to(repository.path("kept"))
    repository.commit("Link")
    outcome = repository.cli("check", "--baseline-ref", "HEAD", "outputs/model_runs", cwd="sub")
    assert_cannot_decide(outcome, f"HEAD:{name} is not a regular folder", "commit the files themselves")


def test_edited_baselines_are_said_first_in_every_rendering(repository: Project) -> None:
    repository.baseline("train").unlink()
    repository.baseline("score").write_text("{")
    said = f"{EDITED}: 2 baselines (score, train)"
    for form, values in (("text", "\nRegressed (1)\n"), ("markdown", "\n| ")):
        shown = repository.cli("check", "--baseline-ref", "main", "--format", form).stdout
        assert said in " ".join(shown[: shown.index(values)].split()), shown
        assert shown.count("gate-edited") == 1
    assert said in repository.cli("check", "--baseline-ref", "main", "--format", "json").stdout


def test_a_gate_that_nobody_edits_is_not_said_to_be(repository: Project) -> None:
    repository.drop_runs("*")
    assert "gate-edited" not in repository.cli("check", "--baseline-ref", "main", cwd="sub").stdout


def test_a_change_that_introduces_the_gate_from_a_subfolder_passes(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.commit("Begin")
    project.write("sub/perfgate.toml", "")
    project.write_runs(5, "new", folder="sub/outputs/model_runs", benchmark="train")
    outcome = project.cli("check", "--baseline-ref", "HEAD", cwd="sub")
    assert_green(outcome)
    assert INTRODUCES in " ".join(outcome.stdout.split())
