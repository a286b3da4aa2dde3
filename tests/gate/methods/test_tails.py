"""Tails of few runs are no facts: seven gates that went wrong in public, and what enough runs can prove.

The figures are those told in the threads named beside each case.
"""

from __future__ import annotations

import pytest
from gate_cases import judged, lognormal, percentiles, policy, profile, row_of, rule, scaled, verdict
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.policy import Budget
from perfgate.core.statistic import P50, STATISTICS
from perfgate.core.text.units import parse_limit
from perfgate.gate.budgets import check_budgets
from perfgate.gate.methods.common_shift import SessionLogs
from perfgate.gate.rows import RUNS_NEEDED
from perfgate.report.compose import compose
from perfgate.report.document import Values
from perfgate.report.verdict.value import value_of

NOT_RELIABLE = "worse, but a percentile of too few runs is not reliable: the p95 of 9 runs is their maximum"
QUIET = [0.0100, 0.0101, 0.0102, 0.0103, 0.0104, 0.0105, 0.0106, 0.0107, 0.0108]


def within(values, limit, statistic="p95"):
    """Check a budget on a tail."""
    budget = Budget(origin="budget 1", benchmark="*", metric="elapsed", statistic=statistic, limit=parse_limit(limit))
    ((found,), _) = check_budgets([profile({"elapsed": values})], policy(budgets=(budget,)), frozenset())
    return found


def tail_of(base, current, statistic="p95", **more):
    """Judge a tail that a rule asks to be gated."""
    by = policy(rule(metric="elapsed", statistic=statistic, level="fail", **more))
    return row_of(judged(profile({"elapsed": base}), profile({"elapsed": current}), by), statistic=statistic)


def test_a_p95_of_nine_samples_is_said_to_be_their_maximum():  # sgl-project/sglang-omni#1202
    found = tail_of(QUIET, [*QUIET[:8], 0.02])
    assert (found.status, found.reason) == (Status.ADVISORY, "tail-of-few")
    assert found.message == "the p95 of 9 runs is their maximum or nearly; it takes 59 runs in each session"


def test_one_slow_sample_of_three_does_not_break_a_budget_on_p95():  # majiayu000/vibeguard#611
    found = within([0.071, 0.070, 0.542], "< 450ms")
    assert (found.status, found.reason) == (Status.ADVISORY, "budget-of-few-calls")
    assert found.message == '1 of 3 values beyond the limit do not prove that "p95 < 450ms" is broken: it takes 2'


def test_all_samples_of_three_beyond_the_limit_do_break_it():
    assert within([0.51, 0.52, 0.542], "< 500ms").status is Status.OVER_BUDGET


def test_501_ms_once_in_five_does_not_break_a_budget_of_500_ms():  # neomjs/neo#17172
    found = within([0.180, 0.190, 0.200, 0.210, 0.5321], "< 450ms")
    assert (found.status, found.reason, found.n_current) == (Status.ADVISORY, "budget-of-few-calls", 5)


@pytest.mark.parametrize(
    ("samples", "slow", "status"),
    [
        pytest.param(25, 2, "advisory", id="25-samples-two-slow"),
        pytest.param(25, 5, "over-budget", id="25-samples-five-slow"),
        pytest.param(200, 10, "unchanged", id="200-samples-ten-slow"),
        pytest.param(200, 11, "advisory", id="200-samples-eleven-slow"),
        pytest.param(200, 15, "advisory", id="200-samples-fifteen-slow"),
        pytest.param(200, 16, "over-budget", id="200-samples-sixteen-slow"),
    ],
)
def test_a_budget_is_broken_by_a_tail_not_by_a_stall(samples, slow, status):  # margince/margince#983
    values = [*lognormal(1, samples - slow, centre=0.0123), *[0.81] * slow]
    assert within(values, "< 200ms").status == status


