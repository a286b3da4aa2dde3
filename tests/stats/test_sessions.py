"""The across-sessions model: its table of limits, a worked example and its laws."""

from __future__ import annotations

import math
import random
import statistics

import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats import quantiles, sessions
from perfgate.stats.sessions import CommonShift, compare_sessions, log_interval, session_limit, tail_probability

LAWS = laws(100)
SESSION = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=8)
BASELINE = st.lists(SESSION, min_size=1, max_size=6)
KNOBS = {"prior": 0.02}


@pytest.mark.parametrize(
    ("m", "family", "k_in", "k_out"),
    [
        pytest.param(m, family, *limits, id=f"m={m}-J={family}")
        for m, row in {
            1: [(2.8, 4.0), (4.2, 8.9), (6.0, 17.9)],
            2: [(2.1, 3.0), (3.2, 6.7), (4.5, 13.4)],
            3: [(1.9, 2.7), (2.8, 6.0), (4.0, 11.9)],
            5: [(1.7, 2.4), (2.5, 5.4), (3.6, 10.7)],
            10: [(1.6, 2.2), (2.3, 4.9), (3.3, 9.8)],
        }.items()
        for family, limits in zip((1, 5, 20), row, strict=True)
    ],
)
def test_the_limits_are_those_of_the_published_table(m, family, k_in, k_out):
    found = tuple(session_limit(m, fresh, family=family, false_alarms=0.01) for fresh in (2, 1))
    assert found == pytest.approx((k_in, k_out), abs=0.05)
    h = 1 + 1 / m
    assert found == pytest.approx((math.sqrt(2) * h * family**0.25, 2 * h * math.sqrt(family)), rel=1e-12)


@pytest.mark.parametrize(
    ("false_alarms", "expected"),
    [
        pytest.param(0.01, (math.sqrt(2), 2.0), id="as-calibrated"),
        pytest.param(0.0025, (2.0, 4.0), id="a-quarter-of-the-alarms-doubles-the-outer-limit"),
        pytest.param(0.04, (1.0, 1.0), id="four-percent-meets-one"),
        pytest.param(0.9, (1.0, 1.0), id="never-below-one"),
    ],
)
def test_the_limits_follow_the_knob(false_alarms, expected):
    found = tuple(session_limit(10**12, fresh, family=1, false_alarms=false_alarms) for fresh in (2, 1))
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_worked_example_by_hand():
    baseline = [[0.00, 0.01, 0.02], [0.02, 0.03, 0.05], [0.03, 0.05, 0.06]]
    model = compare_sessions(baseline, [0.20, 0.23, 0.21, 0.26], **KNOBS, common=CommonShift(shift=0.01))
    # Medians .01 .03 .05: variance .0004. MADs .01 .01 .01 and, of the current .22, .015.
    spread = (2 * 0.0004 + 2 * 0.0004) / 4
    within = 1.4826 * 0.015
    se = math.sqrt(spread * 4 / 3 + 1.571 * within**2 * (1 / 4 + 1 / 9))
    assert model.base == pytest.approx(0.03)
    assert model.d == pytest.approx(0.22 - 0.03 - 0.01)
    assert (model.sessions, model.df) == (3, 4)
    assert model.spread == pytest.approx(math.sqrt(spread))
    assert model.within == pytest.approx(within)
    assert model.se == pytest.approx(se)


def test_one_session_has_the_spread_of_the_prior():
    model = compare_sessions([[0.0, 0.5]], [0.3], prior=0.05)
    assert (model.spread, model.df, model.base) == (0.05, 2, 0.25)
    assert model.within == pytest.approx(1.4826 * 0.25)


def test_two_sessions_are_centred_on_their_mean():
    model = compare_sessions([[0.1], [0.4]], [0.0], **KNOBS)
    assert model.base == pytest.approx(0.25)


def test_sessions_that_agree_wholly_keep_half_a_percent_of_spread():
    model = compare_sessions([[0.1]] * 50, [0.1], prior=0.001)
    assert model.spread == 0.005
    assert model.within == 0.0
    assert model.se == pytest.approx(0.005 * math.sqrt(1.02))


