from __future__ import annotations

import math
import random

import pytest

from perfgate.stats.large_samples.distribution import of_buckets, of_values, rank_of
from perfgate.stats.large_samples.quantile_ratio import quantile_ratio_bounds


def draw(count, *, factor=1.0, seed=1):
    rng = random.Random(seed)
    return [factor * math.exp(rng.gauss(0, 0.5)) for _ in range(count)]


def resampled_bounds(base, current, q, level, times=4000):
    """Return the same bounds by drawing resamples, as the textbook has it."""
    rng = random.Random(7)
    at = [rank_of(q, len(side)) - 1 for side in (base, current)]
    ratios = sorted(
        sorted(rng.choices(current, k=len(current)))[at[1]] / sorted(rng.choices(base, k=len(base)))[at[0]]
        for _ in range(times)
    )
    return ratios[int(level * times)], ratios[-1 - int(level * times)]


@pytest.mark.parametrize("q", [0.5, 0.95])
def test_the_bounds_are_those_of_a_drawn_bootstrap(q):
    base, current = draw(150, seed=1), draw(180, factor=1.2, seed=2)
    found = quantile_ratio_bounds(of_values(base), of_values(current), q, 0.05)
    assert found == pytest.approx(resampled_bounds(base, current, q, 0.05), rel=0.02)


def test_the_bounds_turn_with_the_sides():
    base, current = of_values(draw(200, seed=1)), of_values(draw(200, seed=2))
    one, other = quantile_ratio_bounds(base, current, 0.9, 0.01), quantile_ratio_bounds(current, base, 0.9, 0.01)
    assert (1 / one.high, 1 / one.low) == pytest.approx((other.low, other.high), rel=1e-9)


def test_a_smaller_level_gives_wider_bounds_down_to_one_in_a_million():
    base, current = of_values(draw(500, seed=1)), of_values(draw(500, seed=2))
    found = [quantile_ratio_bounds(base, current, 0.95, level) for level in (0.2, 0.05, 0.001, 1e-6)]
    assert [b.low for b in found] == sorted((b.low for b in found), reverse=True)
    assert [b.high for b in found] == sorted(b.high for b in found)
    assert found[-1].low < found[0].low


def test_a_million_values_are_judged_by_a_few_ranks():
    whole = of_buckets([(1.0 + i / 1000, 1000 * i) for i in range(1, 1001)])
    found = quantile_ratio_bounds(whole, whole, 0.95, 0.01)
    assert 0.99 < found.low < 1 < found.high < 1.01


def test_values_in_buckets_widen_the_bounds_to_their_edges():
    base = of_buckets([(0.1, 900), (0.2, 1000)])
    assert quantile_ratio_bounds(base, base, 0.95, 0.05) == (0.5, 2.0)
    unbounded = of_buckets([(0.1, 900), (math.inf, 1000)])
    assert quantile_ratio_bounds(base, unbounded, 0.95, 0.05) == (0.5, math.inf)


def test_two_zeros_are_equal_and_any_value_over_zero_is_infinite():
    zeros, ones = of_values([0.0] * 100), of_values([1.0] * 100)
    assert quantile_ratio_bounds(zeros, zeros, 0.95, 0.05) == (1.0, 1.0)
    assert quantile_ratio_bounds(zeros, ones, 0.95, 0.05) == (math.inf, math.inf)
    assert quantile_ratio_bounds(ones, zeros, 0.95, 0.05) == (0.0, 0.0)


@pytest.mark.parametrize(("q", "level"), [(0.0, 0.05), (1.0, 0.05), (0.95, 0.0), (0.95, 1.0), (math.nan, 0.05)])
def test_a_share_outside_zero_to_one_is_refused(q, level):
    with pytest.raises(ValueError, match="must lie in"):
        quantile_ratio_bounds(of_values([1.0]), of_values([1.0]), q, level)
