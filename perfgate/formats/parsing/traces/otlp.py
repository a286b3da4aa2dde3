"""Reader of traces: OTLP as JSON, of any exporter -> the spans of each trace, over all batches and files.

Spans of one trace may come in any order, in several batches and in several files. What
contradicts itself is counted with its trace, which is then incomplete; nothing is guessed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.core.errors import cannot_decide
from perfgate.core.traces.spans import Span, Trace, Traces, Value
from perfgate.formats.parsing.traces.batches import Batches
from perfgate.formats.parsing.values import items, number, table, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.formats.parsing.source import Source

MOST_SPANS = 1_000_000
"""Spans that are taken at once; each takes some 500 bytes of memory."""
_TOLERANCE = 0.01
"""Share of the lines of a file that may be broken."""
_ERROR = (2, "2", "STATUS_CODE_ERROR")
_DROPPED = "perfgate.dropped."


class _Found(Struct, frozen=True, kw_only=True):
    """A span as it stands in a file, before it is known where in its trace it belongs."""

    parent: str
    name: str
    start: int
    duration: int | None
    is_failed: bool
    attributes: tuple[tuple[str, Value], ...]


class _Pile(Struct):
    """What was found of one trace."""

    service: str
    file: str
    spans: dict[str, _Found] = field(default_factory=dict)
    conflicting: int = 0


def read_traces(sources: Iterable[Source], *, most: int = MOST_SPANS) -> Traces:
    """Return the traces of files.

    Args:
        sources: the files, of one or more programs.
        most: spans that are taken.

    Raises:
        CannotDecideError: a file is no OTLP, too many of its lines are broken, or there are too many spans.
    """
    found = TraceCollector(most=most)
    for source in sources:
        if source.is_folder:
            raise source.fault("is a folder", "name the files in it")
        batches = Batches(source, tolerance=_TOLERANCE)
        for batch in batches:
            found.take(batch, source.path)
        found.broken_lines += batches.broken
    return found.finish()


class TraceCollector:
    """Collects the spans of many batches; `finish` puts each where it belongs in its trace."""

    def __init__(self, *, most: int = MOST_SPANS, keeps_attributes: bool = True) -> None:
        """Start with no span.

        Args:
            most: spans that are taken; one more is an error.
            keeps_attributes: keep those of every span, and not of those without a parent alone?
        """
        self._keeps_attributes = keeps_attributes
        self._piles: dict[str, _Pile] = {}
        self._most = most
        self.count = 0
        """Spans that were taken."""
        self._repeated = 0
        self._unnamed = 0
        self.broken_lines = 0

    def take(self, batch: dict[str, Any], origin: str) -> None:
        """Take the spans of one export batch.

        Args:
            batch: the JSON object.
            origin: the file.

        Raises:
            CannotDecideError: there are too many spans.
        """
        for group in map(table, items(batch.get("resourceSpans"))):
            facts = dict(_attributes(table(group.get("resource")).get("attributes")))
            service = str(facts.get("service.name", ""))
            for scoped in map(table, items(group.get("scopeSpans"))):
                for span in map(table, items(scoped.get("spans"))):
                    if self.count >= self._most:
                        raise cannot_decide(
                            "traces-too-many",
                            f"there are more than {self._most:,} spans in the files",
                            place=origin,
                            hint="give fewer files, or lower sample_rate in [tool.perfgate.trace]",
                        )
                    self.take_span(span, service, origin)

    def take_span(self, span: dict[str, Any], service: str, origin: str = "") -> None:
        """Take one span, however many there are."""
        self.count += 1
        trace_id, span_id = _identifier(span.get("traceId")), _identifier(span.get("spanId"))
        if not trace_id or not span_id:
            self._unnamed += 1
            return
        pile = self._piles.get(trace_id)
        if pile is None:
            pile = self._piles[trace_id] = _Pile(service=service, file=origin)
        found = _found(span, keeps_attributes=self._keeps_attributes)
        held = pile.spans.setdefault(span_id, found)
        if held is not found:
            same = held == found
            self._repeated += same
            pile.conflicting += not same

    def finish(self) -> Traces:
        """Return the traces of all that was taken."""
        complete: list[Trace] = []
        incomplete: list[Trace] = []
        for trace_id, pile in self._piles.items():
            trace = _assemble(trace_id, pile)
            (complete if trace.is_complete else incomplete).append(trace)
        return Traces(
            complete=tuple(complete),
            incomplete=tuple(incomplete),
            repeated=self._repeated,
            unnamed=self._unnamed,
            broken_lines=self.broken_lines,
        )


def _assemble(trace_id: str, pile: _Pile) -> Trace:
    """Return a trace: its spans from the roots down, without recursion, however deep they are nested."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    roots: list[str] = []
    missing = 0
    for span_id, span in pile.spans.items():
        is_none = not span.parent.strip("0")  # as the specification says, unless a span has that identifier
        if span.parent in pile.spans and not (is_none and span.parent == span_id):
            children[span.parent].append(span_id)
        else:
            roots.append(span_id)
            missing += not is_none

    def by_start(span_id: str) -> tuple[int, str]:
        return pile.spans[span_id].start, span_id

    order: list[tuple[str, int]] = []  # identifier, and the place of the parent
    places: dict[str, int] = {}
    waiting = [(span_id, -1) for span_id in sorted(roots, key=by_start, reverse=True)]
    while waiting:
        span_id, parent = waiting.pop()
        places[span_id] = len(order)
        order.append((span_id, parent))
        waiting += [(c, places[span_id]) for c in sorted(children.get(span_id, ()), key=by_start, reverse=True)]
    spans = []
    for span_id, parent in order:
        span = pile.spans[span_id]
        inner = sorted(places[child] for child in children.get(span_id, ()))
        spans.append(
            Span(
                name=span.name,
                parent=parent,
                children=tuple(inner),
                start=span.start,
                duration=span.duration,
                is_failed=span.is_failed,
                attributes=span.attributes,
            )
        )
    return Trace(
        trace_id=trace_id,
        service=pile.service,
        file=pile.file,
        spans=tuple(spans),
        missing_parents=missing,
        circular=len(pile.spans) - len(spans),
        conflicting=pile.conflicting,
        dropped=sum(_dropped(pile.spans[root]) for root in roots),
        unfinished=sum(span.duration is None for span in spans),
    )


