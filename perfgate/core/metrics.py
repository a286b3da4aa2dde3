"""Metrics: names, units and directions, and the other names under which they arrive."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perfgate.core.measured import (
    CALLS,
    EXPLAINING,
    MEASURED,
    NAME_OF_KEY,
    SPREAD_OF_COUNT,
    SPREAD_OF_MEMORY,
    SPREAD_OF_TIME,
    STAGE,
    Spread,
)

Direction = Literal["lower", "higher"]


class Metric(Struct, frozen=True, kw_only=True):
    """What is measured."""

    name: str
    """Such as ``elapsed``; in base units, so without a unit in its name."""
    unit: str
    """Base unit of its values: ``s``, ``B``, ``1/s``, ``1``, or the file's own text."""
    better: Direction
    """Which way is an improvement."""


METRICS = {m.name: Metric(name=m.name, unit=m.unit, better=m.better) for m in MEASURED}
"""Name -> metric, of those that perfgate measures itself."""
ELAPSED = METRICS["elapsed"]
CPU = METRICS["cpu"]
PEAK_MEMORY = METRICS["peak_memory"]
THROUGHPUT = METRICS["throughput"]

DEADLINE_MISS = Metric(name="deadline_miss", unit="1", better="lower")
"""The share of traces that took longer than their deadline."""
STATED_BY = {
    DEADLINE_MISS.name: "no run states a deadline: set deadline_ms in [tool.perfgate.trace], "
    "or call init_metrics(deadline_ms=...) in the program"
}
"""Name of a metric that runs state only where they are asked to -> what to do where a gate finds none."""

INSTRUCTIONS = Metric(name="instructions", unit="1", better="lower")
"""Instructions of a run and of all that it starts, as Valgrind counts them."""

MEDIAN_OF_RUN = ".median"
"""End of the name of a metric that stands beside one of which each run counts with its best sample."""

FUNCTION_CALLS = Metric(name="function_calls", unit="1", better="lower")
"""Calls in a profiled run, in Python and in C."""

WORKLOAD_BOUND = frozenset(m.name for m in MEASURED if m.grows_with_rows)
"""Metrics whose amount depends on how many rows a run worked on."""
ALWAYS_POSITIVE = frozenset(m.name for m in MEASURED if m.is_positive)
"""Metrics of which zero is no measurement."""

_SPREADS = {
    **dict.fromkeys(("function_calls", "instructions", "allocations", "allocs"), SPREAD_OF_COUNT),
    **{m.name: m.spread for m in MEASURED},
}
_OF_CLOCKS = frozenset({"s", "fps", "hz", "khz", "mhz", "ghz", "ops", "rps", "qps", "tps", "cycles", "ticks"})
"""Units, in lower case, of what a clock measures; rates with a slash beside them."""
_NAMES_OF_CLOCKS = ("time", "latency", "duration", "elapsed", "throughput")
"""Words in the names of metrics that a clock measures: some files state no unit."""

RATES = ("per_second", "per_sec", "per_s", "rps", "qps")
"""Last words of the name of a rate, which is 1/s: ``requests_per_second`` are no seconds."""

# suffix of a metric's key -> unit of its values, direction, as in tick_total_ms
_SUFFIXES: tuple[tuple[str, str, Direction], ...] = (
    *((f"_{word}", "1/s", "higher") for word in RATES),
    ("_sec", "s", "lower"),
    ("_seconds", "s", "lower"),
    ("_ms", "ms", "lower"),
    ("_us", "us", "lower"),
    ("_ns", "ns", "lower"),
    ("_mb", "MB", "lower"),
    ("_bytes", "B", "lower"),
)


def is_clocked(metric: Metric) -> bool:
    """Does a clock measure it, so that two measurements hardly ever agree to the last digit? Sizes and counts may."""
    name, unit = metric.name.lower(), metric.unit.lower()
    return "/" in unit or unit in _OF_CLOCKS or any(word in name for word in _NAMES_OF_CLOCKS)


def known_direction(name: str, unit: str) -> Direction | None:
    """Return which way is an improvement of a metric, as its name alone says; None: it does not.

    Args:
        name: of the metric.
        unit: base unit of its values; a share of slow calls may be called ``latency``, too.
    """
    if name in METRICS:
        return METRICS[name].better
    is_time = unit == ELAPSED.unit and (name in _TIMES or not _WORDS_OF_TIMES.isdisjoint(name.split("_")))
    return "lower" if is_time or name == DEADLINE_MISS.name else None


_TIMES = frozenset({"time", "real_time", "response_time"})
_WORDS_OF_TIMES = frozenset({"latency", "duration", "elapsed"})
"""Times that something takes; an uptime, or the time that is left, is better when it is long."""


def canonical_name(key: str) -> str:
    """Return the name inside of a metric that may be written as its JSON key."""
    return NAME_OF_KEY.get(key, key)


def spread_of(metric: Metric) -> Spread:
    """Return how far the sessions of a metric lie apart before anything of it was measured.

    An amount of bytes of the user's own that varies is expected to be memory, which varies
    more than a size; of any other metric of the user's own nothing is known.
    """
    if is_of_calls(metric.name):
        return SPREAD_OF_COUNT
    return _SPREADS.get(metric.name, SPREAD_OF_MEMORY if metric.unit == "B" else SPREAD_OF_TIME)


def is_of_calls(name: str) -> bool:
    """Is a metric the calls of a stage, which only the code changes where its input stays the same?"""
    return name.startswith(CALLS)


def is_of_stage(name: str) -> bool:
    """Is a metric the time in a stage?"""
    return name.startswith(STAGE)


def explains(name: str) -> bool:
    """Does a metric only explain why others changed, so that it is judged and listed nowhere?"""
    return name.startswith(EXPLAINING)


def from_suffix(key: str) -> tuple[str, str, Direction] | None:
    """Return name, unit and direction that a metric's key states by its suffix, or None.

    ``elapsed_sec`` is (``elapsed``, ``s``, ``lower``); ``rows_per_s`` keeps its
    name, since a rate without "per" would read as an amount.
    """
    for suffix, unit, better in _SUFFIXES:
        if key.endswith(suffix) and len(key) > len(suffix):
            return (key if unit == "1/s" else key[: -len(suffix)], unit, better)
    return None
