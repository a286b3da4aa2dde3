"""Tails: scipy agrees, and few runs hold no bound."""

from __future__ import annotations

import math
import random

import pytest
import scipy.stats

from perfgate.stats.tails import log_quantile_error, quantile_bounds, tail_share_p


@pytest.mark.parametrize("n", [1, 2, 5, 28, 29, 58, 59, 60, 298, 299, 1000, 10_000])
@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99])
def test_a_bound_is_the_order_statistic_that_misses_in_one_case_of_twenty(n, q):
    values = [float(i) for i in range(n)]
    random.Random(n).shuffle(values)
    low, high = quantile_bounds(values, q)
    for position in (high, None if high is None else high - 1):
        if position is not None and 0 <= position < n:  # the upper bound misses when more than that many lie below q
            missed = scipy.stats.binom.sf(position, n, q)
            assert (missed <= 0.05 + 1e-12) == (position == high)
    if low is not None:
        assert scipy.stats.binom.cdf(low, n, q) <= 0.05 + 1e-12
    assert (high is None) == (q**n > 0.05)


def test_the_error_of_a_tail_is_that_of_a_normal_sample_when_it_is_one():
    rng = random.Random(3)
    errors = [log_quantile_error([rng.gauss(0.0, 0.1) for _ in range(400)], 0.95) for _ in range(200)]
    density = scipy.stats.norm.pdf(scipy.stats.norm.ppf(0.95)) / 0.1
    assert sum(errors) / 200 == pytest.approx(math.sqrt(0.95 * 0.05 / 400) / density, rel=0.1)


@pytest.mark.parametrize(("n", "known"), [(58, False), (59, True)])
def test_a_tail_of_few_has_no_error(n, known):
    assert (log_quantile_error([0.1 * i for i in range(n)], 0.95) is not None) == known


@pytest.mark.parametrize("values", [[1.0], [2.0] * 100, [1e-300, 1e300] * 50, [0.0] * 59])
def test_odd_samples_have_bounds_or_none(values):
    low, high = quantile_bounds(values, 0.95)
    assert low is None or min(values) <= low <= max(values)
    assert high is None or min(values) <= high <= max(values)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (1, 9), (3, 9), (5, 25), (200, 200), (60, 1000)])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_the_chance_of_so_many_in_a_tail_is_scipys(k, n, share):
    assert tail_share_p(k, n, share) == pytest.approx(scipy.stats.binom.sf(k - 1, n, share), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("k", "n", "share"), [(-1, 5, 0.1), (6, 5, 0.1), (0, 0, 0.1), (1, 5, 0.0), (1, 5, math.nan)])
def test_what_is_no_tail_is_refused(k, n, share):
    with pytest.raises(ValueError, match="must lie"):
        tail_share_p(k, n, share)
