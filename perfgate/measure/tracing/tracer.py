"""The tracer: `init_tracer` sets it up, `get_tracer` gives it to every module of the program."""

from __future__ import annotations

from itertools import count as count_up
from time import perf_counter_ns

from perfgate.core.sampling import GOLDEN, check_rate
from perfgate.measure.identity import hex_digest
from perfgate.measure.tracing.finished import deliver, note_span_outside, read_variables, report_at_exit
from perfgate.measure.tracing.settings import read_rate, read_tracing
from perfgate.measure.tracing.spans import (
    ACTIVE,
    MOST_NAMES,
    MOST_SPANS,
    NO_SPAN,
    OTHER,
    NoSpan,
    Span,
    Trace,
    open_span,
)
from perfgate.measure.variables import say_once

_HASHED = 13  # hex digits of a digest that decide about a trace: as many as a double holds
_CHOICES = 16.0**_HASHED
_NOT_ITS_OWN = (
    "finish_trace was called in a task or thread that did not start the trace, which goes on: "
    "call it where start_trace was called"
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class Tracer:
    """Records what happens inside units of work. There is one a process; `init_tracer` sets it up.

    A trace belongs to the thread or the asyncio task that started it, and to the tasks that
    are made inside it. A span where no trace goes on keeps nothing.
    """

    __slots__ = ("_numbers", "enabled", "outside", "sample_rate")

    def __init__(self, *, enabled: bool, sample_rate: float) -> None:
        """Start with nothing traced.

        Args:
            enabled: False traces nothing, at next to no cost.
            sample_rate: the share of traces that `should_trace` chooses, 0.0 to 1.0.
        """
        self._numbers = count_up()
        self.enabled = enabled
        self.sample_rate = sample_rate
        self.outside = NO_SPAN  # what a span is where no trace goes on

    def should_trace(self, trace_id: str | None = None) -> bool:
        """Is this unit of work among those that are traced?

        Args:
            trace_id: chooses by the id, alike in every process; None: by a sequence that is
                exact to one in a hundred and follows no period of the program.
        """
        if not self.enabled:
            return False
        if trace_id is None:
            return next(self._numbers) * GOLDEN % 1.0 < self.sample_rate
        digest = hex_digest(str(trace_id).encode("utf-8", "surrogatepass"))
        return int(digest[:_HASHED], 16) < self.sample_rate * _CHOICES

    def start_trace(self, trace_id: str, metadata: Mapping[str, object] | None = None) -> None:
        """Begin a trace in this thread or task; one that it started before and did not finish is finished first.

        The trace that a task inherited from the one that made it goes on there.

        Args:
            trace_id: any name, such as that of a request.
            metadata: facts about it; they are in its JSON.
        """
        if not self.enabled:
            return
        span = open_span()
        if span is not None and _is_of_this_context(span.trace):
            self.finish_trace()
        trace = Trace(str(trace_id), metadata)
        trace.token = ACTIVE.set(trace.root)

    def span(self, name: str, /, **attributes: object) -> Span | NoSpan:
        """Return a ``with`` block that measures a stage.

        Args:
            name: of the stage; few different ones, since each is a metric of its own.
            attributes: facts about this call of it.
        """
        parent = ACTIVE.get()
        if parent is None:
            return self.outside
        if parent.ended:
            parent = open_span()
            if parent is None:
                return self.outside
        trace = parent.trace
        if len(trace.spans) >= MOST_SPANS:
            return trace.drop(name)
        return Span(name, parent, trace, attributes)

    def count(self, name: str, /, n: float = 1, **labels: str) -> None:
        """Count something that happened in this trace, such as a retry; nothing where no trace goes on."""
        span = open_span()
        if span is not None:
            counts = span.trace.counts
            key = _key(counts, name, labels)
            counts[key] = counts.get(key, 0) + n

    def gauge(self, name: str, /, value: float, **labels: str) -> None:
        """Keep the value of something that goes up and down, the last of a trace; nothing where no trace goes on."""
        span = open_span()
        if span is not None:
            gauges = span.trace.gauges
            gauges[_key(gauges, name, labels)] = value

    def finish_trace(self) -> Trace | None:
        """End the trace of this thread or task, and return it; None when it started none.

        Spans that are still open end with it, and are counted. A trace that a task inherited goes on in the one that
        started it: that is said once on stderr.
        """
        now = perf_counter_ns()
        span = open_span()
        if span is None:
            return None
        trace = span.trace
        if not _is_of_this_context(trace):
            say_once(_NOT_ITS_OWN)
            return None
        trace.finish(now)
        ACTIVE.set(None)
        deliver(trace, self.span)
        return trace

    def export_to_json(self, trace: Trace | None) -> dict[str, object]:
        """Return a trace as a dict that `json.dump` takes; of None the same keys with nulls.

        Returns:
            ``trace_id``, ``duration_ms``, ``metadata``, ``spans`` (in the order in which they were entered) and
            ``stage_durations`` (milliseconds by name), and ``counts``, ``gauges``, ``dropped`` and ``unfinished``.
        """
        from perfgate.measure.tracing.export import export  # only those who export need it

        return export(trace)


class _Outside(NoSpan):
    """The first span that is entered outside of a trace: it is noted, since its program may lack `start_trace`."""

    __slots__ = ()

    def __enter__(self) -> Self:
        """Note it, and no other."""
        _TRACER.outside = NO_SPAN
        note_span_outside()
        return self


_OUTSIDE = _Outside()


def _is_of_this_context(trace: Trace) -> bool:
    """Was a trace that goes on started in this thread or task, and not in one that this inherited it from?"""
    if trace.token is None:
        return True
    try:
        ACTIVE.reset(trace.token)
    except (ValueError, RuntimeError):
        return False
    ACTIVE.set(trace.root)
    trace.token = None
    return True


def _key(
    known: Mapping[tuple[str, tuple[tuple[str, str], ...]], float], name: str, labels: Mapping[str, str]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return under what something is counted; beyond many names all is one."""
    key = (str(name), tuple(sorted((k, str(v)) for k, v in labels.items())))
    return key if key in known or len(known) < MOST_NAMES else (OTHER, ())


_TRACER = Tracer(enabled=False, sample_rate=1.0)


def init_tracer(enabled: bool = True, sample_rate: float = 1.0) -> Tracer:  # noqa: FBT001, FBT002 - the documented call
    """Set up the tracer of this process, and return it.

    The variables ``PERFGATE_TRACE`` and ``PERFGATE_TRACE_SAMPLE_RATE`` win over the arguments: they
    are about one execution of the program, as `perfgate run` gives them.

    Args:
        enabled: False traces nothing, at next to no cost.
        sample_rate: the share of units of work that `Tracer.should_trace` chooses, 0.0 to 1.0.

    Raises:
        TypeError: the rate is no number.
        ValueError: the rate is outside 0.0 to 1.0, or no number.
    """
    sample_rate = check_rate("sample_rate", sample_rate)
    _TRACER.enabled = read_tracing(default=bool(enabled))
    _TRACER.sample_rate = read_rate(default=sample_rate)
    is_chosen = _TRACER.sample_rate < 1.0  # then a span outside of a trace is in one that was not chosen
    _TRACER.outside = _OUTSIDE if _TRACER.enabled and not is_chosen else NO_SPAN
    read_variables()
    if _TRACER.enabled:
        report_at_exit()
    return _TRACER


def get_tracer() -> Tracer:
    """Return the tracer of this process, always the same; before `init_tracer` it traces nothing."""
    return _TRACER
