"""The Hodges-Lehmann shift: brute force, the test that it inverts, and laws."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.shifts import hodges_lehmann

LAWS = laws(100)
SIDE = st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=15)


def draw(n, seed, centre=0.0):
    noise = random.Random(seed)
    return [noise.gauss(centre, 0.1) for _ in range(n)]


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 8), (10, 10), (20, 20), (25, 30), (300, 200)])
def test_the_shift_is_the_median_of_all_differences(n, m):
    base, current = draw(n, 1), draw(m, 2, 0.05)
    brute = np.median(np.subtract.outer(current, base))
    assert hodges_lehmann(base, current)[0] == pytest.approx(brute, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (5, 9), (10, 10), (20, 20)])
def test_the_ends_are_where_the_exact_rank_test_turns(n, m):
    base, current = draw(n, 3), draw(m, 4, 0.03)
    _, (low, high) = hodges_lehmann(base, current)
    for shift, significant in ((low - 1e-9, True), (low + 1e-9, False), (high - 1e-9, False), (high + 1e-9, True)):
        moved = [c - shift for c in current]
        sides = [
            scipy.stats.mannwhitneyu(moved, base, alternative=a, method="exact").pvalue for a in ("less", "greater")
        ]
        assert (min(sides) <= 0.025) == significant


@pytest.mark.parametrize("n", [10, 30])
def test_the_interval_covers_the_truth_as_promised(n):
    rng = np.random.default_rng(n)
    covered = 0
    for base, current in zip(
        rng.standard_t(2, (600, n)).tolist(), (1 + rng.standard_t(2, (600, n))).tolist(), strict=True
    ):
        _, (low, high) = hodges_lehmann(base, current)
        covered += low <= 1.0 <= high
    assert covered >= 0.935 * 600


def test_so_few_runs_have_a_shift_and_no_interval():
    assert hodges_lehmann([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]) == (1.0, None)


@pytest.mark.parametrize(("n", "m"), [(21, 25), (40, 300), (300, 301)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.9999])
def test_beyond_the_exact_law_the_ends_are_where_the_normal_one_turns(n, m, confidence):
    base, current = draw(n, 7), draw(m, 8, 0.03)
    _, (low, high) = hodges_lehmann(base, current, confidence)
    for shift, significant in ((low - 1e-9, True), (low + 1e-9, False), (high - 1e-9, False), (high + 1e-9, True)):
        moved = [c - shift for c in current]
        sides = [
            scipy.stats.mannwhitneyu(moved, base, alternative=a, method="asymptotic").pvalue
            for a in ("less", "greater")
        ]
        assert (min(sides) <= (1 - confidence) / 2) == significant


def test_ten_thousand_runs_a_side_are_judged_whole():
    base, current = draw(10_000, 5), draw(10_000, 6, 0.02)
    shift, (low, high) = hodges_lehmann(base, current)
    reach = 1.959963984540054 * math.sqrt(10_000**2 / 12 * 20_001)
    for place, target in ((shift, 0.0), (low, -reach), (high, reach)):  # half of the pairs, and the test's limits
        count = [np.searchsorted(np.sort(current), np.array(base) + place + side).sum() for side in (-1e-12, 1e-12)]
        assert count[0] - 1 <= 10_000**2 / 2 + target <= count[1] + 1
    assert high - low == pytest.approx(2 * 1.96 * 0.1 * math.sqrt(2 / 10_000 * math.pi / 3), rel=0.1)


@LAWS
@given(SIDE, SIDE, st.floats(-3.0, 3.0))
def test_it_moves_with_the_samples(base, current, step):
    shift, ends = hodges_lehmann(base, current)
    moved, moved_ends = hodges_lehmann(base, [c + step for c in current])
    assert moved == pytest.approx(shift + step, abs=1e-9)
    if ends and moved_ends:
        assert moved_ends == pytest.approx((ends[0] + step, ends[1] + step), abs=1e-9)
        assert ends[0] <= shift <= ends[1]


@pytest.mark.parametrize(("base", "current", "confidence"), [([], [1.0], 0.9), ([1.0], [], 0.9), ([1.0], [1.0], 1.0)])
def test_impossible_arguments_are_refused(base, current, confidence):
    with pytest.raises(ValueError, match=r"at least one|lie in"):
        hodges_lehmann(base, current, confidence)


@pytest.mark.parametrize("values", [[0.0] * 20, [1e300, -1e300] * 10, [1e-300] * 7])
def test_odd_samples_have_a_finite_shift(values):
    shift, ends = hodges_lehmann(values, values)
    assert shift == 0.0
    assert ends[0] <= 0.0 <= ends[1]
