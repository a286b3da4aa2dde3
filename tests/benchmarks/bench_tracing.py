"""What tracing costs the traced program, as ratios in one run: CPU time, the minimum of several repeats.

Run it by hand: `python tests/benchmarks/bench_tracing.py`. The OpenTelemetry SDK is compared
where it is installed (`pip install opentelemetry-sdk`).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from perfgate.measure import init_tracer  # noqa: E402 - from this checkout

CALLS = 100_000
PER_TRACE = 1_000
REPEATS = 9


class Nothing:
    """A context manager with nothing to do."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


def cpu(loop: Callable[[int], None], calls: int = CALLS) -> float:
    """Return nanoseconds of CPU time a call, the minimum of several repeats."""
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.process_time_ns()
        loop(calls)
        best = min(best, time.process_time_ns() - begin)
    return best / calls


def costs_of(*loops: Callable[[int], None]) -> dict[Callable[[int], None], float]:
    """Return nanoseconds of CPU time a call of each loop, without the loop itself."""
    floor = cpu(empty)
    return {loop: cpu(loop) - floor for loop in loops}


def in_turns(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Return the median nanoseconds of CPU time of two loops that run in turns, since the machine drifts."""
    times: tuple[list[int], list[int]] = ([], [])
    for _ in range(100):
        for loop, kept in zip((one, other), times, strict=True):
            begin = time.process_time_ns()
            loop()
            kept.append(time.process_time_ns() - begin)
    return statistics.median(times[0]), statistics.median(times[1])


def empty(calls: int) -> None:
    for _ in range(calls):
        pass


def pair(calls: int) -> None:
    kept = []
    for _ in range(calls):
        begin = perf_counter_ns()
        end = perf_counter_ns()
        kept.append((begin, end))


def nothing(calls: int) -> None:
    one = Nothing()
    for _ in range(calls):
        with one:
            pass


def span(calls: int) -> None:
    tracer = init_tracer(enabled=True)
    for i in range(calls):
        if not i % PER_TRACE:
            tracer.start_trace("t")
        with tracer.span("stage"):
            pass
    tracer.finish_trace()


def span_with_attributes(calls: int) -> None:
    tracer = init_tracer(enabled=True)
    for i in range(calls):
        if not i % PER_TRACE:
            tracer.start_trace("t")
        with tracer.span("stage", rows=1, table="x"):
            pass
    tracer.finish_trace()


def span_off(calls: int) -> None:
    tracer = init_tracer(enabled=False)
    for _ in range(calls):
        with tracer.span("stage"):
            pass


def span_off_with_attributes(calls: int) -> None:
    tracer = init_tracer(enabled=False)
    for _ in range(calls):
        with tracer.span("stage", rows=1, table="x"):
            pass


def work() -> None:
    """Work for about 0.2 ms."""
    sum(range(18_000))


def five_spans(calls: int, *, enabled: bool) -> None:
    tracer = init_tracer(enabled=enabled)
    for _ in range(calls):
        tracer.start_trace("t")
        for name in ("a", "b", "c", "d", "e"):
            if enabled:
                with tracer.span(name):
                    work()
            else:
                work()
        tracer.finish_trace()


def compare_opentelemetry(one: float) -> None:
    """Print how many of our spans cost as much as one of the OpenTelemetry SDK with its exporter in memory."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("bench")

    def loop(calls: int) -> None:
        for _ in range(calls):
            with tracer.start_as_current_span("stage"):
                pass
        exporter.clear()

    print(f"OpenTelemetry SDK, in memory: {cpu(loop, 5_000) / one:.1f} x a span")


def start_up(code: str) -> float:
    """Return seconds of CPU time of an interpreter that runs the code, the minimum of several."""
    import resource

    best = float("inf")
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"], check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def main() -> None:
    costs = costs_of(pair, nothing, span, span_with_attributes, span_off, span_off_with_attributes)
    for loop, ns in costs.items():
        name = loop.__name__.replace("_", " ")
        print(f"{name:26} {ns:7.0f} ns  {ns / costs[pair]:5.2f} x pair  {ns / costs[nothing]:5.2f} x nothing")
    plain, traced = in_turns(lambda: five_spans(20, enabled=False), lambda: five_spans(20, enabled=True))
    print(f"five spans in {plain / 20e6:.2f} ms of work: {(traced / plain - 1) * 100:+.2f} %")
    bare = start_up("import dataclasses, json, contextvars")
    own = start_up("from perfgate.measure import measure_run_context, get_tracer")
    print(f"names of perfgate.measure: {own / bare:.2f} x dataclasses, json, contextvars")
    with suppress(ImportError):
        compare_opentelemetry(costs[span])


if __name__ == "__main__":
    main()
