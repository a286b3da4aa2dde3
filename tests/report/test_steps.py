"""What to do next: commands that work when typed, with the names and the numbers of the case."""

from __future__ import annotations

import pytest
import situations
from gate_cases import finding, verdict
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.reasons import SENTENCES, hint_for
from perfgate.report.compose import compose
from perfgate.report.document import Steps
from perfgate.report.verdict.steps import read_hint, steps_of


def steps(found):
    """Return the steps of a report as words and commands."""
    blocks = [b for b in compose(found).blocks if isinstance(b, Steps)]
    return [("".join(s.text for s in step.words), step.command) for b in blocks for step in b.steps]


@pytest.mark.parametrize("slug", sorted(slug for slug in SENTENCES if hint_for(slug)))
def test_every_hint_is_a_list_of_steps_that_lose_no_word(slug):
    read = read_hint(hint_for(slug))
    words = " ".join("".join(s.text for s in step.words) + step.command for step in read)
    assert all(step.words or step.command for step in read)
    assert "`" not in words
    for command in (step.command for step in read if step.command):
        assert not command.endswith((";", ":", ","))
        assert "…" not in command


def test_a_hint_is_read_as_alternatives_with_their_commands():
    found = read_hint("find it, or accept it: `git add a; git commit`; or pass `--sessions all`")
    assert [("".join(s.text for s in step.words), step.command) for step in found] == [
        ("find it, or accept it", "git add a; git commit"), ("pass --sessions all", ""),
    ]  # fmt: skip


def test_a_command_names_the_benchmark_as_a_shell_takes_it():
    lost = finding(Status.MISSING, reason="no-runs", benchmark="two words", current=None)
    assert (
        "find out why it did not run, then measure it",
        "perfgate run -n 10 --benchmark 'two words' -- CMD",
    ) in steps(verdict(lost))


def test_each_step_is_said_once():
    same = [finding(Status.REGRESSED, reason="worse", benchmark=f"b{i}") for i in range(5)]
    assert len(steps_of(same)) == 1


def test_a_suspected_value_of_a_comparison_names_the_runs_that_decide_it():
    (words, command), *others = steps(situations.suspected())
    assert words == "decide it with more runs"
    head, _, rest = command.partition(" -n ")
    runs, _, program = rest.partition(" ")
    assert (head, program) == ("perfgate ab", "-- python3 work.py")
    assert 10 < int(runs) <= 1000
    assert not others


def test_a_noisy_value_of_a_check_names_the_sessions_that_it_takes():
    words = [words for words, command in steps(situations.noisy()) if command == "perfgate baseline refresh"]
    assert len(words) == 1
    assert words[0].startswith("with about ")
    assert "+25% is detectable" in words[0]


def test_a_check_that_failed_says_what_to_do_about_that_alone():
    assert [command for _, command in steps(situations.regression())] == [
        "git log --oneline 4558492c0538..b41f09aa7d21",
        "perfgate baseline refresh --replace --reason '...'",
    ]


@pytest.mark.parametrize("commits", [(), ("a" * 40, "b" * 40), ("--output=x",), ("A" * 40,)])
def test_what_changed_is_shown_between_two_commits_alone(commits):
    failed = verdict(finding(Status.REGRESSED, reason="worse"))
    found = replace(failed, compared=replace(failed.compared, baseline_commits=commits))
    assert not any(command.startswith("git log") for _, command in steps(found))
