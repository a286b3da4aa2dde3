"""Units as people and tools spell them out, and the symbols that perfgate knows them by."""

from __future__ import annotations

import re

_WORDS = {
    "second": "s", "seconds": "s", "secs": "s",
    "millisecond": "ms", "milliseconds": "ms", "msec": "ms", "msecs": "ms", "millis": "ms",
    "microsecond": "us", "microseconds": "us", "usec": "us", "usecs": "us", "micros": "us",
    "nanosecond": "ns", "nanoseconds": "ns", "nsec": "ns", "nsecs": "ns", "nanos": "ns",
    "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
    "byte": "B", "kilobytes": "kB", "megabytes": "MB", "gigabytes": "GB",
    "kb": "kB", "mb": "MB", "gb": "GB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
    "percent": "%", "rps": "1/s", "qps": "1/s",
}  # fmt: skip
_PER_SECOND = re.compile(r"(.+?)\s?/\s?(?:s|sec|second)")
_COUNTED = re.compile(
    r"(?:call|event|item|iteration|iter|message|msg|operation|op|record|request|req|row|transaction)s?|query|queries",
    re.IGNORECASE,
)
_BYTES = frozenset(("B", "kB", "MB", "GB"))


def symbol(unit: str) -> str:
    """Return the symbol of a unit that is spelled out (``seconds``: ``s``; ``req/s``: ``1/s``).

    What is not known stays as it is: a unit is never guessed.
    """
    unit = unit.strip()
    if rate := _PER_SECOND.fullmatch(unit):
        if _COUNTED.fullmatch(rate[1]):
            return "1/s"
        part = _of_amount(rate[1])
        return f"{part}/s" if part in _BYTES else unit
    return _of_amount(unit)


def _of_amount(unit: str) -> str:
    return _WORDS.get(unit.lower(), unit)
