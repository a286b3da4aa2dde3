"""Metrics that never vary: no noise of machines is assumed where there is none."""

from __future__ import annotations

import pytest
from gate_cases import judged, policy, profile, row_of, rule

from perfgate.core.finding import Status
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, Metric

RECALL = Metric(name="recall", unit="1", better="higher")
SIZE = Metric(name="wheel", unit="B", better="lower")
CALLS = Metric(name="function_calls", unit="1", better="lower")
TIME = Metric(name="wait", unit="s", better="lower")
HITS = Metric(name="hits", unit="1/s", better="higher")
GATED = policy(rule(metric="recall", threshold="-1%", level="fail"))


def sessions(value: float, count: int = 1, runs: int = 4) -> dict[str, list[float]]:
    return {f"s{i}": [value] * runs for i in range(count)}


def now(value: float, runs: int = 4) -> dict[str, list[float]]:
    return {"now": [value] * runs}


def one(base, current, by, metric):
    """Judge one metric and return its p50."""
    return row_of(judged(profile({metric: base}), profile({metric: current}), by), metric.name)


@pytest.mark.parametrize(
    ("current", "status"),
    [(0.90, Status.UNCHANGED), (0.8911, Status.UNCHANGED), (0.8909, Status.REGRESSED), (0.95, Status.IMPROVED)],
)
@pytest.mark.parametrize("count", [1, 5])
def test_an_accuracy_that_never_varies_fails_just_beyond_its_threshold(count, current, status):
    found = one(sessions(0.90, count), now(current), GATED, RECALL)
    assert (found.status, found.method) == (status, "exact")


def test_a_metric_of_ones_own_warns_when_it_gets_worse():
    side = profile({ELAPSED: sessions(1.0, 5), SIZE: sessions(1000.0, 5)})
    worse = profile({ELAPSED: now(1.0), SIZE: now(1100.0)})
    found = row_of(judged(side, worse), "wheel")
    assert (found.status, found.level, found.method) == (Status.ADVISORY, "warn", "exact")


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3), (8, 2)])
def test_three_equal_values_on_one_side_are_enough_for_the_exact_rule(before, after):
    found = one(sessions(0.9, runs=before), now(0.85, runs=after), GATED, RECALL)
    assert (found.status, found.method) == (Status.REGRESSED, "exact")


@pytest.mark.parametrize("metric", [ELAPSED, PEAK_MEMORY, TIME, HITS], ids=lambda m: m.name)
def test_what_a_clock_or_the_machine_decides_is_never_exact_however_round_it_is(metric):
    found = one(sessions(50.0, 5), now(50.0), policy(rule(metric=metric.name, level="fail")), metric)
    assert found.method == "across-sessions"


@pytest.mark.parametrize(
    ("base", "current"),
    [
        pytest.param({"a": [0.9, 0.9, 0.9], "b": [0.91, 0.91, 0.91]}, now(0.9), id="sessions-apart"),
        pytest.param({"a": [0.9, 0.91, 0.9]}, now(0.9), id="runs-apart"),
        pytest.param(sessions(0.9), {"now": [0.9, 0.9, 0.89]}, id="current-runs-apart"),
        pytest.param(sessions(0.9, runs=2), now(0.9, runs=2), id="two-runs-on-each-side"),
    ],
)
def test_a_metric_that_varies_at_all_or_of_which_little_is_known_is_judged_by_its_spread(base, current):
    assert one(base, current, GATED, RECALL).method != "exact"


def test_a_count_that_is_exact_by_nature_is_gated_and_exact_without_a_rule():
    base = profile({ELAPSED: sessions(1.0), CALLS: {"s0": [900.0, 901.0]}})
    current = profile({ELAPSED: now(1.0), CALLS: {"now": [990.0, 990.0]}})
    found = row_of(judged(base, current), "function_calls")
    assert (found.status, found.level, found.method) == (Status.REGRESSED, "fail", "exact")


def test_exact_rows_take_no_share_of_the_accepted_false_alarms():
    base = profile({ELAPSED: sessions(1.0, 5), CALLS: sessions(900.0, 5)})
    current = profile({ELAPSED: now(1.0), CALLS: now(900.0)})
    assert judged(base, current).gated == 1
