"""Traces for tests, as files of OTLP and as what is read of them."""

from __future__ import annotations

import json

from perfgate.formats.parsing.source import Source
from perfgate.formats.parsing.traces import read_traces

MS = 1_000_000


def otlp(tree, *, trace_id="a1", service="shop", began=10**18):
    """Return one trace as an export batch; a tree is (name, start and end in ms, *parts), or has attributes second.

    It began at that many nanoseconds since 1970.
    """
    spans = []

    def add(node, parent):
        name, attributes, start, end, *parts = node if isinstance(node[1], dict) else (node[0], {}, *node[1:])
        number = f"{len(spans) + 1:016x}"
        spans.append({
            "traceId": trace_id, "spanId": number, "name": name, **({"parentSpanId": parent} if parent else {}),
            "startTimeUnixNano": str(began + int(start * MS)), "endTimeUnixNano": str(began + int(end * MS)),
            "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
        })  # fmt: skip
        for part in parts:
            add(part, number)

    add(tree, "")
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}


def lines(*trees, began=10**18):
    """Return traces as the content of a file."""
    return "".join(json.dumps(otlp(tree, trace_id=f"{i:032x}", began=began)) + "\n" for i, tree in enumerate(trees, 1))


def traces(*trees):
    """Return traces as they are read."""
    return read_traces([Source("t.jsonl", content=lines(*trees).encode())]).complete
