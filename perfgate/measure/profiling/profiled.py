"""`profile`: a ``with`` block whose calls are counted and timed by function, when profiling is on."""

from __future__ import annotations

import os
import time

from perfgate.measure.memory.resident import read_resident
from perfgate.measure.profiling.functions import dearest
from perfgate.measure.profiling.profiler import begin, end, is_busy, start
from perfgate.measure.profiling.settings import FILE, switched_on_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from perfgate.measure.profiling.profiler import Going, Profile

_TOP = 5


class ProfileMetrics:
    """What happened in a profiled block.

    Attributes:
        inference_time_ms: wall clock, in milliseconds; the profiler itself is part of it.
        cpu_time_ms: processor time of the whole process, in milliseconds.
        memory_mb: resident set of the process at the end, in 10^6 bytes; None where it cannot be read.
        memory_delta_mb: by how much it grew in the block; may be below zero.
        function_calls: how many calls there were, in Python and in C.
        latency_ms: the same as `inference_time_ms`.
        top_functions: the five in which most time was spent, what they called included: ``function``,
            ``file``, ``line``, ``cumulative_time_ms``, ``total_time_ms`` (in it alone) and ``calls``.
    """

    __slots__ = (
        "cpu_time_ms",
        "function_calls",
        "inference_time_ms",
        "latency_ms",
        "memory_delta_mb",
        "memory_mb",
        "top_functions",
    )

    def __init__(
        self, profile: Profile, *, elapsed_ns: int, cpu_ns: int, memory: int | None, memory_before: int | None
    ) -> None:
        """Keep what was measured; memory in bytes."""
        self.inference_time_ms = self.latency_ms = _in_ms(elapsed_ns)
        self.cpu_time_ms = _in_ms(cpu_ns)
        self.memory_mb = None if memory is None else _in_mb(memory)
        self.memory_delta_mb = None if memory is None or memory_before is None else _in_mb(memory - memory_before)
        self.function_calls = profile.function_calls
        self.top_functions = [
            {
                "function": function,
                "file": file,
                "line": line,
                "cumulative_time_ms": _in_ms(f.cumulative_ns),
                "total_time_ms": _in_ms(f.own_ns),
                "calls": f.calls,
            }
            for (function, file, line), f in dearest(profile.functions, _TOP)
        ]

    def to_dict(self) -> dict[str, object]:
        """Return all of it as a dict for JSON."""
        names = ("inference_time_ms", "cpu_time_ms", "memory_mb", "memory_delta_mb", "function_calls", "latency_ms")
        return {**{name: getattr(self, name) for name in names}, "top_functions": [dict(f) for f in self.top_functions]}


class Profiled:
    """A ``with`` block that is profiled. Made by `profile`; each is for one block.

    Attributes:
        metrics: what happened in it; None before its end, and where nothing was profiled: profiling
            is off, another profile went on in this process, or another profiler was started in it.
    """

    __slots__ = ("_began_ns", "_cpu_ns", "_going", "_memory", "metrics")

    def __init__(self) -> None:
        """Start with nothing measured."""
        self.metrics: ProfileMetrics | None = None
        self._going: Going | None = None

    def __enter__(self) -> Self:
        """Start to count, the profiler last.

        Raises:
            RuntimeError: this block is open already.
        """
        if self._going is not None:
            raise RuntimeError("this profile was begun already: call profile() for each block")
        self.metrics = None
        going = begin()
        if going is None:
            return self
        self._memory = _read_memory()
        self._cpu_ns = time.process_time_ns()
        self._began_ns = time.perf_counter_ns()
        self._going = going
        if not start(going):
            self._going = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop counting; an exception of the body goes on untouched."""
        going = self._going
        if going is None:
            return
        profile = end(going)
        elapsed_ns = time.perf_counter_ns() - self._began_ns
        cpu_ns = time.process_time_ns() - self._cpu_ns
        self._going = None
        if profile is None:
            if going.is_spoilt and os.environ.get(FILE):
                from perfgate.measure.profiling.report import keep_spoilt

                keep_spoilt()
            return
        self.metrics = ProfileMetrics(
            profile, elapsed_ns=elapsed_ns, cpu_ns=cpu_ns, memory=_read_memory(), memory_before=self._memory
        )
        if os.environ.get(FILE):
            from perfgate.measure.profiling.report import keep_block

            keep_block(profile)


class NotProfiled(Profiled):
    """The block when profiling is off: one for all, with nothing to do."""

    __slots__ = ()

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""


NOT_PROFILED = NotProfiled()


def profile() -> Profiled:
    """Return a ``with`` block whose calls are counted and timed by function; its ``metrics`` have them at its end.

    On only where ``PERFGATE_PROFILE`` or ``ENABLE_PERFORMANCE_MONITORING`` says so, since a profile slows
    down what it measures. One block at a time is profiled in a process; ``metrics`` of the others is None.
    """
    return Profiled() if is_busy() or switched_on_by() else NOT_PROFILED


def _read_memory() -> int | None:
    """Return the resident set of this process in bytes; None where the system does not say it."""
    try:
        return read_resident()
    except OSError:
        return None


def _in_ms(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, 6)


def _in_mb(size: int) -> float:
    return round(size / 1e6, 3)
