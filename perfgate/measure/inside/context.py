"""`measure_run_context`: measure what happens inside a ``with`` block and leave a run summary behind."""

from __future__ import annotations

import os
from time import perf_counter_ns

from perfgate.measure.identity import check_run_id, new_run_id
from perfgate.measure.inside.handle import OffHandle, RunHandle, check_rows
from perfgate.measure.inside.measurement import Measurement
from perfgate.measure.memory.meters import check_mode
from perfgate.measure.profiling.settings import FILE as PROFILE_FILE
from perfgate.measure.summary import check_labels, check_text, leave_receipt, write_summary
from perfgate.measure.variables import COUNTS, ENABLED, PROCESS, Variables, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import SupportsIndex

    from perfgate.measure.profiling.profiler import Going, Profile
    from perfgate.measure.regions.blocks import Block

DEFAULT_OUT = "outputs/model_runs"


class RunContext:
    """A ``with`` block that measures its body once. Made by `measure_run_context`.

    A class and not a generator with a decorator: it is entered and left twice as
    fast, adds no line to a traceback, and may be left in another thread.
    """

    __slots__ = ("_block", "_handle", "_measurement", "_out", "_profile", "_write")

    def __init__(self, measurement: Measurement, out: str, *, write: bool | None) -> None:
        """Keep what to measure, where to write it and whether to."""
        self._measurement = measurement
        self._handle = RunHandle(measurement)
        self._out = out
        self._write = write
        self._profile: Going | None = None
        self._block: Block | None = None

    def __enter__(self) -> RunHandle:
        """Start the clocks.

        Raises:
            RuntimeError: it was entered before; each run has a context of its own.
        """
        measurement = self._measurement
        if measurement.began_ns:
            raise RuntimeError(f"run {measurement.run_id} was begun before: make a new context for each run")
        self._out = _make_absolute(self._out)
        measurement.begin()
        is_profiled = os.environ.get(PROFILE_FILE)  # asked before the clock is read: the look-up is no part of the run
        measurement.began_ns = perf_counter_ns()
        if is_profiled:  # nobody looks at this run's time
            self._profile = _begin_profile()
        if COUNTS and self._write is not False:
            self._block = _begin_count()
        return self._handle

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clocks and write the summary; an exception of the body goes on untouched."""
        if self._block is not None:
            _end_count(self._block)
        profile = None if self._profile is None else _end_profile(self._profile)
        now_ns = perf_counter_ns()
        measurement = self._measurement
        if self._profile is not None:
            _keep_profile(self._profile, profile, measurement)
        measurement.status = "ok" if error is None or _is_plain_exit(error) else "failed"
        measurement.end(now_ns)
        if self._block is not None:
            _keep_count(self._block, measurement)
        elif measurement.is_ours() and (PROCESS.read_switch("PERFGATE_WRITE") if self._write is None else self._write):
            self._keep()

    def _keep(self) -> None:
        """Write the summary and its receipt; a full disk is reported on stderr, but never ends the measured program."""
        try:
            self._measurement.path = path = write_summary(self._measurement.compose(), self._out)
        except OSError as error:
            say(f"could not write the summary of run {self._measurement.run_id}: {error}")
            return
        leave_receipt(path, f"run {self._measurement.run_id}")


class OffContext(RunContext):
    """The context when measuring is switched off: one for all, with nothing to do."""

    __slots__ = ()

    def __init__(self) -> None:
        """Have nothing behind it."""

    def __enter__(self) -> RunHandle:
        """Give the handle that keeps nothing."""
        return OFF_HANDLE

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""


OFF_HANDLE = OffHandle()
OFF_CONTEXT = OffContext()


def measure_run_context(
    run_id: str | None = None,
    *,
    benchmark: str | None = None,
    labels: Mapping[str, str | int] | None = None,
    rows_used: SupportsIndex | None = None,
    enabled: bool | None = None,
    out: str | os.PathLike[str] | None = None,
    memory: str | None = None,
    write: bool | None = None,
) -> RunContext:
    """Measure the body of a ``with`` block and write its run summary to ``<out>/<run_id>.json``.

    ``with measure_run_context(benchmark="train") as run: ...`` gives a `RunHandle`.
    It nests, and works in threads and in async code; the peak is the whole
    process's while the block ran. A body that raises leaves a summary of status
    ``failed`` and the exception goes on; ``sys.exit(0)`` is no failure. A forked
    child that leaves its parent's block writes nothing.

    Args:
        run_id: the run's name, ASCII letters, digits and ``._:@+=-``; by default
            ``<UTC time>-<8 hex>``. See also `deterministic_run_id`.
        benchmark: what is measured; by default what ``PERFGATE_BENCHMARK`` says.
        labels: the benchmark's parameters, texts or ints by name.
        rows_used: how many rows the workload has, >= 0; may be set in the body too,
            and is ``PERFGATE_ROWS`` when nobody sets it.
        enabled: False measures nothing, at next to no cost; by default
            ``PERFGATE_ENABLED``, as it was when this package was imported.
        out: the folder to write to; by default ``PERFGATE_OUT``, else ``outputs/model_runs``.
        memory: how to measure the peak: ``auto`` (the best there is), ``vmhwm``,
            ``poll:<interval>`` or ``tracemalloc``; by default ``PERFGATE_MEMORY``.
        write: False measures but writes nothing; by default ``PERFGATE_WRITE``.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: the run id has a character that is not allowed, the benchmark or a
            label cannot be written, the rows are negative or the memory mode is unknown.
    """
    if not (ENABLED if enabled is None else enabled):
        return OFF_CONTEXT
    measurement = Measurement(
        run_id=new_run_id() if run_id is None else check_run_id(run_id),
        benchmark=read_benchmark() if benchmark is None else check_text("benchmark", benchmark),
        labels=check_labels(labels),
        memory=read_mode() if memory is None else check_mode(memory),
        rows=None if rows_used is None else check_rows(rows_used),
    )
    return RunContext(measurement, _choose_out(out), write=write)


def _begin_profile() -> Going | None:
    """Start to profile the body for `perfgate run --profile`; None: something else in this process is profiled."""
    from perfgate.measure.profiling.profiler import begin, start

    going = begin()
    return going if going is not None and start(going) else None


def _end_profile(going: Going) -> Profile | None:
    from perfgate.measure.profiling.profiler import end

    return end(going)


def _keep_profile(going: Going, profile: Profile | None, measurement: Measurement) -> None:
    from perfgate.measure.profiling.report import keep_run, keep_spoilt

    if going.is_spoilt:
        keep_spoilt()
    if profile is not None:
        keep_run(profile, measurement.benchmark, measurement.labels)


def _begin_count() -> Block | None:
    """Count the instructions of the body in place of its time for `perfgate run --counts`; None: nobody asks for it."""
    from perfgate.measure.regions.blocks import open_block

    return open_block()


def _end_count(block: Block) -> None:
    from perfgate.measure.regions.blocks import close_block

    close_block(block)


def _keep_count(block: Block, measurement: Measurement) -> None:
    from perfgate.measure.regions.blocks import keep_block

    m = measurement
    keep_block(block, benchmark=m.benchmark, labels=m.labels, rows=m.rows or 0, status=m.status)


def _choose_out(out: str | os.PathLike[str] | None) -> str:
    if out is None:
        return os.environ.get("PERFGATE_OUT") or DEFAULT_OUT
    folder = os.fspath(out)
    if not isinstance(folder, str):
        raise TypeError(f"out must be a str or a path, not {type(folder).__name__}")
    if "\0" in folder:
        raise ValueError("out must not hold a NUL character")
    return folder or os.curdir


def _make_absolute(out: str) -> str:
    """Return the folder as seen from here, since the body may change its working folder."""
    try:
        return os.path.abspath(out)
    except OSError:
        return out  # the working folder is gone already: writing will say so


def read_benchmark(variables: Variables = PROCESS) -> str | None:
    """Return the name that ``PERFGATE_BENCHMARK`` gives; None when it gives none that is valid."""
    name = variables.read_text("PERFGATE_BENCHMARK")
    if name is None:
        return None
    try:
        return check_text("PERFGATE_BENCHMARK", name)
    except ValueError as error:
        variables.report(f"{error}; it is ignored")
        return None


def read_mode(variables: Variables = PROCESS) -> str:
    """Return the memory mode that ``PERFGATE_MEMORY`` gives, else ``auto``."""
    mode = variables.read_text("PERFGATE_MEMORY")
    if mode is None:
        return "auto"
    try:
        return check_mode(mode)
    except ValueError as error:
        variables.report(f"PERFGATE_MEMORY: {error}; the default is used")
        return "auto"


def _is_plain_exit(error: BaseException) -> bool:
    """Did the body only end the program with exit code 0, as command-line programs do?"""
    return isinstance(error, SystemExit) and error.code in {None, 0}
