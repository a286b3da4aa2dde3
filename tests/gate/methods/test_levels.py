"""A p-value at the level of a row fails, one bit above it does not: the boundary belongs to the level."""

from __future__ import annotations

import math

import pytest
from gate_cases import judged, policy, profile, row_of, scaled
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.gate.methods.alpha import alphas_of
from perfgate.gate.methods.decision import Family

FIVE = [1.0, 1.01, 1.02, 1.03, 1.04]
LEAST_P = 1 / 252  # all of 5 runs above 5 others: one of the ways to choose 5 of 10
BELOW = math.nextafter(LEAST_P, 0.0)


def by_p(false_alarms, factor, **more):
    """Judge five runs against five, interleaved, of which all are slower."""
    sides = []
    for side, values in (("a", FIVE), ("b", scaled(FIVE, factor))):
        measured = profile({"elapsed": {"s0/ab-1": values}})
        (session,) = measured.sessions
        sides.append(replace(measured, sessions=(replace(session, runs=tuple(f"{side}{i}" for i in range(5))),)))
    return row_of(judged(*sides, policy(false_alarms=false_alarms, **more)))


@pytest.mark.parametrize(
    ("more", "factor", "reason"),
    [
        pytest.param({}, 1.4, "worse", id="beyond-the-threshold"),
        pytest.param({"threshold": "+50%", "threshold_is": "excluded"}, 1.48, "not-excluded", id="not-excluded"),
    ],
)
def test_a_row_whose_p_is_its_level_fails_and_one_bit_more_is_too_much(more, factor, reason):
    at, above = by_p(LEAST_P, factor, **more), by_p(BELOW, factor, **more)
    assert (at.evidence.p, at.evidence.alpha) == (LEAST_P, LEAST_P)
    assert (at.status, at.reason) == (Status.REGRESSED, reason)
    assert above.evidence.p > above.evidence.alpha
    assert above.status is not Status.REGRESSED


def test_an_improvement_whose_p_is_its_level_is_one():
    assert by_p(LEAST_P, 1 / 1.4).status is Status.IMPROVED
    assert by_p(BELOW, 1 / 1.4).status is Status.TOO_NOISY


def test_rows_whose_p_is_their_step_count_for_the_others_in_a_large_family():
    family = Family(size=64, false_alarms=0.25)  # a step of 1/128, exactly
    step = 1 / 128
    assert alphas_of([0.0, 2 * step, 0.9], family) == [2 * step, 2 * step, 3 * step]
    assert alphas_of([0.0, math.nextafter(2 * step, 1.0), 0.9], family) == [step, 2 * step, 3 * step]
    assert alphas_of([0.0, 3 * step, 0.9], family) == [step, 2 * step, 3 * step]
    assert alphas_of([0.0, math.nextafter(3 * step, 1.0), 0.9], family) == [step, 2 * step, 2 * step]


def test_a_row_whose_p_is_its_step_is_stepped_over_in_a_small_family():
    family = Family(size=4, false_alarms=0.25)  # steps of 1/8, 1/6, 1/4, 1/2
    assert alphas_of([1 / 8, 0.9, 0.9, 0.9], family)[1] == 0.5 / 3
    assert alphas_of([math.nextafter(1 / 8, 1.0), 0.9, 0.9, 0.9], family)[1] == 0.5 / 4
