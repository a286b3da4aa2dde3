"""Where a finished trace goes: to the runs that are being measured, and to the file of traces."""

from __future__ import annotations

import os
from atexit import register
from contextvars import ContextVar

from perfgate.measure.tracing.settings import FILE, GOLDEN, STAGES, read_deadline
from perfgate.measure.tracing.tally import StageTally, stages_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token

    from perfgate.measure.tracing.spans import NoSpan, Span, Trace

_open: list[StageTally] = []
_around: ContextVar[tuple[StageTally, ...]] = ContextVar("perfgate_runs", default=())


class _Deadline:
    """The time that a trace may take in this process."""

    __slots__ = ("ms",)

    def __init__(self) -> None:
        self.ms: float | None = None


_deadline = _Deadline()


def set_deadline(deadline_ms: float | None) -> None:
    """Set the time that a trace may take, in milliseconds; the variable `DEADLINE` wins over it."""
    _deadline.ms = deadline_ms


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
    tally.settle()
    try:
        _around.reset(token)
    except ValueError:
        return  # a run may end in another thread than it began in


_reporting: set[int] = set()


def report_at_exit() -> None:
    """Leave time and calls by stage behind when this process ends, for who measures it from outside.

    Only what ended outside of every measured run: those have it in their own summaries.
    """
    path, pid = os.environ.get(STAGES), os.getpid()
    if path and pid not in _reporting:
        _reporting.add(pid)
        tally, token = open_tally()
        _around.reset(token)
        register(_report, tally, path, pid)


def _report(tally: StageTally, path: str, pid: int) -> None:
    if pid != os.getpid():
        return
    tally.settle()
    found = tally.to_dict()
    if found:
        import json

        from perfgate.measure.tracing.files import append

        append(path, json.dumps(found).encode() + b"\n")


def deliver(trace: Trace, open_span: Callable[[str], Span | NoSpan]) -> None:
    """Give a finished trace to all who keep it; a forked child leaves its parent's trace alone.

    Args:
        trace: the trace.
        open_span: makes a span as those of the trace were made.
    """
    if trace.pid != os.getpid():
        return
    runs = _around.get() or tuple(_open)
    if runs:
        stages, deadline = stages_of(trace), read_deadline(default=_deadline.ms)
        for run in runs:
            run.take(trace, stages, deadline, open_span)
    if os.environ.get(FILE) or os.environ.get(GOLDEN):
        from perfgate.measure.tracing.files import keep  # only those who keep traces pay for it

        keep(trace)
