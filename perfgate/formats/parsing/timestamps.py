"""Points in time as they sort (UTC, ISO 8601, six decimals of a second, ``Z``), and the sessions that rows lie in."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
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
_LONGEST_EXAMPLE = 60
_MINUTE = len("2026-01-31T00:00")
_minute_of = itemgetter(slice(_MINUTE))
_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
find_normal_instant = re.compile(rf"{_DAY}T{_HOUR}:[0-5][0-9]\.[0-9]{{6}}Z").fullmatch
"""Returns a match where a text is a point in time in the form that sorts."""
_STATED = re.compile(rf"{_DAY}[T ]{_HOUR}(?::[0-5][0-9](?:\.[0-9]{{1,9}})?)?(?:Z|[+-]{_HOUR})?").fullmatch


def normal_instant(text: str) -> str:
    """Return a point in time in the one form that sorts as text.

    Args:
        text: ISO 8601 with date and time; without an offset it counts as UTC.

    Raises:
        ValueError: it is no point in time.
    """
    if find_normal_instant(text):
        return text
    if not _STATED(text):
        raise ValueError("no date and time")
    instant = datetime.fromisoformat(text)
    utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))  # epoch in ns, us, ms, s: distinct from 1973 on


_LAST = 253_402_300_800.0  # the year 10000, which no date reaches
_USUAL = (3.2e8, 4.1e9)  # 1980 to 2099: seconds beyond are tried as digits of a date first
_MONTHS = {
    m: f"{i:02}"
    for i, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_CLOCK = r"(?P<clock>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
_BASIC = r"(?P<clock>[0-9]{4}(?:[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
_ZONE = r"(?:[ ]?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})(?![A-Za-z0-9]))?"
_NAMED_DAY = r"(?P<d>[0-9]{1,2})[ ](?P<m>[A-Za-z]{3})[ ](?P<y>[0-9]{4})"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_FORMS = (
    rf"(?P<y>[0-9]{{4}})(?P<by>[-/])(?P<m>[0-9]{{2}})(?P=by)(?P<d>[0-9]{{2}})(?:[T ]{_CLOCK}{_ZONE})?",
    rf"(?P<y>[0-9]{{4}})(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})[T ]{_BASIC}{_ZONE}",
    rf"(?P<d>[0-9]{{1,2}})/(?P<m>[A-Za-z]{{3}})/(?P<y>[0-9]{{4}}):{_CLOCK}{_ZONE}",
    rf"(?:{_WEEKDAY},[ ])?{_NAMED_DAY}[ ]{_CLOCK}{_ZONE}",
    rf"(?:{_WEEKDAY}[ ])(?P<m>[A-Za-z]{{3}})[ ]{{1,2}}(?P<d>[0-9]{{1,2}})[ ]{_CLOCK}{_ZONE}[ ](?P<y>[0-9]{{4}})",
)
"""ISO 8601 as it is also written; then its basic form, web servers, mail and HTTP, and the C library. In each the month
is certain: what writes day and month as two numbers, or no year, is none of these."""
_DIGITS = r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{3})?)?)?"
_UNCERTAIN = r"(?<![0-9])[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}[ T,]{1,2}[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of `_FORMS`, which files of other tools alone need."""
    return tuple(re.compile(rf"(?<![0-9A-Za-z]){form}(?![0-9])") for form in _FORMS)


LONGEST_STATED = 64
"""Characters of the longest text that is tried as a point in time."""