def _dropped(root: _Found) -> int:
    """Return how many spans the tracer of perfgate had no room for."""
    counts = [value for name, value in root.attributes if name.startswith(_DROPPED)]
    return sum(value for value in counts if isinstance(value, int) and value > 0)


def _found(span: dict[str, Any], *, keeps_attributes: bool) -> _Found:
    start, end = instant(span.get("startTimeUnixNano")), instant(span.get("endTimeUnixNano"))
    parent = _identifier(span.get("parentSpanId"))
    return _Found(
        parent=parent,
        name=_clean(text(span.get("name"))),
        start=start,
        duration=end - start if start and end >= start else None,
        is_failed=table(span.get("status")).get("code") in _ERROR,
        attributes=_attributes(span.get("attributes")) if keeps_attributes or not parent else (),
    )


def instant(value: object) -> int:
    """Return nanoseconds since 1970, whole, which a double could not hold; 0: none is stated."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(2**64)):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**64 else 0


def _identifier(value: object) -> str:
    """Return an identifier; empty: none is stated."""
    return _clean(text(value)).lower()


def _attributes(value: object) -> tuple[tuple[str, Value], ...]:
    """Return attributes by name, each once."""
    found: dict[str, Value] = {}
    for attribute in map(table, items(value)):
        key, held = _clean(text(attribute.get("key"))), _value(table(attribute.get("value")))
        if key and held is not None:
            found[key] = held
    return tuple(sorted(found.items()))


def _value(typed: dict[str, Any]) -> Value | None:
    """Return a value of one of the types of OTLP; what is neither text nor number is its JSON text."""
    for kind, value in typed.items():
        if kind == "stringValue" and isinstance(value, str):
            return _clean(value)
        if kind == "boolValue" and isinstance(value, bool):
            return value
        if kind == "intValue":
            return _whole(value)
        if kind == "doubleValue":
            return number(value)
        if kind in ("arrayValue", "kvlistValue", "bytesValue"):
            try:
                return _clean(json.dumps(value, sort_keys=True))
            except (ValueError, RecursionError):
                return None
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and len(value) <= len(str(-(2**63))) and value.removeprefix("-").isdecimal():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**63 else None


def _clean(value: str) -> str:
    """Return a text that every file can hold: JSON may spell half a character, UTF-8 cannot."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
