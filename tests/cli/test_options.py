"""The line that repeats a check names every option that was given, also one that is added tomorrow."""

from __future__ import annotations

import shlex

import click
import pytest

from perfgate.__main__ import run
from perfgate.cli import ab, check, program
from perfgate.cli.options import ReportOption, given_options

NOT_REPEATED = {"check": frozenset(), "ab": ab.NOT_REPEATED}
COMMANDS = {"check": check.command, "ab": ab.command}
SPECIAL = {"top": "7", "threshold": "+10%"}
"""Values of options that do not take every text."""


def value_of(option):
    """Return words that give an option a value that is not its default."""
    if option.is_flag:
        return []
    if isinstance(option.type, click.Choice):
        return [next(c for c in option.type.choices if c != option.default)]
    if isinstance(option.type, click.FloatRange):
        return ["0.25"]
    if isinstance(option.type, click.IntRange):
        return [str(max(7, option.type.min or 0))]
    return [SPECIAL.get(option.name, "a b")] * option.nargs


def options_of(name):
    return [p for p in COMMANDS[name].params if isinstance(p, click.Option)]


def repeated(name, words):
    """Return what a command says of its options when it is given some words, and what it was given."""
    context = COMMANDS[name].make_context(name, list(words))
    return given_options(context, without=NOT_REPEATED[name]), context.params


@pytest.mark.parametrize(
    ("name", "option"),
    [pytest.param(n, p, id=f"{n} {p.opts[-1]}") for n in COMMANDS for p in options_of(n)],
)
def test_every_option_is_repeated_or_says_where_a_report_goes_or_is_left_out_by_name(name, option):
    flag = option.opts[-1]
    words, _ = repeated(name, [flag, *value_of(option)])
    if isinstance(option, ReportOption) or option.name in NOT_REPEATED[name]:
        assert words == ()
    else:
        assert words == (option.opts[0], *value_of(option))


def every_text_option():
    """Return each option of each command that takes a text, with the words that call the command."""
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        found = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for inner, one in found:
            words = [name, inner] if inner else [name]
            for p in one.params:
                is_text = isinstance(p, click.Option) and isinstance(p.type, click.types.StringParamType)
                if is_text and not p.is_flag and p.nargs == 1:
                    yield pytest.param(words, p.opts[-1], id=" ".join((*words, p.opts[-1])))


@pytest.mark.parametrize(("words", "flag"), list(every_text_option()))
@pytest.mark.parametrize("blank", ["", " "], ids=["empty", "blank"])
def test_a_text_option_without_a_text_is_refused_by_its_name(words, flag, blank, capsys):
    assert run([*words, flag, blank]) == 2
    assert capsys.readouterr().err == (
        f"cannot decide: {flag} is empty: give it a value, or leave it out [usage]\n"
        f"  hint: perfgate {' '.join(words)} --help\n"
    )


@pytest.mark.parametrize("flag", ["--benchmark=", "--confirm="])
def test_an_empty_text_among_others_is_refused(flag, capsys):
    assert run(["check", f"{flag}a", flag]) == 2
    assert f"{flag[:-1]} is empty" in capsys.readouterr().err


def test_what_follows_the_command_of_a_run_may_be_empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["run", "-n", "1", "--warmup", "0", "--", "sh", "-c", 'test -z "$1"', "sh", ""]) == 0


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_line_that_repeats_a_command_means_the_same(name):
    # A report that is shown in full is not shown as its verdict alone.
    given = [w for p in options_of(name) if p.name != "is_quiet" for w in (p.opts[-1], *value_of(p))]
    words, params = repeated(name, given)
    _, again = repeated(name, words)
    kept = {p.name for p in options_of(name) if not isinstance(p, ReportOption)} - NOT_REPEATED[name]
    assert {n: again[n] for n in kept} == {n: params[n] for n in kept}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_only_options_about_reports_count_as_such(name):
    found = {p.opts[-1] for p in options_of(name) if isinstance(p, ReportOption)}
    where = {"--report", "--report-dir", "--format", "--junit-flavor", "--github"}
    assert found == where | {"--top", "--width", "--color", "--verbose", "--quiet"}


def test_what_was_not_given_is_not_repeated_unless_it_always_is():
    context = ab.command.make_context("ab", [])
    assert given_options(context) == ()
    assert given_options(context, always=ab.ALWAYS_REPEATED) == ("--seed", "0")


def test_each_value_of_an_option_that_may_be_repeated_is_named():
    words, _ = repeated("check", ["--confirm", "a.json", "--confirm", "b.json"])
    assert words == ("--confirm", "a.json", "--confirm", "b.json")


def test_an_option_of_two_words_is_repeated_with_both():
    words, _ = repeated("ab", ["-L", "size", "a b,c", "--parameter-list", "kind", "x"])
    assert words == ("-L", "size", "a b,c", "-L", "kind", "x")


@pytest.mark.parametrize("words", [["-L"], ["-L", "size"], ["--parameter-list", "size"]])
def test_an_option_of_two_words_says_what_it_needs(words, capsys):
    assert run(["run", *words]) == 2
    assert capsys.readouterr().err == (
        f"cannot decide: {words[0]} needs 2 values [usage]\n  hint: write {words[0]} NAME a,b; perfgate run --help\n"
    )


def test_a_list_of_parameters_that_is_joined_by_an_equals_sign_gets_the_right_spelling(capsys):
    assert run(["run", "-L", "size=a b,c", "--", "echo", "{size}"]) == 2
    assert "  hint: write a blank between the name and its values: -L size 'a b,c'\n" in capsys.readouterr().err


def test_a_check_is_repeated_with_its_paths_as_a_shell_reads_them():
    context = check.command.make_context("check", ["--config", "my file", "--report-dir", "r", "runs/*.json"])
    line = check.command_line(context)
    assert line == "perfgate check --config 'my file' 'runs/*.json'"
    assert shlex.split(line)[2:] == ["--config", "my file", "runs/*.json"]
