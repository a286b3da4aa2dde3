"""How the level is shared: a row's own level agrees with the test of the whole family."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import DEAR_LAWS

from perfgate.gate.methods.alpha import MOST_ROWS_STEPPED_DOWN, alphas_of
from perfgate.gate.methods.decision import Family
from perfgate.stats.multiplicity import benjamini_hochberg, holm

PS = st.lists(st.floats(0.0, 1.0) | st.floats(0.0, 0.02), min_size=1, max_size=12)


def family(size, **more):
    """Return a family of a size at the usual rate."""
    return Family(size=size, false_alarms=0.01, **more)


@pytest.mark.parametrize("size", [12, MOST_ROWS_STEPPED_DOWN, MOST_ROWS_STEPPED_DOWN + 1, 400])
@DEAR_LAWS
@given(PS)
def test_a_row_is_at_its_level_exactly_when_the_whole_family_rejects_it(size, ps):
    adjusted = (holm if size <= MOST_ROWS_STEPPED_DOWN else benjamini_hochberg)([*ps, *[1.0] * (size - len(ps))])
    for p, level, whole in zip(ps, alphas_of(ps, family(size)), adjusted, strict=False):
        if abs(whole - 0.02) > 1e-12:  # at the very edge the last bit decides
            assert (p <= level) == (whole <= 0.02 and p <= 0.01)


def test_one_row_has_the_accepted_rate_and_twenty_share_twice_of_it():
    assert alphas_of([0.5], family(1)) == [0.01]
    assert alphas_of([0.5] * 20, family(20)) == pytest.approx([0.001] * 20)


def test_a_look_spends_its_share_of_the_first_step():
    assert alphas_of([0.5, 0.0], family(20, share=0.16)) == pytest.approx([0.00016] * 2)
    assert alphas_of([0.5], family(1, share=0.36)) == pytest.approx([0.0036])


def test_a_thousand_rows_are_no_harder_to_prove_when_many_are_slow():
    alone = alphas_of([1e-6, *[0.5] * 999], family(1000))[0]
    among = alphas_of([1e-6] * 100 + [0.5] * 900, family(1000))[0]
    assert among > 50 * alone
