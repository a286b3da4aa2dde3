"""Traces: what one request, tick or batch called, and how long each call took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

Value = str | bool | int | float
MOST_INCOMPLETE = 0.1
"""Share of traces that may be incomplete: with more, those that changed may be just the ones that nobody judges."""
STAGES_UNKNOWN = "stages-unknown"
"""Slug of the warning that too many traces of a file are incomplete to know calls and times of stages."""
_OVERLAPPING = 1.001
"""Own times over the time of the traces, from which on spans ran at the same time; less is rounding."""


class Span(Struct, frozen=True, kw_only=True):
    """One call inside a trace."""

    name: str
    """What was called; never holds a lone surrogate."""
    parent: int
    """Place of the span that called it in the spans of the trace; -1: none."""
    children: tuple[int, ...]
    """Places of the spans that it called, in the order of their starts."""
    start: int
    """Nanoseconds since 1970; 0: not stated."""
    duration: int | None
    """Nanoseconds, >= 0; None: it has no end, or one before its start."""
    is_failed: bool
    """Did it end in an error?"""
    attributes: tuple[tuple[str, Value], ...]
    """By name; a list or table is its JSON text."""


class Trace(Struct, frozen=True, kw_only=True):
    """The spans of one trace identifier, a parent always before its children."""

    trace_id: str
    """In hexadecimal digits, as in the file."""
    service: str
    """Of the first span; may be empty."""
    file: str
    """Where the first span was found; empty: unknown."""
    spans: tuple[Span, ...]
    """In the order of a walk from the roots down; at least one, unless all are in circles."""
    missing_parents: int
    """Spans whose parent is not among the spans; they have no parent here."""
    circular: int
    """Spans whose parents lead in a circle, or below such; they are not among the spans."""
    conflicting: int
    """Spans whose identifier an earlier span has, with other content; they are not among the spans."""
    dropped: int
    """Spans that the program says it did not write."""
    unfinished: int
    """Spans without a duration; where the spans are nested is known nevertheless."""

    @property
    def is_complete(self) -> bool:
        """Is every span that belongs to the trace where it belongs? Only then are its calls exact."""
        return not (self.missing_parents or self.circular or self.conflicting or self.dropped)

    @property
    def roots(self) -> tuple[int, ...]:
        """Return the places of the spans that nobody called."""
        return tuple(i for i, span in enumerate(self.spans) if span.parent < 0)

    @property
    def start(self) -> int:
        """Return the latest start that a root states, in nanoseconds since 1970; 0: none is stated."""
        return max((self.spans[i].start for i in self.roots), default=0)

    @property
    def duration(self) -> int | None:
        """Return the nanoseconds from the first root's start to the last root's end; None: not known."""
        ends = [(s.start, s.start + s.duration) for i in self.roots if (s := self.spans[i]).duration is not None]
        return max(end for _, end in ends) - min(start for start, _ in ends) if ends else None


class Traces(Struct, frozen=True, kw_only=True):
    """All traces of some files."""

    complete: tuple[Trace, ...]
    """Those to judge, in the order of their first spans."""
    incomplete: tuple[Trace, ...]
    """Those of which spans are missing or contradict each other."""
    repeated: int
    """Spans that the files hold more than once, with the same content; each counts once."""
    unnamed: int
    """Spans without the identifier of a trace or of themselves; they are left out."""
    broken_lines: int
    """Lines that are no batches."""


def describe_causes(incomplete: Iterable[Trace]) -> str:
    """Return in words why traces are incomplete, with counts of spans; empty: they are not."""
    these = tuple(incomplete)
    counts = {
        "spans without their parent": sum(t.missing_parents for t in these),
        "spans whose parents form a circle": sum(t.circular for t in these),
        "contradictory spans": sum(t.conflicting for t in these),
        "dropped spans": sum(t.dropped for t in these),
    }
    return ", ".join(f"{number:,} {words}" for words, number in counts.items() if number)


def own_times(trace: Trace) -> list[int | None]:
    """Return the nanoseconds of each span in which none of its children ran; None where it has no duration.

    Children that run at the same time count once, and only within their parent, so that no own time is negative.
    """
    found: list[int | None] = []
    for span in trace.spans:
        if span.duration is None:
            found.append(None)
            continue
        end = span.start + span.duration
        inner = (trace.spans[i] for i in span.children)
        parts = sorted(
            (max(c.start, span.start), min(c.start + c.duration, end)) for c in inner if c.duration is not None
        )
        found.append(span.duration - _covered(parts))
    return found


def is_overlapping(work: float, took: float) -> bool:
    """Do own times add up to more than the traces took, so that spans ran at the same time?

    Args:
        work: own times of all spans, in any unit.
        took: time of the traces in the same unit.
    """
    return work > took * _OVERLAPPING


def _covered(parts: Iterable[tuple[int, int]]) -> int:
    """Return how much of the time intervals cover; they are in the order of their starts."""
    total, reached = 0, 0
    for start, end in parts:
        if end > max(start, reached):
            total += end - max(start, reached)
            reached = end
    return total
