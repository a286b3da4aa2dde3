"""A check in CI without ``--baseline-ref``: what the change under review does to its own baselines is said first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, opening, verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable

GITHUB = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_EVENT_NAME": "pull_request"}
Environment = dict[str, str]


def gitlab(p: Project) -> Environment:
    target = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base(p)}
    return {"CI": "true", "GITLAB_CI": "true", **target}


def base(project: Project) -> str:
    return project.git("rev-parse", "main")


SYSTEMS: dict[str, Callable[[Project], Environment]] = {
    "github": lambda _: GITHUB,
    "gitlab": gitlab,
    "jenkins": lambda _: {"JENKINS_URL": "https://ci.example.org", "CHANGE_TARGET": "main"},
    "azure": lambda _: {"TF_BUILD": "True", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
    "buildkite": lambda _: {
        "BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "31", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
    },
    "travis": lambda _: {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "31", "TRAVIS_BRANCH": "main"},
    "bitbucket": lambda _: {"CI": "true", "BITBUCKET_PR_DESTINATION_BRANCH": "main"},
    "woodpecker": lambda _: {"CI": "woodpecker", "CI_COMMIT_TARGET_BRANCH": "main"},
}  # fmt: skip


@pytest.fixture
def branch(green: Project) -> Project:
    """A branch beside the target branch, both at the commit that holds the baselines of `train` and `score`."""
    green.write(".gitignore", "outputs/\nperfgate-report/\nr.json\n")
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    green.git("update-ref", "refs/remotes/origin/main", "HEAD")
    green.git("checkout", "-q", "-b", "topic")
    return green


def removed(project: Project) -> Project:
    """Remove the baseline of `train` in a commit of the branch, and do not measure it."""
    project.git("rm", "-q", str(project.baseline("train")))
    project.commit("Remove train")
    project.drop_runs("*-train-*")
    return project


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_removed_baseline_is_reported_first_as_with_a_ref(branch: Project, system: str) -> None:
    outcome = removed(branch).cli("check", env=SYSTEMS[system](branch))
    assert outcome.code == 0, str(outcome)
    told = opening(outcome.stdout)
    judged = f"judged by its own, and what it removes by {base(branch)[:12]}"
    assert f"this change edits the gate itself: 1 baseline (train); {judged}" in told
    assert "this change removes its baseline" in outcome.stdout


def test_a_removed_baseline_whose_benchmark_is_measured_is_judged_by_it(branch: Project) -> None:
    branch.git("rm", "-q", str(branch.baseline("train")))
    branch.commit("Remove train")
    branch.change_runs("new-train-*", elapsed_sec=4.7)
    outcome = branch.cli("check", env=GITHUB)
    assert outcome.code == 1, str(outcome)
    assert verdict_of(outcome.stdout).startswith("REGRESSION 1 of 4 gated values is worse by more than 5%.")


def test_a_rename_that_hides_a_slow_down_behind_git_rm_cannot_be_judged(branch: Project) -> None:
    removed(branch)
    branch.write_runs(10, "new-large", benchmark="train", labels={"rows": "many"}, elapsed=2.9)
    outcome = branch.cli("check", env=GITHUB)
    assert_cannot_decide(
        outcome, "train.* is new and of the same name: it looks renamed", "perfgate baseline rename train"
    )
    assert "--from" in outcome.block


def test_another_new_benchmark_beside_a_removed_one_is_said_first(branch: Project) -> None:
    removed(branch)
    branch.write_runs(10, "new-serve", benchmark="serve", elapsed=2.9)
    outcome = branch.cli("check", env=GITHUB)
    assert outcome.code == 0, str(outcome)
    assert "this change removes the baseline of train, and serve is new" in opening(outcome.stdout)
    assert "`perfgate baseline rename train serve --from" in opening(outcome.stdout)


def test_an_entry_says_that_a_namesake_is_another_benchmark(branch: Project) -> None:
    removed(branch)
    branch.write("baselines/waivers.toml", '[[removed]]\nbenchmark = "train"\nreason = "split by rows"\n')
    branch.write_runs(10, "new-large", benchmark="train", labels={"rows": "many"}, elapsed=2.9)
    outcome = branch.cli("check", env=GITHUB)
    assert outcome.code == 0, str(outcome)
    assert "split by rows" in outcome.stdout


def test_a_refreshed_baseline_is_said_first_and_passes(branch: Project) -> None:
    branch.change_runs("new-train-*", elapsed_sec=1.7)
    assert branch.cli("baseline", "refresh", "--reason", "two more features").code == 0
    branch.commit("Refresh")
    branch.change_runs("new-score-*", started_at=None)
    for name in ("train", "score"):
        branch.write_runs(10, f"last-{name}", benchmark=name, elapsed=1.7 if name == "train" else 1.0)
    branch.drop_runs("new-*")
    branch.drop_runs("old-*")
    outcome = branch.cli("check", env=GITHUB)
    assert "this change edits the gate itself" in opening(outcome.stdout), str(outcome)
    assert "train (" in opening(outcome.stdout)


def test_a_merge_that_is_checked_out_alone_knows_its_first_parent(
    branch: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    removed(branch)
    branch.git("checkout", "-q", "main")
    branch.git("merge", "-q", "--no-ff", "-m", "Merge", "topic")
    clone = Project(tmp_path_factory.mktemp("clone") / "here")
    branch.git("update-ref", "refs/pull/31/merge", "HEAD")
    clone.git("init", "-q")
    clone.git("fetch", "-q", "--depth=2", f"file://{branch.root}", "refs/pull/31/merge")
    clone.git("checkout", "-q", "FETCH_HEAD")
    clone.write_runs(10, "new-score", benchmark="score", memory_source="vmhwm")
    env = {**GITHUB, "GITHUB_SHA": clone.git("rev-parse", "HEAD")}
    outcome = clone.cli("check", env=env)
    assert "1 baseline (train)" in opening(outcome.stdout), str(outcome)


def test_a_base_that_was_not_fetched_is_one_warning(branch: Project) -> None:
    branch.git("update-ref", "-d", "refs/remotes/origin/main")
    outcome = branch.cli("check", env=GITHUB)
    assert outcome.code == 0, str(outcome)
    assert opening(outcome.stdout).count("base-unknown") == 1
    assert "the base main was not read (origin/main: not in this clone" in opening(outcome.stdout)
    assert "--baseline-ref REF" in opening(outcome.stdout)


def test_an_unchanged_gate_and_a_laptop_say_nothing(branch: Project) -> None:
    outcome = branch.cli("check", env=GITHUB)
    assert (outcome.code, "gate-edited" in outcome.stdout, "base-unknown" in outcome.stdout) == (0, False, False)
    branch.git("update-ref", "-d", "refs/remotes/origin/main")
    outcome = branch.cli("check", env={"GITHUB_BASE_REF": "main"})
    assert (outcome.code, "base-unknown" in outcome.stdout) == (0, False)
    outcome = branch.cli("check", env={"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "false", "TRAVIS_BRANCH": "main"})
    assert (outcome.code, "base-unknown" in outcome.stdout) == (0, False)


def test_the_base_may_refuse_edits(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.write("perfgate.toml", 'baseline_changes = "refuse"\n')
    branch.commit("Refuse edits")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.git("checkout", "-q", "-B", "topic")
    assert_cannot_decide(
        removed(branch).cli("check", env=GITHUB), 'baseline_changes = "refuse"', "pull request of their own"
    )


def test_what_the_target_branch_changed_since_is_no_edit_of_the_change(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.write("perfgate.toml", '[defaults]\nthreshold = "+9%"\n')
    branch.commit("Loosen")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.git("checkout", "-q", "topic")
    outcome = branch.cli("check", env=GITHUB)
    assert (outcome.code, "gate-edited" in outcome.stdout) == (0, False), str(outcome)


def test_a_baseline_that_was_renamed_is_the_one_of_the_new_name(branch: Project) -> None:
    assert branch.cli("baseline", "rename", "train", "fit").code == 0
    branch.commit("Rename train")
    for path in branch.runs("*-train-*"):
        path.write_text(path.read_text().replace('"train"', '"fit"'))
    outcome = branch.cli("check", env=GITHUB)
    assert outcome.code == 0, str(outcome)
    assert "2 baselines (fit, train)" in opening(outcome.stdout)
    assert "train  " not in outcome.stdout


def test_a_branch_named_like_the_base_s_first_digits_hides_no_removal(branch: Project) -> None:
    removed(branch)
    branch.git("branch", base(branch)[:12], "HEAD")
    outcome = branch.cli("check", env=GITHUB)
    judged = f"judged by its own, and what it removes by {base(branch)[:12]}"
    assert f"this change edits the gate itself: 1 baseline (train); {judged}" in opening(outcome.stdout)


BUDGET = '[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 90s"\n'


@pytest.mark.parametrize(("reaction", "code"), [("refuse", 2), ("report", 0)])
def test_a_change_that_gives_up_its_baselines_edits_the_gate(branch: Project, reaction: str, code: int) -> None:
    key = 'baseline_changes = "refuse"\n' if reaction == "refuse" else ""
    branch.write("perfgate.toml", f'{key}[defaults]\nthreshold = "+6%"\n')
    branch.commit("Base")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.git("rm", "-rq", "baselines")
    branch.write("perfgate.toml", f'baselines = "none"\n{BUDGET}')
    branch.commit("Budgets only")
    outcome = branch.cli("check", env=GITHUB)
    assert outcome.code == code, str(outcome)
    assert "this change edits the gate itself: the configuration" in " ".join(outcome.stdout.split())


def own_folder(project: Project) -> Project:
    """Move the gate of the base into a folder, beside another gate that accepts anything."""
    project.git("checkout", "-q", "main")
    for folder, rest in (("strict", "+6%"), ("loose", "+90%")):
        project.write(f"{folder}/perfgate.toml", f'baseline_changes = "refuse"\n[defaults]\nthreshold = "{rest}"\n')
    for name in ("baselines", "outputs"):
        project.path(name).rename(project.path(f"strict/{name}"))
    project.commit("Two gates")
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    project.git("checkout", "-q", "-B", "topic")
    return project


def test_a_link_in_place_of_the_gate_s_folder_is_no_check_of_another_gate(branch: Project) -> None:
    own_folder(branch)
    branch.path("strict/outputs").rename(branch.path("loose/outputs"))
    branch.git("rm", "-rq", "strict")
    branch.path("strict").symlink_to("loose")
    branch.commit("Link")
    outcome = branch.cli("check", cwd="strict", env=GITHUB)
    assert_cannot_decide(outcome, "makes strict a symbolic link to loose", "own the gate review and merge it")


@pytest.mark.parametrize(("kept", "code"), [("", 2), ('baseline_changes = "allow"\n', 0)])
def test_a_gate_that_refuses_edits_is_not_moved_away(branch: Project, kept: str, code: int) -> None:
    own_folder(branch)
    if kept:
        branch.write("strict/perfgate.toml", kept)
        branch.commit("Allow")
        branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.path("strict").rename(branch.path("elsewhere"))
    branch.write("elsewhere/perfgate.toml", '[defaults]\nthreshold = "+80%"\n')
    branch.commit("Move")
    outcome = branch.cli("check", cwd="elsewhere", env=GITHUB)
    assert outcome.code == code, str(outcome)
    if code:
        assert_cannot_decide(outcome, 'moves the gate of strict.*strict/perfgate.toml has .*"refuse"', "own the gate")
    else:
        assert "base-unknown" in opening(outcome.stdout)


@pytest.mark.parametrize("lone", ["refs/tags/origin/main", "refs/heads/origin/main"])
def test_only_the_remote_s_branch_is_the_base(branch: Project, lone: str) -> None:
    branch.git("update-ref", "-d", "refs/remotes/origin/main")
    branch.git("update-ref", lone, "HEAD")
    assert "base-unknown" in opening(branch.cli("check", env=GITHUB).stdout)
    outcome = branch.cli("check", "--baseline-ref", "origin/main")
    assert_cannot_decide(outcome, 'no commit or branch "origin/main" in this clone', "git fetch origin [+]main")
    assert branch.cli("check", "--baseline-ref", lone, "--report-dir", "again").code == 0
    outcome = branch.cli("ab", "--base", "origin/main", "--", "true")
    assert_cannot_decide(outcome, 'no commit or branch "origin/main" in this clone', "git fetch origin [+]main")
