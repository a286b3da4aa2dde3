from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from scipy import stats

from perfgate.stats.leave_one_out import alarm_rate

LAWS = laws(200)
SHARES = st.lists(st.floats(-5, 50) | st.just(math.inf), min_size=3, max_size=12)


@pytest.mark.parametrize("shares", [[], [0.5], [0.5, 0.2]], ids=["none", "one", "two"])
def test_two_sessions_say_nothing(shares):
    with pytest.raises(ValueError, match="at least 3"):
        alarm_rate(shares)


def test_the_rate_is_the_law_of_the_scatter_and_the_count_by_their_weights():
    # By hand: the 70 % quantile of 0.1 0.2 0.3 0.4 2.0 is 0.38; 1 - 0.7**(0.38**2) = 0.0502; (5 * 0.0502 + 1) / 10.
    rate = alarm_rate([0.2, 2.0, 0.1, 0.4, 0.3])
    assert (rate.sessions, rate.failed) == (5, 1)
    assert rate.expected == pytest.approx(0.12510, abs=5e-6)


def test_the_ends_are_those_of_a_beta_law():
    rate = alarm_rate([0.2, 2.0, 0.1, 0.4, 0.3])
    worth = rate.expected * 10
    assert rate.low == pytest.approx(stats.beta.ppf(0.05, worth + 0.5, 10.5 - worth), rel=1e-6)
    assert rate.high == pytest.approx(stats.beta.ppf(0.95, worth + 0.5, 10.5 - worth), rel=1e-6)


@pytest.mark.parametrize(
    ("shares", "least", "most"),
    [
        pytest.param([0.0] * 5, 0.0, 0.0, id="nothing-moves"),
        pytest.param([-3.0] * 5, 0.0, 0.0, id="everything-gets-better"),
        pytest.param([0.1] * 10, 0.0, 0.002, id="quiet"),
        pytest.param([math.inf] * 5, 0.99, 1.0, id="no-change-is-allowed-and-all-change"),
        pytest.param([1.0] * 5, 0.1, 0.2, id="exactly-at-the-limit-is-no-failure"),
    ],
)
def test_extreme_baselines_have_extreme_rates(shares, least, most):
    assert least <= alarm_rate(shares).expected <= most


@LAWS
@given(SHARES, st.randoms(use_true_random=False))
def test_the_order_of_the_sessions_does_not_matter_and_the_rate_lies_in_its_interval(shares, rng):
    shuffled = rng.sample(shares, len(shares))
    rate = alarm_rate(shares)
    assert alarm_rate(shuffled) == rate
    assert 0.0 <= rate.low <= rate.expected <= rate.high <= 1.0
    assert (rate.low == 0.0) is (rate.failed == 0)


@LAWS
@given(SHARES, st.floats(1.0, 4.0))
def test_noisier_sessions_never_lower_the_rate(shares, factor):
    assert alarm_rate([max(s, s * factor) for s in shares]).expected >= alarm_rate(shares).expected


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "sessions"), [(0.3, 3), (0.15, 5), (0.3, 5), (0.3, 10)])
def test_where_the_law_holds_the_rate_is_true_in_the_mean(scale, sessions):
    """Largest shares that follow the law itself: the mean of many rates is the share that truly fails."""
    rng = random.Random(7)
    truth = -math.expm1(-(scale**2))
    rates = [
        alarm_rate([scale / math.sqrt(-math.log(1 - rng.random())) for _ in range(sessions)]).expected
        for _ in range(700)
    ]
    assert 0.8 * truth < sum(rates) / len(rates) < 1.6 * truth + 0.002
