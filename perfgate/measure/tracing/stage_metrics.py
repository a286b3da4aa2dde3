"""Stage metrics: how long each stage took over many traces, and how often a deadline was missed."""

from __future__ import annotations

from _thread import allocate_lock  # what threading.Lock is, without importing threading
from math import isfinite

from perfgate.core.measured import WHOLE
from perfgate.measure.tracing.durations import BUCKETS_MS, Durations
from perfgate.measure.tracing.finished import set_deadline
from perfgate.measure.tracing.settings import read_deadline
from perfgate.measure.tracing.spans import MOST_NAMES, OTHER
from perfgate.measure.tracing.tally import stages_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from perfgate.measure.tracing.exposition import Labels
    from perfgate.measure.tracing.spans import Trace

    Key = TypeVar("Key", str, tuple[str, str])


class StageMetrics:
    """What many traces say of their stages. `init_metrics` makes one."""

    __slots__ = (
        "_bounds", "_exchanges", "_guard_trips", "_lock", "_misses", "_parallel", "_stages", "_ticks",
        "deadline_ms", "prefix", "unit",
    )  # fmt: skip

    def __init__(self, *, deadline_ms: float, prefix: str, unit: str) -> None:
        """Start with nothing recorded.

        Args:
            deadline_ms: the time that a trace may take, in milliseconds, > 0.
            prefix: what the names in the exposition begin with.
            unit: ``ms`` or ``seconds``, of the exposition alone.
        """
        self.deadline_ms = deadline_ms
        self.prefix = prefix
        self.unit = unit
        self._bounds = tuple(sorted({*BUCKETS_MS, deadline_ms}))
        self._lock = allocate_lock()
        self._clear()

    def _clear(self) -> None:
        self._stages: dict[str, Durations] = {}
        self._exchanges: dict[tuple[str, str], Durations] = {}
        self._guard_trips: dict[str, int] = {}
        self._parallel: float | None = None
        self._ticks = 0
        self._misses = 0

    def record_trace(self, trace: Trace | None) -> None:
        """Add a finished trace: each stage that it has, and the whole; None, as of a sampled-out one, is nothing."""
        if trace is None:
            return
        durations = {name: s.total_ns / 1e6 for name, s in stages_of(trace).items()}
        with self._lock:
            for name, value in durations.items():
                _held(self._stages, name, self._bounds, OTHER).add(value)
            self._ticks += 1
            self._misses += trace.duration_ns > self.deadline_ms * 1e6
            for (name, labels), number in trace.counts.items():
                if name == "guard_trips" and isfinite(number):
                    self._trip(dict(labels).get("reason", ""), int(number))
            for (name, _), value in trace.gauges.items():
                if name == "parallel_symbols":
                    self._parallel = value

    def record_guard_trip(self, reason: str) -> None:
        """Count that a guard stopped something, by its reason."""
        with self._lock:
            self._trip(str(reason), 1)

    def _trip(self, reason: str, number: int) -> None:
        key = reason if reason in self._guard_trips or len(self._guard_trips) < MOST_NAMES else OTHER
        self._guard_trips[key] = self._guard_trips.get(key, 0) + number

    def record_exchange_req(self, verb: str, api: str, duration_ms: float) -> None:
        """Add the duration of a request to another system, in milliseconds.

        Raises:
            ValueError: the duration is negative, infinite or no number.
        """
        if not 0.0 <= duration_ms < float("inf"):
            raise ValueError(f"duration_ms must be a number of milliseconds from 0, not {duration_ms}")
        with self._lock:
            _held(self._exchanges, (str(verb), str(api)), self._bounds, (OTHER, OTHER)).add(float(duration_ms))

    def record_parallel_symbols(self, number: float) -> None:
        """Keep how many units of work go on at the same time, the last value counts."""
        with self._lock:
            self._parallel = float(number)

    def get_summary(self) -> dict[str, object]:
        """Return what was recorded, in milliseconds and percent.

        Returns:
            ``total_ticks``, ``deadline_misses``, ``deadline_miss_pct`` (0 to 100; 0 of no trace),
            ``stage_percentiles`` (``{stage: {p50, p95, p99}}``, the whole trace as ``tick_total``, of no
            trace 0),
            ``guard_trips`` (by reason), ``parallel_symbols`` (None: not recorded) and
            ``exchange_req_percentiles`` (by ``VERB:api``).
        """
        nothing = {WHOLE: Durations(self._bounds)}
        with self._lock:
            return {
                "total_ticks": self._ticks,
                "deadline_misses": self._misses,
                "deadline_miss_pct": 100.0 * self._misses / self._ticks if self._ticks else 0.0,
                "stage_percentiles": {name: d.percentiles() for name, d in sorted({**nothing, **self._stages}.items())},
                "guard_trips": dict(sorted(self._guard_trips.items())),
                "parallel_symbols": self._parallel,
                "exchange_req_percentiles": {
                    f"{verb}:{api}": d.percentiles() for (verb, api), d in sorted(self._exchanges.items())
                },
            }

    def reset(self) -> None:
        """Forget what was recorded; deadline and names stay."""
        with self._lock:
            self._clear()

    def export_to_prometheus(self) -> str:
        """Return all of it in Prometheus' text format, with real histograms."""
        # only those who export need these
        from perfgate.core.sources.exposed import (
            DEADLINE_MISSES,
            EXCHANGE,
            GUARD_TRIPS,
            PARALLEL,
            STAGE_DURATION,
            TICKS,
        )
        from perfgate.measure.tracing.exposition import Family, expose

        with self._lock:
            stages: dict[Labels, Durations] = {(("stage", name),): d for name, d in self._stages.items()}
            exchanges: dict[Labels, Durations] = {(("verb", v), ("api", a)): d for (v, a), d in self._exchanges.items()}
            trips: dict[Labels, float] = {(("reason", r),): float(n) for r, n in self._guard_trips.items()}
            misses: dict[Labels, float] = {(): float(self._misses)}
            families = [
                Family(STAGE_DURATION, "histogram", "Time in a stage of a trace.", durations=stages),
                Family(EXCHANGE, "histogram", "Time of a request to another system.", durations=exchanges),
                Family(GUARD_TRIPS, "counter", "Guards that stopped something.", values=trips),
                Family(TICKS, "counter", "Traces recorded.", values={(): float(self._ticks)}),
                Family(DEADLINE_MISSES, "counter", "Traces beyond the deadline.", values=misses),
            ]
            if self._parallel is not None:
                families.append(
                    Family(PARALLEL, "gauge", "Units of work at the same time.", values={(): self._parallel})
                )
            return expose(families, prefix=self.prefix, unit=self.unit)


