"""Differences of the environment: named beside every red, and never judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gate_cases import finding, profile, verdict
from msgspec.structs import replace

from perfgate.core.finding import EnvironmentChange, Status
from perfgate.gate.environment import compare_environments
from perfgate.gate.judge import Pair
from perfgate.render.terminal.report import render
from perfgate.render.terminal.style import PLAIN
from perfgate.report.compose import compose

if TYPE_CHECKING:
    from perfgate.core.profile import Profile

FACTS = {"python": "3.12.1", "cpu_model": "Ryzen 5 3600", "os": "linux", "machine": "0a0a0a0a", "command": "c0ffee"}


def pair(name: str = "train", **changes: str) -> Pair:
    """Return a benchmark whose environment changed in some facts; an empty one is not stated any more."""
    now = {k: v for k, v in {**FACTS, **changes}.items() if v}
    sides = [
        replace(profile({"elapsed": [1.0]}, name=name), environment=tuple(sorted(facts.items())))
        for facts in (FACTS, now)
    ]
    return Pair(base=sides[0], current=sides[1])


def test_facts_that_both_sides_state_and_that_differ_are_listed_with_their_benchmarks():
    pairs = [pair("a", python="3.13.0", cpu_model=""), pair("b", python="3.13.0", command="bad"), pair("c")]
    assert compare_environments(pairs) == (
        EnvironmentChange(fact="command", baseline="c0ffee", current="bad", benchmarks=1),
        EnvironmentChange(fact="python", baseline="3.12.1", current="3.13.0", benchmarks=2),
    )


def test_the_booted_machine_and_benchmarks_of_one_side_are_no_difference():
    alone = replace(pair(python="3.13.0"), base=None)
    assert compare_environments([pair(machine="0b0b0b0b"), alone]) == ()


def test_two_commands_that_are_compared_interleaved_are_no_difference_and_two_interpreters_are():
    one = pair(command="bad", python="3.13.0")
    base, current = (
        replace(s, sessions=tuple(replace(x, id="local-1-2-3/ab-20260102T030405Z-1234abcd") for x in s.sessions))
        for s in (one.base, one.current)
    )
    assert [c.fact for c in compare_environments([Pair(base=base, current=current)])] == ["python"]
    assert "measures both sides in one environment" in drawn(Status.REGRESSED, NEWER)
    interleaved = drawn(Status.REGRESSED, NEWER, current=(current,))
    assert "give both sides the same" in interleaved
    assert "measures both sides" not in interleaved


def on(current: str, *known: str, newest: str = "") -> Pair:
    """Return a benchmark measured on one processor, whose baseline has a session on each known one."""
    base = profile({"elapsed": {f"s{i}": [1.0] for i in range(len(known))}})
    now = profile({"elapsed": {"now": [1.0]}})
    return Pair(
        base=replace(
            base,
            sessions=tuple(replace(s, cpu_model=model) for s, model in zip(base.sessions, known, strict=True)),
            environment=(("cpu_model", newest or known[-1]),),
        ),
        current=replace(
            now, sessions=(replace(now.sessions[0], cpu_model=current),), environment=(("cpu_model", current),)
        ),
    )


@pytest.mark.parametrize(
    ("pair", "was"),
    [
        pytest.param(on("EPYC 9V74", "EPYC 9V74", "EPYC 7763"), None, id="an-older-session-had-it"),
        pytest.param(on("Xeon 8370C", "EPYC 9V74", "EPYC 7763"), "EPYC 7763, EPYC 9V74", id="none-had-it"),
        pytest.param(on("Xeon 8370C", "a", "b", "c", "d"), "a, b, c and 1 more", id="many"),
        pytest.param(on("Xeon 8370C", "", newest="EPYC 7763"), "EPYC 7763", id="before-sessions-kept-it"),
        pytest.param(on("Xeon 8370C", ""), None, id="never-known"),
        pytest.param(on("", "EPYC 7763"), None, id="not-stated-now"),
    ],
)
def test_a_processor_that_no_session_of_the_baseline_had_is_a_difference(pair, was):
    expected = (EnvironmentChange(fact="cpu_model", baseline=was, current="Xeon 8370C", benchmarks=1),) if was else ()
    assert compare_environments([pair]) == expected


def drawn(status: Status, *changes: EnvironmentChange, current: tuple[Profile, ...] = ()) -> str:
    one = verdict(finding(status), finding(benchmark="other"))
    with_changes = replace(one, compared=replace(one.compared, environment=changes), current=current)
    return " ".join(render(compose(with_changes), replace(PLAIN, is_verbose=True)).split())


NEWER = EnvironmentChange(fact="python", baseline="3.12.1", current="3.13.0", benchmarks=1)


def test_a_difference_stands_above_what_regressed_and_in_how_it_was_measured():
    words = "Environment differs: python 3.12.1 → 3.13.0 (in 1 of 2 benchmarks)"
    assert drawn(Status.REGRESSED, NEWER).count(words) == 2
    assert drawn(Status.REGRESSED, NEWER).index(words) < drawn(Status.REGRESSED, NEWER).index("Regressed")
    assert drawn(Status.SUSPECTED, NEWER).count(words) == 2
    assert drawn(Status.UNCHANGED, NEWER).count(words) == 1
    assert drawn(Status.MISSING, NEWER).count(words) == 1


def test_another_command_is_named_without_its_digest_and_many_facts_are_cut():
    changes = [EnvironmentChange(fact=f"f{i}", baseline="x" * 99, current="y", benchmarks=2) for i in range(9)]
    found = drawn(Status.REGRESSED, replace(NEWER, fact="command"), *changes)
    assert "another command was measured" in found
    assert "and 4 more" in found
    assert "x" * 61 not in found