def test_the_moderated_spread_is_between_the_prior_and_the_baseline():
    centres = [0.0, 0.1, 0.3, -0.1]
    model = compare_sessions([[y] for y in centres], [0.0], prior=0.02)
    expected = (2 * 0.02**2 + 3 * statistics.variance(centres)) / 5
    assert model.spread == pytest.approx(math.sqrt(expected), rel=1e-12)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_the_interval_is_that_of_student(confidence):
    model = compare_sessions([[0.0], [0.02], [0.05]], [0.1, 0.12], **KNOBS)
    oracle = scipy.stats.t.interval(confidence, model.df, loc=model.d, scale=model.se)
    assert log_interval(model, confidence) == pytest.approx(oracle, rel=1e-9)


@LAWS
@given(BASELINE, SESSION, st.randoms(use_true_random=False))
def test_the_order_of_sessions_and_runs_changes_nothing(baseline, current, shuffler):
    shuffled = [shuffler.sample(session, len(session)) for session in baseline]
    shuffler.shuffle(shuffled)
    assert compare_sessions(shuffled, current, **KNOBS) == compare_sessions(baseline, current, **KNOBS)


@LAWS
@given(BASELINE, SESSION, st.floats(-3.0, 3.0))
def test_another_unit_moves_the_base_only(baseline, current, unit):
    here = compare_sessions(baseline, current, **KNOBS)
    there = compare_sessions([[y + unit for y in ys] for ys in baseline], [x + unit for x in current], **KNOBS)
    assert there.base == pytest.approx(here.base + unit, abs=1e-12)
    assert (there.d, there.se) == pytest.approx((here.d, here.se), rel=1e-9, abs=1e-12)


@LAWS
@given(BASELINE, SESSION, st.floats(0.0, 3.0))
def test_slower_never_helps(baseline, current, delay):
    here = compare_sessions(baseline, current, **KNOBS)
    there = compare_sessions(baseline, [x + delay for x in current], **KNOBS)
    assert there.d >= here.d
    assert there.se == pytest.approx(here.se, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heavy", "expected"),
    [
        pytest.param(False, 0.0105, id="normal-sessions-alarm-at-one-percent"),
        pytest.param(True, 0.041, id="t2-sessions-alarm-at-four-percent"),
    ],
)
def test_false_alarms_of_simulated_sessions_are_those_stated(heavy, expected):
    # Expected rates: an independent array program, 200 000 checks each. One percent is asked for.
    noise, checks, alarms = random.Random(3), 10_000, 0

    def session():
        scale = math.sqrt(noise.expovariate(1.0)) if heavy else 1.0  # a normal over this is a t with 2 df
        centre = 0.02 * noise.gauss(0, 1) / scale
        return [centre + noise.gauss(0, 0.01) for _ in range(5)]

    for _ in range(checks):
        baseline = [session() for _ in range(5)]
        model = compare_sessions(baseline, session(), prior=0.02)
        limit = session_limit(5, 1, family=1, false_alarms=0.01) * model.se
        alarms += model.d > max(math.log(1.05), limit)
    deviation = math.sqrt(expected * (1 - expected) / checks)
    assert alarms / checks == pytest.approx(expected, abs=3 * deviation)


@pytest.mark.parametrize(
    ("false_alarms", "inner_is_smaller"),
    [(0.039, True), (0.041, False)],
    ids=["just-below-four-percent", "just-above-four-percent"],
)
def test_the_inner_limit_is_the_smaller_one_up_to_four_percent(false_alarms, inner_is_smaller):
    k_in, k_out = (session_limit(1, fresh, family=1, false_alarms=false_alarms) for fresh in (2, 1))
    assert (k_in < k_out) is inner_is_smaller


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"baseline": []}, "at least one baseline session", id="no-sessions"),
        pytest.param({"baseline": [[0.1], []]}, "a value in each", id="an-empty-session"),
        pytest.param({"current": []}, "a value in each", id="no-current"),
        pytest.param({"prior": 0.0}, "prior", id="prior-zero"),
        pytest.param({"prior": math.inf}, "prior", id="prior-infinite"),
    ],
)
def test_arguments_outside_their_range_are_refused(change, message):
    arguments = {"baseline": [[0.1]], "current": [0.1], **KNOBS, **change}
    with pytest.raises(ValueError, match=message):
        compare_sessions(arguments.pop("baseline"), arguments.pop("current"), **arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"sessions": 0}, "sessions", id="no-sessions"),
        pytest.param({"fresh": 0}, "fresh", id="no-fresh"),
        pytest.param({"family": 0}, "family", id="nothing-gated"),
        pytest.param({"family": math.nan}, "family", id="no-number-gated"),
        pytest.param({"false_alarms": 0.0}, "false_alarms", id="no-alarms-at-all"),
        pytest.param({"false_alarms": 1.0}, "false_alarms", id="always-alarm"),
    ],
)
def test_what_no_limit_follows_from_is_refused(change, message):
    arguments = {"sessions": 3, "fresh": 1, "family": 5, "false_alarms": 0.01, **change}
    with pytest.raises(ValueError, match=message):
        session_limit(arguments.pop("sessions"), arguments.pop("fresh"), **arguments)


