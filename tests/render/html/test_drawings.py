"""Axes and drawings: extreme numbers stay inside, and no rounding crosses a mark."""

from __future__ import annotations

import math
import re

import pytest
from gate_cases import ELAPSED, THROUGHPUT, counted, finding, percentiles, profile, verdict
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.core.finding import Evidence, Status
from perfgate.render.html.axis import MARK, WIDTH, ZERO, Axis, place, place_picture
from perfgate.render.html.markup import Markup, code_of_ours, element, join
from perfgate.render.html.plots import draw_history, draw_strip
from perfgate.report.verdict.runs import MOST_RUNS, MOST_SESSIONS, AllRuns
from perfgate.report.verdict.value import Picture

CHANGES = st.floats(-0.999, 1e9) | st.just(math.inf)
VALUES = st.floats(-1e300, 1e300)


@laws(120)
@given(dot=CHANGES, ends=st.tuples(CHANGES, CHANGES) | st.none(), mark=st.floats(1e-9, 1e3))
def test_what_is_drawn_lies_on_the_side_of_the_marks_where_it_is(dot, ends, mark):
    low, high = (None, None) if ends is None else (min(*ends, dot), max(*ends, dot))
    placed = place_picture(Picture(low=low, high=high, dot=dot, mark=mark))
    assert (placed.dot > MARK) == (dot > mark)
    assert 0 <= placed.dot <= WIDTH
    if low is None:
        assert placed.path == ""
        return
    assert (placed.low > ZERO) == (low > 0) or placed.low == placed.dot
    assert 0 <= placed.low <= placed.dot <= placed.high <= WIDTH


def test_marks_lie_in_one_column_whatever_the_threshold():
    assert place(0.0) == ZERO < MARK == place(1.0)
    assert place(math.nan) == ZERO
    for mark in (0.001, 0.05, 0.5):
        assert place_picture(Picture(low=None, high=None, dot=mark, mark=mark)).dot == MARK
    assert place_picture(Picture(low=None, high=None, dot=0.1, mark=0.0)).dot > MARK


def test_a_change_just_beyond_its_mark_is_drawn_beyond_it_and_an_interval_just_above_zero_above_zero():
    placed = place_picture(Picture(low=1e-9, high=0.2, dot=0.05 + 1e-9, mark=0.05))
    assert placed.dot > MARK
    assert placed.low > ZERO
    placed = place_picture(Picture(low=0.0, high=0.2, dot=0.05, mark=0.05))
    assert (placed.dot, placed.low) == (MARK, ZERO)


def test_an_interval_that_goes_on_ends_in_arrows():
    path = place_picture(Picture(low=-0.999, high=math.inf, dot=0.0, mark=0.05)).path
    assert path.count("l") == 4
    assert "l" not in place_picture(Picture(low=-0.01, high=0.02, dot=0.0, mark=0.05)).path


@laws(120)
@given(central=st.lists(VALUES, min_size=1, max_size=5), runs=st.lists(VALUES, max_size=20))
def test_an_axis_keeps_every_value_inside_and_its_ticks_apart(central, runs):
    axis = Axis.over(central, runs, 84, 426, "s")
    assert axis.low < axis.high
    for value in (*central, *runs):
        assert 84 <= axis.at(value) <= 426
    places = [x for x, _ in axis.ticks()]
    assert places == sorted(places)
    assert len(places) <= 8


@pytest.mark.parametrize(
    ("central", "unit", "labels"),
    [
        ([0.09, 0.2], "s", ["100 ms", "150 ms", "200 ms"]),
        ([1.0, 1.0], "1", ["0.98", "0.99", "1", "1.01", "1.02"]),
        ([0.0], "1", ["−1", "−0.5", "0", "0.5", "1"]),
        ([2e6, 4e6], "B", ["2 MB", "3 MB", "4 MB"]),
        ([1.0, 3.0], "w" * 99, ["1 www…wwwwwww", "2 www…wwwwwww", "3 www…wwwwwww"]),
    ],
)
def test_ticks_are_round_values_in_one_prefix(central, unit, labels):
    assert [words for _, words in Axis.over(central, (), 0, 100, unit).ticks()] == labels


def test_one_wild_run_does_not_squeeze_the_others():
    axis = Axis.over([1.0, 1.1], [1.0 + i / 100 for i in range(10)] + [500.0], 0, 100, "s")
    assert axis.high < 2.0
    assert not axis.holds(500.0)


