"""The bootstrap law of a median against enumeration, resampling and published weights."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from perfgate.stats.medians import median_ratio_interval, resampled_median_law
from perfgate.stats.quantiles import mad, median

LAWS = settings(derandomize=True, database=None, deadline=None, max_examples=100)
SIDE = st.lists(st.integers(1, 50).map(float), min_size=1, max_size=9)


def draw(n, seed, centre=0.0):
    noise = random.Random(seed)  # noqa: S311 - a seeded sample
    return [noise.lognormvariate(centre, 0.1) for _ in range(n)]


def enumerate_medians(values):
    counts = Counter(median(resample) for resample in itertools.product(values, repeat=len(values)))
    return {value: Fraction(count, len(values) ** len(values)) for value, count in counts.items()}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([2.0], id="one"),
        pytest.param([2.0, 1.0], id="two"),
        pytest.param([1.0, 2.0, 4.0], id="three"),
        pytest.param([8.0, 1.0, 2.0, 4.0], id="four"),
        pytest.param([1.0, 2.0, 4.0, 8.0, 16.0], id="five"),
        pytest.param([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], id="six"),
        pytest.param([1.0, 1.0, 2.0, 2.0, 2.0, 3.0], id="six-with-ties"),
        pytest.param([5.0] * 5, id="all-equal"),
    ],
)
def test_the_law_is_that_of_all_resamples(values):
    grid, sums = resampled_median_law(values)
    expected = enumerate_medians(values)
    assert grid == sorted(expected)
    assert sums == pytest.approx([float(s) for s in itertools.accumulate(expected[x] for x in grid)], abs=1e-12)
    assert sums[-1] == 1.0


def test_the_weights_of_thirteen_values_are_those_of_the_binomial_law():
    _, sums = resampled_median_law([float(i) for i in range(1, 14)])
    weights = [b - a for a, b in itertools.pairwise([0.0, *sums])]
    # the 7th of 13 draws is at most the i-th value when at least 7 draws are
    at_most = [binom.sf(6, 13, i / 13) for i in range(14)]
    assert weights == pytest.approx(np.diff(at_most), abs=1e-9)


@pytest.mark.parametrize("n", [30, 31, 199, 200])
def test_the_law_of_many_values_is_whole_and_symmetric(n):
    grid, sums = resampled_median_law([float(i) for i in range(n)])
    weights = np.diff([0.0, *sums])
    assert (weights >= 0.0).all()
    assert float(np.dot(grid, weights)) == pytest.approx((n - 1) / 2, abs=1e-5)


def list_all(base, current, confidence):
    (under, under_sums), (over, over_sums) = resampled_median_law(base), resampled_median_law(current)
    ratios = np.divide.outer(np.array(over), np.array(under)).ravel()
    weights = np.multiply.outer(np.diff([0.0, *over_sums]), np.diff([0.0, *under_sums])).ravel()
    order = np.argsort(ratios, kind="stable")
    sums = np.cumsum(weights[order])
    tail = (1 - confidence) / 2
    places = np.searchsorted(sums, [tail - 1e-9, 1 - tail - 1e-9])
    return tuple(float(ratios[order][place]) for place in places)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (5, 5), (6, 9), (20, 20), (31, 30), (60, 45)])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_the_ends_are_those_of_the_whole_product_of_laws(n, m, confidence):
    base, current = draw(n, 1), draw(m, 2, 0.05)
    assert median_ratio_interval(base, current, confidence) == list_all(base, current, confidence)


@pytest.mark.parametrize(("n", "m"), [(5, 5), (10, 10), (20, 20), (21, 34), (200, 200)])
def test_resampling_by_dice_agrees(n, m):
    base, current = draw(n, 3), draw(m, 4, 0.05)
    dice = np.random.default_rng(11)
    below = np.median(dice.choice(base, (40_000, n)), axis=1)
    above = np.median(dice.choice(current, (40_000, m)), axis=1)
    ratios = np.sort(above / below)
    found = median_ratio_interval(base, current, 0.95)
    # Within what 40 000 throws leave open at a probability of 2.5 %: four deviations.
    slack = 4 * math.sqrt(0.025 * 0.975 / 40_000)
    for end, target in zip(found, (0.025, 0.975), strict=True):
        low, high = np.quantile(ratios, [target - slack, target + slack])
        assert low * (1 - 1e-12) <= end <= high * (1 + 1e-12)


@pytest.mark.parametrize("n", [1, 5, 6, 20, 300])
def test_equal_values_leave_nothing_open(n):
    assert median_ratio_interval([2.0] * n, [3.0] * n) == pytest.approx((1.5, 1.5), rel=1e-12)


def test_coarse_timers_end_on_a_ratio_that_occurs():
    base, current = [1.0, 1.0, 2.0] * 20, [1.0, 2.0, 2.0] * 20
    low, high = median_ratio_interval(base, current)
    assert (low, high) == list_all(base, current, 0.95)


def test_tiny_values_do_not_break_the_search():
    assert median_ratio_interval([1e300] * 3, [1e-300] * 3) == (0.0, 0.0)


@LAWS
@given(SIDE, SIDE)
def test_swapping_the_sides_inverts_the_interval(base, current):
    low, high = median_ratio_interval(base, current, 0.93)
    back_low, back_high = median_ratio_interval(current, base, 0.93)
    assert (low, high) == pytest.approx((1 / back_high, 1 / back_low), rel=1e-12)


@LAWS
@given(SIDE, SIDE, st.sampled_from([0.125, 0.5, 4.0, 1024.0]))
def test_unit_and_order_change_nothing_and_a_factor_scales(base, current, factor):
    low, high = median_ratio_interval(base, current)
    assert median_ratio_interval([b * factor for b in base[::-1]], [c * factor for c in current]) == (
        low,
        high,
    )
    assert median_ratio_interval(base, [c * factor for c in current]) == (low * factor, high * factor)


@LAWS
@given(SIDE, SIDE)
def test_more_confidence_never_narrows(base, current):
    low, high = median_ratio_interval(base, current, 0.8)
    wide_low, wide_high = median_ratio_interval(base, current, 0.99)
    assert wide_low <= low <= high <= wide_high


def test_beyond_two_hundred_values_the_logs_are_taken_as_normal():
    base, current = draw(201, 1), draw(50, 2, 0.05)
    logs = [[math.log(value) for value in side] for side in (base, current)]
    variance = sum(1.571 * (1.4826 * mad(side)) ** 2 / len(side) for side in logs)
    centre, reach = median(logs[1]) - median(logs[0]), 1.959963984540054 * math.sqrt(variance)
    expected = (math.exp(centre - reach), math.exp(centre + reach))
    assert median_ratio_interval(base, current) == pytest.approx(expected, rel=1e-12)


def test_both_ways_agree_where_they_meet():
    base, current = draw(201, 5), draw(201, 6, 0.05)
    exact = median_ratio_interval(base[:200], current[:200])
    normal = median_ratio_interval(base, current)
    assert normal == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize(
    ("base", "current", "confidence", "message"),
    [
        pytest.param([], [1.0], 0.95, "at least one value", id="no-baseline"),
        pytest.param([1.0], [], 0.95, "at least one value", id="no-current"),
        pytest.param([0.0], [1.0], 0.95, "positive", id="a-zero"),
        pytest.param([1.0], [-1.0], 0.95, "positive", id="a-negative"),
        pytest.param([1.0], [math.nan], 0.95, "positive", id="not-a-number"),
        pytest.param([math.inf], [1.0], 0.95, "finite", id="infinite"),
        pytest.param([1.0], [1.0], 1.0, "confidence", id="certainty"),
        pytest.param([1.0], [1.0], 0.0, "confidence", id="no-confidence"),
    ],
)
def test_impossible_arguments_are_refused(base, current, confidence, message):
    with pytest.raises(ValueError, match=message):
        median_ratio_interval(base, current, confidence)


def test_no_values_have_no_law():
    with pytest.raises(ValueError, match="at least one value"):
        resampled_median_law([])
