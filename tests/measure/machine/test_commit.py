from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from perfgate.measure.machine import facts
from perfgate.measure.machine.commit import find_commit

A, B = "a" * 40, "b" * 64


@pytest.mark.parametrize(
    "variable",
    [
        *("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION", "CIRCLE_SHA1"),
        *("BUILDKITE_COMMIT", "TRAVIS_COMMIT"),
    ],
)
def test_the_ci_system_says_the_commit(variable, tmp_path):
    assert find_commit({variable: A}, str(tmp_path)) == A
    assert find_commit({variable: f" {B.upper()} "}, str(tmp_path)) == B


@pytest.mark.parametrize("told", ["main", "a" * 39, "g" * 40, "", "a" * 41])
def test_what_is_no_full_hash_is_no_commit(told, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(A)
    assert find_commit({"GITHUB_SHA": told}, str(tmp_path)) == A


@pytest.fixture
def repository(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not there")
    folder = tmp_path / "repository"

    def git(*arguments, cwd=folder):
        who = ["-c", "user.name=n", "-c", "user.email=e@x"]
        env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(["git", *who, *arguments], cwd=cwd, env=env, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    folder.mkdir()
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "one")
    return folder, git


def test_a_branch_is_followed_from_any_folder_below(repository):
    folder, git = repository
    (folder / "a" / "b").mkdir(parents=True)
    assert find_commit({}, str(folder / "a" / "b")) == git("rev-parse", "HEAD")


def test_a_detached_head_is_the_commit_itself(repository):
    folder, git = repository
    first = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "two")
    git("checkout", "-q", first)
    assert find_commit({}, str(folder)) == first


def test_packed_references_are_found(repository):
    folder, git = repository
    git("pack-refs", "--all")
    assert not (folder / ".git" / "refs" / "heads" / "main").exists()
    assert find_commit({}, str(folder)) == git("rev-parse", "HEAD")


@pytest.mark.parametrize("packed", [False, True])
def test_a_worktree_has_its_own_commit(repository, tmp_path, packed):
    folder, git = repository
    other = tmp_path / "other"
    git("worktree", "add", "-q", "-b", "side", str(other))
    git("commit", "-q", "--allow-empty", "-m", "two", cwd=other)
    if packed:
        git("pack-refs", "--all")
    assert find_commit({}, str(other)) == git("rev-parse", "HEAD", cwd=other)
    assert find_commit({}, str(folder)) == git("rev-parse", "HEAD")


def test_a_gitdir_that_is_relative_starts_at_its_file(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "HEAD").write_text(f"{A}\n")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".git").write_text("gitdir: ../real\n")
    assert find_commit({}, str(tmp_path / "work")) == A


@pytest.mark.parametrize(
    "head",
    [
        "ref: refs/heads/gone",
        "ref: ../../secret",
        "ref: refs/../../secret",
        "ref: secret",
        "ref: HEAD",
        "short",
        "ref:",
    ],
)
def test_a_head_that_leads_nowhere_or_outside_is_no_commit(tmp_path, head):
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text(head)
    for name in ("secret", ".git/secret"):
        (tmp_path / name).write_text(A)
    assert find_commit({}, str(tmp_path)) is None


def test_references_that_go_round_in_a_circle_are_no_commit(tmp_path):
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/a")
    (tmp_path / ".git" / "refs" / "a").write_text("ref: refs/a")
    assert find_commit({}, str(tmp_path)) is None


def test_outside_a_repository_there_is_no_commit():
    assert find_commit({}, "/proc/self") is None


def test_the_commit_is_looked_up_once_even_when_there_is_none(monkeypatch):
    monkeypatch.setattr(facts, "_commit", None)
    monkeypatch.chdir("/proc")
    assert facts.commit() is None
    monkeypatch.setenv("GITHUB_SHA", A)
    assert facts.commit() is None


def test_in_a_removed_folder_the_environment_may_still_tell(monkeypatch, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr(facts, "_commit", None)
    assert facts.commit() is None
    monkeypatch.setattr(facts, "_commit", None)
    monkeypatch.setenv("GITHUB_SHA", A)
    assert facts.commit() == A
