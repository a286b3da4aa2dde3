"""Intervals for medians: exact coverage, a published example, and laws."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.medians import FEWEST, median_interval, median_ratio_interval
from perfgate.stats.quantiles import median

LAWS = laws(100)
SIDE = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=30)
CONFIDENCE = st.floats(0.5, 0.999)


def draw(n, seed, centre=0.0):
    noise = random.Random(seed)
    return [noise.lognormvariate(centre, 0.1) for _ in range(n)]


@pytest.mark.parametrize("n", [6, 7, 10, 20, 51, 200, 5000])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_the_ends_lie_between_the_pairs_whose_coverages_enclose_the_confidence(n, confidence):
    ordered = [float(i) for i in range(n)]
    low, high = median_interval(ordered, confidence)
    assert low + high == pytest.approx(n - 1)
    wide, narrow = math.floor(low), math.floor(low) + 1
    assert 1 - 2 * scipy.stats.binom.cdf(wide, n, 0.5) >= confidence - 1e-12
    assert 1 - 2 * scipy.stats.binom.cdf(narrow, n, 0.5) < confidence


def test_a_worked_example_by_hand():
    """n = 10: [item 2, item 9] covers 97.85 %, [item 3, item 8] 89.06 %; 95 % lies between."""
    part = (1002 / 1024 - 0.95) / (1002 / 1024 - 912 / 1024)
    share = 8 * part / (2 + 6 * part)
    ordered = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]
    assert median_interval(ordered) == pytest.approx((2 + share * 2, 256 - share * 128), rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_few_runs_give_their_extremes(n):
    assert median_interval(sorted(draw(n, 1))) == (min(draw(n, 1)), max(draw(n, 1)))
    assert (2 * 0.5**n > 0.05) == (n < FEWEST)


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("law", ["normal", "skewed", "heavy", "two-peaked"])
def test_the_ratio_of_equal_medians_is_covered_as_often_as_promised(n, law):
    rng = np.random.default_rng(n)
    noise = {
        "normal": lambda size: np.exp(0.05 * rng.standard_normal(size)),
        "skewed": lambda size: 1 + 0.1 * np.exp(rng.standard_normal(size)),
        "heavy": lambda size: np.exp(0.03 * rng.standard_t(2, size)),
        "two-peaked": lambda size: (
            np.where(rng.random(size) < 0.8, 1.0, 1.3) * np.exp(0.01 * rng.standard_normal(size))
        ),
    }[law]
    covered = 0
    for base, current in zip(noise((1000, n)).tolist(), noise((1000, n)).tolist(), strict=True):
        low, high = median_ratio_interval(base, current)
        covered += low <= 1.0 <= high
    assert covered >= 945


def test_it_agrees_with_a_bootstrap_about_the_width():
    base, current = draw(20, 3), draw(20, 4)
    low, high = median_ratio_interval(base, current)
    rng = np.random.default_rng(1)
    picks = [np.median(rng.choice(side, (20_000, 20)), axis=1) for side in (base, current)]
    ends = np.quantile(picks[1] / picks[0], [0.025, 0.975])
    assert math.log(high / low) == pytest.approx(math.log(ends[1] / ends[0]), rel=0.25)


@LAWS
@given(SIDE, SIDE, CONFIDENCE)
def test_it_encloses_the_ratio_itself_and_turns_with_the_sides(base, current, confidence):
    low, high = median_ratio_interval(base, current, confidence)
    ratio = median(current) / median(base)
    assert low <= ratio <= high
    back_low, back_high = median_ratio_interval(current, base, confidence)
    assert (1 / back_high, 1 / back_low) == pytest.approx((low, high), rel=1e-9)


@LAWS
@given(SIDE, SIDE, st.floats(0.1, 10.0))
def test_neither_order_nor_unit_matters(base, current, factor):
    low, high = median_ratio_interval(base, current)
    again = median_ratio_interval([b * factor for b in base[::-1]], [c * factor for c in current])
    assert again == pytest.approx((low, high), rel=1e-9)


@LAWS
@given(SIDE, SIDE)
def test_more_confidence_is_wider(base, current):
    low, high = median_ratio_interval(base, current, 0.8)
    wide_low, wide_high = median_ratio_interval(base, current, 0.99)
    assert wide_low <= low * (1 + 1e-12)
    assert high <= wide_high * (1 + 1e-12)


@pytest.mark.parametrize("n", [1, 2, 10, 10_000])
def test_equal_values_leave_no_doubt(n):
    assert median_ratio_interval([2.0] * n, [3.0] * n) == pytest.approx((1.5, 1.5), rel=1e-12)


@pytest.mark.parametrize(
    ("base", "current", "expected"),
    [
        pytest.param([1e300] * 3, [1e-300] * 3, (0.0, 0.0), id="beyond-the-smallest"),
        pytest.param([1e-300] * 3, [1e300] * 3, (math.inf, math.inf), id="beyond-the-largest"),
    ],
)
def test_ratios_beyond_all_numbers_are_zero_or_without_end(base, current, expected):
    assert median_ratio_interval(base, current) == expected


@pytest.mark.parametrize(
    ("base", "current", "confidence", "message"),
    [
        pytest.param([], [1.0], 0.9, "at least one", id="no-base"),
        pytest.param([1.0], [], 0.9, "at least one", id="no-current"),
        pytest.param([0.0], [1.0], 0.9, "positive", id="zero"),
        pytest.param([1.0], [math.inf], 0.9, "positive", id="infinite"),
        pytest.param([1.0], [math.nan], 0.9, "positive", id="nan"),
        pytest.param([1.0], [1.0], 1.0, "confidence", id="certainty"),
    ],
)
def test_what_makes_no_ratio_is_refused(base, current, confidence, message):
    with pytest.raises(ValueError, match=message):
        median_ratio_interval(base, current, confidence)


def test_no_value_has_no_median():
    with pytest.raises(ValueError, match="at least one"):
        median_interval([])
