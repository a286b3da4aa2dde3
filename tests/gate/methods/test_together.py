"""Rows that got worse together, and what a metric's sessions are expected to differ by."""

from __future__ import annotations

import math

import pytest
from gate_cases import judged_values, policy, profile, rule

from perfgate.core.finding import WHOLE_SUITE, Status
from perfgate.core.metrics import Metric
from perfgate.core.policy import Floor
from perfgate.gate.judge import Pair, judge

FLAT = 1.0001  # every value of a side, so that nothing but the prior makes the limits
SIZE = Metric(name="artifact", unit="B", better="lower")
ALLOCATIONS = Metric(name="allocs", unit="1", better="lower")


def family(worse, factor, *, size=20, baseline=1, fresh=1, level="fail", metric="elapsed"):
    """Return the p50 rows of a check in which the first benchmarks got worse by a factor."""
    pairs = []
    for i in range(size):
        now = FLAT * (factor if i < worse else 1.0)
        base = profile({metric: {f"s{k}": [FLAT] * 3 for k in range(baseline)}}, name=f"b{i:03}", machine="")
        current = profile({metric: {f"now{k}": [now] * 3 for k in range(fresh)}}, name=f"b{i:03}", machine="")
        pairs.append(Pair(base=base, current=current))
    by = policy(rule(metric="*", level=level), floor=Floor(auto=False))
    return [f for f in judge(pairs, by).findings if f.statistic == "p50" and f.benchmark != WHOLE_SUITE]


def failed(findings):
    """Return how many rows fail."""
    return sum(f.status is Status.REGRESSED for f in findings)


def beyond(rows, size=20, prior=0.025):
    """Return the factor beyond which so many rows of a family fail, by the published formula, with one session."""
    k_out = 2 * 2 * math.sqrt(size / min(rows, max(3, size / 4)))
    return math.exp(k_out * prior * math.sqrt(2))


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_so_many_rows_fail_exactly_beyond_the_limit_of_so_many(rows):
    assert failed(family(rows, beyond(rows) * 1.001)) == rows
    assert failed(family(rows, beyond(rows) * 0.999)) == 0


def test_beyond_a_quarter_of_the_rows_more_of_them_lower_the_limit_no_further():
    assert failed(family(7, beyond(5) * 1.001)) == 7
    assert failed(family(7, beyond(5) * 0.999)) == 0


def test_a_row_that_would_not_fail_alone_says_how_many_others_got_worse():
    together, alone = family(4, 1.5), family(1, 1.5)
    assert failed(alone) == 0
    told = {f.message for f in together if f.status is Status.REGRESSED}
    assert told == {"judged together with 3 others that got worse: so many at once are hardly chance"}
    certain = [f.message for f in family(4, 4.0) if f.status is Status.REGRESSED]
    assert not any("beside" in message for message in certain)


def test_the_limit_of_a_row_that_holds_is_the_one_beside_the_rows_that_fail():
    (limit,) = {f.detectable for f in family(3, 3.0) if f.status is Status.TOO_NOISY}
    assert limit == pytest.approx(beyond(4) - 1, rel=1e-6)


def test_rows_that_got_worse_within_their_threshold_help_no_other():
    # Each is slower by less than it may be; the first alone is beyond its threshold.
    rows = [1.4, *[1.049] * 9, *[1.0] * 10]
    pairs = [
        Pair(
            base=profile({"elapsed": {"s0": [FLAT] * 3}}, name=f"b{i}", machine=""),
            current=profile({"elapsed": {"now": [FLAT * factor] * 3}}, name=f"b{i}", machine=""),
        )
        for i, factor in enumerate(rows)
    ]
    found = [f for f in judge(pairs, policy()).findings if f.benchmark == "b0" and f.statistic == "p50"]
    assert [f.status for f in found] == [Status.SUSPECTED]


def test_rows_that_are_not_gated_help_no_other_and_none_of_them_fails():
    assert failed(family(5, 5.0, level="warn")) == 0


def test_where_the_number_of_rows_makes_the_limit_large_the_row_says_so():
    assert {f.reason for f in family(0, 1.0, size=400, baseline=3)} == {"many-rows"}
    assert {f.reason for f in family(0, 1.0, size=400, baseline=1)} == {"one-session"}
    assert {f.reason for f in family(0, 1.0, size=2, baseline=3)} == {"within-noise"}


