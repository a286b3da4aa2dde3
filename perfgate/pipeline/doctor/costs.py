"""What measuring costs here, how peak memory is measured, and how much a small workload varies."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.measure.command.run import Launcher
from perfgate.measure.tracing.cost import MOST_OVERHEAD
from perfgate.report.doctor import Check
from perfgate.report.words import amount, percent
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import smallest_flagged_factor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.measure.command.run import CommandResult
    from perfgate.measure.own_costs import Clock, OwnCosts
    from perfgate.report.doctor import Level

AREA = "Measuring"
NOISE = "Noise"
LAUNCHES = 10
_WARMUPS = 1
_LONGEST = 7.0  # seconds for all launches
_FEWEST = 4  # fewer show no change at the level below
_LEVEL = 0.01  # of the test that compares interleaved runs: the default of `false_alarms`
_SMALL, _LARGE = 0.05, 0.15  # the default threshold, and three times that
_ORDER = ("vmhwm", "wait4-launcher", "peak_wset", "ru_maxrss", "poll", "tracemalloc")
_COARSE = 1_000.0  # nanoseconds: a span takes as long
_SLOW_READ = 500.0  # nanoseconds: a clock that asks the kernel instead of reading the processor's counter
_WORK = "n = 0\nfor i in range(400_000):\n    n += i * i % 7\n"  # some 50 ms of plain Python


def check_memory(source: str, launched: str, *, can_reset: bool) -> Check:
    """Return how peak memory is measured here.

    Args:
        source: the method inside a program.
        launched: the method of `perfgate run`.
        can_reset: may the kernel's mark be reset?
    """
    found = f"{source or 'nothing'} inside a program, {launched} for a command (perfgate run)"
    values = {"inside": source, "command": launched, "order": list(_ORDER), "clear_refs_writable": can_reset}
    if source == _ORDER[0]:
        return Check(area=AREA, name="memory-source", level="ok", found=found, values=values)
    where = "" if can_reset or sys.platform != "linux" else "; /proc/self/clear_refs may not be written"
    hint = f"The best of {' > '.join(_ORDER)} that works is used: unset PERFGATE_MEMORY, or use perfgate run."
    return Check(area=AREA, name="memory-source", level="note", found=found + where, hint=hint, values=values)


def check_clock(clock: Clock | None, costs: OwnCosts | None) -> Check:
    """Return whether the clock can measure."""
    if clock is None or costs is None:
        hint = "Nothing can be measured: run on a machine whose clock runs."
        return Check(area=AREA, name="clock", level="error", found="the performance counter stands still", hint=hint)
    found = f"resolution {_ns(clock.step)} (stated {_ns(clock.stated)}), {_ns(costs.clock_read)} to read"
    values = {"step_ns": clock.step, "stated_ns": clock.stated, "read_ns": round(costs.clock_read, 1)}
    if clock.step > _COARSE or costs.clock_read > _SLOW_READ:
        hint = (
            "Short stages cannot be measured with it: trace longer ones (a virtual machine: use the tsc clock source)."
        )
        return Check(area=AREA, name="clock", level="note", found=found, hint=hint, values=values)
    return Check(area=AREA, name="clock", level="ok", found=found, values=values)


def check_costs(costs: OwnCosts) -> Iterator[Check]:
    """Yield what a context and the kinds of spans cost, in CPU time, and how long a stage has to be."""
    pair = costs.clock_pair or 1.0
    for name, cost in (
        ("context", costs.context),
        ("span", costs.span),
        ("span-with-two-attributes", costs.span_with_two),
        ("disabled-span", costs.disabled_span),
    ):
        found = f"{_ns(cost)} of CPU time, {cost / pair:.1f} x two clock reads that are kept"
        values = {"ns": round(cost, 1), "clock_pairs": round(cost / pair, 2)}
        yield Check(area=AREA, name=name, level="ok", found=found, values=values)
    found = f"stages from {_ns(costs.break_even)} on cost at most {MOST_OVERHEAD * 100:g} % to trace"
    values = {"ns": round(costs.break_even), "overhead": MOST_OVERHEAD}
    hint = "Trace nothing shorter: a loop as one stage, not each of its rounds."
    yield Check(area=AREA, name="shortest-stage", level="ok", found=found, hint=hint, values=values)


def _ns(nanoseconds: float) -> str:
    return amount(float(f"{nanoseconds:.3g}") / 1e9, "s")


class Launches(Struct, frozen=True, kw_only=True):
    """The runs of a small workload."""

    elapsed: tuple[float, ...]
    """Seconds of each run."""
    cpu: tuple[float, ...]
    """CPU seconds of each run."""
    memory_source: str
    """How their peak memory was measured."""
    fault: str = ""
    """Why the launcher could not run it; empty: it could."""


def launch(run: Callable[..., CommandResult] | None = None, now: Callable[[], float] = time.monotonic) -> Launches:
    """Return what a small workload took in ten launches, fewer where they take too long.

    Args:
        run: runs a command, as `Launcher.run` does; None: a launcher that stays, as for `perfgate run`.
        now: reads the time in seconds.
    """
    with Launcher() as launcher:
        return _launch(run or launcher.run, now)


def _launch(run: Callable[..., CommandResult], now: Callable[[], float]) -> Launches:
    elapsed, cpu, source = [], [], ""
    until = now() + _LONGEST
    for number in range(_WARMUPS + LAUNCHES):
        left = until - now()
        if left <= 0:
            break
        try:
            ended = run([sys.executable, "-I", "-S", "-c", _WORK], timeout=left)
        except OSError as error:
            return Launches(elapsed=(), cpu=(), memory_source="", fault=error.strerror or str(error))
        if ended.timed_out:
            break
        if not ended.is_ok():
            fault = ended.error or ended.stderr_tail.strip()[-200:] or f"exit code {ended.exit_code}"
            return Launches(elapsed=(), cpu=(), memory_source="", fault=fault)
        source = ended.memory_source
        if number >= _WARMUPS:
            elapsed.append(ended.measured["elapsed"])
            cpu.append(ended.measured["cpu"])
    return Launches(elapsed=tuple(elapsed), cpu=tuple(cpu), memory_source=source)


def check_noise(launches: Launches) -> Iterator[Check]:
    """Yield whether the launcher works, and how much the workload's time varied."""
    if launches.fault:
        found = f"a command cannot be launched: {launches.fault}"
        hint = "perfgate run cannot work here: check the limits of processes, TMPDIR and the Python interpreter."
        yield Check(area=NOISE, name="launcher", level="error", found=found, hint=hint)
        return
    if len(launches.elapsed) < LAUNCHES:
        found = f"{len(launches.elapsed)} of {LAUNCHES} launches of a small workload within {_LONGEST:g} s"
        hint = "Launching is slow here: stop other programs, and look at cpus and load."
        yield Check(area=NOISE, name="launcher", level="warning", found=found, hint=hint)
    else:
        found = f"{LAUNCHES} launches of a small workload"
        yield Check(area=NOISE, name="launcher", level="ok", found=found)
    for name, values in (("elapsed", launches.elapsed), ("cpu", launches.cpu)):
        if len(values) >= _FEWEST and min(values) > 0:
            yield _spread(name, values)


def _spread(name: str, values: Sequence[float]) -> Check:
    """Return by how much a metric varied, and the smallest change that as many runs a side could show."""
    middle, spread = median(values), (max(values) - min(values)) / median(values)
    factor = smallest_flagged_factor(values, values, _LEVEL)
    change = None if factor is None else max(0.0, factor - 1)
    found = f"median {amount(middle, 's')}, spread {spread * 100:.1f} % of it"
    if change is not None:
        found += f"; {len(values)} interleaved runs a side could show {percent(change)}"
    data = {"values": [round(v, 9) for v in values], "spread": round(spread, 4), "smallest_change": change}
    if change is not None and change <= _SMALL:
        return Check(area=NOISE, name=name, level="ok", found=found, values=data)
    hint = "Measure more runs (perfgate run -n 30), stop other programs"
    hint += ", or gate CPU time, which varies less." if name == "elapsed" else ", or gate counts, which are exact."
    level: Level = "note" if change is not None and change <= _LARGE else "warning"
    return Check(area=NOISE, name=name, level=level, found=found, hint=hint, values=data)
