"""`performance_monitor`: the profiler as services use it, block by block, with a log line for each."""

from __future__ import annotations

from contextvars import ContextVar

from perfgate.measure.profiling.profiled import NOT_PROFILED, Profiled, profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from perfgate.measure.profiling.profiled import ProfileMetrics

_last: ContextVar[ProfileMetrics | None] = ContextVar("perfgate_last_profile", default=None)
LOGGER = "perfgate"
"""Name of the logger of the standard library to which `PerformanceMonitor.log_metrics` writes."""


class _Watched(Profiled):
    """A profiled block that leaves its metrics to the thread or task that it was in."""

    __slots__ = ()

    def __enter__(self) -> Self:
        _last.set(None)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        _last.set(self.metrics)


class PerformanceMonitor:
    """Profiles blocks on request; one for the process, `performance_monitor`."""

    __slots__ = ()

    def profile(self) -> Profiled:
        """Return a ``with`` block that is profiled where profiling is on, as `perfgate.measure.profile` does."""
        block = profile()
        if block is not NOT_PROFILED:
            return _Watched()
        if _last.get() is not None:
            _last.set(None)
        return block

    def get_metrics(self) -> ProfileMetrics | None:
        """Return the metrics of the last block of this thread or task; None when it was not profiled."""
        return _last.get()

    def log_metrics(self, metrics: ProfileMetrics | None) -> None:
        """Write metrics as one line of JSON to the logger `LOGGER`, at level INFO; None writes nothing."""
        if metrics is None:
            return
        import json
        import logging

        logging.getLogger(LOGGER).info("%s", json.dumps({"performance_metrics": metrics.to_dict()}))


performance_monitor = PerformanceMonitor()
"""The monitor of this process."""
