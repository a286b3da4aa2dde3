"""The metrics that perfgate measures itself: one row each. A measured program loads this module, so it imports nothing.

A metric without keys of its own stands among the ``metrics`` of a run summary.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


class Key:
    """A key of the run summary that states a metric.

    Attributes:
        name: such as ``elapsed_sec``.
        times: what a value in base units is multiplied with, >= 1 (10^9 for nanoseconds).
        per: what it is divided by, >= 1 (10^6 for MB).
        decimals: decimals that are written, >= 0; with 0 an integer is written.
    """

    __slots__ = ("decimals", "name", "per", "times")

    def __init__(self, name: str, *, decimals: int, times: int = 1, per: int = 1) -> None:
        """Keep the name, the scale and the decimals."""
        self.name = name
        self.times = times
        self.per = per
        self.decimals = decimals

    @property
    def step(self) -> float:
        """The smallest difference that the key can state, in base units."""
        return self.per / self.times / 10.0**self.decimals

    def written(self, value: float) -> float:
        """Return what the key says of a value in base units, rounded."""
        scaled = value * self.times / self.per
        return round(scaled, self.decimals) if self.decimals else round(scaled)


class Spread:
    """How far the sessions of a metric lie apart before anything of it was measured: standard deviations on logs.

    Attributes:
        one_machine: on one booted machine, > 0.
        one_class: on machines of one class, or when nothing is known, > 0.
        shifted: on machines of one class when what all benchmarks have in common is subtracted, > 0; None: nothing
            is subtracted, since the benchmarks of a session do not share what moves the metric.
        per_within: how much of the spread inside a session is expected between sessions as well, >= 0.
    """

    __slots__ = ("one_class", "one_machine", "per_within", "shifted")

    def __init__(
        self, one_machine: float, one_class: float, *, shifted: float | None = None, per_within: float = 0.0
    ) -> None:
        """Keep the deviations."""
        self.one_machine = one_machine
        self.one_class = one_class
        self.shifted = shifted
        self.per_within = per_within


SPREAD_OF_TIME = Spread(0.02, 0.05, shifted=0.025)
"""Of what a clock measures, and of a metric of which nothing is known. The last chosen among 2, 2.5, 3 and 5 % on
six recorded collections: docs/method.md reports the trials."""
SPREAD_OF_MEMORY = Spread(0.01, 0.02, per_within=1.5)
"""Of the peak of memory: sessions of recorded programs lie 0.1 to 0.9 % apart, and 3 % where a thread pool already
shows it inside a session (docs/method.md)."""
SPREAD_OF_COUNT = Spread(0.005, 0.005, per_within=1.5)
"""Of a count or a size that varies at all; one that never varies is compared exactly."""


class Measured:
    """One metric that perfgate measures, or derives from what it measures.

    Attributes:
        name: such as ``elapsed``.
        unit: its base unit.
        better: which way is an improvement.
        keys: of the run summary, the rounded one of the contract first; empty: it stands among its ``metrics``,
            unless it `is_derived`.
        is_gated: is its p50 gated without a rule? Else it is only shown.
        is_positive: is a value of zero no measurement?
        grows_with_rows: does its amount depend on how many rows a run worked on?
        is_derived: is it computed from others when runs are collected?
        spread: how far its sessions lie apart.
    """

    __slots__ = ("better", "grows_with_rows", "is_derived", "is_gated", "is_positive", "keys", "name", "spread", "unit")

    def __init__(
        self,
        name: str,
        unit: str,
        *,
        better: Literal["lower", "higher"] = "lower",
        keys: tuple[Key, ...] = (),
        is_gated: bool = False,
        is_positive: bool = False,
        grows_with_rows: bool = True,
        is_derived: bool = False,
        spread: Spread = SPREAD_OF_TIME,
    ) -> None:
        """Keep what is known of the metric."""
        self.name = name
        self.unit = unit
        self.better: Literal["lower", "higher"] = better
        self.keys = keys
        self.is_gated = is_gated
        self.is_positive = is_positive
        self.grows_with_rows = grows_with_rows
        self.is_derived = is_derived
        self.spread = spread


STAGE = "stage:"
"""Prefix of the time a trace in one stage: ``stage:retrieval``."""
CALLS = "calls:"
"""Prefix of the calls a trace of one stage: ``calls:retrieval``."""
OWN = "own:"
"""Prefix of the time a trace in a stage and in none of its inner ones, where that differs: ``own:retrieval``."""
FUNCTION = "function:"
"""Prefix of the time in one function and in nothing that it called, under a profiler: ``function:score.py:predict``."""
CALLS_OF = "function-calls:"
"""Prefix of the calls of one function in a profiled run: ``function-calls:score.py:predict``."""
UNCOUNTED = ", calls not counted"
"""Ends the source of function times whose profile has no count: which blocks are in it is a race of threads."""
EXPLAINING = (OWN, FUNCTION, CALLS_OF)
"""Prefixes of metrics that explain a change of others, and are judged and listed nowhere."""
SERIES_SCHEMA = "perfgate/series/1"
"""Schema of a run file that holds many values of a metric."""
MEANS_OF_CALLS = "means of calls"
"""Source of values each of which is the mean of several calls: they are never compared with single calls."""
WHOLE = "tick_total"
"""Name of the stage that is a whole trace."""
_WALL = (Key("elapsed_sec", decimals=3), Key("elapsed_ns", decimals=0, times=10**9))
_PEAK = (Key("peak_memory_mb", decimals=1, per=10**6), Key("peak_memory_bytes", decimals=0))
MEASURED = (
    Measured("elapsed", "s", keys=_WALL, is_gated=True, is_positive=True),
    Measured("peak_memory", "B", keys=_PEAK, is_gated=True, is_positive=True, spread=SPREAD_OF_MEMORY),
    Measured("cpu", "s", keys=(Key("cpu_sec", decimals=9),)),
    Measured("throughput", "1/s", better="higher", grows_with_rows=False, is_derived=True),
)
"""Every metric that perfgate measures or derives."""

NAME_OF_KEY = {key.name: m.name for m in MEASURED for key in m.keys}
"""Key of the run summary -> name of the metric."""
RESERVED = frozenset((*NAME_OF_KEY, *(m.name for m in MEASURED)))
"""Names that a program cannot give to a metric of its own."""


def function_name(function: str, file: str) -> str:
    """Return how a function is named behind `FUNCTION` and `CALLS_OF`: without its line, which edits above it change.

    Args:
        function: its name.
        file: where it is; ``~`` or empty for what is written in C.
    """
    return f"{file}:{function}" if file and file != "~" else function
