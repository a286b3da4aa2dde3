"""What git answers counts only where it can be nothing else: no setting, variable or other `git` changes a verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ab_cases import RUN, ab, versions
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from pathlib import Path

REF = ("check", "--baseline-ref", "HEAD^1")


@pytest.fixture
def slower(green: Project) -> Project:
    """A gate in the first of two commits, and runs that are slower by 40 %."""
    green.write(".gitignore", "outputs/\nr.json\nperfgate-report/\n")
    green.write("perfgate.toml", '[defaults]\nthreshold = "+6%"\n')
    green.change_runs("new-score-*", elapsed_sec=1.4)
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    green.write("README.md", "a change\n")
    green.commit("Change")
    return green


def other(project: Project) -> str:
    """Return a commit that holds no gate."""
    tree = project.git("hash-object", "-t", "tree", "-w", "/dev/null")
    return project.git("commit-tree", tree, "-m", "Nothing")


def program(project: Project, name: str, script: str) -> Path:
    path = project.write(f"../programs/{name}", f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def path_with(project: Project, folder: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join((str(folder), project.environment()["PATH"]))}


def test_a_replaced_commit_replaces_no_gate(slower: Project) -> None:
    slower.git("replace", "HEAD~1", other(slower))
    assert slower.cli(*REF).code == 1


def test_a_replaced_baseline_replaces_no_gate(slower: Project) -> None:
    path = slower.baseline("score").relative_to(slower.root)
    held = slower.git("rev-parse", f"HEAD:{path}")
    slower.git("replace", held, slower.git("hash-object", "-w", "perfgate.toml"))
    assert slower.cli(*REF).code == 1


def test_grafted_parents_change_no_gate(slower: Project) -> None:
    slower.write(".git/info/grafts", f"{slower.git('rev-parse', 'HEAD')} {other(slower)}\n")
    assert slower.cli(*REF).code == 1


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_REPLACE_REF_BASE"])
def test_variables_of_another_repository_change_no_gate(slower: Project, tmp_path: Path, name: str) -> None:
    elsewhere = Project(tmp_path / "elsewhere")
    elsewhere.git("init", "-q")
    elsewhere.commit("One")
    elsewhere.commit("Two")
    value = {"GIT_DIR": ".git", "GIT_OBJECT_DIRECTORY": ".git/objects"}.get(name)
    outcome = slower.cli(*REF, env={name: str(elsewhere.path(value)) if value else "other"})
    assert outcome.code == 1, str(outcome)


AMBIGUOUS = {
    "a-tag": ("refs/tags/origin/main", "origin/main", "refs/tags/origin/main and refs/remotes/origin/main"),
    "a-local-branch": ("refs/heads/origin/main", "origin/main", "refs/heads/origin/main and refs/remotes/origin/main"),
    "before-a-suffix": ("refs/tags/origin/main", "origin/main~0", "refs/tags/origin/main and refs/remotes/origin/main"),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
@pytest.mark.parametrize("words", [("check", "--baseline-ref"), ("ab", "-n", "2", "--base")])
def test_a_ref_that_means_two_commits_decides_nothing(slower: Project, words: tuple[str, ...], case: str) -> None:
    added, ref, named = AMBIGUOUS[case]
    slower.git("update-ref", "refs/remotes/origin/main", "HEAD~1")
    slower.git("update-ref", added, other(slower))
    outcome = slower.cli(*words, ref, *(["--", "true"] if words[0] == "ab" else []))
    assert_cannot_decide(outcome, f'"{ref}" is ambiguous: {named}', "in full: refs/remotes/origin/main")


def test_a_full_ref_and_two_names_of_one_commit_are_not_ambiguous(slower: Project) -> None:
    slower.git("update-ref", "refs/remotes/origin/main", "HEAD~1")
    slower.git("tag", "origin/main", "HEAD~1")
    assert slower.cli("check", "--baseline-ref", "origin/main").code == 1
    slower.git("tag", "-f", "origin/main", other(slower))
    assert slower.cli("check", "--baseline-ref", "refs/remotes/origin/main").code == 1


def test_a_tag_is_not_taken_for_a_full_ref_that_is_not_here(slower: Project) -> None:
    slower.git("update-ref", "refs/tags/refs/remotes/origin/main", other(slower))
    outcome = slower.cli("check", "--baseline-ref", "refs/remotes/origin/main")
    assert_cannot_decide(outcome, "no commit or branch .* in this clone", "fetch")


def test_a_branch_named_like_the_digits_of_a_commit_is_ambiguous(slower: Project) -> None:
    digits = slower.git("rev-parse", "--short=10", "HEAD~1")
    slower.git("branch", digits, other(slower))
    outcome = slower.cli("check", "--baseline-ref", digits)
    assert_cannot_decide(outcome, f"ambiguous: refs/heads/{digits} and {digits}", "in full: [0-9a-f]{40}")
    assert slower.cli("check", "--baseline-ref", slower.git("rev-parse", "HEAD~1")).code == 1


def test_settings_in_variables_change_no_gate(slower: Project, tmp_path: Path) -> None:
    log = tmp_path / "log"
    env = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": f"touch {log}"}
    assert slower.cli(*REF, env=env).code == 1
    assert not log.exists()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("exit 0", id="nothing"),
        pytest.param("echo HEAD", id="a-word"),
        pytest.param("echo 0123456", id="a-short-hash"),
        pytest.param('case "$*" in *rev-parse*) exec REAL "$@";; esac', id="no-files"),
        pytest.param('case "$*" in *cat-file*) REAL "$@" | tr 1 2;; *) exec REAL "$@";; esac', id="other-content"),
    ],
)
def test_a_git_that_does_not_answer_decides_nothing(slower: Project, script: str) -> None:
    real = slower.command("sh", "-c", "command -v git").stdout.strip()
    folder = program(slower, "git", script.replace("REAL", real)).parent
    outcome = slower.cli(*REF, env=path_with(slower, folder))
    assert_cannot_decide(outcome, "git (answered|listed|gave|cat-file)", "git")
    assert "introduces" not in outcome.stdout


@pytest.mark.parametrize("script", ["exit 0", "echo main"])
def test_a_git_that_does_not_answer_compares_nothing(project: Project, script: str) -> None:
    versions(project)
    folder = program(project, "git", script).parent
    outcome = project.cli("ab", "-n", "2", "--", *RUN, env=path_with(project, folder))
    assert_cannot_decide(outcome, "git answered with", "git --version")


def test_a_baseline_that_was_changed_inside_the_repository_decides_nothing(slower: Project) -> None:
    path = slower.baseline("score")
    held = slower.git("rev-parse", f"HEAD:{path.relative_to(slower.root)}")
    content = path.read_text().replace('"rows_used"', '"rows_uzed"')
    path.write_text(content)
    forged = slower.git("hash-object", "-w", str(path))
    objects = slower.path(".git/objects")
    target = objects / held[:2] / held[2:]
    target.chmod(0o644)
    target.write_bytes((objects / forged[:2] / forged[2:]).read_bytes())
    outcome = slower.cli(*REF)
    assert_cannot_decide(outcome, f"git gave other content than {held[:12]}", "git fsck")


STARTING = {
    "core.fsmonitor": "touch {log}",
    "core.hooksPath": "{hooks}",
    "core.pager": "touch {log}",
    "core.sshCommand": "touch {log}",
    "core.askPass": "{hooks}/post-checkout",
    "credential.helper": "!touch {log}",
    "diff.external": "{hooks}/post-checkout",
    "diff.json.textconv": "{hooks}/post-checkout",
    "filter.json.smudge": "touch {log}; cat",
    "filter.json.clean": "touch {log}; cat",
    "gpg.program": "{hooks}/post-checkout",
    "alias.ls-tree": "!touch {log}",
    "alias.rev-parse": "!touch {log}",
}


@pytest.fixture
def started(slower: Project, tmp_path: Path) -> Path:
    """Let each setting by which git starts a program leave a trace; return the file that none may write."""
    log = tmp_path / "log"
    hook = program(slower, "post-checkout", f'touch {log}\ncat "$1"')
    for key, value in STARTING.items():
        slower.git("config", key, value.format(log=log, hooks=hook.parent))
    slower.git("config", "log.showSignature", "true")
    slower.write(".git/info/attributes", "*.json diff=json filter=json\n")
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        program(slower, name, f"touch {log}")
    log.unlink(missing_ok=True)
    return log


def test_no_setting_of_git_starts_a_program(slower: Project, started: Path) -> None:
    assert slower.cli(*REF).code == 1
    slower.cli("check")
    slower.cli("baseline", "show")
    slower.cli("baseline", "merge")
    slower.baseline("train").unlink()
    slower.cli("check", "--report-dir", "again")
    assert not started.exists()


def test_no_setting_of_git_starts_a_program_in_a_comparison(slower: Project, started: Path) -> None:
    words = ("ab", "--base", "HEAD^1", "-n", "2", "--setup", "true", "--", "true")
    outcome = slower.cli(*words, env={"TMPDIR": str(slower.root.parent)})
    assert outcome.code in {0, 1} or "never-proven" in outcome.stderr, str(outcome)  # on a busy machine
    assert not started.exists()


def test_a_side_that_needs_a_filter_is_not_measured_without_it(project: Project, tmp_path: Path) -> None:
    versions(project)
    project.git("config", "filter.vault.smudge", f"touch {tmp_path}/log; cat")
    project.write(".git/info/attributes", "bench.sh filter=vault\n")
    outcome = ab(project, "--", *RUN)
    assert_cannot_decide(outcome, "git's filters are not run for bench.sh", "--setup")
    assert_green(ab(project, "--setup", "true", "--", *RUN))
    assert not (tmp_path / "log").exists()


def test_a_filter_that_no_file_needs_stands_in_no_way(project: Project) -> None:
    versions(project)
    project.git("config", "filter.vault.smudge", "false")
    assert_green(ab(project, "--", *RUN))


def test_a_filter_with_a_name_that_cannot_be_switched_off_is_refused(project: Project) -> None:
    versions(project)
    project.write(".git/config", project.path(".git/config").read_text() + '[filter "a=b"]\nsmudge = cat\n')
    assert_cannot_decide(ab(project, "--", *RUN), 'the filter "a=b"', "git config --edit")


DUBIOUS = """fatal: detected dubious ownership in repository at '/srv/work it'
To add an exception for this directory, call:

\tgit config --global --add safe.directory '/srv/work it'
"""


@pytest.mark.parametrize("words", [REF, ("check", "--baseline-ref", "origin/main"), ("ab", "--", "true")])
def test_the_cause_of_a_refusal_comes_first_and_the_command_that_allows_it_last(
    slower: Project, words: tuple[str, ...]
) -> None:
    said = slower.write("../said", DUBIOUS)
    folder = program(slower, "git", f"cat {said} >&2; exit 128").parent
    outcome = slower.cli(*words, env=path_with(slower, folder))
    assert outcome.code == 2
    assert outcome.block == (
        "cannot decide: detected dubious ownership in repository at '/srv/work it' [repository-distrusted]\n"
        "  hint: git config --global --add safe.directory '/srv/work it'"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_checkout_of_another_owner_is_read_once_it_is_allowed(slower: Project) -> None:
    for place in (slower.root, slower.path(".git")):
        os.chown(place, 12345, 12345)
    assert_cannot_decide(slower.cli(*REF), "detected dubious ownership", f"safe.directory {slower.root}")
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(slower.root)}
    assert slower.cli(*REF, env=allowed).code == 1
