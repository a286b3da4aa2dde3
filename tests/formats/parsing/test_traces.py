"""The reader of traces: what belongs together is put together, and what contradicts itself is counted."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from perfgate.core.errors import CannotDecideError
from perfgate.core.traces.spans import own_times
from perfgate.formats.parsing.source import Source
from perfgate.formats.parsing.traces import read_traces

MS = 1_000_000


def span(name, number, parent=0, *, trace="a1", start=1, end=2, **more):
    """Return a span as OTLP has it; numbers name spans, and 0 is none."""
    found = {"traceId": trace, "spanId": f"{number:016x}", "name": name}
    if parent:
        found["parentSpanId"] = f"{parent:016x}"
    found |= {"startTimeUnixNano": str(start * MS), "endTimeUnixNano": str(end * MS)}
    return found | more


def batch(*spans, service="shop"):
    """Return spans as one export batch."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def read(*files, **bounds):
    """Read files, each a list of batches, one a line."""
    lines = ["\n".join(map(json.dumps, batches)).encode() for batches in files]
    return read_traces([Source(f"{i}.jsonl", content=content) for i, content in enumerate(lines)], **bounds)


def test_the_spans_of_a_trace_are_put_together_over_batches_and_files_in_any_order():
    found = read([batch(span("leaf", 3, 2)), batch(span("top", 1))], [batch(span("middle", 2, 1))])
    (trace,) = found.complete
    assert [(s.name, s.parent, s.children) for s in trace.spans] == [
        ("top", -1, (1,)), ("middle", 0, (2,)), ("leaf", 1, ()),
    ]  # fmt: skip
    assert Counter(span.name for span in trace.spans) == {"top": 1, "middle": 1, "leaf": 1}
    assert trace.service == "shop"


def test_a_trace_whose_parents_are_missing_is_incomplete():
    found = read([batch(span("top", 1), span("lost", 5, 4), span("fine", 1, trace="b2"))])
    assert [t.trace_id for t in found.complete] == ["b2"]
    assert [t.missing_parents for t in found.incomplete] == [1]


@pytest.mark.parametrize("parents", [{2: 2}, {2: 3, 3: 2}, {2: 3, 3: 4, 4: 2, 5: 4}], ids=["itself", "two", "below"])
def test_parents_in_a_circle_are_counted_and_left_out(parents):
    found = read([batch(span("top", 1), *(span("round", n, parent) for n, parent in parents.items()))])
    (trace,) = found.incomplete
    assert (trace.circular, [s.name for s in trace.spans]) == (len(parents), ["top"])


def test_a_file_that_is_given_twice_changes_nothing_and_other_content_under_one_identifier_is_a_conflict():
    once = [batch(span("top", 1), span("leaf", 2, 1))]
    twice = read(once, once)
    assert (twice.complete, twice.repeated) == (read(once).complete, 2)
    (trace,) = read(once, [batch(span("other", 2, 1))]).incomplete
    assert trace.conflicting == 1


@pytest.mark.parametrize(("start", "end"), [(5, 3), (5, 0), (0, 3)], ids=["backwards", "no end", "no start"])
def test_a_span_without_a_time_keeps_its_place(start, end):
    (trace,) = read([batch(span("top", 1, end=9), span("odd", 2, 1, start=start, end=end))]).complete
    assert (trace.unfinished, trace.spans[1].duration, trace.duration) == (1, None, 8 * MS)


def test_spans_that_run_at_the_same_time_count_once_in_their_parent_s_own_time():
    (trace,) = read([
        batch(span("top", 1, start=10, end=30), span("a", 2, 1, start=12, end=20), span("b", 3, 1, start=14, end=22),
              span("late", 4, 1, start=28, end=40)),
    ]).complete  # fmt: skip
    assert own_times(trace) == [8 * MS, 8 * MS, 8 * MS, 12 * MS]


def test_a_hundred_thousand_nested_spans_are_no_depth_for_the_stack():
    (trace,) = read([batch(*(span("in", n, n - 1) for n in range(1, 100_001)))]).complete
    assert trace.spans[-1].parent == 99_998


def test_more_spans_than_the_bound_are_one_clear_error():
    spans = [batch(span("top", 1), span("leaf", 2, 1))]
    assert len(read(spans, most=2).complete) == 1
    with pytest.raises(CannotDecideError, match="more than 1 spans"):
        read(spans, most=1)


@pytest.mark.parametrize("root", [0, 1])
def test_a_parent_of_zeros_is_none_unless_a_span_has_that_identifier(root):
    zeros = {"trace": "0" * 32, "parentSpanId": "0" * 16}
    found = read([batch(span("top", root, **zeros), span("leaf", 2, **zeros | {"parentSpanId": f"{root:016x}"}))])
    assert [(s.name, s.parent) for s in found.complete[0].spans] == [("top", -1), ("leaf", 0)]
    assert read([batch(span("nameless", 1, spanId=""))]).unnamed == 1


def test_spans_that_the_tracer_had_no_room_for_make_a_trace_incomplete():
    attributes = [{"key": "perfgate.dropped.query", "value": {"intValue": "7"}}]
    (trace,) = read([batch(span("top", 1, attributes=attributes))]).incomplete
    assert trace.dropped == 7


@pytest.mark.parametrize("hostile", [
    {"resourceSpans": 3}, {"resourceSpans": [None, {"scopeSpans": {"spans": 1}}]},
    {"resourceSpans": [{"resource": [], "scopeSpans": [{"spans": [5, {"traceId": 1}, {"traceId": "0"}]}]}]},
    batch({"traceId": "a", "spanId": "b", "name": ["x"], "attributes": [{"key": 1}, 2, {"key": "n", "value": []}]}),
    batch(span("\ud800", 1), service="\x1b[31m\n::error::\ud800"),
])  # fmt: skip
def test_odd_content_is_read_for_what_it_is(hostile):
    found = read([hostile])
    for trace in found.complete:
        (trace.service + trace.spans[0].name).encode()


def test_a_document_for_people_is_read_and_one_that_is_no_otlp_is_refused():
    text = json.dumps(batch(span("top", 1)), indent=2).encode()
    assert len(read_traces([Source("t.json", content=text)]).complete) == 1
    with pytest.raises(CannotDecideError, match="no OTLP"):
        read_traces([Source("t.json", content=b'{\n"a": 1\n}')])
    with pytest.raises(CannotDecideError, match="its last line, line 2, is cut off"):
        read_traces([Source("t.jsonl", content=json.dumps(batch(span("top", 1))).encode() + b'\n{"resourceS')])
