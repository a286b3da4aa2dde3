"""What the traces of one run add up to: time and calls by stage, and deadlines missed."""

from __future__ import annotations

from _thread import allocate_lock  # what threading.Lock is, without importing threading

from perfgate.core.measured import WHOLE
from perfgate.measure.tracing.spans import MOST_NAMES, OTHER
from perfgate.measure.variables import MOST_ROWS, is_encodable, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perfgate.measure.tracing.spans import NoSpan, Span, Trace

LONGEST_NAME = 190
"""Longest name of a stage in characters, as the published schema has it: with its prefix it is a metric's name."""
OVERHEAD = "tracing costs about"
"""Begins the line that says so."""
_warned: list[float] = []


class StageTime:
    """One stage in one or more traces.

    Attributes:
        calls: how often it was entered, >= 0; exact also where spans were dropped.
        total_ns: time in it, its inner stages included; a stage inside itself counts once.
        own_ns: time in it and in none of its inner stages.
    """

    __slots__ = ("calls", "own_ns", "total_ns")

    def __init__(self) -> None:
        """Start at zero."""
        self.calls = 0
        self.total_ns = 0
        self.own_ns = 0


def stages_of(trace: Trace) -> dict[str, StageTime]:
    """Return time and calls of each stage of a finished trace, the whole among them under `WHOLE`.

    The own times of all stages add up to the time of the whole, as far as they did not run at the same time.
    """
    inner: dict[Span, list[Span]] = {trace.root: []}
    for span in trace.spans:
        inner[span] = []
        inner.setdefault(span.parent or trace.root, []).append(span)
    found: dict[str, StageTime] = {}
    open_now: dict[str, int] = {}
    for span, is_leaving in _walk(trace.root, inner):
        name = _stage_name(span)
        if is_leaving:
            open_now[name] -= 1
            continue
        depth = open_now[name] = open_now.get(name, 0) + 1
        stage = found.get(name) or found.setdefault(name, StageTime())
        if span is not trace.root:
            stage.calls += 1
        if depth == 1:
            stage.total_ns += span.duration_ns
        stage.own_ns += span.duration_ns - _covered(span, inner[span])
    for name, number in trace.dropped.items():
        found.setdefault(name, StageTime()).calls += number
    whole = found[WHOLE]
    whole.calls = whole.calls or 1
    return found


def _walk(root: Span, inner: dict[Span, list[Span]]) -> Iterator[tuple[Span, bool]]:
    """Yield each span when it is reached, and again behind all that is inside it; without recursion."""
    waiting = [(root, False)]
    while waiting:
        span, is_leaving = waiting.pop()
        yield span, is_leaving
        if not is_leaving:
            waiting.append((span, True))
            waiting.extend((child, False) for child in reversed(inner[span]))


def _covered(span: Span, children: list[Span]) -> int:
    """Return for how many nanoseconds of a span some inner span was open; they may overlap in concurrent tasks."""
    covered, until = 0, span.began
    for child in children:  # in the order in which they were entered
        end = min(child.ended, span.ended)
        if end > until:
            covered += end - max(child.began, until)
            until = end
    return covered


def _stage_name(span: Span) -> str:
    """Return the name of a stage as a summary can hold it; what is no name is counted together."""
    name = span.name
    return name if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and is_encodable(name) else OTHER


