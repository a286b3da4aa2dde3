"""The rank test with ties: every split enumerated, scipy's permutation test, and what exactness is worth."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.ranks import MOST_EXACT, mann_whitney, smallest_p
from perfgate.stats.tied_ranks import tied_tail

LAWS = laws(150)
COARSE = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=6)


def enumerate_splits(base, current):
    ranks = scipy.stats.rankdata([*base, *current])
    seen = sum(ranks[len(base) :])
    splits = [sum(split) >= seen - 1e-9 for split in itertools.combinations(ranks, len(current))]
    return sum(splits) / len(splits)


@LAWS
@given(COARSE, COARSE)
def test_it_is_the_share_of_all_splits_that_rank_so_high(base, current):
    assert tied_tail(base, current) == pytest.approx(enumerate_splits(base, current), rel=1e-12)
    assert mann_whitney(base, current).p == pytest.approx(enumerate_splits(base, current), rel=1e-12)


@pytest.mark.slow
@LAWS
@given(st.lists(st.floats(0, 1), min_size=2, max_size=2 * MOST_EXACT, unique=True), st.data())
def test_without_ties_it_is_the_law_of_mann_and_whitney(values, data):
    # A side of more than MOST_EXACT runs gets the normal approximation, which is another number.
    cut = data.draw(st.integers(max(1, len(values) - MOST_EXACT), min(MOST_EXACT, len(values) - 1)))
    base, current = values[:cut], values[cut:]
    test = mann_whitney(base, current)
    assert test.exact
    assert tied_tail(base, current) == pytest.approx(test.p, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(20, 20), (3, 20), (20, 7), (10, 10)])
def test_both_tails_and_the_point_between_them_make_one(n, m):
    rng = np.random.default_rng(n + m)
    base, current = rng.integers(0, 9, n).tolist(), rng.integers(0, 9, m).tolist()
    up, down = tied_tail(base, current), tied_tail(current, base)
    assert 1.0 <= up + down <= 2.0
    assert up >= smallest_p(n, m)


@pytest.mark.parametrize("n", [15, 20])
def test_scipys_permutation_test_agrees(n):
    rng = np.random.default_rng(n)
    base, current = rng.integers(0, 30, n), rng.integers(3, 33, n)
    ranks = scipy.stats.rankdata([*base, *current])  # of all runs: a permutation of the sides leaves them as they are
    sampled = scipy.stats.permutation_test(
        (ranks[n:], ranks[:n]), lambda of_current, _, axis: of_current.sum(axis), vectorized=True,
        n_resamples=20_000, alternative="greater", rng=1,
    ).pvalue  # fmt: skip
    assert tied_tail(base.tolist(), current.tolist()) == pytest.approx(sampled, abs=4 * math.sqrt(sampled / 20_000))


@pytest.mark.parametrize("values", [[0.0] * 20, [1e300, 1e-300] * 10, [5.0]])
def test_a_sample_is_never_above_itself(values):
    assert tied_tail(values, values) >= 0.5


def test_a_tie_does_not_cost_the_evidence_of_ten_runs():
    base = [1.00, 1.00, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08]
    assert mann_whitney(base, [b + 0.1 for b in base]).p == pytest.approx(1 / math.comb(20, 10), rel=1e-12)
