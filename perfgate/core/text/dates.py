"""Days between points in time that are stated as text: what is pure knows no clock and no calendar."""

from __future__ import annotations

import re
from functools import lru_cache

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(r"[T ](\d\d):(\d\d)")
_MONTHS = 12
_MOST_DAYS = 31


def day_of(instant: str) -> int | None:
    """Return the day of a point in time, counted from 1970-01-01.

    Args:
        instant: begins with a date of the Gregorian calendar, ``2026-01-31`` (ISO 8601).

    Returns:
        Whole days, negative before 1970; None when the text begins with no date.
    """
    found = _DAY.match(instant)
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    if not (1 <= month <= _MONTHS and 1 <= day <= _MOST_DAYS):
        return None
    # Years that begin in March end in their leap day, and their months follow a pattern of 153 days in five.
    year -= month < 3  # noqa: PLR2004 - January and February belong to the year before
    months = (month - 3) % _MONTHS
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * months + 2) // 5 + day - 719_469


def cut_to_hour(instant: str) -> str:
    """Return a point in time without its minutes: the runs of one hour are never divided into sessions."""
    return instant[:13]


@lru_cache(maxsize=4096)  # the benchmarks of a suite began at few times
def hour_of(instant: str) -> float | None:
    """Return the hour of a point in time, counted from 1970-01-01 00:00 UTC.

    Args:
        instant: ISO 8601 in UTC; the time of day may be absent, which is midnight, and seconds are left out.

    Returns:
        Hours, to the minute; None when the text begins with no date.
    """
    day = day_of(instant)
    if day is None:
        return None
    time = _TIME.match(instant, len("2026-01-31"))
    hours, minutes = map(int, time.groups()) if time else (0, 0)
    return day * 24 + hours + minutes / 60
