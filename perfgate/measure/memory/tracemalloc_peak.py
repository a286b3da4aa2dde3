"""The peak of Python's own allocations, as tracemalloc counts them.

Dear: allocation-heavy code runs some 5 times slower, and JSON 8 times.
"""

from __future__ import annotations

import tracemalloc

from perfgate.measure.memory.shared_peak import SharedPeak


class TracedPeak(SharedPeak):
    """The peak of traced allocations; native memory outside Python's allocators is not in it."""

    __slots__ = ("_started",)

    def __init__(self) -> None:
        """Have no context open and nothing started."""
        super().__init__()
        self._started = False

    def mark(self) -> int:
        """Return the largest sum of traced blocks since the last reset, in bytes."""
        return tracemalloc.get_traced_memory()[1]

    def reset(self) -> None:
        """Let the peak begin again at what is traced now."""
        tracemalloc.reset_peak()

    def begin(self) -> None:
        """Start tracing, unless the program traces already."""
        self._started = not tracemalloc.is_tracing()
        if self._started:
            tracemalloc.start(1)

    def end(self) -> None:
        """Stop tracing, when it was begun here."""
        if self._started:
            tracemalloc.stop()


TRACED = TracedPeak()
