"""The variables of tracing, as `perfgate run` gives them: they are of one execution, and win over the program's own."""

from __future__ import annotations

import os

from perfgate.measure.variables import read_request, say_once

SWITCH = "PERFGATE_TRACE"
SAMPLE_RATE = "PERFGATE_TRACE_SAMPLE_RATE"
DEADLINE = "PERFGATE_TRACE_DEADLINE_MS"
FILE = "PERFGATE_TRACE_FILE"
STAGES = "PERFGATE_TRACE_STAGES"
"""Where a program that `perfgate run` measures from outside leaves time and calls by stage when it ends."""
GOLDEN = "PERFGATE_TRACE_GOLDEN"
GOLDEN_INTERVAL = "PERFGATE_TRACE_GOLDEN_INTERVAL"


def read_tracing(*, default: bool) -> bool:
    """Is tracing on? An unknown word means off, with a message on stderr."""
    return read_request(SWITCH, default=default, otherwise="nothing is traced")


def read_rate(*, default: float) -> float:
    """Return the share of units of work to trace, 0.0 to 1.0."""
    return _read_number(SAMPLE_RATE, "a number from 0 to 1", default, 1.0)


def read_deadline(*, default: float | None) -> float | None:
    """Return the time in milliseconds that a trace may take, > 0; None: there is no deadline."""
    return _read_number(DEADLINE, "a number of milliseconds above 0", default or 0.0, _MOST_MS, above_zero=True) or None


def read_interval() -> int:
    """Return of how many traces one is kept as a golden trace, >= 1."""
    return int(_read_number(GOLDEN_INTERVAL, "a whole number from 1", 100.0, _MOST_INTERVAL, above_zero=True)) or 1


_MOST_MS = 1e9
_MOST_INTERVAL = 1e9


def _read_number(name: str, expected: str, default: float, most: float, *, above_zero: bool = False) -> float:
    """Return a variable's number up to `most`; one that is none is named once on stderr and ignored."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0.0 <= number <= most and (number or not above_zero):
        return number
    say_once(f"{name}={text[:40]!a} is not {expected} and is ignored")
    return default
