"""``--baseline-ref auto``: the gate's commit from the event, in checkouts like those that a workflow makes."""

from __future__ import annotations

import copy
import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from pathlib import Path

AUTO = ("check", "--baseline-ref", "auto", "--report", "r.json")


class Hosted:
    """A repository on a server with a pull request and a merge group, and the runs that were measured."""

    def __init__(self, green: Project, root: Path) -> None:
        self.root = root
        self.upstream = green
        green.path("outputs").rename(root / "outputs")
        green.write(".gitignore", "outputs/\nr.json\nevent.json\n")
        green.write("perfgate.toml", '[defaults]\nthreshold = "+7%"\n')
        green.git("init", "-q", "-b", "main")
        green.commit("Gate")
        green.git("branch", "feature")
        green.write("perfgate.toml", '[defaults]\nthreshold = "+6%"\n')
        green.commit("Tighten the gate after the branch was made")
        green.git("checkout", "-q", "feature")
        green.write("change.txt", "a change\n")
        green.write("baselines/README.md", "the pull request's own\n")
        green.commit("Change something")
        self.merge()

    def copy_to(self, root: Path) -> Hosted:
        """Return a copy of it all in another folder."""
        copied = copy.copy(self)
        copied.root = root
        copied.upstream = self.upstream.copy_to(root / "project")
        Project(self.root / "outputs").copy_to(root / "outputs")
        return copied

    def merge(self) -> None:
        """Make the merge commit anew, as the server does when one of the branches moves."""
        self.head = self.upstream.git("rev-parse", "feature")
        self.upstream.git("checkout", "-q", "--detach", "main")
        self.base = self.upstream.git("rev-parse", "HEAD")
        self.upstream.git("merge", "-q", "--no-ff", "-m", "Merge", "feature")
        self.merged = self.upstream.git("rev-parse", "HEAD")
        self.upstream.git("update-ref", "refs/pull/7/merge", "HEAD")
        self.upstream.git("checkout", "-q", "main")

    def checkout(self, ref: str = "refs/pull/7/merge", depth: int = 2, name: str = "co") -> Project:
        """Check a ref out as a workflow does: detached, shallow, and nothing else fetched."""
        project = Project(self.root / name)
        project.git("init", "-q")
        project.git("remote", "add", "origin", f"file://{self.upstream.root}")
        how = (f"--depth={depth}",) if depth else ()
        project.git("fetch", "-q", "--no-tags", *how, "origin", f"+{ref}:refs/remotes/pull/7/merge")
        project.git("checkout", "-q", "--force", "refs/remotes/pull/7/merge")
        Project(self.root / "outputs").copy_to(project.path("outputs"))
        return project

    def pull_request(self, project: Project, **changes: object) -> dict[str, str]:
        """Return the variables of a pull request's event."""
        event = {"head": {"sha": self.head}, "base": {"ref": "main", "sha": "0" * 40}, "number": 7, **changes}
        return variables(project, "pull_request", {"action": "synchronize", "number": 7, "pull_request": event})

    def merge_group(self, project: Project, **changes: object) -> dict[str, str]:
        """Return the variables of a merge group's event."""
        group = {"head_sha": self.merged, "base_sha": self.base, "base_ref": "refs/heads/main", **changes}
        return variables(project, "merge_group", {"action": "checks_requested", "merge_group": group})


def variables(project: Project, name: str, event: object) -> dict[str, str]:
    path = project.write("event.json", event if isinstance(event, str) else json.dumps(event))
    return {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}


