"""A trace and its spans: one unit of work, such as a request, and the named stages inside it.

The open span of a thread or an asyncio task is in a context variable, so that concurrent
traces never mix. A span is a class with slots: a generator with a decorator takes twice as long.
"""

from __future__ import annotations

import os
import time
from contextvars import ContextVar
from time import perf_counter_ns

from perfgate.core.measured import WHOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token
    from types import TracebackType
    from typing import Self

MOST_SPANS = 20_000
"""Spans that a trace keeps; those beyond are counted by name and have no times."""
MOST_NAMES = 1_000
"""Different names that are counted apart: of spans beyond `MOST_SPANS`, of counts and of gauges."""
OTHER = "(other)"
"""What is counted under one name beyond `MOST_NAMES`."""


class NoSpan:
    """The span where nothing is traced: one for all, with nothing to do."""

    __slots__ = ()

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def set(self, /, **attributes: object) -> None:
        """Ignore what is said."""


NO_SPAN = NoSpan()


class Span:
    """One stage of a trace, from entering its ``with`` block to leaving it. Made by `Tracer.span`.

    Attributes:
        name: of the stage.
        attributes: facts about this call of the stage, as they were given.
        parent: the span that it is in; None of the root.
        trace: the trace that it belongs to, as long as that goes on.
        began: the performance counter when it was entered, in nanoseconds; not there before.
        ended: the performance counter when it was left; 0 while it is open.
        failed: did an exception leave its block? Not there before it ended.
    """

    __slots__ = ("attributes", "began", "ended", "failed", "name", "parent", "trace")

    def __init__(self, name: str, parent: Span | None, trace: Trace, attributes: dict[str, object]) -> None:
        """Keep what is known beforehand; no clock runs yet."""
        self.name = name
        self.parent = parent
        self.trace = trace
        self.attributes = attributes
        self.ended = 0

    def __enter__(self) -> Self:
        """Start the clock; a span that was left before stays as it is."""
        if self.ended:
            return self
        ACTIVE.set(self)
        self.trace.spans.append(self)
        self.began = perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock; an exception of the body goes on untouched."""
        now = perf_counter_ns()
        if self.ended:  # left twice, or after its trace was finished
            return
        self.ended = now
        self.failed = kind is not None
        if ACTIVE.get() is self:  # else it is left out of order, or in another task, whose open span is its own
            ACTIVE.set(self.parent)

    def set(self, /, **attributes: object) -> None:
        """Add facts that are known only inside the block, such as a number of rows."""
        self.attributes.update(attributes)

    def let_go(self) -> None:
        """Forget the trace, which knows its spans: without the circle both are freed at once, without the collector."""
        self.trace = None  # type: ignore[assignment]  # nothing asks a finished span for it

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from entering to leaving, >= 0; 0 while it is open."""
        return max(0, self.ended - self.began) if self.ended else 0


class Trace:
    """One unit of work with its spans, in the order in which they were entered. Made by `Tracer.start_trace`.

    Attributes:
        trace_id: the name that the program gave it.
        metadata: facts about the unit of work, as they were given.
        root: the span of the whole trace.
        spans: all others.
        counts: what the program counted, by name and labels.
        gauges: the last value of what goes up and down, by name and labels.
        dropped: spans beyond `MOST_SPANS`, by name; they have no times.
        unfinished: spans that were still open when the trace was finished; they end with it.
        wall_ns: when it was started, in nanoseconds since 1970.
        pid: the process that started it.
        token: names the thread or task that started it, as long as it goes on; None: unknown.
    """

    __slots__ = (
        "counts", "dropped", "gauges", "metadata", "pid", "root", "spans", "token", "trace_id", "unfinished",
        "wall_ns",
    )  # fmt: skip

    def __init__(self, trace_id: str, metadata: Mapping[str, object] | None = None) -> None:
        """Start the clock of the whole."""
        self.trace_id = trace_id
        self.metadata = dict(metadata or {})
        self.spans: list[Span] = []
        self.counts: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.gauges: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.dropped: dict[str, int] = {}
        self.unfinished = 0
        self.token: Token[Span | None] | None = None
        self.pid = os.getpid()
        self.wall_ns = time.time_ns()
        self.root = Span(WHOLE, None, self, {})
        self.root.failed = False
        self.root.began = perf_counter_ns()

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from start to finish, >= 0; 0 while it goes on."""
        return self.root.duration_ns

    def drop(self, name: str) -> NoSpan:
        """Count a span for which there is no room."""
        key = name if name in self.dropped or len(self.dropped) < MOST_NAMES else OTHER
        self.dropped[key] = self.dropped.get(key, 0) + 1
        return NO_SPAN

    def finish(self, now_ns: int) -> None:
        """End the trace, and every span in it that is still open.

        Args:
            now_ns: the performance counter, read by the caller before all else.
        """
        self.root.ended = now_ns
        self.token = None
        self.spans = list(dict.fromkeys(self.spans))  # one that was entered twice is there twice
        self.root.let_go()
        for span in self.spans:
            span.let_go()
            if not span.ended:
                span.ended = now_ns
                span.failed = False
                self.unfinished += 1


ACTIVE: ContextVar[Span | None] = ContextVar("perfgate_open_span", default=None)
"""The innermost open span of this thread or task; None: there is no trace."""


def open_span() -> Span | None:
    """Return the innermost span that is still open here; None when there is no trace, or it was finished."""
    span = ACTIVE.get()
    while span is not None and span.ended:  # one that was left in another task, or out of order
        span = span.parent
    return span
