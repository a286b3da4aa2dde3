"""Baselines that keep themselves fresh: the scripts of the written workflow, push by push, against a real remote."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from steps import Runner, load

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project

JOB = "import time\n\ntime.sleep({})\n"
RULES = 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+50%"\n'
numbers = itertools.count()


@pytest.fixture
def branch(project: Project, tmp_path: Path) -> Project:
    """A repository whose branch trunk keeps its baselines fresh, and a remote."""
    return begin(project, tmp_path)


def begin(project: Project, tmp_path: Path, *words: str) -> Project:
    """Make such a repository."""
    project.write("job.py", JOB.format(0.1))
    project.write("perfgate.toml", RULES)
    project.write(".gitignore", "perfgate-report/\noutputs/\nbaselines.patch\nproposed/\n")
    done = project.cli("init", "--ci", "github", "--refresh", "trunk", *words)
    assert done.code == 0, str(done)
    assert "each push to trunk" in done.stdout
    project.git("init", "-q", "-b", "trunk")
    project.commit("Set up")
    project.git("init", "-q", "--bare", str(tmp_path / "hub.git"))
    project.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    return project


def push(project: Project, tmp_path: Path, seconds: float | None = None) -> tuple[int, str]:
    """Push a program of that speed (None: run the workflow again), and play both jobs."""
    if seconds is not None:
        project.write("job.py", JOB.format(seconds) + f"# {next(numbers)}\n")
        project.commit("Change")
        project.git("push", "-q", "origin", "trunk")
    return play(project, tmp_path, project.git("rev-parse", "HEAD").strip())


def play(project: Project, tmp_path: Path, sha: str) -> tuple[int, str]:
    """Play the jobs of the workflow at a commit."""
    jobs = load(project.path(".github/workflows/perf-refresh.yml"))["jobs"]
    project.drop_runs("*")
    shutil.rmtree(project.path("perfgate-report"), ignore_errors=True)  # the checkout leaves nothing that git ignores
    name = f"m{next(numbers)}"
    variables = {
        "GITHUB_SHA": sha,
        "GITHUB_REF": "refs/heads/trunk",
        "GITHUB_REPOSITORY": "octo/app",
        "PERFGATE_SESSION": name,
    }
    project.git("checkout", "-q", "--detach", sha)
    code, said = Runner(tmp_path / name, project.root, {}, variables).play(jobs["refresh"])
    if not code:
        project.write("proposed/baselines/baselines.patch", project.path("baselines.patch").read_text())
        project.git("reset", "-q", "--hard")
        project.git("clean", "-fdq", "baselines")
        code, said = Runner(tmp_path / f"{name}-record", project.root, {"github.token": "t0ken"}, variables).play(
            jobs["record"]
        )
    project.git("reset", "-q", "--hard")
    project.git("clean", "-fdq", "baselines")
    project.git("checkout", "-q", "trunk")
    project.git("pull", "-q", "--ff-only", "origin", "trunk")
    return code, said


GH = """#!/bin/sh
printf '%s\\n' "$*" >> "{0}/calls"
case "$1 $2" in
  "pr list") echo "$(wc -l < "{0}/open")" ;;
  "pr create") echo "$*" >> "{0}/open" ;;
