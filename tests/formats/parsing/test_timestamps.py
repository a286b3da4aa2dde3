"""When rows were measured: hours without one part them, whatever their order, within a bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.formats.parsing.timestamps import MOST_PERIODS, Times, stated_seconds

DAY = 1_770_000_000.0  # in February 2026
HOUR = 3600.0


def periods(hours):
    """Return the periods of rows at some hours, counted from the same day."""
    times = Times()
    for hour in hours:
        assert times.keeps(DAY + hour * HOUR)
    return [((first - DAY) / HOUR, (last - DAY) / HOUR) for first, last in times.periods]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([0, 4], [(0, 4)], id="four hours are no rest"),
        pytest.param([0, 4.5], [(0, 0), (4.5, 4.5)], id="more are"),
        pytest.param(list(range(27)), [(0, 26)], id="a service of 26 hours"),
        pytest.param([0, 24, 1, 25, 48], [(0, 1), (24, 25), (48, 48)], id="out of order"),
        pytest.param([0, 8, 4], [(0, 8)], id="what lies between joins two"),
        pytest.param([8, 4], [(4, 8)], id="what is earlier extends one"),
    ],
)
def test_hours_without_a_row_part_a_file(hours, expected):
    assert periods(hours) == expected


@LAWS
@given(hours=st.lists(st.integers(0, 60), max_size=30), data=st.data())
def test_the_order_of_the_rows_changes_no_period(hours, data):
    assert periods(data.draw(st.permutations(hours))) == periods(sorted(hours))


def test_the_oldest_of_very_many_periods_are_taken_together():
    found = periods([i * 5 for i in range(MOST_PERIODS + 50)])
    assert len(found) == MOST_PERIODS
    assert found[0] == (0, 250)
    assert found[-1] == ((MOST_PERIODS + 49) * 5,) * 2


def test_only_the_rows_of_one_period_are_kept_and_those_without_a_time_follow_the_row_before():
    times = Times(only=(DAY, DAY + HOUR))
    stated = [DAY - HOUR * 9, None, "no time", DAY, "", DAY + HOUR, DAY + 2 * HOUR, True]
    assert list(map(times.keeps, stated)) == [False, False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    "stated",
    [
        "2026-02-02T02:40:00Z",
        "2026-02-02 02:40",
        "2026-02-02T04:40:00,000+02:00",
        1_770_000_000,
        "1770000000.0",
        1_770_000_000_000,
        "1770000000000000000",
    ],
)
def test_a_point_in_time_is_read_in_every_form(stated):
    assert stated_seconds(stated) == DAY


@pytest.mark.parametrize("stated", [None, True, "", "soon", 12, "nan", float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_point_in_time_has_no_seconds(stated):
    assert stated_seconds(stated) is None


STAMPS = st.sampled_from(
    [
        "2026-01-31T10:00:01Z",
        "2026-01-31T10:00:59Z",
        "2026-01-31T10:01:00Z",
        "2026-01-31T18:00:00.5Z",
        "2026-01-31",
        "12:00",
        "12:00:30.00000000",
        "",
        "x",
        "2026-01-31 10:00 never",
        None,
        True,
        1.77e9,
        1_770_000_100,
        1.770001e12,
        20260131150000,
        1e300,
        float("nan"),
        10**400,
        5,
        -3.0,
        1_770_090_000.0,
        8.0e8,
    ]
)
BATCHES = st.lists(
    st.lists(STAMPS, max_size=12) | st.lists(st.integers(1_770_000_000, 1_770_060_000), max_size=9), max_size=8
)


def state(times):
    return {name: repr(getattr(times, name)) for name in vars(times) if name != "ordered"}


@LAWS
@given(BATCHES, st.none() | st.tuples(st.just(1.7e9), st.floats(1.7e9, 1.8e9)))
def test_many_times_at_once_are_kept_as_one_after_the_other(batches, only):
    many, single = Times(only), Times(only)
    for batch in batches:
        assert many.keep_each(batch) == [single.keeps(stated) for stated in batch]
        assert state(many) == state(single)
