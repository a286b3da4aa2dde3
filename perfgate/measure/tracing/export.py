"""A trace as a dict for JSON: what a program attached to it is made into what JSON can hold, and bounded."""

from __future__ import annotations

import math

from perfgate.measure.tracing.tally import stages_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from perfgate.measure.tracing.spans import Span, Trace

_DEEPEST = 6
_MOST_ITEMS = 100
_LONGEST_TEXT = 1_000
_CUT = "…"
_ADDRESS = " at 0x"  # in the text that Python gives to an object without one of its own: another one in each process
_KEYS = ("trace_id", "duration_ms", "metadata", "spans", "stage_durations")


def export(trace: Trace | None) -> dict[str, object]:
    """Return a trace as a dict that `json.dump` takes; of None the same keys with nulls."""
    if trace is None:
        return dict.fromkeys(_KEYS)
    places = {span: i for i, span in enumerate(trace.spans)}
    spans = [_span(span, trace.root, places) for span in trace.spans]
    durations = {name: in_ms(s.total_ns) for name, s in sorted(stages_of(trace).items())}
    found: dict[str, object] = {
        "trace_id": plain(trace.trace_id),
        "duration_ms": in_ms(trace.duration_ns),
        "metadata": plain(trace.metadata),
        "spans": spans,
        "stage_durations": durations,
    }
    if trace.counts:
        found["counts"] = _labelled(trace.counts)
    if trace.gauges:
        found["gauges"] = _labelled(trace.gauges)
    if trace.dropped:
        found["dropped"] = dict(sorted(trace.dropped.items()))
    if trace.unfinished:
        found["unfinished"] = trace.unfinished
    return found


def _span(span: Span, root: Span, places: Mapping[Span, int]) -> dict[str, object]:
    parent = span.parent
    found: dict[str, object] = {
        "name": plain(span.name),
        "start_ms": in_ms(max(0, span.began - root.began)),
        "duration_ms": in_ms(span.duration_ns),
        "parent": None if parent is None or parent is root else places.get(parent),
    }
    if span.attributes:
        found["attributes"] = plain(span.attributes)
    if span.failed:
        found["failed"] = True
    return found


def _labelled(values: Mapping[tuple[str, tuple[tuple[str, str], ...]], float]) -> list[dict[str, object]]:
    return [
        {"name": plain(name), "labels": plain(dict(labels)), "value": plain(value)}
        for (name, labels), value in sorted(values.items())
    ]


def in_ms(nanoseconds: int) -> float:
    """Return milliseconds, exact to the nanosecond."""
    return round(nanoseconds / 1e6, 6)


def plain(value: object, depth: int = 0) -> object:
    """Return a value as JSON can hold it: texts cut, mappings sorted by key, all else as its short text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else _describe(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode()
        return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + _CUT
    if depth < _DEEPEST and isinstance(value, (dict, list, tuple, set, frozenset)):
        try:
            return _plain_members(value, depth + 1)
        except Exception:  # noqa: BLE001 - a container of the program's own may raise anything
            return f"<{type(value).__name__}>"
    return _describe(value)


def _plain_members(value: Iterable[object], depth: int) -> object:
    if isinstance(value, dict):
        return {key: plain(v, depth) for key, v in plain_items(value)}
    found = [plain(v, depth) for v in list(value)[:_MOST_ITEMS]]
    return sorted(found, key=str) if isinstance(value, (set, frozenset)) else found


def plain_items(values: Mapping[Any, object]) -> list[tuple[str, object]]:
    """Return the first items of a mapping by the text of their keys, which may be of several kinds."""
    items = [(_describe(key), value) for key, value in list(values.items())[:_MOST_ITEMS]]
    return sorted(items, key=lambda item: item[0])


def _describe(value: object) -> str:
    """Return the short text of any object; one whose own text fails, or is too long, is named by its type."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - the text of a foreign object is foreign code
        text = _ADDRESS
    return str(plain(f"<{type(value).__name__}>" if _ADDRESS in text else text))
