"""All variables of ours, and which of them a measured program would ignore: `perfgate doctor` alone asks.

Each is read by the function by which a measured program reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.measure.inside.context import read_benchmark, read_mode
from perfgate.measure.machine.commit import read_commit
from perfgate.measure.profiling.settings import switched_on_by
from perfgate.measure.tracing.settings import read_deadline, read_interval, read_rate, read_tracing
from perfgate.measure.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "PERFGATE_"
"""Begins the names of ours; there is one more, ``ENABLE_PERFORMANCE_MONITORING``."""
SWITCHES = ("PERFGATE_ENABLED", "PERFGATE_WRITE")
"""Those that switch off what is on by default."""
KNOWN = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *(
            "ASCII",
            "BENCHMARK",
            "COMMAND",
            "COMMIT",
            "COUNTS",
            "DEBUG",
            "ENABLED",
            "MEMORY",
            "OUT",
            "RECEIPT",
            "ROWS",
            "RUN",
        ),
        *("PROFILE", "PROFILE_FILE"),
        *("SESSION", "SHARD", "SIDE", "WRITE", "TRACE", "TRACE_SAMPLE_RATE", "TRACE_DEADLINE_MS", "TRACE_FILE"),
        *("TRACE_STAGES", "TRACE_GOLDEN", "TRACE_GOLDEN_INTERVAL"),
    )
)
"""The variables that perfgate reads."""
_READERS: tuple[Callable[[Variables], object], ...] = (
    *(lambda variables, name=name: variables.read_switch(name) for name in SWITCHES),
    lambda variables: variables.read_text("PERFGATE_COMMAND"),
    lambda variables: variables.read_rows("PERFGATE_ROWS"),
    lambda variables: variables.read_shard("PERFGATE_SHARD"),
    read_benchmark,
    read_commit,
    read_mode,
    switched_on_by,
    lambda variables: read_tracing(default=False, variables=variables),
    lambda variables: read_rate(default=1.0, variables=variables),
    lambda variables: read_deadline(default=None, variables=variables),
    read_interval,
)
"""Those whose text may mean nothing; the others take any."""


def find_ignored(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable whose value is ignored: the value, what is expected, and what holds instead.

    Args:
        environ: the environment variables.
    """
    found: list[str] = []
    variables = Variables(environ, found.append)
    for read in _READERS:
        read(variables)
    return found