def test_improvements_are_not_called_earlier_beside_rows_that_got_worse():
    faster = 1 / (beyond(1) * 0.99)
    pairs = [
        Pair(
            base=profile({"elapsed": {"s0": [FLAT] * 3}}, name=f"b{i}", machine=""),
            current=profile({"elapsed": {"now": [FLAT * factor] * 3}}, name=f"b{i}", machine=""),
        )
        for i, factor in enumerate([faster, *[4.0] * 4, *[1.0] * 15])
    ]
    statuses = {f.benchmark: f.status for f in judge(pairs, policy()).findings if f.statistic == "p50"}
    assert statuses["b0"] is Status.UNCHANGED
    assert statuses["b1"] is Status.REGRESSED


@pytest.mark.parametrize(
    ("metric", "machine", "prior"),
    [
        pytest.param("elapsed", "m", 0.02, id="time-on-one-machine"),
        pytest.param("elapsed", "", 0.05, id="time-on-another"),
        pytest.param("peak_memory", "m", 0.01, id="memory-on-one-machine"),
        pytest.param("peak_memory", "", 0.02, id="memory-on-another"),
        pytest.param(SIZE, "", 0.02, id="bytes-of-the-users-own"),
        pytest.param(ALLOCATIONS, "", 0.005, id="allocations"),
    ],
)
def test_each_metric_has_its_own_prior(metric, machine, prior):
    by = policy(rule(metric="*", level="fail", threshold="+0.1%"), floor=Floor(auto=False))
    limit = math.exp(4 * prior * math.sqrt(2))  # one row, one session
    name = metric if isinstance(metric, str) else metric.name

    def status(factor):
        sides = [{metric: {"s0": [100.0, 100.0, 100.0]}}, {metric: {"now": [100.0 * factor] * 3}}]
        base, now = (profile(side, machine=machine) for side in sides)
        return next(f for f in judge([Pair(base=base, current=now)], by).findings if f.metric == name)

    if metric in (SIZE, ALLOCATIONS):  # without any spread they would be compared exactly
        sides = {"s0": [99.999, 100.0, 100.001]}, {"now": [limit * 1.001 * v for v in (99.999, 100.0, 100.001)]}
        pair = [profile({metric: side}, machine=machine) for side in sides]
        found = next(f for f in judge([Pair(base=pair[0], current=pair[1])], by).findings if f.metric == name)
        assert (found.method, found.status) == ("across-sessions", Status.REGRESSED)
        assert found.detectable == pytest.approx(limit - 1, rel=0.01)
        return
    assert status(limit * 1.001).status is Status.REGRESSED
    assert status(limit * 0.999).status is Status.SUSPECTED


def test_memory_that_grew_in_all_benchmarks_is_not_taken_for_the_speed_of_a_machine():
    found = family(8, 1.6, size=8, metric="peak_memory")
    assert [f.status for f in found] == [Status.REGRESSED] * 8
    assert {f.evidence.shift for f in found} == {0.0}
    beside = family(8, 1.6, size=8)  # of a time the suite as a whole fails in their place
    assert failed(beside) == 0


def test_memory_that_varies_inside_a_session_is_expected_to_vary_between_them():
    noisy = [95.0, 100.0, 105.0, 98.0, 102.0]
    by = policy(floor=Floor(auto=False))
    quiet = judged_values({"s0": [100.0] * 5}, {"now": [110.0] * 5}, by, "peak_memory", machine="")
    found = judged_values({"s0": noisy}, {"now": [v * 1.1 for v in noisy]}, by, "peak_memory", machine="")
    assert found.detectable > 2 * quiet.detectable
    within = found.evidence.within
    assert found.evidence.prior == pytest.approx(math.hypot(0.02, 1.5 * within))


def test_rows_that_two_sessions_confirm_together_say_both():
    alone = failed(family(1, 1.2, fresh=2))
    told = {f.message for f in family(4, 1.2, fresh=2) if f.status is Status.REGRESSED}
    assert alone == 0
    assert told == {
        (
            "all 2 fresh sessions show it; judged together with 3 others that got worse: so many at once are hardly "
            "chance"
        )
    }
