"""Where a finished trace goes: to the runs that are being measured, and to the file of traces."""

from __future__ import annotations

import os
import sys
from atexit import register
from contextvars import ContextVar

from perfgate.measure.tracing.settings import FILE, GOLDEN, STAGES, read_deadline
from perfgate.measure.tracing.tally import StageTally, stages_of
from perfgate.measure.variables import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token

    from perfgate.measure.tracing.spans import NoSpan, Span, Trace

_open: list[StageTally] = []
_around: ContextVar[tuple[StageTally, ...]] = ContextVar("perfgate_runs", default=())


class _Process:
    """What holds for the traces of this process, and what happened to them so far."""

    __slots__ = (
        "deadline_ms", "finished", "has_span_outside", "is_forked", "is_watched", "runs", "stages_file", "stated_ms",
        "traced_runs", "writes_files",
    )  # fmt: skip

    def __init__(self) -> None:
        self.stated_ms: float | None = None
        self.deadline_ms: float | None = None
        self.writes_files = False
        self.stages_file = ""
        self.is_watched = False
        self.is_forked = False
        self.forget()

    def forget(self) -> None:
        """Start with nothing finished."""
        self.finished = self.runs = self.traced_runs = 0
        self.has_span_outside = False


_process = _Process()


def read_variables() -> None:
    """Read once where traces go and how long they may take: a look-up at each trace would add calls to a profile."""
    _process.deadline_ms = read_deadline(default=_process.stated_ms)
    _process.writes_files = bool(os.environ.get(FILE) or os.environ.get(GOLDEN))
    _process.stages_file = os.environ.get(STAGES, "")


def set_deadline(deadline_ms: float | None) -> None:
    """Set the time that a trace may take, in milliseconds; the variable `DEADLINE` wins over it."""
    _process.stated_ms = deadline_ms
    read_variables()


def note_span_outside() -> None:
    """Note that a span was entered outside of every trace."""
    _process.has_span_outside = True


def open_tally() -> tuple[StageTally, Token[tuple[StageTally, ...]]]:
    """Return a tally of the traces that are finished from now on in this thread or task, and how to close it.

    A trace of a thread that was started apart goes to every tally that is open.
    """
    tally = StageTally()
    _open.append(tally)
    return tally, _around.set((*_around.get(), tally))


def close_tally(tally: StageTally, token: Token[tuple[StageTally, ...]]) -> None:
    """Add nothing more to a tally, whose run has stopped its clocks."""
    if tally in _open:
        _open.remove(tally)
    _process.runs += 1
    _process.traced_runs += tally.traces > 0
    tally.settle()
    try:
        _around.reset(token)
    except ValueError:
        return  # a run may end in another thread than it began in


_waiting: list[StageTally] = []
"""What is left behind when this process ends."""


def report_at_exit() -> None:
    """Leave time and calls by stage behind when this process ends, for who measures it from outside.

    Only what ended outside of every measured run: those have it in their own summaries. And say where the
    stages are that a run lacks.
    """
    if not _process.is_watched:
        _process.is_watched = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forget)
        register(_say_what_lacks, os.getpid())
    if _process.stages_file and not _waiting:
        tally, token = open_tally()
        _around.reset(token)
        _waiting.append(tally)
        register(_report, _process.stages_file, os.getpid())


def _report_as_worker() -> None:
    """Report from a worker of `multiprocessing`, too: a forked one, also of a fork server, ends without `register`.

    Asked at the first trace: what is registered as a worker imports its program is dropped before its work begins.
    """
    util, process = sys.modules.get("multiprocessing.util"), sys.modules.get("multiprocessing.process")
    if _waiting and util is not None and process is not None and process.parent_process() is not None:
        util.Finalize(None, _report, args=(_process.stages_file, os.getpid()), exitpriority=0)


def _forget() -> None:
    """Leave what the parent measures to the parent."""
    _open.clear()
    _waiting.clear()
    _around.set(())
    _process.forget()
    _process.is_forked = True


def _report(path: str, pid: int) -> None:
    if pid != os.getpid() or not _waiting:
        return
    tally = _waiting.pop()
    tally.settle()
    found = tally.to_dict()
    if found:
        import json

        from perfgate.measure.tracing.files import append

        append(path, json.dumps(found).encode() + b"\n")


def _say_what_lacks(pid: int) -> None:
    """Say on stderr why measured runs have no stages, when that looks like a mistake."""
    if pid != os.getpid():
        return
    if not _process.finished:
        if _process.has_span_outside and (_process.runs or _process.stages_file):
            say("spans were opened, but no trace: the run has no stages; call start_trace before, finish_trace after")
    elif _process.runs and not _process.traced_runs and not _process.stages_file:
        say(f"{OUTSIDE.format(_process.finished)}; call finish_trace inside the measured block")


OUTSIDE = "traces that ended outside of every measured block: {}, so that the run has no stages"
"""Said where runs have no stages and these do not belong to any."""


def deliver(trace: Trace, open_span: Callable[[str], Span | NoSpan]) -> None:
    """Give a finished trace to all who keep it; a forked child leaves its parent's trace alone.

    Args:
        trace: the trace.
        open_span: makes a span as those of the trace were made.
    """
    if trace.pid != os.getpid():
        return
    if _process.is_forked:
        _process.is_forked = False
        report_at_exit()
    if not _process.finished:
        _report_as_worker()
    _process.finished += 1
    runs = _around.get() or tuple(_open)
    if runs:
        stages = stages_of(trace)
        for run in runs:
            run.take(trace, stages, _process.deadline_ms, open_span)
    if _process.writes_files:
        from perfgate.measure.tracing.files import keep  # only those who keep traces pay for it

        keep(trace)
