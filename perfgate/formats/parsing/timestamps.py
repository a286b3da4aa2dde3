"""Points in time as they sort: UTC, ISO 8601, six decimals of a second, ``Z``."""

from __future__ import annotations

import re
from datetime import UTC, datetime

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
