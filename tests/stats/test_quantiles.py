"""Quantiles, spread and order statistics against numpy, scipy and published tables."""

from __future__ import annotations

import statistics
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.quantiles import mad, median, order_statistic_interval, quantile, runs_needed_for_bound

LAWS = laws(200)
VALUES = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30)
SHARES = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        pytest.param(0.0, 15.0, id="at-the-lower-end"),
        pytest.param(0.25, 20.0, id="on-a-value"),
        pytest.param(0.4, 29.0, id="between-values"),
        pytest.param(0.5, 35.0, id="median"),
        pytest.param(0.95, 48.0, id="p95"),
        pytest.param(1.0, 50.0, id="at-the-upper-end"),
    ],
)
def test_a_worked_example_gives_the_known_quantiles(q, expected):
    assert quantile([15, 20, 35, 40, 50], q) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 59, 1000, 20_000])
@pytest.mark.parametrize("q", [0.0, 0.05, 0.5, 0.95, 0.999, 1.0])
def test_quantiles_are_those_of_numpy(n, q):
    ordered = np.sort(np.random.default_rng(n).lognormal(size=n))
    expected = float(np.quantile(ordered, q))
    assert quantile(ordered.tolist(), q) == pytest.approx(expected, rel=1e-14)
    assert quantile(ordered, q) == quantile(ordered.tolist(), q)  # type: ignore[arg-type]


@LAWS
@given(VALUES, SHARES)
def test_a_quantile_lies_between_its_neighbours_and_the_ends(values, q):
    ordered = sorted(values)
    place = int((len(ordered) - 1) * q)
    found = quantile(ordered, q)
    assert ordered[place] <= found <= ordered[min(place + 1, len(ordered) - 1)]
    assert (quantile(ordered, 0.0), quantile(ordered, 1.0)) == (ordered[0], ordered[-1])


@LAWS
@given(VALUES, SHARES, SHARES)
def test_a_larger_q_never_gives_a_smaller_quantile(values, one, other):
    ordered = sorted(values)
    assert quantile(ordered, min(one, other)) <= quantile(ordered, max(one, other))


@pytest.mark.parametrize(
    ("ordered", "q", "message"),
    [
        pytest.param([], 0.5, "at least one value", id="empty"),
        pytest.param([1.0], -0.001, "must lie in", id="just-below-zero"),
        pytest.param([1.0], 1.001, "must lie in", id="just-above-one"),
        pytest.param([1.0], float("nan"), "must lie in", id="not-a-number"),
    ],
)
def test_an_impossible_quantile_is_refused(ordered, q, message):
    with pytest.raises(ValueError, match=message):
        quantile(ordered, q)


def test_median_and_mad_of_a_worked_example():
    assert median([9, 1, 6, 2, 4, 1, 2]) == 2.0
    assert mad([9, 1, 6, 2, 4, 1, 2]) == 1.0
    assert (median([3.0]), mad([3.0])) == (3.0, 0.0)


@LAWS
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30))
def test_median_and_mad_are_those_of_the_libraries(values):
    assert median(values) == pytest.approx(statistics.median(values), rel=1e-12, abs=1e-6)
    assert mad(values) == pytest.approx(scipy.stats.median_abs_deviation(values), rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("measure", [median, mad])
def test_an_empty_sample_has_no_median_and_no_spread(measure):
    with pytest.raises(ValueError, match="at least one value"):
        measure([])


@pytest.mark.parametrize(
    ("n", "q", "confidence", "expected"),
    [
        pytest.param(5, 0.5, 0.95, (None, None), id="median-of-5-has-no-95-%-interval"),
        pytest.param(6, 0.5, 0.95, (0, 5), id="median-of-6-is-the-range"),
        pytest.param(10, 0.5, 0.95, (1, 8), id="median-of-10"),
        pytest.param(20, 0.5, 0.95, (5, 14), id="median-of-20"),
        pytest.param(25, 0.5, 0.95, (7, 17), id="median-of-25"),
        pytest.param(58, 0.95, 0.90, (51, None), id="p95-of-58-has-no-upper-bound"),
        pytest.param(59, 0.95, 0.90, (52, 58), id="p95-of-59-has-one"),
        pytest.param(71, 0.95, 0.95, (62, None), id="p95-two-sided-just-below"),
        pytest.param(72, 0.95, 0.95, (63, 71), id="p95-two-sided"),
        pytest.param(59, 0.05, 0.90, (0, 6), id="p05-of-59-mirrors-p95"),
        pytest.param(1, 0.5, 0.95, (None, None), id="one-run"),
        pytest.param(5, 0.5, 0.9375, (0, 4), id="a-limit-met-exactly"),
    ],
)
def test_order_statistics_bound_a_quantile_as_in_the_tables(n, q, confidence, expected):
    assert order_statistic_interval(n, q, confidence) == expected


@pytest.mark.parametrize("n", [1, 2, 7, 40, 59, 100, 300, 5000])
@pytest.mark.parametrize("q", [0.05, 0.25, 0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_each_end_is_the_tightest_that_holds_its_confidence(n, q, confidence):
    below, tail = scipy.stats.binom(n, q), (1 - confidence) / 2 * (1 + 1e-12)
    lower = max((i for i, share in enumerate(below.cdf(range(n))) if share <= tail), default=None)
    upper = min((i for i, share in enumerate(below.sf(range(n))) if share <= tail), default=None)
    assert order_statistic_interval(n, q, confidence) == (lower, upper)


@pytest.mark.parametrize(
    ("q", "confidence", "expected"),
    [
        pytest.param(0.95, 0.95, 59, id="p95-at-95-%"),
        pytest.param(0.99, 0.95, 299, id="p99-at-95-%"),
        pytest.param(0.90, 0.95, 29, id="p90-at-95-%"),
        pytest.param(0.95, 0.99, 90, id="p95-at-99-%"),
        pytest.param(0.5, 0.95, 5, id="median-at-95-%"),
        pytest.param(0.5, 0.75, 2, id="met-exactly"),
        pytest.param(0.1, 0.9, 1, id="met-exactly-but-for-rounding"),
        pytest.param(0.01, 0.5, 1, id="never-less-than-one"),
    ],
)
def test_runs_needed_for_an_upper_bound(q, confidence, expected):
    assert runs_needed_for_bound(q, confidence) == expected


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: order_statistic_interval(0, 0.5), id="no-runs"),
        pytest.param(lambda: order_statistic_interval(5, 0.0), id="q-zero"),
        pytest.param(lambda: order_statistic_interval(5, 1.0), id="q-one"),
        pytest.param(lambda: order_statistic_interval(5, 0.5, 1.0), id="certainty"),
        pytest.param(lambda: runs_needed_for_bound(1.0, 0.95), id="bound-of-the-maximum"),
        pytest.param(lambda: runs_needed_for_bound(0.95, 0.0), id="no-confidence"),
    ],
)
def test_an_impossible_bound_is_refused(call):
    with pytest.raises(ValueError, match="must"):
        call()


def test_the_whole_wing_loads_no_heavy_library():
    program = (
        "import sys\n"
        "from perfgate.stats import distributions, medians, multiplicity, pairs, quantiles\n"
        "from perfgate.stats import ranks, sessions, shifts, tails\n"
        "medians.median_ratio_interval([1.0, 2.0] * 20, [1.0, 2.0] * 20)\n"
        "print(*sorted({'numpy', 'scipy', 'statistics', 'random', 'decimal'} & set(sys.modules)))"
    )
    heard = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert heard.stdout.strip() == ""