class StageTally:
    """Time and calls by stage of all traces that were finished while a run was measured.

    Attributes:
        stages: by name; beyond `MOST_NAMES` under `OTHER`.
        traces: how many were finished.
        unfinished: of them, those with a span that was still open.
        misses: of them, those that took longer than the deadline of their time.
        deadline_ms: the last deadline; None: there was none.
        dropped: spans for which there was no room.
        spans: how many were kept.
        cost_ns: what the spans themselves are estimated to have cost; None: it is not known yet.
    """

    __slots__ = (
        "_lock", "_open_span", "cost_ns", "deadline_ms", "dropped", "misses", "spans", "stages", "traces", "unfinished",
    )  # fmt: skip

    def __init__(self) -> None:
        """Start with no trace."""
        self._lock = allocate_lock()
        self.stages: dict[str, StageTime] = {}
        self.traces = 0
        self.unfinished = 0
        self.misses = 0
        self.deadline_ms: float | None = None
        self.dropped = 0
        self.spans = 0
        self.cost_ns: float | None = None
        self._open_span: Callable[[str], Span | NoSpan] | None = None

    def take(
        self,
        trace: Trace,
        stages: dict[str, StageTime],
        deadline_ms: float | None,
        open_span: Callable[[str], Span | NoSpan],
    ) -> None:
        """Add a finished trace; threads may do so at the same time.

        Args:
            trace: the trace.
            stages: its time and calls by stage.
            deadline_ms: the time that it may take; None: any.
            open_span: makes a span as those of the trace were made.
        """
        with self._lock:
            self._open_span = open_span
            self.traces += 1
            self.spans += len(trace.spans)
            self.unfinished += bool(trace.unfinished)
            self.dropped += sum(trace.dropped.values())
            self.deadline_ms = deadline_ms
            if deadline_ms is not None and trace.duration_ns > deadline_ms * 1e6:
                self.misses += 1
            for name, stage in stages.items():
                self._hold(name, stage.calls, stage.total_ns, stage.own_ns)

    def add(self, known: Mapping[str, object]) -> None:
        """Add what `to_dict` returned in another process; other data is an error of its writer, and left out."""
        traces, stages = known.get("traces"), known.get("stages")
        if not isinstance(traces, dict) or not isinstance(stages, dict):
            return
        with self._lock:
            self.traces += _count(traces, "count")
            self.unfinished += _count(traces, "unfinished")
            self.misses += _count(traces, "deadline_misses")
            self.dropped += _count(traces, "dropped_spans")
            self.spans += _count(traces, "spans")
            deadline = traces.get("deadline_ms")
            if isinstance(deadline, (int, float)) and 0 < deadline <= MOST_ROWS:
                self.deadline_ms = float(deadline)
            for name, stage in stages.items():
                if isinstance(stage, dict) and 0 < len(name) <= LONGEST_NAME and is_encodable(name):
                    self._hold(name, *(_count(stage, key) for key in ("calls", "total_ns", "own_ns")))
            overhead, whole = traces.get("overhead"), stages.get(WHOLE)
            if isinstance(overhead, (int, float)) and 0 <= overhead <= 1 and isinstance(whole, dict):
                self.cost_ns = (self.cost_ns or 0.0) + overhead * _count(whole, "total_ns")

    def settle(self) -> None:
        """Estimate what the spans themselves have cost, and say it once when it is much; the clocks have stopped."""
        if not self.traces or self._open_span is None:
            return
        from perfgate.measure.tracing.cost import MOST_OVERHEAD, span_cost_ns  # only those who trace pay for it

        self.cost_ns = self.spans * span_cost_ns(self._open_span)
        share = self.overhead()
        if share is not None and share > MOST_OVERHEAD and not _warned:
            _warned.append(share)
            say(
                f"{OVERHEAD} {share * 100:.2g} % of the traced time ({self.spans} spans); "
                "trace longer stages, or sample fewer traces"
            )

    def overhead(self) -> float | None:
        """Return the share of the traced time that the spans cost, 0.0 to 1.0; None when it is not known."""
        traced = self.stages[WHOLE].total_ns if WHOLE in self.stages else 0
        if self.cost_ns is None or not traced:
            return None
        return min(1.0, self.cost_ns / traced)

    def _hold(self, name: str, calls: int, total_ns: int, own_ns: int) -> None:
        key = name if name in self.stages or len(self.stages) < MOST_NAMES else OTHER
        held = self.stages.get(key) or self.stages.setdefault(key, StageTime())
        held.calls += calls
        held.total_ns += total_ns
        held.own_ns += own_ns

    def to_dict(self) -> dict[str, object]:
        """Return the tally as a run summary has it; empty when no trace was finished."""
        if not self.traces:
            return {}
        known: dict[str, object] = {"count": self.traces}
        if self.deadline_ms is not None:
            known |= {"deadline_ms": self.deadline_ms, "deadline_misses": self.misses}
        if self.unfinished:
            known["unfinished"] = self.unfinished
        if self.dropped:
            known["dropped_spans"] = self.dropped
        known["spans"] = self.spans
        overhead = self.overhead()
        if overhead is not None:
            known["overhead"] = round(overhead, 6)
        stages = {
            name: {"calls": s.calls, "total_ns": s.total_ns, "own_ns": s.own_ns}
            for name, s in sorted(self.stages.items())
        }
        return {"traces": known, "stages": stages}


def _count(known: Mapping[str, object], key: str) -> int:
    """Return a whole number from 0 that a summary can hold; 0 where there is none."""
    value = known.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_ROWS else 0