def test_p50_is_gated_and_p99_is_reported():  # kungfu-systems/kungfu#620
    base = lognormal(4, 100, centre=2e-6)
    current = sorted(lognormal(5, 100, centre=2e-6))
    current[-3:] = [6.2e-6] * 3
    found = tail_of(base, current, "p99")
    assert (found.status, found.reason) == (Status.ADVISORY, "tail-of-few")
    assert "takes 299" in found.message
    judgement = judged(profile({"elapsed": base}), profile({"elapsed": current}))
    assert row_of(judgement).status is Status.UNCHANGED
    assert row_of(judgement).level == "fail"


@pytest.mark.parametrize("seed", range(40))
def test_identical_code_with_a_jumpy_tail_raises_no_alarm(seed):  # rjmurillo/moq.analyzers#1328
    """Medians within 1 %, one run in twelve up to three times slower: p95 + 5 % would fail half of these."""
    sides = [
        [v * (1 + 2 * u if i % 12 == 0 else 1) for i, (v, u) in enumerate(zip(noise, stalls, strict=True))]
        for noise, stalls in (
            (lognormal(s, 120, spread=0.005), [abs(x - 1) * 8 for x in lognormal(s + 1, 120)])
            for s in (2 * seed, 2 * seed + 10_000)
        )
    ]
    assert tail_of(*sides).status not in {Status.REGRESSED, Status.SUSPECTED}


def test_one_hiccup_does_not_break_a_ceiling_on_p99():  # DonaldMurillo/gofastr-plugins#71
    found = within([*lognormal(6, 99, centre=0.008), 8.0], "< 50ms", "p99")
    assert (found.status, found.reason) == (Status.ADVISORY, "budget-of-few-calls")


@pytest.mark.parametrize(
    ("runs", "status", "reason"),
    [
        pytest.param(58, "advisory", "tail-of-few", id="no-bound-at-all"),
        pytest.param(59, "suspected", "few-runs", id="a-bound-but-not-at-the-level"),
        pytest.param(104, "regressed", "worse", id="enough"),
    ],
)
def test_a_tail_is_gated_once_there_are_runs_enough(runs, status, reason):
    base = lognormal(5, runs)
    found = tail_of(base, scaled(base, 1.5))
    assert (found.status, found.reason) == (status, reason)
    if status == "suspected":
        assert found.message == "p95 of 59 and 59 runs; measure 104 on each side"


def test_the_tail_of_a_rate_is_judged_in_its_own_direction():
    base = lognormal(5, 120)
    by = policy(rule(metric="rate", statistic="p95", level="fail"))

    def found(factor):
        sides = profile({"rate": base}), profile({"rate": scaled(base, factor)})
        return row_of(judged(*sides, by), "rate", "p95")

    assert (found(0.6).status, found(1.0).status, found(1.6).status) == ("regressed", "unchanged", "improved")
    assert found(0.6).interval[0] <= found(0.6).change <= found(0.6).interval[1]
    assert found(0.6).detectable < 0


def test_across_sessions_a_tail_needs_runs_enough_in_each():
    base = {s: lognormal(i, 60) for i, s in enumerate("abcde")}
    slow = {"now": scaled(lognormal(9, 60), 3.0)}
    assert (tail_of(base, slow).status, tail_of(base, slow).method) == ("regressed", "across-sessions")
    assert tail_of(base, {"now": lognormal(9, 60)}).status == "within-noise"
    assert tail_of({**base, "a": base["a"][:20]}, slow).reason == "tail-of-few"
    assert tail_of(base, {"now": slow["now"][:58]}).reason == "tail-of-few"


def test_a_tail_sees_less_than_a_median():
    base, now = {s: lognormal(i, 60) for i, s in enumerate("abcde")}, {"now": lognormal(9, 60)}
    judgement = judged(
        profile({"elapsed": base}), profile({"elapsed": now}), policy(rule(metric="elapsed", statistic="p95"))
    )
    assert row_of(judgement, statistic="p95").detectable > row_of(judgement).detectable


def test_the_runs_that_a_tail_needs_follow_from_its_quantile():
    assert set(RUNS_NEEDED) == set(STATISTICS) - {P50}
    assert RUNS_NEEDED.items() >= {"p90": 29, "p95": 59, "p99": 299}.items()


