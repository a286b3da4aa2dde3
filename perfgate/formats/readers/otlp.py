"""Reader of OTLP as JSON, one export batch a line: the durations of spans, and the metrics.

Each span is one call. Spans that end in an error are left out of the durations and
counted in ``error_rate``, which is there for every span, so that failing fast is no gain.
"""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.otlp import Points
from perfgate.formats.parsing.record import Record, Samples, Share, Skipped
from perfgate.formats.parsing.traces import TraceCollector, instant
from perfgate.formats.parsing.traces.batches import Batches
from perfgate.formats.parsing.traces.stages import records_of
from perfgate.formats.parsing.values import items, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

MOST_IN_TRACES = 500_000
"""Spans of which the traces are put together; with more only the durations of single spans are read."""
_ERROR = (2, "2", "STATUS_CODE_ERROR")


class _Calls(Struct):
    """The spans of one name, in one scope of one service."""

    durations: array[float] = field(default_factory=lambda: array("d"))
    errors: int = 0
    unfinished: int = 0
    first: int = 0
    last: int = 0
    commit: str = ""


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the durations and the error rate of each span name, then each metric.

    A name that is in two scopes, or in two services, is two benchmarks.

    Raises:
        CannotDecideError: it is no OTLP, or more lines are broken than is tolerated.
    """
    calls: dict[tuple[str, str, str], _Calls] = {}
    points, traces = Points(source.times), TraceCollector(keeps_attributes=False)
    batches = Batches(source, tolerance=options.tolerance)
    for batch in batches:
        for key, span, version in _spans(batch):
            if source.times.keeps(instant(span.get("startTimeUnixNano"))):
                found = calls.get(key)
                if found is None:
                    found = calls[key] = _Calls(commit=version)
                _take(found, span)
                if traces.count < MOST_IN_TRACES:
                    traces.take_span(span, key[0])
        for group in map(table, items(batch.get("resourceMetrics"))):
            points.take(group, _service(group)[0])
    if batches.message:
        yield Skipped(benchmark=source.name, metric="lines", why=batches.message)
    for (_, _, name), found in calls.items():
        yield from _records(name, found)
    yield from _stages(traces, {name: found.commit for (_, _, name), found in calls.items()})
    yield from points.records(options)


def _spans(batch: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], dict[str, Any], str]]:
    """Yield each span of a batch with its service, its scope and its name, and the version of the service."""
    for group in map(table, items(batch.get("resourceSpans"))):
        service, version = _service(group)
        for scoped in map(table, items(group.get("scopeSpans"))):
            scope = text(table(scoped.get("scope")).get("name"))
            for span in map(table, items(scoped.get("spans"))):
                yield (service, scope, text(span.get("name"))), span, version


def _stages(traces: TraceCollector, commits: dict[str, str]) -> Iterator[Record | Skipped]:
    """Yield calls and time a trace of each stage."""
    if traces.count < MOST_IN_TRACES:
        yield from records_of(traces.finish(), commits)
    else:
        yield Skipped(benchmark="traces", metric="calls", why=f"{MOST_IN_TRACES:,} spans or more")


def _service(group: dict[str, Any]) -> tuple[str, str]:
    """Return name and version of the service that a group of spans or metrics comes from."""
    facts = {
        text(table(a).get("key")): text(table(table(a).get("value")).get("stringValue"))
        for a in items(table(group.get("resource")).get("attributes"))
    }
    return facts.get("service.name", ""), facts.get("service.version", "")


def _take(found: _Calls, span: dict[str, Any]) -> None:
    """Take one span to those of its name."""
    start, end = instant(span.get("startTimeUnixNano")), instant(span.get("endTimeUnixNano"))
    if table(span.get("status")).get("code") in _ERROR:
        found.errors += 1
    elif not start or not end or end < start:
        found.unfinished += 1
    else:
        found.durations.append((end - start) / 1e9)
        found.first = min(found.first or start, start)
        found.last = max(found.last, start)


def _records(name: str, found: _Calls) -> Iterator[Record | Skipped]:
    """Yield the durations and the error rate of a span name."""
    known = len(found.durations) + found.errors
    if not found.durations:
        if found.errors:
            yield from all_failed(name, "duration", found.errors, "every call failed")
        else:
            yield Skipped(benchmark=name, why=f"no span that ended, of {found.unfinished:,}")
        return
    flags: tuple[Flag, ...] = ("unfinished",) if found.unfinished else ()
    facts: dict[str, Any] = {"benchmark": name, "better": "lower", "flags": flags, "commit": found.commit}
    facts |= {"started_at": _as_iso(found.first), "ended_at": _as_iso(found.last)}
    yield Record(**facts, metric="duration", unit="s", payload=Samples(values=found.durations))
    rate = Share(hits=found.errors, of=known)
    yield Record(**facts, metric="error_rate", unit="1", is_derived=True, payload=rate)
    if found.unfinished:
        why = f"{found.unfinished:,} of {known + found.unfinished:,} have no end"
        yield Skipped(benchmark=name, metric="spans", why=why)


def _as_iso(nanoseconds: int) -> str:
    """Return a point in time as ISO 8601; empty beyond the year 9999."""
    try:
        return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""