def runs_of(base, current, f=None, **more):
    """Return the runs of both sides as a report has them."""
    keys = {"baseline": 1.0, "current": 2.0, "change": 1.0, "limit": 0.05, "allowed": 0.05}
    f = f or finding(Status.REGRESSED, **{**keys, **more})
    return AllRuns(verdict(f, baseline=(base,) if base else (), current=(current,) if current else ())).of(f)


def test_a_run_outside_of_the_picture_is_a_triangle_at_its_edge():
    base = profile({ELAPSED: {"a": [1.0, 1.01, 1.02, 400.0], "b": [1.0, 1.01, 1.03, 0.99]}})
    now = profile({ELAPSED: {"c": [1.2, 1.21, 1.22, 1e-6]}})
    svg = draw_strip(runs_of(base, now), "s", "+5%", "median")
    assert len(re.findall(r'class="out base" d="M426 \d+l-6-3v6z"', svg)) == 1
    assert len(re.findall(r'class="out now" d="M84 \d+l6-3v6z"', svg)) == 1


def test_where_higher_is_better_the_limit_is_below_what_is_expected():
    base = profile({THROUGHPUT: {"a": [100.0, 101.0], "b": [99.0, 100.0]}})
    now = profile({THROUGHPUT: {"c": [50.0, 51.0]}})
    f = finding(
        Status.REGRESSED, metric="throughput", unit="1/s", better="higher", baseline=100.0, current=50.0, change=-0.5,
        limit=-0.05, allowed=-0.05, limit_text="-5%",
    )  # fmt: skip
    runs = runs_of(base, now, f)
    assert (runs.expected, runs.mark) == (100.0, 95.0)
    assert 'class="zone"' in draw_history(runs, "1/s", "−5%", "median")


def test_a_common_change_moves_what_is_expected():
    base, now = profile({ELAPSED: {"a": [1.0]}}), profile({ELAPSED: {"b": [1.3]}})
    runs = runs_of(base, now, evidence=Evidence(shift=0.2))
    assert runs.expected == pytest.approx(1.2)
    assert runs.mark == pytest.approx(1.26)


def test_a_budget_is_the_mark_itself():
    now = profile({ELAPSED: {"b": [0.3, 0.4]}})
    f = finding(Status.OVER_BUDGET, method="budget", baseline=None, current=0.35, change=None, limit=0.1, allowed=None)
    runs = runs_of(None, now, f)
    assert (runs.expected, runs.mark) == (None, 0.1)
    assert "limit &lt; 100ms: 100 ms" in draw_strip(runs, "s", "< 100ms", "median")


def test_many_runs_and_sessions_are_thinned_and_the_picture_says_so():
    base = profile({ELAPSED: {f"s{i:03}": [1.0 + i / 1000 + r / 1e5 for r in range(500)] for i in range(80)}})
    now = profile({ELAPSED: {"z": [2.0]}})
    runs = runs_of(base, now)
    assert len(runs.baseline) == MOST_SESSIONS
    assert {len(s.values) for s in runs.baseline} == {MOST_RUNS}
    assert runs.baseline[0].values[-1] == pytest.approx(1.02 + 499 / 1e5)
    svg = draw_strip(runs, "s", "+5%", "median")
    assert "10 baseline sessions of 60" in svg
    assert f"{MOST_RUNS} of 500 runs are drawn." in svg
    assert 'class="dots base"' not in draw_history(runs, "s", "+5%", "median")


def test_quantiles_without_runs_have_no_strip_and_unknown_values_no_picture():
    stated = percentiles({"p50": 1.0, "p95": 2.0})
    f = finding(Status.REGRESSED, machine_class="", baseline=1.0, current=2.0, change=1.0, allowed=0.05)
    assert AllRuns(verdict(f, baseline=(stated,))).of(f) is None
    assert AllRuns(verdict(f)).of(f) is None
    shares = profile({ELAPSED: counted(a=(1, 100), b=(2, 100))})
    runs = runs_of(shares, None)
    assert [s.count for s in runs.sessions] == [100, 100]
    assert "now: not measured" in draw_strip(runs, "s", "+5%", "median")


def test_only_markup_of_ours_is_not_escaped():
    assert element("p", "<b>", Markup("<i></i>"), title='"<&>') == '<p title="&quot;&lt;&amp;&gt;">&lt;b&gt;<i></i></p>'
    assert join(["<", Markup("<wbr>")], "&") == "&lt;&amp;<wbr>"
    assert element("p", "a\x00b\u202ec\nd") == "<p>a\ufffdb\ufffdc d</p>"
    with pytest.raises(ValueError, match="before its end"):
        code_of_ours("script", 'x = "</script>"')
