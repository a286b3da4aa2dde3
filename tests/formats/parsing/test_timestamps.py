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
    "stated", ["2026-02-02T02:40:00Z", "2026-02-02 02:40", "2026-02-02T04:40:00,000+02:00", 1_770_000_000,
               "1770000000.0", 1_770_000_000_000, "1770000000000000000"],
)  # fmt: skip
def test_a_point_in_time_is_read_in_every_form(stated):
    assert stated_seconds(stated) == DAY


@pytest.mark.parametrize("stated", [None, True, "", "soon", 12, "nan", float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_point_in_time_has_no_seconds(stated):
    assert stated_seconds(stated) is None
