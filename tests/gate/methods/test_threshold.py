"""The plain ratio: on request, for percentiles and single values, and for exact metrics."""

from __future__ import annotations

import math

import pytest
from gate_cases import SCORE, counted, judged, judged_values, percentiles, policy, profile, row_of, rule

from perfgate.core.finding import Status
from perfgate.core.metrics import DEADLINE_MISS, ELAPSED, Metric
from perfgate.core.policy import Floor

PLAIN = rule(metric="elapsed", method="threshold", threshold="+3%")
STEADY = {"base": (1.0001, 1.0001, 1.0001)}


@pytest.mark.parametrize(
    ("current", "status", "reason"),
    [
        pytest.param(1.0, "unchanged", "within-threshold", id="equal"),
        pytest.param(1.0299, "unchanged", "within-threshold", id="just-below"),
        pytest.param(1.03, "unchanged", "within-threshold", id="at"),
        pytest.param(1.0301, "regressed", "worse", id="just-above"),
        pytest.param(2.0, "regressed", "worse", id="double"),
        pytest.param(0.9701, "unchanged", "within-threshold", id="almost-better"),
        pytest.param(0.9699, "improved", "better", id="better"),
    ],
)
@pytest.mark.parametrize("size", [1.0, 1e-6, 7e5], ids=["s", "us", "days"])
def test_a_change_of_exactly_the_threshold_is_within_it(current, status, reason, size):
    found = judged_values([size, size * 1.0001], [current * size, current * size * 1.0001], policy(PLAIN))
    assert (found.status, found.reason, found.method) == (status, reason, "threshold")
    assert found.limit == pytest.approx(0.03)
    assert found.detectable == found.limit


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param(97.0, "unchanged", id="at"),
        pytest.param(96.9, "regressed", id="just-below"),
        pytest.param(103.0, "unchanged", id="at-the-other-side"),
        pytest.param(103.1, "improved", id="more"),
    ],
)
def test_where_higher_is_better_less_is_worse_and_the_limit_is_negative(current, status):
    by = policy(rule(metric="rate", method="threshold", threshold="-3%"))
    found = judged_values([100.0, 100.1], [current, current + 0.1], by, "rate")
    assert (found.status, found.limit_text) == (status, "-3%")
    assert found.limit == pytest.approx(-0.03, rel=1e-3)


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param(0.0129, "unchanged", id="just-below"),
        pytest.param(0.013, "unchanged", id="at"),
        pytest.param(0.0131, "regressed", id="just-above"),
    ],
)
def test_an_absolute_threshold_is_an_amount_whatever_the_baseline(current, status):
    by = policy(rule(metric="elapsed", method="threshold", threshold="+3ms"))
    found = judged_values([0.01, 0.0101], [current, current + 0.0001], by)
    assert found.status == status
    assert found.limit == pytest.approx(0.3, rel=0.01)


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param(0.0, "unchanged", id="still-zero"),
        pytest.param(1.0, "regressed", id="no-longer-zero"),
        pytest.param(-1.0, "improved", id="below-zero"),
    ],
)
def test_a_baseline_of_zero_has_no_ratio_but_a_direction(current, status):
    found = judged_values([0.0], [current], policy(rule(metric="score")), "score")
    assert found.status == status
    assert (found.change, found.limit, found.detectable, found.interval) == (None, None, None, None)


def test_a_baseline_of_zero_with_an_absolute_threshold_allows_that_much():
    by = policy(rule(metric="elapsed", threshold="+2s", benchmark="x"), rule(2, metric="latency", threshold="+2s"))
    latency = Metric(name="latency", unit="s", better="lower")
    for current, status in ((2.0, "unchanged"), (2.1, "regressed")):
        found = row_of(judged(profile({latency: [0.0]}), profile({latency: [current]}), by), "latency")
        assert found.status == status


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param(-9.6, "unchanged", id="a-little-more"),
        pytest.param(-9.0, "regressed", id="more"),
        pytest.param(-11.0, "improved", id="less"),
    ],
)
def test_a_negative_baseline_keeps_the_sign_of_a_worsening(current, status):
    found = judged_values([-10.0, -9.99], [current, current + 0.01], policy(rule(metric="score")), "score")
    assert found.status == status
    assert (found.change > 0) == (current > -9.995)
    assert found.limit == pytest.approx(0.05)