@pytest.mark.parametrize(
    ("base", "current", "part", "remark"),
    [
        pytest.param(QUIET, [*QUIET[:8], 0.02], "advisory", NOT_RELIABLE, id="few"),
        pytest.param(QUIET, QUIET[:8], "shown", "", id="few-that-hold"),
        pytest.param(lognormal(1, 250), lognormal(2, 250), "unchanged", "", id="many"),
        pytest.param(lognormal(1, 250), scaled(lognormal(2, 250), 3.0), "failed", "", id="many-that-got-worse"),
    ],
)
def test_a_report_never_shows_a_tail_of_few_as_a_fact(base, current, part, remark):
    (shown,) = [b for b in compose(verdict(tail_of(base, current))).blocks if isinstance(b, Values)]
    (found,) = shown.findings
    assert shown.part == part
    assert "".join(span.text for span in value_of(found).remark).startswith(remark)
    assert (value_of(found).interval == "") == (part in {"advisory", "shown"})


@pytest.mark.parametrize("metric", ["elapsed", "rate"])
def test_a_tail_says_how_far_it_may_have_moved_either_way(metric):
    base, current = lognormal(1, 250), lognormal(2, 250)
    by = policy(rule(metric=metric, statistic="p95"))
    found = row_of(judged(profile({metric: base}), profile({metric: current}), by), metric, "p95")
    seen = found.evidence
    assert found.interval == pytest.approx(
        (seen.low_current / seen.high_baseline - 1, seen.high_current / seen.low_baseline - 1), rel=0.5
    )
    assert found.interval[0] < 0 < found.interval[1]


@pytest.mark.parametrize(("metric", "factor"), [("elapsed", 0.93), ("rate", 1.08)])
def test_a_better_tail_within_its_bounds_is_no_improvement(metric, factor):
    base = lognormal(1, 250, spread=0.2)
    by = policy(rule(metric=metric, statistic="p95"))
    small, large = (
        row_of(judged(profile({metric: base}), profile({metric: scaled(base, f)}), by), metric, "p95")
        for f in (factor, factor**12)
    )
    assert (small.status, large.status) == (Status.WITHIN_NOISE, Status.IMPROVED)


@pytest.mark.parametrize(("factor", "status"), [(1.25, "within-noise"), (1.2501, "advisory")], ids=["at", "beyond"])
def test_a_shown_tail_of_few_is_told_when_it_moved_by_more_than_a_quarter(factor, status):
    base = [1.0] * 10
    found = row_of(
        judged(profile({"elapsed": base}), profile({"elapsed": [*base[:8], factor, factor]})), "elapsed", "p95"
    )
    assert found.status == status


def test_a_stated_percentile_has_no_runs_and_no_bounds():
    found = row_of(
        judged(percentiles({"p50": 0.1, "p95": 0.2}), percentiles({"p50": 0.1, "p95": 0.2})), "elapsed", "p95"
    )
    seen = found.evidence
    assert {seen.runs_needed, seen.runs_baseline, seen.runs_current, seen.low_baseline, seen.high_current} == {None}


@pytest.mark.parametrize(("runs", "words"), [(19, "their maximum or nearly"), (20, "that of a few runs")])
def test_a_tail_that_has_no_run_beyond_it_is_called_the_maximum(runs, words):
    assert f"the p95 of {runs} runs is {words};" in tail_of([1.0] * runs, [3.0] * runs).message


def test_few_runs_of_a_tail_bring_the_errors_of_its_sessions():
    logs = SessionLogs(
        base=((0.0,), (0.0,)), centres=(0.0, 0.0), sessions=("a", "b"), current={"c": (0.0,)}, now={"c": 0.0},
        errors=(0.3, 0.4), now_errors={"c": 0.5},
    )  # fmt: skip
    assert logs.sampling("c") == pytest.approx(0.5**2 + (0.3**2 + 0.4**2) / 4)
    assert replace(logs, errors=()).sampling("c") is None
