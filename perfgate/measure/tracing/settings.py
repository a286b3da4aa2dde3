"""The variables of tracing, as `perfgate run` gives them: they are of one execution, and win over the program's own."""

from __future__ import annotations

from perfgate.measure.variables import PROCESS, Variables

SWITCH = "PERFGATE_TRACE"
SAMPLE_RATE = "PERFGATE_TRACE_SAMPLE_RATE"
DEADLINE = "PERFGATE_TRACE_DEADLINE_MS"
FILE = "PERFGATE_TRACE_FILE"
STAGES = "PERFGATE_TRACE_STAGES"
"""Where a program that `perfgate run` measures from outside leaves time and calls by stage when it ends."""
GOLDEN = "PERFGATE_TRACE_GOLDEN"
GOLDEN_INTERVAL = "PERFGATE_TRACE_GOLDEN_INTERVAL"


_MOST_MS = 1e9
_MOST_INTERVAL = 1e9
_INTERVAL = 100


def read_tracing(*, default: bool, variables: Variables = PROCESS) -> bool:
    """Is tracing on? An unknown word means off, with a message."""
    return variables.read_request(SWITCH, default=default, otherwise="nothing is traced")


def read_rate(*, default: float, variables: Variables = PROCESS) -> float:
    """Return the share of units of work to trace, 0.0 to 1.0."""
    rate = variables.read_number(SAMPLE_RATE, "a number from 0 to 1", lambda number: 0.0 <= number <= 1.0)
    return default if rate is None else rate


def read_deadline(*, default: float | None, variables: Variables = PROCESS) -> float | None:
    """Return the time in milliseconds that a trace may take, > 0; None: there is no deadline."""
    expected = "a number of milliseconds above 0, at most 10^9"
    deadline = variables.read_number(DEADLINE, expected, lambda number: 0.0 < number <= _MOST_MS)
    return default if deadline is None else deadline


def read_interval(variables: Variables = PROCESS) -> int:
    """Return of how many traces one is kept as a golden trace, >= 1."""
    expected = "a whole number from 1 to 10^9"
    found = variables.read_number(GOLDEN_INTERVAL, expected, lambda n: 1.0 <= n <= _MOST_INTERVAL and n.is_integer())
    return _INTERVAL if found is None else int(found)
