"""The completion scripts in the shells they are for; a shell that is absent is skipped."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

BASH = """
eval "$(perfgate completion bash)"
words=({words})
COMP_WORDS=(perfgate "${{words[@]}}"); COMP_CWORD=${{#words[@]}}
$(complete -p perfgate | sed 's/.*-F \\([^ ]*\\) .*/\\1/') perfgate
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# Outside the line editor zsh has no completion system: what the script hands to it is printed.
ZSH = """
compdef() { :; }
_describe() { print -rl -- ${(P)3}; }
compadd() { print -rl -- $completions; }
eval "$(perfgate completion zsh)"
words=(perfgate %s); CURRENT=${#words}
_perfgate_completion
"""
FISH = 'perfgate completion fish | source; complete --do-complete "perfgate {words}"'
CASES = [
    ("che", {"check"}),
    ("baseline ", {"diff", "drift", "list", "merge", "refresh", "rename", "show"}),
    ("check --report-d", {"--report-dir"}),
    ("check --format j", {"json", "junit"}),
    ("completion ", {"bash", "zsh", "fish"}),
    ("explain no-ru", {"no-runs"}),
    ("history ap", {"append"}),
    ("history append --pu", {"--push"}),
]


@pytest.fixture
def shell(project: Project):
    """Return how to run a script in a shell that finds perfgate on its path."""
    tool = project.write("bin/perfgate", f'#!/bin/sh\nexec "{sys.executable}" -m perfgate "$@"\n')
    tool.chmod(0o755)

    def ask(program: str, *words: str) -> list[str]:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        path = {"PATH": f"{tool.parent}:{project.environment()['PATH']}"}
        done = project.command(program, *words, env=path)
        assert (done.code, done.stderr) == (0, ""), str(done)
        return done.stdout.splitlines()

    return ask


def quoted(words: str) -> str:
    """Return words as the shell splits them, the one that is being typed last, even when it is empty yet."""
    return " ".join(f"'{w}'" for w in words.split(" "))


@pytest.mark.parametrize(("typed", "expected"), CASES, ids=[c[0] for c in CASES])
def test_bash_completes_what_is_typed(shell, typed, expected):
    assert set(shell("bash", "--norc", "-c", BASH.format(words=quoted(typed)))) == expected


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.parametrize(("typed", "expected"), CASES, ids=[c[0] for c in CASES])
def test_zsh_completes_what_is_typed(shell, typed, expected):
    lines = shell("zsh", "-f", "-c", ZSH % quoted(typed))
    assert {line.partition(":")[0] for line in lines} == expected


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.parametrize(("typed", "expected"), CASES, ids=[c[0] for c in CASES])
def test_fish_completes_what_is_typed(shell, typed, expected):
    lines = shell("fish", "--no-config", "-c", FISH.format(words=typed))
    assert {line.partition("\t")[0] for line in lines} == expected


@pytest.mark.tools
def test_fish_offers_files_where_no_word_is_known(shell, project):
    project.write("some-runs/a.json", "")
    assert "some-runs/" in shell("fish", "--no-config", "-c", FISH.format(words="check some"))


def answers(project: Project, typed: str) -> list[str]:
    words = ["perfgate", *typed.split(" ")]
    asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_PERFGATE_COMPLETE": "bash_complete"}
    done = project.cli(env=asked)
    assert (done.code, done.stderr) == (0, ""), str(done)
    return done.stdout.split()


@pytest.mark.parametrize("typed", ["check some", "run -- some", "check --config ", "report "])
def test_where_no_word_is_known_files_are_offered(project, typed):
    assert answers(project, typed) == [f"file,{typed.split(' ')[-1]}"]


@pytest.mark.parametrize("typed", ["zzz", "check --zzz"])
def test_what_no_command_knows_gets_no_answer(project, typed):
    assert answers(project, typed) == []


def test_a_command_that_is_not_known_is_no_error_while_typing(project):
    assert "file,some" in answers(project, "zzz some")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_the_one_that_clicks_own_way_gives(project, name):
    own = project.cli("completion", name)
    assert (own.code, own.stderr) == (0, "")
    assert project.cli(env={"_PERFGATE_COMPLETE": f"{name}_source"}).stdout.strip() == own.stdout.strip()


@pytest.mark.parametrize("asked", ["tcsh_source", "bash_zzz", "bash", "zsh_complete"])
def test_a_question_that_cannot_be_answered_is_exit_2(project, asked):
    done = project.cli("check", env={"_PERFGATE_COMPLETE": asked})
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cannot decide: _PERFGATE_COMPLETE={asked} cannot be answered")


def test_a_shell_that_is_not_known_is_exit_2(project):
    done = project.cli("completion", "tcsh")
    assert (done.code, done.stdout) == (2, "")
