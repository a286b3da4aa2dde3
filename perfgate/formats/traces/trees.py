"""Spans of OTLP, put together to traces: calls and time a trace of each stage, by the name of the root."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perfgate.core.measured import CALLS, OWN, STAGE, WHOLE
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.measure.tracing.spans import Span
from perfgate.measure.tracing.tally import stages_of_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfgate.measure.tracing.tally import StageTime

MOST_SPANS = 500_000
"""Spans that are kept until all of a file is read, some 250 bytes each; beyond them no trace is put together."""
MOST_STAGES = 200
"""Stages of one root that become metrics, those of most calls first: names with ids in them are no stages."""
_LEAST_PRESENT = 0.5
"""Share of traces that have a stage, from which on it is a metric: one that is rare may be missing by chance."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A span as far as its trace needs it."""

    name: str
    parent: str
    start: int
    end: int


@dataclass(slots=True)
class _Root:
    """The complete traces of one root."""

    facts: Mapping[str, Any]
    traces: int = 0
    stages: dict[str, list[StageTime]] = field(default_factory=dict)


class TraceTrees:
    """Takes the spans of a file, and yields what they are a trace when all are read."""

    def __init__(self) -> None:
        """Start with no span."""
        self._traces: dict[str, dict[str, _Node]] = {}
        self._facts: dict[str, Mapping[str, Any]] = {}
        self._count = 0

    def take(self, span: Mapping[str, Any], start: int, end: int, commit: str) -> None:
        """Take a span; one of no trace, and one that never ended, is of no tree."""
        trace, own, parent = (str(span.get(key) or "") for key in ("traceId", "spanId", "parentSpanId"))
        if not trace or not own or not start or end < start:
            return
        self._count += 1
        if self._count > MOST_SPANS:
            self._traces.clear()
            return
        held = self._traces.setdefault(trace, {})
        # A batch that was sent twice states its spans twice.
        held.setdefault(own, _Node(str(span.get("name") or ""), parent, start, end))
        if not parent:
            self._facts.setdefault(str(span.get("name") or ""), {"commit": commit})

    def records(self) -> Iterator[Record | Skipped]:
        """Yield calls, time and own time a trace of each stage, by the name of the root.

        A trace is judged when every span of it leads to its root: what is missing may have been dropped.
        """
        if self._count > MOST_SPANS:
            yield Skipped(benchmark="traces", metric="calls", why=f"more than {MOST_SPANS:,} spans")
            return
        roots: dict[str, _Root] = {}
        incomplete = 0
        for nodes in self._traces.values():
            tops = [own for own, node in nodes.items() if not node.parent]
            if len(tops) != 1 or not self._add(nodes, tops[0], roots):
                incomplete += 1
        for name, root in sorted(roots.items()):
            yield from _records(name, root)
        if incomplete:
            why = f"of {incomplete:,} of {len(self._traces):,} traces a span or its parent is missing"
            yield Skipped(benchmark="traces", metric="calls", why=why)

    def _add(self, nodes: Mapping[str, _Node], top: str, roots: dict[str, _Root]) -> bool:
        """Add a trace to those of its root; return whether it is complete."""
        spans = {own: Span.recorded(node.name, node.start, node.end) for own, node in nodes.items()}
        ordered = sorted(nodes, key=lambda own: (nodes[own].start, -nodes[own].end))
        for own in ordered:
            parent = nodes[own].parent
            if parent and parent not in spans:
                return False
            spans[own].parent = spans.get(parent)
        root = spans[top]
        name, root.name = root.name, WHOLE
        found, reached = stages_of_tree(root, [spans[own] for own in ordered if own != top])
        if reached != len(spans):  # parents in a circle
            return False
        held = roots.setdefault(name, _Root(self._facts.get(name, {})))
        held.traces += 1
        for stage, time in found.items():
            held.stages.setdefault(stage, []).append(time)
        return True


def _records(name: str, root: _Root) -> Iterator[Record]:
    """Yield the metrics of the stages that most traces of a root have."""
    if list(root.stages) == [WHOLE]:
        return  # a span without others is a call, which is a benchmark already
    often = {s: times for s, times in root.stages.items() if len(times) >= root.traces * _LEAST_PRESENT}
    chosen = sorted(often, key=lambda s: (-sum(t.calls for t in often[s]), s))[:MOST_STAGES]
    facts: dict[str, Any] = {"benchmark": name, "better": "lower", "is_derived": True, **root.facts}
    for stage in sorted(chosen):
        times = often[stage]
        values = array("d", (t.total_ns / 1e9 for t in times))
        yield Record(**facts, metric=STAGE + stage, unit="s", payload=Samples(values=values))
        if any(t.own_ns != t.total_ns for t in times):
            values = array("d", (t.own_ns / 1e9 for t in times))
            yield Record(**facts, metric=OWN + stage, unit="s", payload=Samples(values=values))
        if stage != WHOLE:
            values = array("d", (float(t.calls) for t in times))
            yield Record(**facts, metric=CALLS + stage, unit="1", payload=Samples(values=values))
