from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from perfgate.core.text.dates import day_of, hour_of

EPOCH = date(1970, 1, 1)


def test_every_day_of_four_centuries_is_one_more_than_the_day_before():
    first = date(1899, 12, 30)
    for number in range(146_097 + 2):
        day = first + timedelta(number)
        assert day_of(day.isoformat()) == (day - EPOCH).days


def test_a_point_in_time_counts_as_its_day():
    assert day_of(datetime(2026, 1, 31, 23, 59, tzinfo=UTC).isoformat()) == day_of("2026-01-31")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "26-01-01"])
def test_what_is_no_date_has_no_day(text):
    assert day_of(text) is None


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 31, 23, 59, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2024, 2, 29, 7, 30, tzinfo=UTC),
    ],
)
def test_hours_are_counted_to_the_minute(moment):
    assert hour_of(moment.isoformat()) == pytest.approx(moment.timestamp() / 3600)


def test_a_day_alone_is_its_midnight_and_what_is_no_date_has_no_hour():
    assert hour_of("2026-01-31") == hour_of("2026-01-31T00:00:00Z")
    assert hour_of("10:30") is None
