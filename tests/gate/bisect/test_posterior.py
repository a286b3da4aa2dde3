"""Probabilities of commits, worked out by hand where that is possible."""

from __future__ import annotations

import math

import pytest

from perfgate.gate.bisect.posterior import Posterior, Step

STEP = Step(shift=math.log(1.1), spread=0.02)


def test_the_step_is_the_ratio_of_the_medians_and_the_spread_that_of_both_sides() -> None:
    good, bad = [1.0, 1.01, 0.99, 1.0, 5.0], [1.1, 1.11, 1.09, 1.1, 1.1]
    step = Step.between(good, bad, 0.0001)
    assert step.shift == pytest.approx(math.log(1.1))
    assert 0.0 < step.spread < 0.02
    assert Step.between([1.0, 1.0], [2.0, 2.0], 0.003).spread == 0.003


def test_evidence_is_for_the_step_near_it_and_against_it_near_no_change() -> None:
    same, slow, half = ([1.0] * 4, [1.1] * 4, [math.sqrt(1.1)] * 4)
    assert STEP.evidence(same, slow) == pytest.approx(-STEP.evidence(same, same))
    assert STEP.evidence(same, slow) > 3.0
    assert STEP.evidence(same, half) == pytest.approx(0.0, abs=1e-9)
    assert STEP.evidence(same, [100.0] * 4) < STEP.evidence(same, slow)  # a burst of load settles nothing
    assert STEP.evidence(same * 4, slow * 4) > STEP.evidence(same, slow)


def test_a_slow_commit_moves_the_probability_to_it_and_those_before() -> None:
    posterior = Posterior(4)
    posterior.add(-1, 1, math.log(3.0))
    assert posterior.chances() == pytest.approx([3 / 8, 3 / 8, 1 / 8, 1 / 8])
    posterior.add(0, 1, math.log(1 / 9))  # the second is no slower than the first
    assert posterior.chances() == pytest.approx([9 / 16, 1 / 16, 3 / 16, 3 / 16])


def test_the_next_commit_halves_the_probability() -> None:
    posterior = Posterior(8)
    assert posterior.next() == 3
    posterior.add(-1, 3, math.log(1 / 1000))
    assert posterior.next() == 5
    posterior.close(5)
    assert posterior.next() in {4, 6}
    assert Posterior(1).next() is None


def test_commits_that_cannot_be_measured_form_a_group_with_the_next_one() -> None:
    posterior = Posterior(4)
    posterior.close(1)
    assert posterior.groups() == [range(1), range(1, 3), range(3, 4)]
    assert posterior.likeliest() == (range(1, 3), pytest.approx(0.5))
    posterior.close(2)
    assert posterior.groups() == [range(1), range(1, 4)]
    posterior.close(3)  # the last one is known to be slow
    assert posterior.groups()[-1] == range(1, 4)


def test_what_remains_is_the_fewest_commits_that_hold_the_probability() -> None:
    posterior = Posterior(4)
    assert posterior.remaining(0.95) == [0, 1, 2, 3]
    posterior.add(0, 1, math.log(100.0))
    assert posterior.remaining(0.95) == [1]
    posterior.add(-1, 3, -2000.0)  # of all alike: no probability vanishes
    assert posterior.remaining(0.95) == [1]
