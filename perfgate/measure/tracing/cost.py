"""What a span itself costs in this process, so that a run can state the share of its time that is tracing."""

from __future__ import annotations

from contextvars import copy_context
from time import perf_counter_ns

from perfgate.measure.tracing.spans import ACTIVE, Trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.measure.tracing.spans import NoSpan, Span

MOST_OVERHEAD = 0.03
"""Share of the traced time that spans may cost before it is said: as much as the smallest change worth a gate."""
_BATCH = 8  # spans between two clock reads, which then add next to nothing
_BATCHES = 25
_LONGEST_NS = 500_000

_known: list[float] = []


def span_cost_ns(open_span: Callable[[str], Span | NoSpan]) -> float:
    """Return how many nanoseconds a span takes here; measured the first time, for at most half a millisecond.

    Args:
        open_span: the tracer's own function, so that its call is in the cost.
    """
    if not _known:
        _known.append(copy_context().run(_measure, open_span))
    return _known[0]


def _measure(open_span: Callable[[str], Span | NoSpan]) -> float:
    """Return the median of a few batches: one that was interrupted does not count."""
    ACTIVE.set(Trace("cost").root)
    found: list[float] = []
    until = perf_counter_ns() + _LONGEST_NS
    for _ in range(_BATCHES):
        began = perf_counter_ns()
        for _ in range(_BATCH):
            with open_span("cost"):
                pass
        now = perf_counter_ns()
        found.append((now - began) / _BATCH)
        if now >= until:
            break
    return sorted(found)[len(found) // 2]
