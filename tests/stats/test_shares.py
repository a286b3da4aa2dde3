"""What counts prove: against exact sums, scipy and published values."""

import math

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.stats.shares import exceeds_p, fewest_hits, more_hits_p


@pytest.mark.parametrize(
    ("of", "needed"), [(50, 3), (200, 6), (1_000, 16), (10_000, 118)], ids=lambda v: f"{v:,}" if v > 20 else str(v)
)
def test_how_many_errors_prove_more_than_one_in_a_hundred(of, needed):
    assert fewest_hits(of, 0.01, 0.05) == needed
    assert scipy.stats.binom.sf(needed - 1, of, 0.01) <= 0.05 < scipy.stats.binom.sf(needed - 2, of, 0.01)


@pytest.mark.parametrize("of", [50, 200, 1_000, 10_000])
def test_a_service_within_its_budget_is_called_above_it_in_at_most_one_check_of_twenty(of):
    needed = fewest_hits(of, 0.01, 0.05)
    assert scipy.stats.binom.sf(needed - 1, of, 0.009) <= 0.05
    assert scipy.stats.binom.sf(needed - 1, of, 0.01) <= 0.05


@LAWS
@given(st.integers(1, 3000), st.floats(0.001, 0.999), st.data())
def test_the_probability_of_a_count_is_the_binomial_one(of, limit, data):
    hits = data.draw(st.integers(0, of))
    assert exceeds_p(hits, of, limit) == pytest.approx(scipy.stats.binom.sf(hits - 1, of, limit), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("hits", "limit", "p"), [(0, 0.0, 1.0), (1, 0.0, 0.0), (5, 1.0, 1.0), (0, 1.0, 1.0)])
def test_a_limit_of_nothing_is_broken_by_the_first_hit_and_one_of_all_by_none(hits, limit, p):
    assert exceeds_p(hits, 5, limit) == p


def test_no_count_proves_more_than_all():
    assert fewest_hits(7, 1.0, 0.05) is None
    assert fewest_hits(2, 0.5, 0.05) is None


@LAWS
@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_two_counts_are_compared_as_by_fishers_exact_test(n1, n2, data):
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    p = scipy.stats.fisher_exact([[k2, n2 - k2], [k1, n1 - k1]], alternative="greater").pvalue
    assert more_hits_p((k1, n1), (k2, n2)) == pytest.approx(p, rel=1e-6, abs=1e-12)


def test_millions_of_calls_cost_no_millions_of_steps():
    assert more_hits_p((10**9, 10**12), (10**9, 10**12)) == pytest.approx(0.5, abs=0.1)
    assert more_hits_p((10**9, 10**12), (2 * 10**9, 10**12)) == 0.0
    assert math.isfinite(more_hits_p((0, 2**53), (2**53, 2**53)))


@pytest.mark.parametrize(
    ("base", "now", "p"),
    [
        pytest.param((2**50, 2**51), (2, 3), 0.5, id="3-calls-after-a-whole-year"),
        pytest.param((2**50, 2**51), (6, 10), 0.376953125, id="10-calls"),
        pytest.param((5, 2**52), (5, 2**52), 0.623046875, id="few-hits-of-very-many"),
        pytest.param((2**52 - 5, 2**52), (2**52 - 5, 2**52), 0.623046875, id="few-misses-of-very-many"),
        pytest.param((2**40, 2**52), (2**40, 2**52), 0.5, id="many-of-very-many"),
        pytest.param((0, 2**53), (0, 2**53), 1.0, id="none"),
        pytest.param((2**53, 2**53), (2**53, 2**53), 1.0, id="all"),
    ],
)
def test_very_many_calls_are_compared_by_the_limits_of_the_law(base, now, p):
    assert more_hits_p(base, now) == pytest.approx(p, rel=2e-3)


@pytest.mark.parametrize("limit", [0.01, 0.5, 1e-9])
def test_a_limit_of_very_many_calls_is_exceeded_by_more_than_chance(limit):
    of = 2**53
    needed = fewest_hits(of, limit, 0.05)
    assert needed == pytest.approx(of * limit + 1.645 * math.sqrt(of * limit * (1 - limit)), rel=1e-3)


def test_both_ways_agree_where_they_meet():
    for base, now in (((300, 60_000_000), (360, 60_000_000)), ((30_000_000, 60_000_000), (30_010_000, 60_000_000))):
        exact = scipy.stats.hypergeom.sf(now[0] - 1, base[1] + now[1], base[0] + now[0], now[1])
        assert more_hits_p(base, now) == pytest.approx(exact, rel=1e-2)


@pytest.mark.parametrize(("base", "now"), [((2, 1), (0, 1)), ((0, 1), (-1, 1)), ((0, 0), (0, 1))])
def test_counts_that_cannot_be_are_refused(base, now):
    with pytest.raises(ValueError, match="hits must lie"):
        more_hits_p(base, now)


def test_a_sum_of_more_terms_than_are_added_is_exact_where_the_last_ones_are_negligible():
    base, now = (150_000, 10**6), (150_600, 10**6)
    exact = scipy.stats.hypergeom.sf(now[0] - 1, 2 * 10**6, base[0] + now[0], 10**6)
    assert more_hits_p(base, now) == pytest.approx(exact, rel=1e-5)
