"""A trace as JSON: the documented keys, deterministic, and bounded whatever a program attaches to it."""

from __future__ import annotations

import json

import pytest

from perfgate.measure import init_tracer
from perfgate.measure.tracing.export import export, plain
from perfgate.measure.tracing.spans import Span, Trace


def built(*spans: tuple[str, int, int, int | None]) -> Trace:
    """Return a finished trace of 100 ms, with spans of given begin and end in ms, and the place of their parent."""
    trace = Trace("tick_12345", {"symbols": ["BTCUSDT"]})
    began = trace.root.began
    for name, start, end, parent in spans:
        span = Span(name, trace.root if parent is None else trace.spans[parent], trace, {})
        span.began, span.ended, span.failed = began + start * 10**6, began + end * 10**6, False
        trace.spans.append(span)
    trace.finish(began + 100 * 10**6)
    return trace


def test_the_exported_trace_has_the_documented_keys_in_milliseconds():
    trace = built(("fetch", 0, 60, None), ("query", 10, 30, 0), ("query", 30, 45, 0), ("emit", 60, 90, None))
    found = export(trace)
    assert list(found) == ["trace_id", "duration_ms", "metadata", "spans", "stage_durations"]
    assert (found["trace_id"], found["duration_ms"], found["metadata"]) == (
        "tick_12345",
        100.0,
        {"symbols": ["BTCUSDT"]},
    )
    assert found["spans"][2] == {"name": "query", "start_ms": 30.0, "duration_ms": 15.0, "parent": 0}
    assert found["stage_durations"] == {"emit": 30.0, "fetch": 60.0, "query": 35.0, "tick_total": 100.0}


def test_of_no_trace_the_same_keys_are_null_and_can_be_dumped():
    assert json.loads(json.dumps(export(None))) == dict.fromkeys(
        ["trace_id", "duration_ms", "metadata", "spans", "stage_durations"]
    )


def test_the_same_trace_gives_the_same_text_whatever_order_its_facts_were_given_in():
    one, other = built(), built()
    one.metadata = {"b": {2, 1, 3}, "a": object()}
    other.metadata = {"a": object(), "b": {3, 1, 2}}
    assert json.dumps(export(one)) == json.dumps(export(other))
    assert export(one)["metadata"] == {"a": "<object>", "b": [1, 2, 3]}


class Rude:
    """An object whose text cannot be had."""

    def __str__(self):
        raise RuntimeError("no")


def deep(depth: int) -> object:
    return {"in": deep(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), 10**400, b"\xff", "\ud800", "x" * 10**6, Rude(), deep(500), [[[]]] * 10**4,
        {1: 2, "1": 3, None: 4}, {("a", 1): set()}, range(10**9),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_whatever_a_program_attaches_becomes_json_of_bounded_size(value):
    text = json.dumps(plain(value), allow_nan=False)
    assert len(text.encode()) < 30_000


def test_a_list_that_holds_itself_ends():
    circle: list[object] = []
    circle.append(circle)
    assert len(json.dumps(plain(circle))) < 2_000


@pytest.mark.parametrize("name", ["", "häßlich\n", "a" * 10**5, 5, None])
def test_any_name_of_a_stage_can_be_exported(name):
    trace = built((name, 0, 1, None))
    assert json.loads(json.dumps(export(trace)))["spans"][0]["duration_ms"] == 1.0


def test_a_clock_that_stands_still_gives_zeros():
    trace = built(("a", 0, 0, None))
    trace.root.ended = trace.root.began
    assert export(trace)["stage_durations"] == {"a": 0.0, "tick_total": 0.0}


def test_keys_of_several_kinds_and_values_without_a_text_end_no_program(tracer, tmp_path, monkeypatch):
    class Hostile(dict):
        def items(self):
            raise RuntimeError

    class Mute:
        def __str__(self):
            raise RuntimeError

    monkeypatch.setenv("PERFGATE_TRACE_FILE", str(tmp_path / "t.jsonl"))
    init_tracer()
    tracer.start_trace("x", metadata={1: "one", "user": "x", Mute(): 2})
    with tracer.span("a", n=10**5000, items=Hostile(a=1), inner={Mute(): 1, 2: 3}):
        pass
    exported = tracer.export_to_json(tracer.finish_trace())
    assert exported["metadata"] == {"1": "one", "<Mute>": 2, "user": "x"}
    assert exported["spans"][0]["attributes"] == {"n": "<int>", "items": "<Hostile>", "inner": {"2": 3, "<Mute>": 1}}
    assert len((tmp_path / "t.jsonl").read_text().splitlines()) == 1
