"""Traces of OTLP: calls and time a trace, and spans that are missing, doubled or in a circle."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.formats.parsing.record import Record, Skipped
from perfgate.formats.parsing.traces import TraceCollector
from perfgate.formats.parsing.traces.stages import MOST_STAGES, records_of

Spans = list[tuple[str, str, str, int, int]]
"""Of each span its id, its parent's, its name, its begin and its end in ms."""
ONE_QUERY: Spans = [("1", "", "tick", 0, 100), ("2", "1", "load", 0, 60), ("3", "2", "query", 10, 30)]


def read(*traces: Spans) -> tuple[dict[str, list[float]], list[str]]:
    """Return the values by benchmark and metric, and why something was left out."""
    found = TraceCollector(keeps_attributes=False)
    for number, spans in enumerate(traces):
        for own, parent, name, start, end in spans:
            times = {"startTimeUnixNano": 10**9 + start * 10**6, "endTimeUnixNano": 10**9 + end * 10**6}
            span = {"traceId": f"t{number}", "spanId": own, "parentSpanId": parent, "name": name, **times}
            found.take_span(span, "")
    records = list(records_of(found.finish(), {}))
    values = {f"{r.benchmark} {r.metric}": list(r.payload.values) for r in records if isinstance(r, Record)}
    return values, [r.why for r in records if isinstance(r, Skipped)]


def test_a_trace_gives_calls_time_and_own_time_of_each_stage_to_the_benchmark_of_its_root():
    values, left_out = read(ONE_QUERY, [*ONE_QUERY, ("4", "2", "query", 30, 50)])
    assert left_out == []
    assert values == {
        "tick calls:load": [1.0, 1.0],
        "tick calls:query": [1.0, 2.0],
        "tick own:load": pytest.approx([0.04, 0.02]),
        "tick own:tick_total": pytest.approx([0.04, 0.04]),
        "tick stage:load": pytest.approx([0.06, 0.06]),
        "tick stage:query": pytest.approx([0.02, 0.04]),
        "tick stage:tick_total": pytest.approx([0.1, 0.1]),
    }


@given(st.permutations(ONE_QUERY), st.integers(1, 3))
def test_the_order_of_spans_and_batches_that_were_sent_twice_change_nothing(spans, times):
    assert read(spans * times) == read(ONE_QUERY)


@pytest.mark.parametrize(
    ("broken", "causes"),
    [
        pytest.param([("2", "1", "load", 0, 60)], "1 spans without their parent", id="the-root-is-missing"),
        pytest.param(
            [("1", "", "tick", 0, 100), ("3", "2", "query", 10, 30)],
            "1 spans without their parent",
            id="a-parent-is-missing",
        ),
        pytest.param(
            [("1", "", "tick", 0, 100), ("2", "3", "a", 0, 9), ("3", "2", "b", 0, 9)],
            "2 spans whose parents form a circle",
            id="parents-in-a-circle",
        ),
        pytest.param(
            [("1", "", "tick", 0, 100), ("2", "2", "a", 0, 9)],
            "1 spans whose parents form a circle",
            id="its-own-parent",
        ),
        pytest.param([("1", "", "tick", 0, 9), ("2", "", "tick", 0, 9)], "1 traces with several roots", id="two-roots"),
        pytest.param(
            [("1", "", "tick", 9, 0), ("2", "1", "load", 0, 5)],
            "1 spans without an end",
            id="a-root-that-ends-before-it-begins",
        ),
    ],
)
def test_a_trace_with_a_span_that_does_not_lead_to_its_root_is_counted_and_not_judged(broken, causes):
    values, left_out = read(*[ONE_QUERY] * 9, broken)
    assert values == read(*[ONE_QUERY] * 9)[0]
    (why,) = left_out
    assert why == f"1 of 10 traces are incomplete ({causes}): they count for no stage"


def test_when_more_than_a_tenth_of_the_traces_are_incomplete_nothing_is_known_of_any():
    values, left_out = read(*[ONE_QUERY] * 8, [("2", "1", "load", 0, 60)])
    assert values == {}
    (why,) = left_out
    assert why.startswith("1 of 9 traces are incomplete (1 spans without their parent), more than a tenth: calls and ")


def test_a_span_alone_is_a_call_and_no_trace():
    assert read([("1", "", "tick", 0, 100)]) == ({}, [])


def test_a_stage_that_is_rare_is_no_metric_since_it_may_be_missing_by_chance():
    values, _ = read(ONE_QUERY, [("1", "", "tick", 0, 100)], [("1", "", "tick", 0, 100)])
    assert sorted(values) == ["tick own:tick_total", "tick stage:tick_total"]


def test_names_with_ids_in_them_are_bounded():
    spans: Spans = [("r", "", "tick", 0, 100), *((str(i), "r", f"user {i}", 0, 1) for i in range(1_000))]
    values, _ = read(spans)
    assert len([name for name in values if name.startswith("tick calls:")]) <= MOST_STAGES


def test_a_deep_trace_needs_no_recursion():
    spans: Spans = [("r0", "", "tick", 0, 10_000)]
    spans += [(f"r{i}", f"r{i - 1}", "level", i, 10_000 - i) for i in range(1, 5_000)]
    values, left_out = read(spans)
    assert (values["tick calls:level"], left_out) == ([4_999.0], [])


@pytest.mark.parametrize("odd", [None, 5, [], {}, {"a": 1}, "x" * 10_000, "\ud800"])
def test_odd_ids_and_names_break_nothing(odd):
    found = TraceCollector(keeps_attributes=False)
    for key in ("traceId", "spanId", "parentSpanId", "name"):
        found.take_span({"traceId": "t", "spanId": "1", "name": "n", key: odd}, "")
    assert json.dumps([r.benchmark for r in records_of(found.finish(), {})])
