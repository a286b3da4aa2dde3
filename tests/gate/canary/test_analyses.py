from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.gate.canary.analyses import BOUND, plan_analysis

LEVEL = 0.15


@LAWS
@given(st.integers(1, 60), st.integers(0, 400))
def test_all_analyses_together_never_spend_more_than_the_level(planned, more):
    spent = math.fsum(plan_analysis(k, planned, LEVEL, 0).rollback_level for k in range(1, planned + more + 1))
    assert spent <= LEVEL * (1 + 1e-12)


def test_the_only_analysis_has_nearly_the_whole_level_and_one_beyond_the_plan_a_little():
    assert plan_analysis(1, 1, LEVEL, 1).rollback_level == pytest.approx(0.95 * LEVEL)
    assert 0 < plan_analysis(2, 1, LEVEL, 1).rollback_level < 0.05 * LEVEL


def test_early_analyses_act_on_clear_harm_alone():
    levels = [plan_analysis(k, 24, LEVEL, 0).rollback_level for k in range(1, 25)]
    assert levels == sorted(levels)
    assert levels[0] < LEVEL / 500


def test_each_analysis_of_an_old_canary_halves_what_lets_it_go_on():
    found = [plan_analysis(10 + k, 24, LEVEL, k).promote_level for k in range(1, 6)]
    assert found == [BOUND / 2**k for k in range(1, 6)]
    assert plan_analysis(1, 1, LEVEL, 1).promote_level == BOUND
    assert math.fsum(plan_analysis(k, 24, LEVEL, k).promote_level for k in range(1, 2000)) <= BOUND * (1 + 1e-8)
    assert plan_analysis(1_000_000, 24, LEVEL, 1_000_000).promote_level > 0
