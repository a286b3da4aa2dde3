"""Rows that got worse together: the definition by trial, worked examples and laws."""

from __future__ import annotations

import math

import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.step_up import StepUp

LAWS = laws(200)
CHANCES = st.lists(st.floats(0.0, 1.0) | st.floats(0.0, 0.01) | st.sampled_from([0.0, 0.001, 0.002]), max_size=30)
MORE = st.integers(0, 40)


def allowed(rows, size):
    """Return for how many rows so many count, in words of the documentation."""
    return min(rows, max(3, size / 4), size)


def significant(chances, size, level):
    """Return the largest r whose r-th smallest chance is below its share of the level."""
    ordered = sorted(chances)
    return max((r for r, p in enumerate(ordered, 1) if p < allowed(r, size) * level / size), default=0)


@LAWS
@given(CHANCES, MORE, st.sampled_from([0.01, 0.05, 0.3]))
def test_a_row_counts_with_the_rows_that_are_significant_when_it_is_as_bad_as_can_be(chances, more, level):
    size = max(1, len(chances) + more)
    steps = StepUp.of(chances, size=size, level=level)
    for i, chance in enumerate(chances):
        others = [*chances[:i], *chances[i + 1 :]]
        assert steps.rows_with(chance) == significant([*others, 0.0], size, level)
    assert steps.rows_with(None) == max(
        r for r in range(1, len(chances) + 2) if r == 1 or sorted(chances)[r - 2] < allowed(r, size) * level / size
    )


@LAWS
@given(CHANCES, MORE)
def test_a_row_is_significant_exactly_when_its_chance_is_below_the_level_of_the_rows_it_counts_with(chances, more):
    size = max(1, len(chances) + more)
    steps = StepUp.of(chances, size=size, level=0.05)
    below = [p < steps.counted(steps.rows_with(p)) * 0.05 / size for p in chances]
    assert sum(below) == significant(chances, size, 0.05)


@LAWS
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=3))
def test_up_to_the_cap_it_is_the_procedure_of_benjamini_and_hochberg(chances):
    adjusted = scipy.stats.false_discovery_control(chances)
    assume(all(abs(p - 0.05) > 1e-9 for p in adjusted))
    steps = StepUp.of(chances, size=len(chances), level=0.05)
    below = [p < steps.counted(steps.rows_with(p)) * 0.05 / len(chances) for p in chances]
    assert below == [p < 0.05 for p in adjusted]


@LAWS
@given(CHANCES, MORE, st.integers(0, 29), st.floats(0.0, 1.0))
def test_a_row_that_gets_worse_never_makes_another_count_with_fewer(chances, more, which, factor):
    assume(chances)
    size, which = len(chances) + more, which % len(chances)
    worse = [p * factor if i == which else p for i, p in enumerate(chances)]
    before, after = (StepUp.of(each, size=size, level=0.05) for each in (chances, worse))
    for i, p in enumerate(chances):
        if i != which:
            assert after.rows_with(p) >= before.rows_with(p)
    assert after.rows_with(None) >= before.rows_with(None)


@pytest.mark.parametrize(
    ("size", "rows", "counted"),
    [
        pytest.param(1, 1, 1, id="one"),
        pytest.param(2, 3, 2, id="never-more-than-there-are"),
        pytest.param(10, 3, 3, id="three-of-few"),
        pytest.param(10, 4, 3, id="the-cap-of-few"),
        pytest.param(400, 20, 20, id="twenty-of-400"),
        pytest.param(400, 100, 100, id="a-quarter"),
        pytest.param(400, 300, 100, id="the-cap-of-many"),
    ],
)
def test_at_most_a_quarter_of_the_rows_counts_together_and_three_of_few(size, rows, counted):
    assert StepUp.of([], size=size, level=0.01).counted(rows) == counted


def test_twenty_of_four_hundred_stand_together_where_one_alone_would_not():
    alone, many = [0.0004], [0.0004] * 20
    assert StepUp.of(alone, size=400, level=0.01).significant == 0
    assert StepUp.of(many, size=400, level=0.01).significant == 20


@pytest.mark.parametrize(
    ("chances", "size", "level"),
    [
        pytest.param([1.1], 1, 0.05, id="no-probability"),
        pytest.param([math.nan], 1, 0.05, id="nan"),
        pytest.param([0.1], 1, 0.0, id="no-level"),
        pytest.param([0.1, 0.2], 1, 0.05, id="more-rows-than-the-family"),
        pytest.param([], 0, 0.05, id="no-family"),
    ],
)
def test_what_is_no_family_is_refused(chances, size, level):
    with pytest.raises(ValueError, match=r"probabilit|family"):
        StepUp.of(chances, size=size, level=level)


def test_a_chance_of_another_family_is_refused():
    with pytest.raises(ValueError, match="not of this family"):
        StepUp.of([0.1], size=1, level=0.05).rows_with(0.2)