def stated_seconds(value: object) -> float | None:
    """Return the seconds since 1970 of a point in time as `stated_instant` takes it; None: it is none."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
            return datetime.fromisoformat(_instant_of(value)).timestamp()
        since = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else 0.0
        scale = next((scale for least, scale in _SCALES if since >= least), None)
        seconds = since / scale if scale is not None else 0.0
        if _USUAL[0] <= seconds <= _USUAL[1]:
            return seconds
        digits = re.fullmatch(_DIGITS, f"{since:.0f}")
        if digits:
            return _seconds_of(digits, seconds)
    except (ValueError, OverflowError):
        return None
    return seconds if scale is not None and seconds < _LAST else None


def usual_seconds(since: Sequence[float]) -> list[float] | None:
    """Return the seconds since 1970 of numbers, as `stated_seconds` does; None where it is not one rule for all."""
    try:
        numbers = list(map(float, since))
    except OverflowError:
        return None
    low, high = min(numbers), max(numbers)
    scales = {next((scale for least, scale in _SCALES if at >= least), None) for at in (low, high)}
    scale = scales.pop()
    if scale is None or scales or not math.isfinite(sum(numbers)):
        return None
    is_usual = _USUAL[0] <= low / scale <= high / scale <= _USUAL[1]
    return [at / scale for at in numbers] if is_usual else None


def _seconds_of(digits: re.Match[str], otherwise: float) -> float | None:
    """Return the seconds since 1970 of a date that is written as one number, such as 20260131150000."""
    year, month, day, hour, minute, second, ms = (int(part or 0) for part in digits.groups())
    try:
        return datetime(year, month, day, hour, minute, second, ms * 1000, UTC).timestamp()
    except ValueError:
        return otherwise or None


def stated_instant(value: object) -> str:
    """Return a point in time as a log states it: a form of `_FORMS`, or s, ms, us or ns since 1970; else empty.

    Args:
        value: a text or a number, as found.
    """
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
            return _instant_of(value)
        seconds = stated_seconds(value)
        return "" if seconds is None else normal_instant(datetime.fromtimestamp(seconds, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        return ""


def instant_in(text: str) -> str:
    """Return the first point in time in a text, as it stands there, even one that cannot be read; else empty.

    Args:
        text: such as what a logger writes before its message.
    """
    found = next((m for form in (*_forms(), re.compile(_UNCERTAIN)) if (m := form.search(text))), None)
    return found[0] if found else ""


def _instant_of(text: str) -> str:
    """Return the normal form of a point in time.

    Raises:
        ValueError: it is none, or day and month could be confused.
    """
    try:
        return normal_instant(text)
    except ValueError:
        if len(text) > LONGEST_STATED:
            raise
    bare = text.strip(" []\t")
    found = next((m for form in _forms() if (m := form.fullmatch(bare))), None)
    if found is None:
        raise ValueError("no point in time")
    month, zone = found["m"], (found["zone"] or "Z").replace("UTC", "Z").replace("GMT", "Z")
    clock = (found["clock"] or "00:00").replace(",", ".")
    if ":" not in clock:
        clock = ":".join(filter(None, (clock[:2], clock[2:4], clock[4:])))
    if zone != "Z" and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    month = month if month.isdecimal() else _MONTHS.get(month.lower(), "")
    return normal_instant(f"{found['y']}-{month}-{int(found['d']):02}T{clock}{zone}")


class Times:
    """Takes the time of each row of a file, and says which rows are read."""

    def __init__(self, only: Period | None = None) -> None:
        """Start without rows.

        Args:
            only: the period whose rows are read; None: all are.
        """
        self.field = ""
        """The field that holds the time, for messages; empty: the format names none."""
        self.is_asked = False
        """Does the user say that every row has it?"""
        self.kept = 0
        """Rows that are read."""
        self.ordered: Sequence[str] = ()
        """The times that `keep_each` took last, ascending, where all are texts."""
        self._only = only
        self._firsts: list[float] = []
        self._lasts: list[float] = []
        self._minute = ""
        self._is_kept = True
        self._is_read = True
        self._rows = self._unread = self._absent = 0
        self._example: object = None

    def keeps(self, stated: object) -> bool:
        """Is a row read? One that states no time belongs to the row before it.

        Args:
            stated: its time as found: a text, or a number since 1970. The first row of a minute stands for all
                rows in it that follow at once, since to read the time of each takes longer than all else.
        """
        self._rows += 1
        if type(stated) is str:
            minute = stated[:_MINUTE]
            if minute == self._minute:
                self._unread += not self._is_read
                self.kept += self._is_kept
                return self._is_kept
            self._minute = minute if ":" in minute else ""
        else:
            self._minute = ""
        seconds = stated_seconds(stated)
        self._is_read = seconds is not None
        if seconds is None:
            self._miss(stated)
        elif self._only is None:
            self._add(seconds)
        else:
            self._is_kept = self._only[0] <= seconds <= self._only[1]
        self.kept += self._is_kept
        return self._is_kept

    def keep_each(self, stated: Sequence[object]) -> list[bool]:
        """Return for each of many rows whether it is read, as `keeps` says it row by row.

        Args:
            stated: the times of the rows, in their order.
        """
        types = set(map(type, stated))
        self.ordered = ()
        if types == {str}:
            return self._keep_texts(stated)  # type: ignore[arg-type] # all are
        if types and types <= {int, float} and len(self._firsts) < MOST_PERIODS:
            seconds = usual_seconds(stated)  # type: ignore[arg-type] # numbers
            if seconds and max(seconds) - min(seconds) <= _REST:
                return self._keep_near(seconds)
        return list(map(self.keeps, stated))

    def _keep_texts(self, stated: Sequence[str]) -> list[bool]:
        ordered = self.ordered = sorted(stated)
        if len(self._minute) == _MINUTE and ordered[0][:_MINUTE] == self._minute == ordered[-1][:_MINUTE]:
            return self._keep_more(len(stated))  # what sorts between them begins alike
        kept: list[bool] = []
        for minute, alike in groupby(stated, _minute_of):
            others = list(alike)
            if minute != self._minute:
                kept.append(self.keeps(others.pop(0)))
            # what is no minute stands for no other row
            kept += self._keep_more(len(others)) if minute == self._minute else map(self.keeps, others)
        return kept

    def _keep_more(self, count: int) -> list[bool]:
        """Take rows of the minute of the row before them."""
        self._rows += count
        self._unread += 0 if self._is_read else count
        self.kept += count if self._is_kept else 0
        return [self._is_kept] * count

    def _keep_near(self, seconds: Sequence[float]) -> list[bool]:
        """Take points in time without hours of rest between them: the first and the last say all of their period."""
        self._rows += len(seconds)
        self._minute = ""
        self._is_read = True
        if self._only is None:
            self._add(min(seconds))
            self._add(max(seconds))
            kept = [self._is_kept] * len(seconds)
        else:
            begin, end = self._only
            kept = [begin <= at <= end for at in seconds]
            self._is_kept = kept[-1]
        self.kept += sum(kept)
        return kept

    @property
    def are_all_read(self) -> bool:
        """Does every row state a time that can be read?"""
        return not self._unread and not self._absent

    def _miss(self, stated: object) -> None:
        """Count a row whose time is not known."""
        if stated is None or stated == "":
            self._absent += 1
        else:
            self._unread += 1
            self._example = stated if self._example is None else self._example

    def fault(self, tolerance: float) -> str:
        """Return what is wrong with the times of the rows; empty: nothing that matters.

        Without times, rows of last week pass as those of today. A field that a format may leave out is
        not missed, and a few rows are as the rows around them.

        Args:
            tolerance: share of the rows whose time may be something that cannot be read.
        """
        if not self.field:
            return ""
        missing = self._unread + self._absent
        if self._unread > max(tolerance * self._rows, 1 if tolerance else 0):
            example = json.dumps(str(self._example)[:_LONGEST_EXAMPLE], ensure_ascii=False)
            return (
                f"{self._unread:,} of {self._rows:,} rows hold no point in time that can be read "
                f'in the field "{self.field}", such as {example}'
            )
        if self.is_asked and missing > self._rows / 2:
            return f'{missing:,} of {self._rows:,} rows hold no point in time in the field "{self.field}"'
        return ""

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
