"""Normal, t and binomial laws against scipy and printed tables."""

from __future__ import annotations

import math

import pytest
import scipy.special
import scipy.stats

from perfgate.stats import distributions
from perfgate.stats.distributions import (
    _log_beta,
    clopper_pearson,
    incomplete_beta,
    normal_quantile,
    normal_tail,
    t_cdf,
    t_quantile,
)


@pytest.mark.parametrize("df", [0.5, 1, 2, 3, 5, 10, 30, 100.5, 1e4, 1e6, 1e8])
@pytest.mark.parametrize(
    "p", [1e-60, 1e-12, 0.01, 0.49, 0.5, 0.501, 0.55, 0.6, 0.75, 0.9, 0.975, 0.995, 0.9995, 1 - 1e-9]
)
def test_t_quantiles_are_those_of_scipy(p, df):
    assert t_quantile(p, df) == pytest.approx(scipy.stats.t.ppf(p, df), rel=1e-9, abs=0.0)


@pytest.mark.parametrize(
    ("p", "df", "expected"),
    [(0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 5, 2.571), (0.995, 10, 3.169), (0.95, 30, 1.697)],
)
def test_t_quantiles_are_those_of_the_tables(p, df, expected):
    assert round(t_quantile(p, df), 3) == expected


@pytest.mark.parametrize("df", [0.5, 1, 2, 3.7, 30, 1e4])
@pytest.mark.parametrize("t", [-50.0, -2.0, -1e-3, 0.0, 0.3, 1.0, 4.0, 300.0])
def test_the_t_law_is_that_of_scipy(t, df):
    assert t_cdf(t, df) == pytest.approx(scipy.stats.t.cdf(t, df), rel=1e-10, abs=0.0)


@pytest.mark.parametrize("p", [1e-300, 1e-20, 1e-5, 0.0999, 0.1001, 0.3, 0.4999, 0.5, 0.5001, 0.8, 0.975, 1 - 1e-12])
def test_normal_quantiles_are_those_of_scipy(p):
    assert normal_quantile(p) == pytest.approx(scipy.stats.norm.ppf(p), rel=1e-13, abs=0.0)


@pytest.mark.parametrize("z", [-math.inf, -40.0, -1.0, 0.0, 1.96, 8.0, 37.0, math.inf])
def test_normal_tails_are_those_of_scipy(z):
    assert normal_tail(z) == pytest.approx(scipy.stats.norm.sf(z), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("a", [0.3, 1.0, 2.5, 40.0, 3000.0])
@pytest.mark.parametrize("b", [0.5, 1.0, 7.0, 500.0])
@pytest.mark.parametrize("x", [0.0, 1e-6, 0.2, 0.5, 0.9, 0.999999, 1.0])
def test_incomplete_beta_is_that_of_scipy(a, b, x):
    assert incomplete_beta(a, b, x) == pytest.approx(scipy.special.betainc(a, b, x), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("n", [1, 2, 10, 59, 300, 2000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_clopper_pearson_is_that_of_scipy(n, share, confidence):
    k = round(share * n)
    oracle = scipy.stats.binomtest(k, n).proportion_ci(confidence_level=confidence, method="exact")
    assert clopper_pearson(k, n, confidence) == pytest.approx((oracle.low, oracle.high), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize(
    ("k", "n", "expected"),
    [
        pytest.param(0, 10, (0.0, 0.3085), id="no-hits"),
        pytest.param(10, 10, (0.6915, 1.0), id="all-hits"),
        pytest.param(5, 10, (0.1871, 0.8129), id="half"),
        pytest.param(1, 20, (0.0013, 0.2487), id="one-of-twenty"),
    ],
)
def test_clopper_pearson_is_that_of_the_tables(k, n, expected):
    assert clopper_pearson(k, n, 0.95) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: t_quantile(0.0, 3), id="p-zero"),
        pytest.param(lambda: t_quantile(1.0, 3), id="p-one"),
        pytest.param(lambda: t_quantile(0.9, 0.0), id="df-zero"),
        pytest.param(lambda: t_quantile(0.9, math.inf), id="df-infinite"),
        pytest.param(lambda: t_quantile(0.9, 1.01e8), id="df-beyond-the-law"),
        pytest.param(lambda: t_cdf(1.0, -1.0), id="df-negative"),
        pytest.param(lambda: normal_quantile(1.0), id="normal-p-one"),
        pytest.param(lambda: incomplete_beta(0.0, 1.0, 0.5), id="shape-zero"),
        pytest.param(lambda: incomplete_beta(1.0, 1.0, 1.5), id="x-above-one"),
        pytest.param(lambda: clopper_pearson(3, 2, 0.95), id="more-hits-than-trials"),
        pytest.param(lambda: clopper_pearson(0, 0, 0.95), id="no-trials"),
        pytest.param(lambda: clopper_pearson(1, 2, 1.0), id="certainty"),
    ],
)
def test_arguments_outside_their_range_are_refused(call):
    with pytest.raises(ValueError, match=r"must|needs"):
        call()


@pytest.mark.parametrize("df", [0.01, 0.02, 0.03, 0.035])
def test_a_quantile_beyond_all_squares_is_an_overflow(df):
    with pytest.raises(OverflowError):
        t_quantile(0.999999, df)


def test_a_quantile_is_solved_once_for_its_level_and_degrees_of_freedom(monkeypatch):
    distributions._t_upper_quantile.cache_clear()
    first = t_quantile(0.975, 7), t_quantile(0.025, 7)
    monkeypatch.setattr(distributions, "_t_tail", None)  # a call of it would fail
    assert (t_quantile(0.975, 7), t_quantile(0.025, 7)) == first
    assert first[0] == -first[1]


def test_quantiles_that_were_solved_are_kept_in_bounded_memory():
    assert distributions._t_upper_quantile.cache_info().maxsize == distributions.KEPT


def test_a_tail_too_small_for_densities_still_has_its_quantile():
    # Far out the tail of 3 df is 2 * sqrt(3) / (pi * t**3); scipy's answer is twice too small there.
    assert t_quantile(1e-300, 3) == pytest.approx(-((2 * math.sqrt(3) / math.pi) ** (1 / 3)) * 1e100, rel=1e-9)


def test_far_out_the_t_law_is_settled():
    assert (t_cdf(-1e200, 3), t_cdf(1e200, 3), t_cdf(math.inf, 3)) == (0.0, 1.0, 1.0)


def test_a_fraction_that_does_not_settle_says_so(monkeypatch):
    monkeypatch.setattr(distributions, "MOST_STEPS", 3)
    with pytest.raises(ArithmeticError, match="does not settle"):
        incomplete_beta(300.0, 300.0, 0.5)


@pytest.mark.parametrize(("few", "many"), [(1, 1000), (1, 2000), (3, 1000), (2, 5000), (40, 1001)])
def test_the_logarithm_of_a_beta_function_of_many_is_that_of_its_exact_fraction(few, many):
    exact = math.log(math.factorial(few - 1)) - math.log(math.prod(range(many, many + few)))
    assert _log_beta(float(few), float(many)) == pytest.approx(exact, abs=3e-13)
