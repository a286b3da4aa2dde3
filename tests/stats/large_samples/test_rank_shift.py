from __future__ import annotations

import math
import random

import pytest

from perfgate.stats.large_samples.distribution import of_values
from perfgate.stats.large_samples.rank_shift import MOST_POINTS, shift_bounds
from perfgate.stats.shifts import hodges_lehmann


def draw(count, *, factor=1.0, seed=1):
    rng = random.Random(seed)
    return [factor * math.exp(rng.gauss(0, 0.5)) for _ in range(count)]


@pytest.mark.parametrize(("n", "m"), [(12, 15), (60, 90), (400, 300)])
def test_the_bounds_are_the_hodges_lehmann_interval_of_the_logarithms(n, m):
    base, current = draw(n, seed=1), draw(m, factor=1.3, seed=2)
    _, ends = hodges_lehmann([math.log(v) for v in base], [math.log(v) for v in current], 0.9)
    assert shift_bounds(of_values(base), of_values(current), 0.05) == pytest.approx([*map(math.exp, ends)], rel=2e-3)


def test_many_values_are_judged_by_points_and_keep_the_level_of_all():
    base, current = draw(6 * MOST_POINTS, seed=1), draw(6 * MOST_POINTS, factor=1.1, seed=2)
    found = shift_bounds(of_values(base), of_values(current), 0.05)
    assert 1.085 < found.low < 1.1 < found.high < 1.115


@pytest.mark.parametrize(("base", "current"), [([1.0, 2.0], [1.0, 2.0]), ([0.0] * 50, [1.0] * 50)])
def test_there_are_no_bounds_of_too_few_values_nor_of_zeros(base, current):
    assert shift_bounds(of_values(base), of_values(current), 0.05) is None
