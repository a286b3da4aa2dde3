"""Time the calls of a function: samples long enough for the clock, as many as fit into a time."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

T = TypeVar("T")
CLOCK: Callable[[], int] = perf_counter_ns
"""Bound when this module is loaded: a test that freezes time must not freeze it."""
LEAST_SAMPLE = 1_000_000
"""Nanoseconds that a sample takes at least: a call of the clock is below 0.01 % of it."""
FEWEST = 5
MOST = 2000
"""Samples of a benchmark."""
_LONGEST = 10
"""How many times the wanted time a benchmark takes at most, unless one call takes longer."""
_GROWTH = 10
_MOST_LOOPS = 1_000_000
"""Calls of a sample, which take no Python less than some milliseconds."""
_CONFIRMING = 2
"""Samples that shall be long enough, too."""
_ROOM = 1.1  # the next calibrating sample shall be long enough


@dataclass(frozen=True, slots=True)
class Timed:
    """What the samples of a benchmark took."""

    values: tuple[float, ...]
    """Seconds of one call, one value a sample, in the order of the samples."""
    loops: int
    """Calls of each sample."""


def time_calls(call: Callable[[], object], seconds: float, clock: Callable[[], int] = CLOCK) -> Timed:
    """Return what a call takes, in as many samples as fit into a time.

    The caller has called it once before, which filled caches. Garbage is collected before, and not meanwhile.

    Args:
        call: what is measured, without arguments.
        seconds: wanted time of all samples, > 0.
        clock: nanoseconds.

    Raises:
        ValueError: the clock stands still.
    """
    with _QuietCollector():
        loops, took = _calibrate(call, clock)
        wanted = seconds * 1e9
        count = int(min(max(wanted / took, FEWEST), MOST, max(wanted * _LONGEST / took, 1.0)))
        values = [sample(call, loops, clock) / loops / 1e9 for _ in range(count)]
    return Timed(tuple(values), loops)


def time_rounds(
    call: Callable[[], T],
    *,
    rounds: int,
    loops: int,
    warmups: int,
    before: Callable[[], object],
    after: Callable[[], object],
) -> tuple[Timed, T]:
    """Return what a call takes in a fixed number of samples, and what the last call returned.

    Args:
        call: what is measured; it takes its arguments from what `before` prepared.
        rounds: samples, >= 1.
        loops: calls of each, >= 1.
        warmups: samples before them that do not count, >= 0.
        before: called before each sample, untimed.
        after: called after each sample, untimed.
    """
    values: list[float] = []
    repeat = range(loops)
    with _QuietCollector():
        for number in range(warmups + rounds):
            before()
            began = CLOCK()
            for _ in repeat:
                result = call()
            took = CLOCK() - began
            after()
            if number >= warmups:
                values.append(took / loops / 1e9)
    return Timed(tuple(values), loops), result


def sample(call: Callable[[], object], loops: int, clock: Callable[[], int]) -> int:
    """Return how many nanoseconds so many calls took."""
    repeat = range(loops)
    began = clock()
    for _ in repeat:
        call()
    return clock() - began


def _calibrate(call: Callable[[], object], clock: Callable[[], int]) -> tuple[int, float]:
    """Return how many calls make a sample that is long enough, and the nanoseconds that it takes."""
    loops = 1
    while True:
        took = sample(call, loops, clock)
        if LEAST_SAMPLE <= took < _GROWTH * LEAST_SAMPLE:  # it may have been held up: then the next ones are too short
            took = min(took, *(sample(call, loops, clock) for _ in range(_CONFIRMING)))
        if took >= LEAST_SAMPLE:
            return loops, float(took)
        if loops == _MOST_LOOPS:
            raise ValueError(f"{loops:,} calls took {took} ns: the clock stands still")
        wanted = loops * LEAST_SAMPLE * _ROOM / took if took > 0 else loops * _GROWTH
        loops = min(max(loops + 1, int(min(wanted, loops * _GROWTH))), _MOST_LOOPS)


class _QuietCollector:
    """Garbage is collected before, and not meanwhile."""

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was_on:
            gc.enable()


def bind(function: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Callable[[], object]:
    """Return a call without arguments, as directly as possible."""
    if not args and not kwargs:
        return function
    if not kwargs:
        return lambda: function(*args)
    return lambda: function(*args, **kwargs)
