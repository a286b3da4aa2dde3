"""The search for the commit that made a value worse, on simulated commits."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import bisect_figures
import pytest
from bisect_figures import Case, World

from perfgate.config import BUILT_IN
from perfgate.core.bisection import Bisection, Ends, Skipped, Trial, Value
from perfgate.core.errors import CannotDecideError
from perfgate.gate.bisect.search import Compared, policy_for, posterior_of, search, step_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.core.bisection import Result

N = 32


def world(**more: object) -> World:
    facts: dict[str, object] = {"commits": N, "cv": 0.02, "drift": 0.03, "slower": {20: 0.10}, "rng": random.Random(7)}
    return World(**{**facts, **more})  # type: ignore[arg-type]


def searched(
    bench: World, start: Bisection | None = None, may_go_on: Callable[[Bisection], bool] = lambda _: True
) -> tuple[Result, list[object]]:
    events: list[object] = []
    first = Bisection(good="0", commits=tuple(str(k) for k in range(1, bench.commits + 1)), measuring="")
    result = search(start or first, bench, may_go_on=may_go_on, keep=lambda _, event: events.append(event))
    return result, events


def ends(metric: str = "elapsed", *, better: str = "lower", allowed: float = 0.05, by: float = 1.1) -> Ends:
    value = Value(
        benchmark="b",
        labels=(),
        metric=metric,
        unit="s",
        better=better,  # type: ignore[arg-type]
    )
    good = tuple(1.0 + 0.01 * k for k in range(-4, 5))
    return Ends(value=value, good=good, bad=tuple(v * by for v in good), allowed=allowed)


@pytest.mark.parametrize(
    ("case", "least"),
    [
        (Case(cv=0.01), 20),
        (Case(cv=0.03), 19),
        (Case(cv=0.02, slower=(0.25,)), 20),
        (Case(cv=0.02, commits=1), 20),
        (Case(cv=0.02, commits=2), 20),
    ],
    ids=str,
)
def test_it_finds_the_commit_and_names_no_wrong_one(case: Case, least: int) -> None:
    found = [bisect_figures.once(case, seed)[0] for seed in range(20)]
    assert found.count("right") >= least
    assert "wrong" not in found


@pytest.mark.parametrize("cv", [0.01, 0.05])
def test_unchanged_commits_name_none(cv: float) -> None:
    found = [bisect_figures.once(Case(cv=cv, slower=()), seed)[0] for seed in range(40)]
    assert found == ["none"] * 40


def test_it_measures_a_few_of_many_commits_and_the_found_one_against_its_parent() -> None:
    bench = world()
    result, events = searched(bench)
    assert (result.kind, result.first) == ("found", ("20",))
    assert len(bench.built) <= 10
    assert bench.runs == 2 * sum(len(e.now) for e in events if isinstance(e, Trial)) + 2 * len(events[0].good)  # type: ignore[attr-defined]
    last = events[-1]
    assert isinstance(last, Trial)
    assert (last.base, last.commit, last.confirmed) == ("19", "20", True)
    assert sum(result.chances) == pytest.approx(1.0)
    assert result.part == pytest.approx(1.0, abs=0.4)


def test_each_step_is_kept_with_all_that_was_measured_and_a_search_goes_on_from_there() -> None:
    kept: list[Bisection] = []
    bench = world()
    start = Bisection(good="0", commits=tuple(str(k) for k in range(1, N + 1)), measuring="")
    whole = search(start, bench, may_go_on=lambda _: True, keep=lambda now, _: kept.append(now))
    assert kept[-1] == whole.bisection
    assert [len(b.trials) for b in kept] == list(range(len(kept)))
    again = world(rng=random.Random(8))
    result, events = searched(again, kept[2])
    assert result.first == whole.first
    assert not any(isinstance(e, Ends) for e in events)
    assert result.bisection.trials[:2] == kept[2].trials


def test_broken_commits_are_skipped_and_hide_only_what_lies_beside_them() -> None:
    result, _ = searched(world(broken=frozenset({16, 8, 24})))
    assert (result.kind, result.first) == ("found", ("20",))
    result, events = searched(world(broken=frozenset({19, 18})))
    assert (result.kind, result.first) == ("group", ("18", "19", "20"))
    assert {e.commit for e in events if isinstance(e, Skipped)} == {"18", "19"}
    everything = frozenset(range(1, N))
    result, _ = searched(world(broken=everything))
    assert (result.kind, len(result.first)) == ("group", N)


def test_a_limit_ends_it_with_the_commits_that_remain() -> None:
    result, _ = searched(world(), may_go_on=lambda now: len(now.trials) < 2)
    assert result.kind == "unclear"
    assert "20" in result.first
    assert 1 < len(result.first) < N // 2


def test_a_likely_commit_that_is_not_confirmed_loses_its_likelihood() -> None:
    """Three trials say that 10 is slow, which it is not: the comparison with its parent has to undo that."""
    bench = world(cv=0.01)
    start = Bisection(
        good="0",
        commits=tuple(str(k) for k in range(1, N + 1)),
        measuring="",
        ends=ends(),
        trials=(
            *(Trial(base="0", commit="10", was=(1.0,) * 4, now=(1.1,) * 4) for _ in range(3)),
            *(Trial(base="0", commit="9", was=(1.0,) * 4, now=(1.0,) * 4) for _ in range(3)),
        ),
    )
    assert posterior_of(start, ends()).likeliest()[0] == range(9, 10)
    result, events = searched(bench, start)
    first = events[0]
    assert isinstance(first, Trial)
    assert (first.base, first.commit, first.confirmed) == ("9", "10", False)
    assert result.first != ("10",)
    assert result.kind != "found" or result.first == ("20",)


def test_confirmations_are_few_since_each_could_err() -> None:
    never = world(slower={})
    start = Bisection(good="0", commits=tuple(str(k) for k in range(1, N + 1)), measuring="", ends=ends())
    result, events = searched(never, start)
    assert sum(isinstance(e, Trial) and e.confirmed is False for e in events) == 3
    assert result.kind == "unclear"


def test_a_commit_is_judged_at_half_of_the_step_where_that_is_less_than_the_threshold() -> None:
    for its, expected in ((ends(by=1.08), 0.04), (ends(by=1.3), 0.05), (ends(allowed=0.2, by=1.3), 0.15)):
        (rule,) = policy_for(BUILT_IN, its).rules
        assert rule.threshold is not None
        assert rule.threshold.amount == pytest.approx(expected, rel=1e-6)
        assert (rule.threshold.sign, rule.level) == ("+", "fail")
    (rule,) = policy_for(BUILT_IN, ends("throughput", better="higher", by=1 / 1.3)).rules
    assert rule.threshold is not None
    assert (rule.threshold.sign, rule.threshold.amount) == ("-", pytest.approx(1 - 1 / 1.05))


def test_values_where_higher_is_better_are_searched_as_their_reciprocals() -> None:
    up, down = ends(), ends("throughput", better="higher", by=1 / 1.1)
    assert step_of(down).shift == pytest.approx(step_of(up).shift)


def test_counts_are_believed_to_be_closer_than_times() -> None:
    exact = Ends(value=ends("instructions").value, good=(1e6, 1e6), bad=(1.02e6, 1.02e6), allowed=0.005)
    timed = Ends(value=ends().value, good=(1.0, 1.0), bad=(1.02, 1.02), allowed=0.005)
    assert step_of(exact).spread < step_of(timed).spread


def test_a_finished_search_keeps_its_answer_and_measures_nothing_again() -> None:
    result, _ = searched(world())
    again = world(rng=random.Random(9))
    same, events = searched(again, result.bisection)
    assert (same.kind, same.first, events, again.runs) == ("found", ("20",), [], 0)


def test_a_step_that_was_taken_back_is_no_answer() -> None:
    found = [searched(world(slower={14: 0.5, 18: -0.3333, 28: 0.12}, rng=random.Random(seed)))[0] for seed in range(10)]
    assert all(result.kind != "found" or result.first == ("28",) for result in found)
    assert any(result.kind == "undone" and result.first == ("14",) for result in found)


class Renamed(World):
    """Commits whose benchmark has another name by now."""

    def compare(self, base: str, head: str, ends: Ends | None) -> Compared | Skipped:
        return Compared(findings=(), pairs=())

    def measure(self, good: str, commit: str, value: Value, runs: int) -> Trial | Skipped:
        return Skipped(commit=good, reason="the value is not among its results")


def test_a_value_that_is_measured_no_more_ends_the_search() -> None:
    start = Bisection(good="0", commits=("1", "2", "3"), measuring="", ends=ends())
    gone = Renamed(commits=3, cv=0.01, drift=0.0, slower={}, rng=random.Random(1))
    with pytest.raises(CannotDecideError) as caught:
        searched(gone, start)
    assert caught.value.diagnostics[0].slug == "bisect-end"
    alone = Bisection(good="0", commits=("1",), measuring="", ends=ends())
    with pytest.raises(CannotDecideError):
        searched(gone, alone)
