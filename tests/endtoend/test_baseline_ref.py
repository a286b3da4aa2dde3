"""``--baseline-ref``: baselines and rules of another commit, so that a pull request cannot loosen its own gate."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(green: Project) -> Project:
    """The green project in git, its baselines and a strict configuration committed."""
    green.write(".gitignore", "outputs/\nr.json\n")
    green.write("perfgate.toml", '[defaults]\nthreshold = "+6%"\n')
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    return green


def slower(project: Project) -> None:
    project.change_runs("new-train-*", elapsed_sec=1.3)


def test_the_committed_gate_passes_and_names_itself(repository: Project) -> None:
    outcome = repository.cli("check", "--baseline-ref", "HEAD", "--report", "r.json")
    assert_green(outcome)
    provenance = repository.read_json("r.json")["provenance"]
    assert (provenance["policy"], provenance["baselines"]) == ("HEAD:perfgate.toml", "HEAD:baselines")


def test_a_threshold_loosened_in_the_tree_does_not_count(repository: Project) -> None:
    slower(repository)
    repository.write("perfgate.toml", '[defaults]\nthreshold = "+500%"\n')
    assert repository.cli("check").code == 0
    outcome = repository.cli("check", "--baseline-ref", "HEAD")
    assert outcome.code == 1, str(outcome)


def test_a_baseline_refreshed_in_the_tree_does_not_count(repository: Project) -> None:
    slower(repository)
    assert repository.cli("baseline", "refresh", "--reason", "hide it").code == 0
    assert repository.cli("check", "--baseline-ref", "HEAD").code == 1


def test_a_baseline_removed_in_the_tree_does_not_count(repository: Project) -> None:
    repository.baseline("train").unlink()
    repository.drop_runs("*-train-*")
    outcome = repository.cli("check", "--baseline-ref", "HEAD")
    assert_cannot_decide(outcome, "train .*no run of it", "measure it")


def test_a_faulty_configuration_of_the_ref_is_named_with_it(repository: Project) -> None:
    repository.write("perfgate.toml", "threshhold = 1\n")
    repository.commit("Break it")
    repository.write("perfgate.toml", "")
    outcome = repository.cli("check", "--baseline-ref", "HEAD", "--report", "r.json")
    assert_cannot_decide(outcome, r"HEAD:perfgate\.toml:1: ", "schema config")
    assert repository.read_json("r.json")["verdict"] == "error"


def test_a_change_that_introduces_the_gate_passes_and_says_so(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.commit("Begin")
    project.write_runs(5, "new", benchmark="train")
    project.write("perfgate.toml", "")
    outcome = project.cli("check", "--baseline-ref", "HEAD")
    assert_green(outcome)
    told = " ".join(outcome.stdout.split("\n\n")[1].split())
    assert told == "This change introduces the gate: there is nothing to compare with yet."


def test_a_gate_whose_baselines_are_gone_from_the_ref_introduces_nothing(repository: Project) -> None:
    repository.git("rm", "-q", "-r", "baselines")
    repository.commit("Lose them")
    outcome = repository.cli("check", "--baseline-ref", "HEAD", "--report", "r.json")
    assert_cannot_decide(outcome, "there is no baseline", "merge the baselines first, or check without --baseline-ref")


@pytest.mark.parametrize("ref", ["gone", "origin/main", "HEAD~7", "-x", "a..b", "a\nb", "HEAD:baselines"])
def test_a_ref_that_cannot_be_read_exits_2(repository: Project, ref: str) -> None:
    outcome = repository.cli("check", f"--baseline-ref={ref}", "--report", "r.json")
    assert_cannot_decide(outcome, "git ref|no commit or branch", "git fetch|name a branch")
    assert repository.read_json("r.json")["verdict"] == "error"


def test_outside_a_repository_a_ref_cannot_be_read(green: Project) -> None:
    outcome = green.cli("check", "--baseline-ref", "HEAD", env={"GIT_CEILING_DIRECTORIES": str(green.root.parent)})
    assert_cannot_decide(outcome, "not a git repository", "inside the git repository")


def test_without_git_a_ref_cannot_be_read(repository: Project) -> None:
    outcome = repository.cli("check", "--baseline-ref", "HEAD", env={"PATH": str(repository.path("nothing"))})
    assert_cannot_decide(outcome, "git cannot be run", "install git")


def mended(project: Project, ref: str) -> None:
    """Follow the command of the hint, and check again."""
    outcome = project.cli("check", "--baseline-ref", ref)
    assert_cannot_decide(outcome, "no commit or branch .* in this clone", "git fetch")
    command = re.search(r": (git fetch [^(]*)", outcome.block)
    assert command, outcome.block
    words = shlex.split(command[1])
    project.git(*words[1:])
    outcome = project.cli("check", "--baseline-ref", ref)
    assert outcome.code == 0, str(outcome)


def cloned(repository: Project, root: Path, *options: str) -> Project:
    repository.git("checkout", "-q", "-b", "feature")
    repository.write("README.md", "a change\n")
    repository.commit("Change something")
    repository.git("clone", "-q", *options, f"file://{repository.root}", str(root))
    repository.path("outputs").rename(root / "outputs")
    return Project(root)


def test_the_command_given_for_a_shallow_clone_mends_it(repository: Project, tmp_path: Path) -> None:
    mended(cloned(repository, tmp_path / "clone", "--depth", "1"), "HEAD^")


def test_the_command_given_for_a_clone_of_one_branch_mends_it(repository: Project, tmp_path: Path) -> None:
    mended(cloned(repository, tmp_path / "clone", "--depth", "1", "--branch", "feature"), "origin/main")


def test_a_difference_to_a_ref_is_shown(repository: Project) -> None:
    assert repository.cli("baseline", "diff").stdout == "Nothing differs.\n"
    slower(repository)
    repository.drop_runs("old-*")
    assert repository.cli("baseline", "refresh", "--replace", "--reason", "slower").code == 0
    outcome = repository.cli("baseline", "diff", "HEAD")
    assert_green(outcome)
    assert re.search(r"train +elapsed p50 +\S+ s +1\.3 s +\+\d", outcome.stdout), outcome.stdout
    assert json.loads(repository.baseline("train").read_text())["provenance"]["reason"] == "slower"
