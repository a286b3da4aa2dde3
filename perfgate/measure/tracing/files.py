"""Traces as files: OTLP as JSON, one trace a line, and golden traces of some of them."""

from __future__ import annotations

import json
import os
from itertools import count as count_up

from perfgate.measure.identity import hex_digest
from perfgate.measure.tracing.export import plain, plain_items
from perfgate.measure.tracing.settings import FILE, GOLDEN, read_interval
from perfgate.measure.variables import say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perfgate.measure.tracing.spans import Span, Trace

_SCOPE = "perfgate"
_INTERNAL = 1  # the kind of a span that is no call to another process
_ERROR = 2
_numbers = count_up()


def keep(trace: Trace) -> None:
    """Append a finished trace to the file that `FILE` names, and keep every so many-th as a golden trace in `GOLDEN`.

    A disk that is full or a folder that is missing is said once on stderr, and never ends the program.
    """
    number, path, folder = next(_numbers), os.environ.get(FILE), os.environ.get(GOLDEN)
    files = [path] if path else []
    if folder and number % read_interval() == 0:
        files.append(os.path.join(folder, f"{trace.pid}.jsonl"))
    if files:
        line = encode(trace)
        for file in files:
            append(file, line)


def append(path: str, line: bytes) -> None:
    """Append a line in one piece, among other processes that do so; a killed program leaves whole lines."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    try:
        os.makedirs(os.path.dirname(path) or os.curdir, exist_ok=True)
        fd = os.open(path, flags, 0o666)
        try:
            os.write(fd, line)
        finally:
            os.close(fd)
    except OSError as error:
        say_once(f"could not write to {path}: {error.strerror or error}")


def encode(trace: Trace) -> bytes:
    """Return a finished trace as a line of OTLP JSON, one export batch, with its line end.

    Span times are wall clock in OTLP: that of the start of the trace, plus the time since by the performance counter.
    """
    trace_id = hex_digest(f"{trace.pid} {trace.wall_ns} {trace.root.began} {trace.trace_id!a}".encode())[:32]
    ids = {span: f"{i:016x}" for i, span in enumerate((trace.root, *trace.spans), 1)}
    spans = [_span(span, trace, trace_id, ids) for span in ids]
    attributes: dict[str, object] = {"trace.name": trace.trace_id, **trace.metadata}
    attributes |= {f"perfgate.dropped.{name}": number for name, number in trace.dropped.items()}
    spans[0]["attributes"] = _attributes(attributes)
    scope = {"scope": {"name": _SCOPE}, "spans": spans}
    service = os.environ.get("OTEL_SERVICE_NAME") or os.environ.get("PERFGATE_BENCHMARK")
    resource = {"attributes": _attributes({"service.name": service})} if service else {}
    batch = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    return json.dumps(batch, separators=(",", ":")).encode() + b"\n"


def _span(span: Span, trace: Trace, trace_id: str, ids: dict[Span, str]) -> dict[str, object]:
    start = trace.wall_ns + span.began - trace.root.began
    found: dict[str, object] = {"traceId": trace_id, "spanId": ids[span]}
    if span.parent is not None:
        found["parentSpanId"] = ids.get(span.parent, ids[trace.root])
    found |= {
        "name": plain(span.name),
        "kind": _INTERNAL,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + span.duration_ns),
    }
    if span.attributes:
        found["attributes"] = _attributes(span.attributes)
    if span.failed:
        found["status"] = {"code": _ERROR}
    return found


def _attributes(values: dict[str, object]) -> list[dict[str, object]]:
    """Return attributes as OTLP has them: a type beside each value; what has none there is its JSON text."""
    found: list[dict[str, object]] = []
    for key, value in plain_items(values):
        held = plain(value)
        if isinstance(held, bool):
            typed: dict[str, object] = {"boolValue": held}
        elif isinstance(held, int):
            typed = {"intValue": str(held)}
        elif isinstance(held, float):
            typed = {"doubleValue": held}
        else:
            typed = {"stringValue": held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)}
        found.append({"key": key, "value": typed})
    return found
