"""Runs that failed are a finding of their own, judged by their counts."""

from __future__ import annotations

import pytest
from gate_cases import counted, judged, policy, profile, row_of, rule
from msgspec.structs import replace

from perfgate.core.metrics import Metric
from perfgate.core.policy import ERROR_RATE, FAILED_RUNS, Budget
from perfgate.core.sessions import join_sessions
from perfgate.core.text.units import parse_limit
from perfgate.gate.budgets import check_budgets
from perfgate.gate.failures import rate_of
from perfgate.gate.rules import check_rules

RATE = Metric(name=ERROR_RATE, unit="1", better="lower")


def ran(ok, *, failed=0, session="now", **more):
    """Return a benchmark of some runs, beside which others failed."""
    made = profile({"elapsed": {session: [1.0 + i % 3 / 100 for i in range(ok)]}, **more})
    (only,) = made.sessions
    digests = tuple(f"{i:012x}" for i in range(ok))
    return replace(made, sessions=(replace(only, runs=digests, failed=failed),))


@pytest.mark.parametrize(
    ("before", "ok", "failed", "status", "reason"),
    [
        pytest.param(12, 12, 0, None, None, id="none"),
        pytest.param(12, 11, 1, "suspected", "may-fail-more-often", id="one-is-no-proof"),
        pytest.param(12, 8, 5, "suspected", "may-fail-more-often", id="few-after-few"),
        pytest.param(80, 8, 5, "regressed", "fails-more-often", id="few-after-many"),
        pytest.param(400, 399, 1, "unchanged", "within-threshold", id="less-than-one-in-a-hundred"),
        pytest.param(5, 5, 4, "suspected", "may-fail-more-often", id="just-below-half"),
        pytest.param(12, 6, 6, "invalid", "most-runs-failed", id="half"),
        pytest.param(3, 1, 2, "invalid", "most-runs-failed", id="most-of-few"),
    ],
)
def test_the_counts_of_failed_runs_decide(before, ok, failed, status, reason):
    found = [f for f in judged(ran(before, session="old"), ran(ok, failed=failed)).findings if f.metric == ERROR_RATE]
    assert [(f.status, f.reason) for f in found] == ([(status, reason)] if status else [])
    if status not in {None, "unchanged"}:
        assert f"{failed} of {ok + failed} runs, after 0 of {before}" in found[0].message


def test_a_baseline_that_failed_as_often_is_no_reason():
    base, now = ran(5, failed=6, session="old"), ran(5, failed=6)
    assert row_of(judged(base, now), ERROR_RATE).status == "unchanged"


def test_a_new_benchmark_of_which_most_runs_failed_cannot_be_judged():
    assert row_of(judged(None, ran(2, failed=3)), ERROR_RATE).reason == "most-runs-failed"
    assert row_of(judged(None, ran(3, failed=2)), ERROR_RATE).status == "new"


def test_a_rule_says_what_failed_runs_mean():
    by = policy(rule(metric=ERROR_RATE, level="warn"))
    for base, now in ((ran(90, session="old"), ran(8, failed=5)), (ran(9, session="old"), ran(1, failed=5))):
        assert row_of(judged(base, now, by), ERROR_RATE).status == "advisory"


def test_counted_failures_are_not_called_uncontrolled():
    judgement = judged(ran(90, session="old"), ran(8, failed=5))
    assert judgement.rows_by_plain_ratio == 0
    sides = [profile({RATE: counted(**{s: (1, 90)})}) for s in "ab"]
    assert judged(*sides).rows_by_plain_ratio == 0
    assert judged(*sides, policy(rule(metric=ERROR_RATE, method="threshold"))).rows_by_plain_ratio == 1
    assert judged(*(profile({RATE: {s: [1 / 90]}}) for s in "ab")).rows_by_plain_ratio == 1


def test_an_error_rate_of_the_program_stays_and_its_failed_runs_have_another_name():
    sides = ran(60, session="old"), ran(20, failed=15)
    names = [side.sessions[0].id for side in sides]
    scores = [profile({RATE: {name: [0.07, 0.07, 0.07]}}).metrics for name in names]
    judgement = judged(
        *(replace(side, metrics=(*side.metrics, *more)) for side, more in zip(sides, scores, strict=True))
    )
    assert row_of(judgement, ERROR_RATE).current == pytest.approx(0.07)
    assert (row_of(judgement, FAILED_RUNS).status, row_of(judgement, FAILED_RUNS).level) == ("regressed", "fail")


def test_runs_of_several_sessions_add_up():
    sides = [ran(9, failed=3, session=s) for s in ("a", "b")]
    both = replace(
        sides[0],
        sessions=(*sides[0].sessions, *sides[1].sessions),
        metrics=(replace(sides[0].metrics[0], samples=(*sides[0].metrics[0].samples, *sides[1].metrics[0].samples)),),
    )
    assert "6 of 24 runs, after 0 of 200" in row_of(judged(ran(200, session="old"), both), ERROR_RATE).message


def test_a_rule_and_a_budget_may_name_failed_runs_while_none_fails():
    healthy = ran(40, peak_memory={"now": [5e7] * 40})
    assert check_rules(policy(rule(metric=ERROR_RATE, level="warn")), [healthy]) == []
    (found,), problems = check_budgets([healthy], policy(budgets=(budget("< 5%"),)), frozenset())
    assert (found.status, found.current, problems) == ("unchanged", 0.0, [])


def test_a_budget_on_failed_runs_is_broken_by_their_counts():
    (found,), _ = check_budgets([ran(12, failed=8)], policy(budgets=(budget("< 5%"),)), frozenset())
    assert found.status == "over-budget"


def test_files_of_other_tools_count_no_runs():
    made = profile({"elapsed": [1.0, 1.1]})
    assert rate_of(made) is None
    (problem,) = check_rules(policy(rule(metric=ERROR_RATE)), [made])
    assert problem.slug == "rule-matches-nothing"


def budget(limit):
    """Return a budget on the error rate."""
    return Budget(
        origin="budget 1", benchmark="train", metric=ERROR_RATE, statistic="p50", limit=parse_limit(limit), warn=None,
        level="fail",
    )  # fmt: skip


def test_batches_of_one_session_add_up():
    first, again = (ran(8, failed=k, session=f"job-4/{k}").sessions[0] for k in (1, 4))
    assert join_sessions(first, again).failed == 5


def test_a_session_of_which_every_run_failed_counts_these_runs_alone():
    (ok,) = ran(4).sessions
    lost = replace(ok, id="later", runs=(), failed=3)
    counts = {s.session: (s.hits, s.stands_for) for s in rate_of(replace(ran(4), sessions=(ok, lost))).samples}
    assert counts == {"now": (0, 4), "later": (3, 3)}