@pytest.mark.parametrize(
    ("m", "family", "expected"),
    [
        pytest.param(5, 20, 1.25 * 1.2 ** (2 / 3) * (2 * 1.2 * math.sqrt(20)) ** (1 / 3), id="the-third-root"),
        pytest.param(5, 1, math.sqrt(2) * 1.2, id="never-above-that-of-two"),
        pytest.param(2, 20, math.sqrt(1.5 * 3 * math.sqrt(20)), id="two-baseline-sessions-have-that-of-two"),
    ],
)
def test_three_fresh_sessions_have_a_limit_of_their_own_against_three_or_more(m, family, expected):
    found = [session_limit(m, fresh, family=family, false_alarms=0.01) for fresh in (3, 4)]
    assert found == pytest.approx([expected] * 2, rel=1e-12)


@LAWS
@given(st.integers(1, 50), st.integers(1, 5), st.floats(0.1, 1000.0), st.sampled_from([0.001, 0.01, 0.04]))
def test_a_further_session_never_raises_the_limit_and_a_larger_family_never_lowers_it(m, fresh, family, level):
    limit = session_limit(m, fresh, family=family, false_alarms=level)
    if fresh > 1:
        assert session_limit(m, fresh + 1, family=family, false_alarms=level) <= limit
    assert session_limit(m, fresh, family=2 * family, false_alarms=level) >= limit >= 1.0


@LAWS
@given(st.integers(1, 50), st.integers(1, 5), st.floats(1.0, 1000.0), st.sampled_from([0.001, 0.01]))
def test_the_tail_probability_at_the_limit_is_the_level_of_one_of_the_family(m, fresh, family, level):
    limit = session_limit(m, fresh, family=family, false_alarms=level)
    assume(limit > 1.0)
    assert tail_probability(limit, m, fresh) == pytest.approx(level / family, rel=1e-9)
    assert tail_probability(1.01 * limit, m, fresh) < level / family < tail_probability(limit / 1.01, m, fresh)
    assert tail_probability(1.0, m, fresh) == 1.0


def test_what_is_noisy_inside_a_session_is_expected_to_be_noisy_between_them():
    noisy = [[0.0, 0.1, 0.3, 0.4]]
    quiet, expected = (compare_sessions(noisy, [0.2] * 4, **KNOBS, per_within=part) for part in (0.0, 1.5))
    assert expected.prior == pytest.approx(math.hypot(0.02, 1.5 * quiet.within))
    assert expected.se > quiet.se


def test_an_interval_cannot_be_certain():
    model = compare_sessions([[0.1]], [0.1], **KNOBS)
    with pytest.raises(ValueError, match="confidence"):
        log_interval(model, 1.0)


@pytest.mark.parametrize(("shift", "left"), [(0.39, 0.61), (0.4, 0.6), (0.7, 0.6), (-0.39, 1.39), (-0.7, 1.4)])
def test_a_common_shift_is_subtracted_up_to_two_fifths_on_logs(shift, left):
    model = compare_sessions([[0.0], [0.0]], [1.0], common=CommonShift(shift=shift), **KNOBS)
    assert model.d == pytest.approx(left)


def test_the_calibrated_numbers_are_those_that_were_published():
    assert (sessions.PRIOR_SESSIONS, sessions.MIN_ROWS_SHARING_A_SESSION, sessions.PRIOR_WEIGHT) == (2, 5, 4)
    assert (sessions.MOST_SHIFT, sessions.SPREAD_FLOOR, sessions.CALIBRATED_AT) == (0.4, 0.005, 0.01)
    assert (sessions.OUTER_AT_ONE, sessions.OF_THREE, sessions.FEWEST_OF_THREE) == (2.0, 1.25, 3)
    assert pytest.approx(1 / scipy.stats.norm.ppf(0.75), rel=1e-4) == quantiles.MAD_TO_SIGMA
    assert pytest.approx(math.pi / 2, rel=1e-3) == sessions.MEDIAN_VARIANCE