@pytest.mark.parametrize("method", ["threshold", "exact"])
def test_the_report_names_the_method_that_was_asked_for(method):
    by = policy(rule(metric="calls", method=method, threshold="+0%"))
    assert judged_values([1000.0], [1000.0], by, "calls").status is Status.UNCHANGED
    found = judged_values([1000.0], [1001.0], by, "calls")
    assert (found.status, found.method, found.reason) == (Status.REGRESSED, method, "worse")


def test_round_counts_are_not_taken_for_coarse_ones():
    by = policy(rule(metric="calls", method="exact"))
    assert judged_values([1000.0] * 3, [1060.0] * 3, by, "calls").status is Status.REGRESSED
    assert judged_values([1000.0] * 3, [1300.0] * 3, by, "calls").status is Status.REGRESSED


@pytest.mark.parametrize("statistic", ["p50", "p90", "p95", "p99"])
def test_a_rule_with_the_plain_ratio_gates_any_statistic(statistic):
    by = policy(rule(metric="elapsed", statistic=statistic, method="threshold", threshold="+3%"))
    sides = profile({"elapsed": [1.0, 1.01, 1.02]}), profile({"elapsed": [1.1, 1.11, 1.12]})
    found = row_of(judged(*sides, by), statistic=statistic)
    assert (found.status, found.method, found.rule) == (Status.REGRESSED, "threshold", by.rules[0].origin)


def test_the_gate_counts_the_rows_whose_false_alarms_nobody_controls():
    sides = profile({"elapsed": [1.0, 1.01], "score": [0.0]}), profile({"elapsed": [1.0, 1.01], "score": [0.0]})
    found = judged(*sides, policy(PLAIN))
    assert (found.rows_by_plain_ratio, found.gated, found.rows_without_session) == (1, 0, 0)


@pytest.mark.parametrize(
    ("stated", "current", "gated"),
    [
        pytest.param({"p50": 1.0, "p95": 2.0}, {"p50": 9.0, "p95": 2.0}, {"p95"}, id="p95-gates"),
        pytest.param({"p50": 1.0}, {"p50": 9.0}, {"p50"}, id="p50-in-its-absence"),
        pytest.param({"p95": 1.0, "p99": 2.0}, {"p95": 9.0, "p99": 9.0}, {"p95"}, id="p99-is-shown"),
    ],
)
def test_plain_percentiles_are_gated_at_the_tail(stated, current, gated):
    found = judged(percentiles(stated), percentiles(current))
    assert {f.statistic for f in found.findings} == set(stated)
    assert {f.statistic for f in found.findings if f.level == "fail"} == gated
    assert {f.method for f in found.findings} == {"threshold"}
    worse = {s for s in gated if current[s] > stated[s]}
    assert {f.statistic for f in found.findings if f.status is Status.REGRESSED} == worse
    assert {f.rule for f in found.findings} == {"defaults for plain percentiles"}


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param(2.06, "unchanged", id="at"),
        pytest.param(2.061, "regressed", id="just-above"),
    ],
)
def test_the_default_for_a_stated_p95_is_three_percent(current, status):
    found = row_of(judged(percentiles({"p95": 2.0}), percentiles({"p95": current})), statistic="p95")
    assert (found.status, found.limit_text) == (status, "+3%")


def test_a_rule_governs_plain_percentiles_too():
    by = policy(rule(metric="elapsed", statistic="p99", threshold="+50%"))
    found = judged(percentiles({"p99": 1.0}), percentiles({"p99": 1.4}), by)
    assert (row_of(found, statistic="p99").status, row_of(found, statistic="p99").limit) == ("unchanged", 0.5)


def test_raw_values_can_be_compared_with_stated_percentiles():
    values = [i / 100 for i in range(1, 101)]
    found = judged(percentiles({"p95": 0.5}), profile({"elapsed": values}))
    (row,) = found.findings
    assert (row.statistic, row.status, row.current) == ("p95", Status.REGRESSED, pytest.approx(0.9505))


@pytest.mark.parametrize(
    ("floor", "status", "reason"),
    [
        pytest.param(Floor(auto=False, amounts=(("s", 0.2),)), "unchanged", "below-floor", id="below"),
        pytest.param(Floor(auto=False, amounts=(("s", 0.1),)), "regressed", "worse", id="at"),
        pytest.param(Floor(auto=False, amounts=(("s", 0.09),)), "regressed", "worse", id="above"),
        pytest.param(Floor(auto=False, amounts=(("B", 9.0),)), "regressed", "worse", id="of-another-unit"),
        pytest.param(Floor(auto=False), "regressed", "worse", id="none"),
    ],
)
def test_a_change_must_reach_the_stated_floor(floor, status, reason):
    by = policy(rule(metric="elapsed", method="threshold", floor=floor))
    found = judged_values([1.0, 1.0, 1.0], [1.1, 1.1, 1.1], by)
    assert (found.status, found.reason) == (status, reason)