def _held(known: dict[Key, Durations], key: Key, bounds: Sequence[float], other: Key) -> Durations:
    """Return the durations under a key; beyond many names all is one."""
    at = key if key in known or len(known) < MOST_NAMES else other
    return known.get(at) or known.setdefault(at, Durations(bounds))


_of_process: list[StageMetrics] = []


_DEADLINE_MS, _PREFIX, _UNIT = 200.0, "mm", "ms"


def init_metrics(deadline_ms: float = _DEADLINE_MS, *, prefix: str = _PREFIX, unit: str = _UNIT) -> StageMetrics:
    """Make the stage metrics of this process, with nothing recorded, and return them.

    The deadline is that of the traces in measured runs, too. The variable
    ``PERFGATE_TRACE_DEADLINE_MS`` wins over the argument.

    Args:
        deadline_ms: the time that a trace may take, in milliseconds, > 0.
        prefix: what the names in the exposition begin with, letters, digits and underscores.
        unit: of durations in the exposition: ``ms``, or ``seconds``, Prometheus' base unit.

    Raises:
        TypeError: the deadline is no number.
        ValueError: an argument is outside its range.
    """
    if isinstance(deadline_ms, bool) or not isinstance(deadline_ms, (int, float)):
        raise TypeError(f"deadline_ms must be a number, not {type(deadline_ms).__name__}")
    if not 0.0 < deadline_ms < float("inf"):
        raise ValueError(f"deadline_ms must be above 0, not {deadline_ms}")
    if not (prefix.isascii() and prefix.replace("_", "a").isalnum() and not prefix[0].isdigit()):
        raise ValueError(f"prefix must be ASCII letters, digits and underscores, not {prefix[:80]!a}")
    if unit not in {"ms", "seconds"}:
        raise ValueError(f"unit={unit!a} is unknown: expected 'ms' or 'seconds'")
    deadline = read_deadline(default=float(deadline_ms)) or float(deadline_ms)
    set_deadline(deadline)
    _of_process[:] = [StageMetrics(deadline_ms=deadline, prefix=prefix, unit=unit)]
    return _of_process[0]


def get_metrics() -> StageMetrics:
    """Return the stage metrics of this process; before `init_metrics` those with a deadline of 200 ms.

    Only `init_metrics` sets the deadline of the traces in measured runs.
    """
    if not _of_process:
        deadline = read_deadline(default=_DEADLINE_MS) or _DEADLINE_MS
        _of_process.append(StageMetrics(deadline_ms=deadline, prefix=_PREFIX, unit=_UNIT))
    return _of_process[0]
