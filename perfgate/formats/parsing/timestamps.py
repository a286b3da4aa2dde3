"""Points in time as they sort (UTC, ISO 8601, six decimals of a second, ``Z``), and the sessions that rows lie in."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perfgate.core.sessions import REST

if TYPE_CHECKING:
    from collections.abc import Sequence

Period = tuple[float, float]
"""First and last second of rows without hours of rest between them, counted from 1970."""
MOST_PERIODS = 256
"""Periods that are kept apart; of more, the oldest are taken together. A year of nights without a row has more, but
what was measured last is what counts."""
_REST = REST * 3600
_MINUTE = len("2026-01-31T00:00")
_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SORTS = re.compile(rf"{_DAY}T{_HOUR}:[0-5][0-9]\.[0-9]{{6}}Z").fullmatch
_STATED = re.compile(rf"{_DAY}[T ]{_HOUR}(?::[0-5][0-9](?:\.[0-9]{{1,9}})?)?(?:Z|[+-]{_HOUR})?").fullmatch


def normal_instant(text: str) -> str:
    """Return a point in time in the one form that sorts as text.

    Args:
        text: ISO 8601 with date and time; without an offset it counts as UTC.

    Raises:
        ValueError: it is no point in time.
    """
    if _SORTS(text):
        return text
    if not _STATED(text):
        raise ValueError("no date and time")
    instant = datetime.fromisoformat(text)
    utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))  # epoch in ns, us, ms, s: distinct from 1973 on


_LAST = 253_402_300_800.0  # the year 10000, which no date reaches


def stated_seconds(value: object) -> float | None:
    """Return the seconds since 1970 of a point in time as `stated_instant` takes it; None: it is none."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
            return datetime.fromisoformat(normal_instant(value.replace(",", "."))).timestamp()
        since = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return None
    scale = next((scale for least, scale in _SCALES if since >= least), None)
    return since / scale if scale is not None and since / scale < _LAST else None


def stated_instant(value: object) -> str:
    """Return a point in time as a log states it: ISO 8601, or seconds, ms, us or ns since 1970; else empty.

    Args:
        value: a text or a number, as found.
    """
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
            return normal_instant(value.replace(",", "."))
        since = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else 0.0
        scale = next((scale for least, scale in _SCALES if since >= least), None)
        return "" if scale is None else normal_instant(datetime.fromtimestamp(since / scale, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        return ""


class Times:
    """Takes the time of each row of a file, and says which rows are read."""

    def __init__(self, only: Period | None = None) -> None:
        """Start without rows.

        Args:
            only: the period whose rows are read; None: all are.
        """
        self._only = only
        self._firsts: list[float] = []
        self._lasts: list[float] = []
        self._minute = ""
        self._is_kept = True

    def keeps(self, stated: object) -> bool:
        """Is a row read? One that states no time belongs to the row before it.

        Args:
            stated: its time as found: ISO 8601, or a number since 1970. The first row of a minute stands for all
                rows in it that follow at once, since to read the time of each takes longer than all else.
        """
        if type(stated) is str:
            minute = stated[:_MINUTE]
            if minute == self._minute:
                return self._is_kept
            self._minute = minute if ":" in minute else ""
        else:
            self._minute = ""
        seconds = stated_seconds(stated)
        if seconds is None:
            return self._is_kept
        if self._only is None:
            self._add(seconds)
        else:
            self._is_kept = self._only[0] <= seconds <= self._only[1]
        return self._is_kept

    @property
    def periods(self) -> Sequence[Period]:
        """The periods of all rows, ascending; none where no row states its time."""
        return tuple(zip(self._firsts, self._lasts, strict=True))

    def _add(self, at: float) -> None:
        """Take a point in time into the period that it lies in or near, or begin one."""
        firsts, lasts = self._firsts, self._lasts
        i = bisect_right(firsts, at) - 1
        if i >= 0 and at - lasts[i] <= _REST:
            lasts[i] = max(lasts[i], at)
        elif i + 1 < len(firsts) and firsts[i + 1] - at <= _REST:
            firsts[i + 1] = at
            return
        else:
            i += 1
            firsts.insert(i, at)
            lasts.insert(i, at)
        if i + 1 < len(firsts) and firsts[i + 1] - lasts[i] <= _REST:
            self._join(i)
        if len(firsts) > MOST_PERIODS:
            self._join(0)

    def _join(self, i: int) -> None:
        """Make one of a period and the next."""
        del self._firsts[i + 1], self._lasts[i]
