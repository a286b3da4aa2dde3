"""Points in time as they sort: UTC, ISO 8601, six decimals of a second, ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime

_LONG = 27  # characters of the form that sorts


def normal_instant(text: str) -> str:
    """Return a point in time in the one form that sorts as text.

    Args:
        text: ISO 8601 with date and time, its form checked before; without an offset it
            counts as UTC.

    Raises:
        ValueError: it is no point in time.
    """
    if len(text) == _LONG and text[10] == "T" and text[-1] == "Z":
        return text
    instant = datetime.fromisoformat(text)
    utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(_LONG, "0")
