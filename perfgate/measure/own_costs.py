"""What measuring itself costs on this machine: clock reads, spans, and a measuring context.

In CPU time of this process, the least of a few batches: what another program takes is not in it.
"""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import dataclass
from time import get_clock_info, perf_counter_ns, process_time_ns
from typing import TYPE_CHECKING

from perfgate.measure.inside.context import measure_run_context
from perfgate.measure.tracing.cost import MOST_OVERHEAD
from perfgate.measure.tracing.spans import ACTIVE, Trace
from perfgate.measure.tracing.tracer import Tracer

if TYPE_CHECKING:
    from collections.abc import Callable

_BATCHES = 7
_PER_BATCH = 2_000  # some milliseconds a batch, a thousand times what reading the CPU clock costs
_CONTEXTS = 40
_MOST_READS = 1_000_000
_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCosts:
    """Costs in nanoseconds of CPU time."""

    clock_read: float
    """Of reading the clock once."""
    clock_pair: float
    """Of what any tracer has to do: read the clock twice and keep the difference."""
    span: float
    """Of a span without attributes inside a trace."""
    span_with_two: float
    """Of a span with two attributes."""
    disabled_span: float
    """Of a span where nothing is traced."""
    context: float
    """Of a measuring context; writing its summary comes on top."""

    @property
    def break_even(self) -> float:
        """The shortest stage, in nanoseconds, whose span costs at most `MOST_OVERHEAD` of it."""
        return self.span / MOST_OVERHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock that measures elapsed time."""

    stated: float
    """Its resolution in nanoseconds, as the system states it."""
    step: float
    """The smallest difference of two readings that was seen, in nanoseconds."""


def read_clock(now: Callable[[], int] = perf_counter_ns) -> Clock | None:
    """Return what a clock can show; None when it stands still.

    Args:
        now: reads it, in nanoseconds.
    """
    steps = []
    for _ in range(_STEPS):
        began = later = now()
        for _ in range(_MOST_READS):
            later = now()
            if later != began:
                break
        if later <= began:
            return None
        steps.append(later - began)
    return Clock(stated=get_clock_info("perf_counter").resolution * 1e9, step=min(steps))


def measure_costs() -> OwnCosts:
    """Return the costs; it takes some 100 ms, writes nothing, and leaves the program's own traces alone."""
    return copy_context().run(_measure)


def _measure() -> OwnCosts:
    tracer = Tracer(enabled=True, sample_rate=1.0)
    ACTIVE.set(None)
    disabled = _least(lambda: _spans(tracer))
    inside, with_two = [], []
    for _ in range(_BATCHES):  # each in a trace of its own, which has room for it
        ACTIVE.set(Trace("cost").root)
        inside.append(_time(lambda: _spans(tracer)))
        ACTIVE.set(Trace("cost").root)
        with_two.append(_time(lambda: _spans_with_two(tracer)))
    ACTIVE.set(None)
    return OwnCosts(
        clock_read=_least(_reads),
        clock_pair=_least(_pairs),
        span=min(inside),
        span_with_two=min(with_two),
        disabled_span=disabled,
        context=min(_time(_contexts, _CONTEXTS) for _ in range(3)),
    )


def _least(work: Callable[[], None]) -> float:
    return min(_time(work) for _ in range(_BATCHES))


def _time(work: Callable[[], None], repetitions: int = _PER_BATCH) -> float:
    began = process_time_ns()
    work()
    return (process_time_ns() - began) / repetitions


def _reads() -> None:
    for _ in range(_PER_BATCH):
        perf_counter_ns()


def _pairs() -> None:
    kept: list[int] = []
    for _ in range(_PER_BATCH):
        began = perf_counter_ns()
        kept.append(perf_counter_ns() - began)


def _spans(tracer: Tracer) -> None:
    for _ in range(_PER_BATCH):
        with tracer.span("cost"):
            pass


def _spans_with_two(tracer: Tracer) -> None:
    for _ in range(_PER_BATCH):
        with tracer.span("cost", rows=100, kind="a"):
            pass


def _contexts() -> None:
    for _ in range(_CONTEXTS):
        with measure_run_context(benchmark="cost", enabled=True, write=False):
            pass
