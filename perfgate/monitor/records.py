"""How records of a service become JSON lines: always valid JSON, whatever a program puts into them.

A record of known fields is put together as text, in half the time that a JSON encoder takes.
"""

from __future__ import annotations

import json
import math
import time

LONGEST_NAME = 200
"""Characters of a name that are kept: of a series, a version, a route."""
_MOST_NAMES = 10_000
"""Names whose JSON is kept; with more, all are forgotten and kept anew."""
_names: dict[str, str] = {}
_second: list[tuple[int, str]] = [(-1, "")]
"""The last second that was asked for, with its text, which many records share."""


def now() -> str:
    """Return the time in UTC to the millisecond, ``2026-01-31T15:00:00.000Z``."""
    second, rest = divmod(time.time_ns(), 1_000_000_000)
    known = _second[0]
    if known[0] != second:
        _second[0] = known = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return f"{known[1]}.{rest // 1_000_000:03d}Z"


def json_name(name: str) -> str:
    """Return a name as JSON, of at most `LONGEST_NAME` characters."""
    try:
        return _names[name]
    except KeyError:
        if len(_names) >= _MOST_NAMES:
            _names.clear()
    except TypeError:  # no text, and nothing that can be looked up
        return json.dumps(str(name)[:LONGEST_NAME])
    text = json.dumps(str(name)[:LONGEST_NAME])
    if isinstance(name, str) and len(name) <= LONGEST_NAME:
        _names[name] = text
    return text


def json_number(value: float | None) -> str:
    """Return a number as JSON, and None as ``null``; what is NaN, infinite or no number as a text.

    A reader of the log counts such a row as broken: something was measured wrongly, and not left out.
    """
    if type(value) is float and value - value == 0.0:  # neither NaN nor infinite
        return repr(value)
    if value is None:
        return "null"
    try:
        number = float(value)  # numbers of other libraries, too
    except (TypeError, ValueError, OverflowError):
        return '"not a number"'
    return repr(number) if math.isfinite(number) else f'"{number}"'


def json_flag(value: object) -> str:
    """Return yes or no as JSON; ``null`` where it is not known."""
    flag = flag_of(value)
    return "null" if flag is None else "true" if flag else "false"


def flag_of(value: object) -> bool | None:
    """Return yes or no; None where it is not known, or is several answers at once, as an array is."""
    try:
        return None if value is None else bool(value)
    except (TypeError, ValueError):
        return None