esac
"""


def propose(project: Project, tmp_path: Path, seconds: float) -> tuple[int, str]:
    """Push a program of that speed, and play both jobs beside a `gh` that remembers what it was asked."""
    (tmp_path / "open").touch()
    gh = tmp_path / "bin/gh"
    gh.parent.mkdir(exist_ok=True)
    gh.write_text(GH.format(tmp_path))
    gh.chmod(0o755)
    return push(project, tmp_path, seconds)


def sessions(project: Project) -> int:
    (file,) = project.path("baselines").glob("*/*.json")
    return len(project.read_json(str(file.relative_to(project.root)))["sessions"])


@pytest.mark.slow
def test_a_push_adds_a_session_a_gain_starts_anew_and_a_loss_records_nothing(branch: Project, tmp_path: Path) -> None:
    for wanted in (1, 2):
        code, said = push(branch, tmp_path, 0.1)
        assert code == 0, said
        assert sessions(branch) == wanted
    assert branch.git("diff", "--name-only", "HEAD^").startswith("baselines/")
    before = branch.git("rev-parse", "HEAD")
    code, said = play(branch, tmp_path, branch.git("rev-parse", "HEAD^").strip())  # somebody starts it again
    assert (code, branch.git("rev-parse", "HEAD")) == (0, before)
    assert "moved on" in said
    code, said = push(branch, tmp_path, 0.4)
    assert code == 2, said
    assert "[refresh-loosens]" in said
    assert "perfgate baseline refresh --replace" in said
    assert sessions(branch) == 2
    code, said = push(branch, tmp_path, 0.01)
    assert code == 0, said
    assert sessions(branch) == 1, "the sessions before the gain would loosen the gate"
    code, said = push(branch, tmp_path, 0.1)
    assert code == 2, f"the gain is kept: {said}"


@pytest.mark.parametrize(
    "name",
    ["", "-x", "a b", 'x"]', "a\nb", "$(id)", "a'b", "*", "!main", "../x", "a//b", "${{ github.token }}", "\u00fc"],
)
def test_a_branch_that_could_mean_something_else_in_a_workflow_is_refused(project: Project, name: str) -> None:
    done = project.cli("init", "--ci", "github", "--runner", "own", f"--refresh={name}")
    assert done.code == 2
    assert "--refresh" in done.stderr
    assert not project.path(".github").exists()


@pytest.mark.parametrize("words", [("--ci", "gitlab"), ("--ci", "github", "--runner", "hosted"), ("--ci", "laptop")])
def test_where_no_workflow_keeps_baselines_it_is_said(project: Project, words: tuple[str, ...]) -> None:
    done = project.cli("init", *words, "--refresh", "main")
    assert done.code == 2
    assert "--runner own" in done.stderr


@pytest.mark.slow
def test_only_what_improved_starts_anew_and_the_others_keep_their_sessions(project: Project) -> None:
    project.write("perfgate.toml", RULES)

    def measure(session: str, fast: float) -> None:
        for name, seconds in (("still", 0.05), ("faster", fast)):
            project.write("job.py", JOB.format(seconds))
            done = project.cli(
                "run", "-n", "4", "--benchmark", name, "--", "python3", "job.py", env={"PERFGATE_SESSION": session}
            )
            assert done.code == 0, str(done)

    for day in "ab":
        measure(day, 0.2)
        done = project.cli("baseline", "refresh")
        assert done.code == 0, str(done)
    measure("c", 0.01)
    assert project.cli("check", "--report-dir", "told").code == 0
    done = project.cli("baseline", "refresh", "--replace-improved", "told/report.json")
    assert done.code == 0, str(done)
    found = {
        f.name.split("-")[0]: len(json.loads(f.read_text())["sessions"])
        for f in project.path("baselines").glob("*/*.json")
    }
    assert found == {"still": 3, "faster": 1}


def test_a_report_of_other_runs_records_nothing(project: Project) -> None:
    project.write("perfgate.toml", RULES)
    for day in range(3):
        project.write_runs(5, f"day{day}", 1.0, session=f"s{day}", started_at=f"2026-01-0{day + 1}T00:00:00Z")
    assert project.cli("baseline", "refresh", "--sessions", "all").code == 0
    project.write_runs(5, "fast", 0.2, session="n", started_at="2026-01-07T00:00:00Z")
    assert project.cli("check", "--report", "r.json").code == 0
    project.drop_runs("fast*")
    project.write_runs(5, "slow", 3.0, session="m", started_at="2026-01-08T00:00:00Z")
    done = project.cli("baseline", "refresh", "--replace-improved", "r.json")
    assert done.code == 2, str(done)
    assert "cannot decide: r.json" in done.stderr


def test_a_report_that_could_not_decide_records_nothing(project: Project) -> None:
    project.write("perfgate.toml", RULES)
    project.write("job.py", JOB.format(0))
    assert project.cli("run", "-n", "3", "--", "python3", "job.py").code == 0
    assert project.cli("check", "--report-dir", "told").code == 2
    done = project.cli("baseline", "refresh", "--replace-improved", "told/report.json")
    assert done.code == 2
    assert "[refresh-undecided]" in done.stderr
    assert not list(project.path(".").glob("baselines/*/*.json"))


@pytest.mark.slow
def test_a_pull_request_is_opened_once_and_replaced_until_it_is_merged(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    begin(project, tmp_path, "--refresh-as", "pull-request")
    branches = []
    for _ in range(2):
        code, said = propose(project, tmp_path, 0.1)
        assert code == 0, said
        assert not list(project.path("baselines").glob("*/*.json")), "the branch itself gets no commit"
        project.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
        branches.append(project.git("rev-parse", "origin/perfgate-baselines/trunk"))
        assert project.git("rev-parse", "origin/perfgate-baselines/trunk^") == project.git("rev-parse", "trunk")
    assert branches[0] != branches[1]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[1] for call in calls] == ["list", "create", "list"]
    assert "--repo octo/app --base trunk --head perfgate-baselines/trunk" in calls[1]
    project.git("merge", "-q", "--ff-only", "origin/perfgate-baselines/trunk")
    project.git("push", "-q", "origin", "trunk")
    assert sessions(project) == 1
    code, said = propose(project, tmp_path, 0.4)
    assert code == 2, said
    assert "[refresh-loosens]" in said
    assert project.git("ls-remote", "origin", "perfgate-baselines/trunk").split()[0] == branches[1]


def test_a_form_without_a_branch_is_refused(project: Project) -> None:
    done = project.cli("init", "--ci", "github", "--runner", "own", "--refresh-as", "pull-request")
    assert done.code == 2
    assert "--refresh BRANCH" in done.stderr


def test_a_patch_of_the_measuring_job_changes_baselines_only(branch: Project, tmp_path: Path) -> None:
    branch.git("push", "-q", "origin", "trunk")
    branch.write("baselines/ci/train-00000000.json", "{}\n")
    branch.write("svc/baselines/ci/train-00000000.json", "{}\n")
    branch.write("job.py", "print('mine')\n")
    branch.write(".github/workflows/more.yml", "on: push\n")
    branch.git("add", "--intent-to-add", ".")
    patch = branch.git("diff", "--binary") + "\n"
    branch.git("reset", "-q", "--hard")
    branch.git("clean", "-fdq")
    branch.write("proposed/baselines/baselines.patch", patch)
    sha = branch.git("rev-parse", "HEAD")
    branch.git("checkout", "-q", "--detach", sha)
    variables = {"GITHUB_SHA": sha, "GITHUB_REF": "refs/heads/trunk"}
    job = load(branch.path(".github/workflows/perf-refresh.yml"))["jobs"]["record"]
    code, text = Runner(tmp_path / "record", branch.root, {"github.token": "t0ken"}, variables).play(job)
    assert code == 0, text
    branch.git("fetch", "-q", "origin")
    changed = branch.git("diff", "--name-only", sha, "origin/trunk").split()
    assert changed == ["baselines/ci/train-00000000.json", "svc/baselines/ci/train-00000000.json"]
