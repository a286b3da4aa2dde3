"""One measurement inside a program: its clocks, its peak and the values that the program recorded."""

from __future__ import annotations

import os
import time

from perfgate.measure.machine import facts
from perfgate.measure.memory.meters import open_meter
from perfgate.measure.summary import build_summary, encode_summary, format_utc
from perfgate.measure.tracing.finished import close_tally, open_tally
from perfgate.measure.variables import PROCESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perfgate.measure.memory.meters import Meter


class Measurement:
    """What a context measures and its handle shows; the clocks themselves are read by the context.

    Attributes:
        run_id: the run's own name.
        benchmark: what is measured, or None.
        labels: the benchmark's parameters.
        memory: the memory mode.
        rows: the rows recorded so far; None: none were recorded.
        metrics: what the program recorded, by name.
        status: ``ok`` or ``failed``.
        path: the file written, absolute; None when there is none.
        began_ns: the performance counter at the start; 0 before it.
        elapsed_ns: wall clock, in nanoseconds; None until the end.
    """

    __slots__ = (
        "_began_at_ns",
        "_cpu_began_ns",
        "_cpu_ns",
        "_meter",
        "_peak",
        "_pid",
        "_tally",
        "_tally_end",
        "began_ns",
        "benchmark",
        "elapsed_ns",
        "labels",
        "memory",
        "metrics",
        "path",
        "rows",
        "run_id",
        "status",
    )

    def __init__(
        self, *, run_id: str, benchmark: str | None, labels: dict[str, str], memory: str, rows: int | None
    ) -> None:
        """Keep what is known beforehand; nothing is measured yet."""
        self.run_id = run_id
        self.benchmark = benchmark
        self.labels = labels
        self.memory = memory
        self.rows = rows
        self.metrics: dict[str, dict[str, object]] = {}
        self.status = "ok"
        self.path: str | None = None
        self.began_ns = 0
        self.elapsed_ns: int | None = None
        self._meter: Meter | None = None

    def begin(self) -> None:
        """Open the meters; the caller reads the performance counter last, into ``began_ns``."""
        _warm_up()
        self._pid = os.getpid()
        self._tally, self._tally_end = open_tally()
        self._meter = open_meter(self.memory)
        self._began_at_ns = time.time_ns()
        self._cpu_began_ns = time.process_time_ns()

    def end(self, now_ns: int) -> None:
        """Close the meters.

        Args:
            now_ns: the performance counter, read by the caller before all else.
        """
        self._cpu_ns = time.process_time_ns() - self._cpu_began_ns
        self.elapsed_ns = now_ns - self.began_ns
        self._peak = 0 if self._meter is None else self._meter.stop()
        close_tally(self._tally, self._tally_end)

    def is_ours(self) -> bool:
        """Did this process begin the measurement? A forked child must not write its parent's run."""
        return self._pid == os.getpid()

    def compose(self) -> dict[str, object]:
        """Return the summary: the values so far while the run goes on, the final ones after it."""
        elapsed_ns, cpu_ns, peak = self._read()
        rows = self.rows if self.rows is not None else PROCESS.read_rows("PERFGATE_ROWS")
        return build_summary(
            {
                "run_id": self.run_id,
                "rows_used": rows or 0,
                "benchmark": self.benchmark,
                "labels": dict(self.labels),
                "status": self.status,
                "started_at": format_utc(self._began_at_ns),
                "session": facts.session_id(),
                "memory_source": "" if self._meter is None else self._meter.source,
                "environment": dict(facts.environment()),
                "commit": facts.commit(),
                "command": PROCESS.read_text("PERFGATE_COMMAND"),
                "shard": PROCESS.read_shard("PERFGATE_SHARD"),
            },
            {"elapsed": elapsed_ns / 1e9, "peak_memory": peak, "cpu": cpu_ns / 1e9},
            {name: dict(metric) for name, metric in self.metrics.items()},
            self._tally.to_dict(),
        )

    def _read(self) -> tuple[int, int, int]:
        if self.elapsed_ns is not None:
            return self.elapsed_ns, self._cpu_ns, self._peak
        elapsed_ns = time.perf_counter_ns() - self.began_ns
        cpu_ns = time.process_time_ns() - self._cpu_began_ns
        return elapsed_ns, cpu_ns, 0 if self._meter is None else self._meter.read()


_is_warm = False


def _warm_up() -> None:
    """Look up the facts and load what writing needs, once, before any clock runs.

    Later it would fall into the program's own time and memory, and into the first
    run only, which would then differ from all others.
    """
    global _is_warm  # noqa: PLW0603 - once per process
    if not _is_warm:
        facts.environment()
        facts.session_id()
        facts.commit()
        encode_summary({})
        PROCESS.read_shard("PERFGATE_SHARD")
        import perfgate.core.atomic  # noqa: F401 - loaded early for write_summary

        _is_warm = True