@pytest.fixture(scope="module")
def hosted_template(green_template: Project, tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    root = tmp_path_factory.mktemp("hosted")
    return Hosted(green_template.copy_to(root / "project"), root)


@pytest.fixture
def hosted(hosted_template: Hosted, tmp_path: Path) -> Hosted:
    """A copy of the server and of the runs."""
    return hosted_template.copy_to(tmp_path)


@pytest.fixture(scope="module")
def checked_out(hosted_template: Hosted) -> Project:
    """A checkout of the pull request in which tests write nothing but the event and the report."""
    return hosted_template.checkout()


def assert_judged_by(project: Project, env: dict[str, str], policy: str) -> None:
    outcome = project.cli(*AUTO, env=env)
    assert_green(outcome)
    assert project.read_json("r.json")["provenance"]["policy"] == policy


def followed(project: Project, env: dict[str, str], fault: str) -> None:
    """Follow the command of the hint, and check again."""
    outcome = project.cli(*AUTO, env=env)
    assert_cannot_decide(outcome, fault, r"git fetch .*fetch-depth: 2 at the checkout")
    assert project.read_json("r.json")["verdict"] == "error"
    command = re.search(r": (git fetch [^(]*)", outcome.block)
    assert command, outcome.block
    project.git(*shlex.split(command[1])[1:])
    outcome = project.cli(*AUTO, env=env)
    assert outcome.code == 0, str(outcome)


@pytest.mark.parametrize("depth", [2, 0])
def test_a_pull_request_is_judged_by_the_tip_of_its_base(hosted: Hosted, depth: int) -> None:
    project = hosted.checkout(depth=depth)
    env = hosted.pull_request(project)
    assert_judged_by(project, env, "HEAD^1:perfgate.toml")
    provenance = project.read_json("r.json")["provenance"]
    assert provenance["baselines"] == "HEAD^1:baselines"
    assert provenance["reproduce"] == "perfgate check --baseline-ref 'HEAD^1'"
    assert "+6%" in {f["limit_text"] for f in project.read_json("r.json")["findings"]}


def test_a_pull_request_cannot_loosen_its_own_gate(hosted: Hosted) -> None:
    hosted.upstream.git("checkout", "-q", "feature")
    hosted.upstream.git("merge", "-q", "-m", "Catch up", "main")
    hosted.upstream.write("perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    hosted.upstream.commit("Loosen")
    hosted.merge()
    project = hosted.checkout()
    project.change_runs("new-train-*", elapsed_sec=5.0)
    assert project.cli("check").code == 0
    assert project.cli(*AUTO, env=hosted.pull_request(project)).code == 1


def test_the_command_given_for_a_depth_of_one_mends_it(hosted: Hosted) -> None:
    project = hosted.checkout(depth=1)
    followed(project, hosted.pull_request(project), r"first parent of the merge commit \(HEAD\^1\) is not here")


def test_a_base_branch_that_was_renamed_changes_nothing(hosted: Hosted) -> None:
    hosted.upstream.git("branch", "-m", "main", "trunk")
    project = hosted.checkout()
    assert_judged_by(project, hosted.pull_request(project), "HEAD^1:perfgate.toml")


def test_the_head_itself_is_not_the_merge(hosted: Hosted) -> None:
    project = hosted.checkout("refs/heads/feature", depth=0)
    outcome = project.cli(*AUTO, env=hosted.pull_request(project))
    assert_cannot_decide(outcome, "is not the merge of this pull request's head", "leave out ref:.*origin/main$")
    assert project.read_json("r.json")["verdict"] == "error"


def test_a_merge_that_the_author_made_is_not_the_server_s(hosted: Hosted) -> None:
    """Its first parent is a commit of the pull request, whose gate it could have written."""
    hosted.upstream.git("checkout", "-q", "feature")
    hosted.upstream.git("merge", "-q", "--no-ff", "-m", "Catch up", "main")
    hosted.merge()
    project = hosted.checkout("refs/heads/feature", depth=0)
    assert_cannot_decide(project.cli(*AUTO, env=hosted.pull_request(project)), "is not the merge", "leave out ref:")


def test_a_head_that_moved_on_is_not_the_one_of_the_event(hosted: Hosted) -> None:
    project = hosted.checkout()
    env = hosted.pull_request(project, head={"sha": "f" * 40})
    assert_cannot_decide(project.cli(*AUTO, env=env), "f{12}", "leave out ref:")


def test_a_hostile_name_of_the_base_reaches_no_command(hosted: Hosted) -> None:
    project = hosted.checkout("refs/heads/feature")
    env = hosted.pull_request(project, base={"ref": "$(touch x);`id`\n::error::x"})
    outcome = project.cli(*AUTO, env=env)
    assert_cannot_decide(outcome, "is not the merge", "--baseline-ref origin/main$")
    assert "::error::" not in outcome.stderr + outcome.stdout


def test_a_merge_group_is_judged_by_its_base(hosted: Hosted) -> None:
    project = hosted.checkout()
    assert_judged_by(project, hosted.merge_group(project), f"{hosted.base[:12]}:perfgate.toml")


def test_the_command_given_for_a_merge_group_of_depth_one_mends_it(hosted: Hosted) -> None:
    project = hosted.checkout(depth=1)
    followed(project, hosted.merge_group(project), "the merge group is put on .* is not here")


def test_another_merge_group_is_refused(hosted: Hosted) -> None:
    project = hosted.checkout()
    env = hosted.merge_group(project, head_sha="f" * 40)
    assert_cannot_decide(project.cli(*AUTO, env=env), "is not the merge group of the event", "leave out ref:")


@pytest.mark.parametrize("name", ["push", "schedule", "workflow_dispatch", "repository_dispatch"])
def test_on_other_events_the_tree_is_its_own_gate(hosted: Hosted, name: str) -> None:
    project = hosted.checkout(depth=1)
    assert_judged_by(project, variables(project, name, {}), "perfgate.toml")


def test_outside_ci_the_tree_is_its_own_gate(hosted: Hosted) -> None:
    assert_judged_by(hosted.checkout(depth=1), {}, "perfgate.toml")


@pytest.mark.parametrize("name", ["pull_request_target", "workflow_run", "issue_comment", "x"])
def test_an_event_that_compares_nothing_known_is_refused(hosted: Hosted, name: str) -> None:
    project = hosted.checkout()
    env = {**hosted.pull_request(project), "GITHUB_EVENT_NAME": name}
    assert_cannot_decide(project.cli(*AUTO, env=env), f'"{name}"', "name the commit: --baseline-ref")


@pytest.mark.parametrize("env", [{"GITLAB_CI": "true"}, {"CI": "true"}, {"GITHUB_ACTIONS": "true"}])
def test_another_ci_system_is_refused(hosted: Hosted, env: dict[str, str]) -> None:
    assert_cannot_decide(hosted.checkout().cli(*AUTO, env=env), "events of GitHub only", "name the commit")


@pytest.mark.parametrize(
    "event",
    [
        "", "{", "[]", "null", "{}", '{"pull_request": 7}', '{"pull_request": {"head": {"sha": 7}}}', "\xff",
        '{"pull_request": {"head": {"sha": "HEAD"}}}', '{"pull_request": {"head": {"sha": "--help"}}}', "[" * 99999,
    ],
    ids=lambda event: event[:30],
)  # fmt: skip
@pytest.mark.parametrize("name", ["pull_request", "merge_group"])
def test_an_event_that_cannot_be_read_is_refused(checked_out: Project, name: str, event: str) -> None:
    outcome = checked_out.cli(*AUTO, env=variables(checked_out, name, event))
    assert_cannot_decide(outcome, r"event\.json", "name the commit")


def test_an_event_that_is_not_there_is_refused(hosted: Hosted) -> None:
    project = hosted.checkout()
    env = hosted.pull_request(project)
    for path in ("", str(project.path("gone.json")), str(project.root)):
        outcome = project.cli(*AUTO, env={**env, "GITHUB_EVENT_PATH": path})
        assert outcome.code == 2, str(outcome)
        assert "[event-unreadable]" in outcome.stderr


def test_outside_a_repository_a_pull_request_is_refused(hosted: Hosted) -> None:
    project = hosted.checkout()
    env = {**hosted.pull_request(project), "GIT_CEILING_DIRECTORIES": str(hosted.root)}
    project.path(".git").rename(hosted.root / "gone")
    assert_cannot_decide(project.cli(*AUTO, env=env), "not a git repository", "git working tree")
    assert_cannot_decide(
        project.cli(*AUTO, env={**env, "PATH": "/nowhere"}), "git cannot be run", "install git"
    )  # fmt: skip


def test_a_repository_without_a_commit_is_refused(hosted: Hosted, tmp_path: Path) -> None:
    project = Project(tmp_path / "empty")
    project.git("init", "-q")
    assert project.cli(*AUTO, env=hosted.pull_request(project)).code == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "pointer of Git LFS"),
        ("<<<<<<< HEAD\n{}\n", "not JSON"),
        ("", "empty"),
        ("[]", "not a JSON object"),
    ],
)  # fmt: skip
def test_a_baseline_of_the_base_that_is_no_baseline_is_refused(hosted: Hosted, content: str, told: str) -> None:
    hosted.upstream.baseline("train").write_text(content)
    hosted.upstream.commit("Break it")
    hosted.merge()
    project = hosted.checkout()
    outcome = project.cli(*AUTO, env=hosted.pull_request(project))
    assert_cannot_decide(outcome, rf"HEAD\^1:baselines/.*{told}", "restore it: git checkout")
