"""Laws of judging: nothing from nothing, slower never helps, and neither units nor order decide."""

from __future__ import annotations

import random

import pytest
from gate_cases import MILDEST_FIRST, judged, judged_values, lognormal, policy, profile, rule, scaled
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import DEAR_LAWS

from perfgate.core.finding import FAILED, HOLDS, Status
from perfgate.core.policy import Floor
from perfgate.gate.judge import Pair, judge
from perfgate.report.words import percent

# Where nothing is gated by the floor alone, the size of the values cannot matter.
OPEN = Floor(auto=False)
BY = policy(rule(metric="rate", threshold="-5%"), floor=OPEN)
PLAIN = policy(rule(method="threshold", level="fail"), floor=OPEN)

VALUES = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=12)
CALM = st.lists(st.floats(0.9, 1.1), min_size=5, max_size=12)
SESSIONS = st.lists(CALM, min_size=1, max_size=4).map(lambda s: {f"s{i}": v for i, v in enumerate(s)})
SIDES = st.tuples(VALUES, VALUES) | st.tuples(CALM, CALM) | st.tuples(SESSIONS, CALM.map(lambda v: {"now": v}))
METRICS = st.sampled_from(["elapsed", "rate", "peak_memory", "score"])
POLICIES = st.sampled_from([BY, PLAIN])
FACTORS = st.floats(1.0, 3.0)


@DEAR_LAWS
@given(values=st.one_of(VALUES, SESSIONS), metric=METRICS, by=POLICIES)
def test_a_sample_against_itself_never_regresses(values, metric, by):
    found = judged_values(values, values, by, metric)
    assert found.status in HOLDS


@DEAR_LAWS
@given(sides=SIDES, factor=FACTORS, metric=METRICS, by=POLICIES)
def test_slower_never_helps(sides, factor, metric, by):
    base, current = sides
    if not isinstance(base, dict):  # breaking a tie upwards can raise a p-value a little, by the test's own account
        values = [*base, *current, *scaled(current, factor)]
        assume(factor == 1.0 or len({round(v, 9) for v in values}) == len(values))
    worse = scaled(current, factor if metric != "rate" else 1 / factor)
    before, after = (judged_values(base, c, by, metric) for c in (current, worse))
    assert severity_of(after) >= severity_of(before)


def severity_of(found):
    """Return how bad a status is; what is not gated is as bad as what would have failed."""
    return MILDEST_FIRST.index(Status.REGRESSED if found.status is Status.ADVISORY else found.status)


@DEAR_LAWS
@given(sides=SIDES, factor=st.sampled_from([2.0**-20, 0.5, 4.0, 2.0**30]), metric=METRICS, by=POLICIES)
def test_the_size_of_the_values_changes_no_status(sides, factor, metric, by):
    found = judged_values(*sides, by, metric)
    other = judged_values(*(scaled(s, factor) for s in sides), by, metric)
    assert (other.status, other.reason, other.method) == (found.status, found.reason, found.method)
    assert other.change == pytest.approx(found.change, rel=1e-9, abs=1e-12)


@DEAR_LAWS
@given(sides=SIDES, seed=st.integers(0, 99), metric=METRICS)
def test_the_order_of_runs_changes_nothing(sides, seed, metric):
    dice = random.Random(seed)

    def mixed(values):
        if isinstance(values, dict):
            return {s: mixed(v) for s, v in values.items()}
        return dice.sample(values, len(values))

    assert judged_values(*map(mixed, sides), BY, metric) == judged_values(*sides, BY, metric)


@DEAR_LAWS
@given(seed=st.integers(0, 999), size=st.integers(1, 6))
def test_the_order_of_benchmarks_changes_nothing(seed, size):
    dice = random.Random(seed)
    pairs = [
        Pair(
            base=profile({"elapsed": lognormal(seed + i, 8), "peak_memory": [1e6, 2e6]}, name=f"b{i}"),
            current=profile({"elapsed": lognormal(seed - i, 8, centre=dice.choice([1, 2]))}, name=f"b{i}"),
        )
        for i in range(size)
    ]
    assert judge(dice.sample(pairs, size), policy()) == judge(pairs, policy())


@DEAR_LAWS
@given(sides=SIDES, factor=FACTORS, metric=METRICS, by=POLICIES)
def test_a_failed_rows_change_lies_beyond_its_limit_and_never_reads_like_it(sides, factor, metric, by):
    base, current = sides
    found = judged_values(base, scaled(current, factor if metric != "rate" else 1 / factor), by, metric)
    if found.status in FAILED:
        assert found.change > found.limit if metric != "rate" else found.change < found.limit
        assert percent(found.change, apart_from=found.limit) != percent(found.limit)


@DEAR_LAWS
@given(base=CALM, excess=st.floats(1e-11, 1e-3), metric=st.sampled_from(["elapsed", "rate"]))
def test_a_change_just_beyond_three_percent_is_never_printed_as_three_percent(base, excess, metric):
    by = policy(rule(metric="*", method="threshold", threshold="+3%", level="fail"), floor=OPEN)
    factor = 1.03 + excess if metric == "elapsed" else 0.97 - excess
    found = judged_values(base, scaled(base, factor), by, metric)
    words = percent(found.change, apart_from=found.limit)
    if found.status is Status.REGRESSED:
        assert words.strip("+-0%") != "3."
        assert words not in {"+3.0%", "-3.0%"}


@DEAR_LAWS
@given(sides=SIDES, metric=METRICS)
def test_the_interval_holds_the_change(sides, metric):
    found = judged_values(*sides, BY, metric)
    if found.interval is not None:
        low, high = found.interval
        slack = 1e-9 * (1 + abs(found.change))
        assert low - slack <= found.change <= high + slack


def test_a_benchmark_with_both_sides_gives_rows_and_nothing_else():
    values = {"elapsed": [1.0, 1.1], "peak_memory": [1e6, 1.1e6], "score": [1.0, 2.0]}
    found = judged(profile(values), profile(values))
    assert sorted((f.metric, f.statistic) for f in found.findings) == [
        ("elapsed", "p50"), ("elapsed", "p95"), ("peak_memory", "p50"), ("score", "p50"),
    ]  # fmt: skip
