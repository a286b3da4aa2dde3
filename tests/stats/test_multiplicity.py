"""Adjusted p-values: worked examples, scipy, and laws."""

from __future__ import annotations

import itertools
import math

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.multiplicity import benjamini_hochberg, holm

LAWS = laws(200)
FAMILIES = st.lists(st.floats(0.0, 1.0), max_size=30)


def test_holm_adjusts_a_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.8]) == [1.0, 1.0]


@LAWS
@given(FAMILIES)
def test_benjamini_and_hochberg_adjust_as_scipy_does(ps):
    expected = scipy.stats.false_discovery_control(ps) if ps else []
    assert benjamini_hochberg(ps) == pytest.approx(list(expected), rel=1e-12)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@LAWS
@given(FAMILIES)
def test_adjusting_only_raises_p_and_keeps_the_order(adjust, ps):
    adjusted = adjust(ps)
    assert all(p <= raised <= 1.0 for p, raised in zip(ps, adjusted, strict=True))
    order = sorted(range(len(ps)), key=ps.__getitem__)
    assert all(adjusted[a] <= adjusted[b] for a, b in itertools.pairwise(order))


@LAWS
@given(FAMILIES)
def test_the_share_of_errors_is_the_milder_promise(ps):
    assert all(b <= h * (1 + 1e-12) for b, h in zip(benjamini_hochberg(ps), holm(ps), strict=True))


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("p", [1.1, -0.1, math.nan])
def test_what_is_no_probability_is_refused(adjust, p):
    with pytest.raises(ValueError, match="p-values"):
        adjust([0.5, p])
