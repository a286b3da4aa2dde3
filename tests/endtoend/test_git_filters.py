"""Filters of git: none but Git LFS runs, however it is reached, and what that fetched is what was committed."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from ab_cases import FAST, RUN, ab, versions
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from pathlib import Path

SECTION = '[filter "{name}"]\n{kind} = "touch \'{log}\'; cat"\n'
KINDS = ("smudge", "process", "clean")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The file that no filter may write."""
    return tmp_path / "log"


def attribute(project: Project, name: str) -> Project:
    """Make two versions that both name a filter for one file, as a change may."""
    project.write(".gitattributes", f"*.bin filter={name}\n")
    project.write("weights.bin", "raw\n")
    return versions(project)


def append(project: Project, name: str, text: str) -> None:
    path = project.path(name)
    project.write(name, (path.read_text() if path.exists() else "") + text)


def local(project: Project, section: str) -> dict[str, str]:
    append(project, ".git/config", section)
    return {}


def of_user(project: Project, section: str) -> dict[str, str]:
    project.write("../settings", section)
    return {"GIT_CONFIG_GLOBAL": str(project.path("../settings").resolve())}


def of_system(project: Project, section: str) -> dict[str, str]:
    project.write("../settings", section)
    return {"GIT_CONFIG_SYSTEM": str(project.path("../settings").resolve()), "GIT_CONFIG_NOSYSTEM": "0"}


def of_worktree(project: Project, section: str) -> dict[str, str]:
    project.git("config", "extensions.worktreeConfig", "true")
    project.write(".git/config.worktree", section)
    return {}


def included(condition: str) -> dict[str, str] | object:
    def place(project: Project, section: str) -> dict[str, str]:
        project.write(".git/more", section)
        append(project, ".git/config", f'[includeIf "{condition}"]\npath = more\n')
        return {}

    return place


PLACES = {
    "local": local,
    "user": of_user,
    "system": of_system,
    "worktree": of_worktree,
    "in-worktrees-only": included("gitdir:**/.git/worktrees/**"),
    "by-branch": included("onbranch:**"),
    "by-remote": included("hasconfig:remote.*.url:**"),
}


@pytest.mark.sampled
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_no_filter_runs_whichever_settings_name_it(project: Project, log: Path, place: str, kind: str) -> None:
    attribute(project, "seal").git("remote", "add", "origin", "https://example.invalid/project")
    env = PLACES[place](project, SECTION.format(name="seal", kind=kind, log=log))  # type: ignore[operator]
    outcome = ab(project, "--head", "change", "--", *RUN, **env)
    assert not log.exists()
    if place == "by-branch":  # no branch is checked out in the worktree of a side
        assert_green(outcome)
    else:
        assert_cannot_decide(outcome, "git's filters are not run for weights.bin", "--setup")


def test_a_filter_without_a_name_does_not_run(project: Project, log: Path) -> None:
    attribute(project, "")
    local(project, SECTION.format(name="", kind="smudge", log=log))
    assert_cannot_decide(ab(project, "--", *RUN), "git's filters are not run for weights.bin", "--setup")
    assert not log.exists()


@pytest.mark.parametrize(
    ("value", "alias"),
    [("git seal", "seal"), ("git lfs smudge -- %f", "lfs"), ("git -c alias.lfs=!x lfs smudge -- %f", "lfs")],
)
def test_an_alias_is_no_way_to_a_filter(project: Project, log: Path, value: str, alias: str) -> None:
    attribute(project, "lfs")
    project.git("config", "filter.lfs.smudge", value)
    project.git("config", f"alias.{alias}", f"!touch '{log}'; cat")
    ab(project, "--", *RUN)
    ab(project, "--head", "change", "--", *RUN)
    assert not log.exists()


# --- Git LFS ---

CONTENT = b"0123456789" * 50
OID = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(CONTENT)}\n"


def with_lfs(project: Project, script: str, pointer: str = POINTER) -> dict[str, str]:
    """Fill a project whose file is a pointer, and return where a `git-lfs` is found that runs a script of shell."""
    project.write(".gitattributes", "*.bin filter=lfs -text\n")
    project.write("weights.bin", pointer)
    versions(project, f"test $(wc -c < weights.bin) -gt 20 && {FAST}")
    project.write("../programs/git-lfs", f"#!/bin/sh\ncat > /dev/null\n{script}\n").chmod(0o755)
    project.write("../programs/content", CONTENT)
    project.git("config", "filter.lfs.smudge", "git lfs smudge -- %f")
    project.git("config", "filter.lfs.clean", "git-lfs clean -- %f")
    project.git("config", "filter.lfs.required", "true")
    project.git("config", "alias.lfs", "!false")
    folder = project.path("../programs").resolve()
    return {"PATH": os.pathsep.join((str(folder), project.environment()["PATH"])), "CONTENT": f"{folder}/content"}


def test_what_git_lfs_fetched_is_measured(project: Project) -> None:
    env = with_lfs(project, 'test "$1" = smudge && cat "$CONTENT"')
    project.write("weights.bin", CONTENT)
    assert_green(ab(project, "--head", "change", "--", *RUN, **env))


@pytest.mark.parametrize(
    "script",
    ["tr 0 1 < $CONTENT", "cat $CONTENT; echo", "head -c 300 $CONTENT", "true"],
    ids=["other-bytes", "longer", "shorter", "nothing"],
)
def test_a_file_that_its_pointer_does_not_name_is_not_measured(project: Project, script: str) -> None:
    env = with_lfs(project, script)
    outcome = ab(project, "--head", "change", "--", *RUN, **env)
    assert_cannot_decide(outcome, "fresh checkout are not those of the commit: weights.bin", "repeat")


def test_a_file_for_git_lfs_that_is_no_pointer_has_to_be_the_commit_s(project: Project) -> None:
    env = with_lfs(project, 'cat "$CONTENT"', pointer="no pointer\n" * 500)
    outcome = ab(project, "--head", "change", "--", *RUN, **env)
    assert_cannot_decide(outcome, "fresh checkout are not those of the commit: weights.bin", "repeat")


@pytest.mark.parametrize(
    "key",
    ["lfs.standalonetransferagent", "lfs.https://a.example/b.standaloneTransferAgent", "lfs.customtransfer.x.path",
     "lfs.extension.x.smudge"],
)  # fmt: skip
def test_git_lfs_starts_no_program_that_settings_name(project: Project, log: Path, key: str) -> None:
    env = with_lfs(project, f'touch "{log}"; cat "$CONTENT"')
    project.git("config", key, "any")
    outcome = ab(project, "--head", "change", "--", *RUN, **env)
    assert_cannot_decide(outcome, "git's filters are not run for weights.bin", "--setup")
    assert not log.exists()
