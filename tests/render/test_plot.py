"""The picture of a value: its dot and its interval lie where the numbers say, and never on the wrong side of a mark."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.render.terminal.plot import NARROWEST, WIDEST, draw, rule
from perfgate.render.terminal.style import Style
from perfgate.report.verdict.value import Picture

ENDS = st.floats(-0.99, 100)
WIDTHS = st.integers(NARROWEST, WIDEST)


def picture(dot, low=None, high=None, mark=0.05):
    return Picture(low=low, high=high, dot=dot, mark=mark)


def line(shown, width=24):
    return draw(shown, width, "plain", Style())


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(picture(0.0, -0.03, 0.03), "├─●─┤┃", id="unchanged"),
        pytest.param(picture(0.02, -0.03, 0.08), "├─┼●─╂┤", id="within-noise"),
        pytest.param(picture(0.25, 0.18, 0.33), "│┃├●┤", id="regressed"),
        pytest.param(picture(1.2, 0.7, 1.8), "│┃├─●▶", id="far"),
        pytest.param(picture(-0.2, -0.25, -0.13), "●─┤│┃", id="improved"),
        pytest.param(picture(0.02), "│●┃", id="no-interval"),
    ],
)
def test_pictures_read_as_agreed(shown, expected):
    found = line(shown)
    assert len(found) == 24
    assert found.replace(" ", "") == expected


@laws(120)
@given(ENDS, ENDS, ENDS, st.floats(0.0, 2.0), WIDTHS)
def test_a_dot_lies_right_of_the_mark_exactly_when_the_change_does(one, other, dot, mark, width):
    low, high = sorted((one, other))
    found = line(picture(dot, low, high, mark), width)
    assert len(found) == width
    marks = [i for i, c in enumerate(found) if c in "┃╂"]
    at = found.index("●")
    if not marks:  # the dot stands on the mark
        assert dot <= mark or at == width - 1
    else:
        assert (at > marks[0]) is (dot > mark)


@laws(120)
@given(st.floats(1e-9, 100), st.floats(0.001, 2.0), WIDTHS)
def test_an_interval_that_is_wholly_worse_never_covers_the_line_of_no_change(low, mark, width):
    found = line(picture(low * 1.5, low, low * 2, mark), width)
    zero = found.index("│")
    assert not found[:zero].strip()


@laws(120)
@given(st.floats(1e-9, 0.99), st.floats(0.001, 2.0), WIDTHS)
def test_an_interval_that_is_wholly_better_never_covers_it_either(high, mark, width):
    found = line(picture(-high * 1.005, -min(high * 1.01, 0.999), -high, mark), width)
    assert found[found.index("│") + 1 :].strip() in {"┃", ""}


@pytest.mark.parametrize("shown", [
    picture(-1e308, -1e308, 1.0), picture(1e308, 1.0, 1e308), picture(0.1, -math.inf, math.inf),
    picture(0.1, 0.0, 1.0, 1e-320),
])  # fmt: skip
def test_numbers_that_no_check_writes_are_drawn_as_well(shown):
    assert len(line(shown)) == 24


def test_an_interval_that_ends_beyond_the_axis_ends_in_an_arrow():
    assert line(picture(3.18, 0.93, 9.0, mark=0.1)).rstrip().endswith("●▶")


def test_the_ruler_names_the_threshold_that_all_share():
    assert rule({"5%"}, 24).split() == ["0", "+5%"]
    assert rule({"5%", "10%"}, 24).split() == ["0", "limit"]
    assert rule({"5%"}, 12).split() == ["0", "+5%"] or rule({"5%"}, 12).split() == ["+5%"]
    assert rule({"3ms"}, 24).split() == ["0", "limit"]