def test_numbers_of_a_negligible_baseline_stay_finite_in_words():
    found = judged_values([5e-324], [1.0], policy(rule(metric="score")), "score")
    assert found.status is Status.REGRESSED
    assert found.change is None or math.isfinite(found.change) or found.change == math.inf


def test_a_metric_of_the_program_itself_is_a_warning_by_default():
    found = row_of(judged(profile({ELAPSED: [1.0], SCORE: [1.0]}), profile({ELAPSED: [1.0], SCORE: [2.0]})), "score")
    assert (found.status, found.level, found.reason) == (Status.ADVISORY, "warn", "not-gated")


def test_a_benchmark_without_a_time_or_a_size_is_gated_by_what_it_has():
    found = row_of(judged(profile({SCORE: [1.0]}), profile({SCORE: [2.0]})), "score")
    assert (found.status, found.level) == (Status.REGRESSED, "fail")


@pytest.mark.parametrize("metric", ["time", "real_time", "response_time", "duration", "latency", "value"])
def test_what_other_tools_call_the_time_is_gated(metric):
    own = Metric(name=metric, unit="s", better="lower")
    found = row_of(judged(profile({own: [1.0], SCORE: [1.0]}), profile({own: [2.0], SCORE: [1.0]})), metric)
    assert (found.status, found.level) == (Status.REGRESSED, "fail")

    assert row_of(judged(profile({ELAPSED: [1.0]}), profile({ELAPSED: [2.0]}))).level == "fail"


@pytest.mark.parametrize(
    ("base", "now", "status"),
    [
        pytest.param((0, 40), (1, 40), "suspected", id="one-more"),
        pytest.param((0, 40), (9, 40), "regressed", id="nine-more"),
        pytest.param((10, 900), (21, 900), "suspected", id="twice-as-many"),
        pytest.param((10, 900), (40, 900), "regressed", id="four-times-as-many"),
        pytest.param((100, 10_000), (190, 10_000), "unchanged", id="not-one-in-a-hundred-more"),
        pytest.param((0, 20), (20, 20), "regressed", id="all"),
    ],
)
def test_more_failures_than_before_fail_when_their_counts_prove_it(base, now, status):
    sides = profile({"error_rate": counted(a=base)}), profile({"error_rate": counted(b=now)})
    found = row_of(judged(*sides), "error_rate")
    assert (found.status, found.n_baseline, found.n_current) == (status, base[1], now[1])


def test_calls_that_prove_nothing_are_counted_in_the_message():
    sides = profile({"error_rate": counted(a=(0, 70))}), profile({"error_rate": counted(b=(1, 70))})
    assert row_of(judged(*sides), "error_rate").message == "1 of 70 calls, after 0 of 70"


def test_who_asks_for_the_plain_ratio_of_a_share_gets_it():
    sides = profile({"error_rate": counted(a=(0, 40))}), profile({"error_rate": counted(b=(1, 40))})
    plain = policy(rule(metric="error_rate", method="threshold", threshold="+0.01 1"))
    assert row_of(judged(*sides, plain), "error_rate").status is Status.REGRESSED


def test_fewer_answers_from_the_cache_count_as_more_that_are_none():
    sides = profile({"cache_hit_rate": counted(a=(90, 100))}), profile({"cache_hit_rate": counted(b=(80, 100))})
    gated = policy(rule(metric="cache_hit_rate"))
    assert row_of(judged(*sides, gated), "cache_hit_rate").status is Status.SUSPECTED
    sides = profile({"cache_hit_rate": counted(a=(900, 1000))}), profile({"cache_hit_rate": counted(b=(800, 1000))})
    assert row_of(judged(*sides, gated), "cache_hit_rate").status is Status.REGRESSED


def test_a_share_of_none_in_one_session_of_several_has_no_logarithm():
    base, now = counted(a=(0, 400), b=(3, 400), c=(5, 400)), counted(d=(4, 400))
    found = row_of(judged(profile({DEADLINE_MISS: base}), profile({DEADLINE_MISS: now})), DEADLINE_MISS.name)
    assert (found.method, found.n_baseline) == ("threshold", 1200)
