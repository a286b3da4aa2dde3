"""Time and calls by stage: own times add up, inner stages count once, and a run takes the traces that end in it."""

from __future__ import annotations

import gc
import json
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure import init_metrics, init_tracer, measure_run_context
from perfgate.measure.tracing import cost, tally
from perfgate.measure.tracing.cost import span_cost_ns
from perfgate.measure.tracing.spans import Span, Trace
from perfgate.measure.tracing.tally import StageTally, stages_of
from perfgate.measure.tracing.tracer import Tracer


def built(*spans: tuple[str, int, int, int | None], end: int = 100) -> Trace:
    """Return a finished trace, with spans of given begin and end in ns, and the place of their parent."""
    trace = Trace("x")
    began = trace.root.began
    for name, start, stop, parent in spans:
        span = Span(name, trace.root if parent is None else trace.spans[parent], trace, {})
        span.began, span.ended, span.failed = began + start, began + stop, False
        trace.spans.append(span)
    trace.finish(began + end)
    return trace


def table(trace: Trace) -> dict[str, tuple[int, int, int]]:
    return {name: (s.calls, s.total_ns, s.own_ns) for name, s in stages_of(trace).items()}


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param((), {"tick_total": (1, 100, 100)}, id="nothing-inside"),
        pytest.param(
            (("a", 0, 40, None), ("b", 40, 90, None)),
            {"tick_total": (1, 100, 10), "a": (1, 40, 40), "b": (1, 50, 50)},
            id="one-after-the-other",
        ),
        pytest.param(
            (("a", 0, 40, None), ("b", 10, 20, 0), ("b", 20, 35, 0)),
            {"tick_total": (1, 100, 60), "a": (1, 40, 15), "b": (2, 25, 25)},
            id="one-in-the-other",
        ),
        pytest.param(
            (("a", 0, 40, None), ("a", 10, 30, 0), ("a", 15, 20, 1)),
            {"tick_total": (1, 100, 60), "a": (3, 40, 40)},
            id="recursion-counts-its-time-once",
        ),
        pytest.param(
            (("a", 0, 50, None), ("b", 10, 40, 0), ("b", 20, 60, 0)),
            {"tick_total": (1, 100, 50), "a": (1, 50, 10), "b": (2, 70, 70)},
            id="concurrent-tasks-overlap",
        ),
        pytest.param(
            (("tick_total", 0, 90, None),), {"tick_total": (1, 100, 100)}, id="a-stage-with-the-name-of-the-whole"
        ),
    ],
)
def test_time_and_calls_of_each_stage(spans, expected):
    assert table(built(*spans)) == expected


@given(st.lists(st.integers(0, 8), max_size=30))
def test_own_times_add_up_to_the_whole_where_nothing_overlaps(parents):
    """Each span takes the next slice inside its parent, so that siblings do not overlap."""
    spans, free = [], {None: (0, 10**9)}
    for number, choice in enumerate(parents):
        parent = choice if choice < number else None
        start, end = free[parent]
        stop = start + (end - start) // 3
        free[parent] = (stop, end)
        free[number] = (start, stop)
        spans.append((f"s{choice}", start, stop, parent))
    assert sum(s.own_ns for s in stages_of(built(*spans, end=10**9)).values()) == 10**9


def test_ten_thousand_stages_inside_each_other_need_no_recursion(tracer):
    tracer.start_trace("x")
    spans = [tracer.span("a") for _ in range(10_000)]
    for span in spans:
        span.parent = spans[spans.index(span) - 1] if span is not spans[0] else span.parent
        span.__enter__()
    trace = tracer.finish_trace()
    assert stages_of(trace)["a"].calls == 10_000


def run_of(path) -> dict:
    return json.loads(path.read_text())


def one_trace(tracer, calls: int = 1) -> None:
    tracer.start_trace("t")
    for _ in range(calls):
        with tracer.span("query"):
            pass
    tracer.finish_trace()


def test_a_run_has_the_traces_that_ended_in_it_and_no_others(tracer, tmp_path):
    one_trace(tracer)
    with measure_run_context("outer", out=tmp_path):
        one_trace(tracer, calls=3)
        with measure_run_context("inner", out=tmp_path):
            one_trace(tracer, calls=2)
    one_trace(tracer)
    outer, inner = run_of(tmp_path / "outer.json"), run_of(tmp_path / "inner.json")
    assert (outer["traces"]["count"], outer["stages"]["query"]["calls"]) == (2, 5)
    assert (inner["traces"]["count"], inner["stages"]["query"]["calls"]) == (1, 2)
    assert set(inner["stages"]["query"]) == {"calls", "total_ns", "own_ns"}


def test_a_run_without_traces_states_none(tracer, tmp_path):
    with measure_run_context("r", out=tmp_path):
        tracer.start_trace("never finished")
    assert {"traces", "stages"}.isdisjoint(run_of(tmp_path / "r.json"))


def test_a_trace_of_a_thread_that_was_started_apart_belongs_to_the_run_that_goes_on(tracer, tmp_path):
    with measure_run_context("r", out=tmp_path):
        threads = [threading.Thread(target=one_trace, args=(tracer,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert run_of(tmp_path / "r.json")["traces"]["count"] == 4


def test_runs_of_concurrent_threads_do_not_mix(tracer, tmp_path):
    barrier = threading.Barrier(2)

    def measure(name: str, calls: int) -> None:
        with measure_run_context(name, out=tmp_path):
            barrier.wait()
            one_trace(tracer, calls=calls)
            barrier.wait()

    threads = [threading.Thread(target=measure, args=(f"r{n}", n)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run_of(tmp_path / f"r{n}.json")["stages"]["query"]["calls"] for n in (1, 2)] == [1, 2]


def test_deadlines_missed_are_counted_against_the_traces(tracer, tmp_path, monkeypatch):
    init_metrics(deadline_ms=1e-6)
    with measure_run_context("missed", out=tmp_path):
        one_trace(tracer)
        one_trace(tracer)
    init_metrics(deadline_ms=60_000)
    with measure_run_context("met", out=tmp_path):
        one_trace(tracer)
    monkeypatch.setenv("PERFGATE_TRACE_DEADLINE_MS", "0.000001")
    init_tracer()
    with measure_run_context("by-variable", out=tmp_path):
        one_trace(tracer)
    found = {name: run_of(tmp_path / f"{name}.json")["traces"] for name in ("missed", "met", "by-variable")}
    assert (found["missed"]["count"], found["missed"]["deadline_ms"], found["missed"]["deadline_misses"]) == (
        2,
        1e-6,
        2,
    )
    assert (found["met"]["count"], found["met"]["deadline_ms"], found["met"]["deadline_misses"]) == (1, 60_000.0, 0)
    assert found["by-variable"]["deadline_misses"] == 1


def test_finished_traces_are_freed_without_the_collector_of_cycles(tracer):
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            one_trace(tracer, calls=3)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_processes_left_behind_adds_up_and_other_data_is_left_out():
    both = StageTally()
    one = {
        "traces": {
            "count": 2,
            "spans": 7,
            "deadline_ms": 5.0,
            "deadline_misses": 1,
            "unfinished": 1,
            "dropped_spans": 3,
        },
        "stages": {"query": {"calls": 4, "total_ns": 10, "own_ns": 9}},
    }
    for known in (one, one, {}, {"traces": [], "stages": 1}, {"traces": {"count": "x"}, "stages": {"query": 1}}):
        both.add(known)
    found = both.to_dict()
    assert found["traces"] == {
        "count": 4, "spans": 14, "deadline_ms": 5.0, "deadline_misses": 2, "unfinished": 2, "dropped_spans": 6,
    }  # fmt: skip
    assert found["stages"] == {"query": {"calls": 8, "total_ns": 20, "own_ns": 18}}


def test_a_run_states_its_spans_and_their_share_of_the_traced_time(tracer, tmp_path):
    with measure_run_context("r", out=tmp_path) as run:
        tracer.start_trace("t")
        for _ in range(3):
            with tracer.span("read"):
                time.sleep(0.01)
        tracer.finish_trace()
        assert "overhead" not in run.to_dict()["traces"], "measured while the run goes on"
    traces, stages = run_of(tmp_path / "r.json")["traces"], run_of(tmp_path / "r.json")["stages"]
    assert traces["spans"] == 3
    cost = span_cost_ns(tracer.span)
    assert traces["overhead"] == pytest.approx(3 * cost / stages["tick_total"]["total_ns"], abs=1e-6)


def test_the_cost_of_a_span_is_measured_once_and_leaves_no_trace_behind(tracer, monkeypatch):
    monkeypatch.setattr(cost, "_known", [])
    opened = []

    def open_span(name):
        opened.append(name)
        return tracer.span(name)

    tracer.start_trace("t")
    first = span_cost_ns(open_span)
    number = len(opened)
    assert span_cost_ns(open_span) == first > 0
    assert 0 < number == len(opened) <= 200
    assert tracer.finish_trace().spans == []


@pytest.mark.parametrize(
    ("cost_ns", "warnings"), [pytest.param(2_900.0, 0, id="below-3-percent"), pytest.param(3_100.0, 1, id="above")]
)
def test_tracing_that_costs_more_than_3_percent_is_said_once(cost_ns, warnings, monkeypatch, capsys):
    monkeypatch.setattr(cost, "_known", [cost_ns])
    monkeypatch.setattr(tally, "_warned", [])
    trace = built(("a", 0, 40_000, None), ("b", 50_000, 60_000, None), end=200_000)
    for _ in range(2):
        run = StageTally()
        run.take(trace, stages_of(trace), None, Tracer(enabled=True, sample_rate=1.0).span)
        run.settle()
        assert run.to_dict()["traces"]["overhead"] == pytest.approx(2 * cost_ns / 200_000)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == warnings
    assert all("trace longer stages, or sample fewer traces" in line for line in said)


def test_processes_of_one_command_add_up_their_spans_and_weigh_their_shares_by_time():
    both = StageTally()
    for spans, overhead, total in ((10, 0.02, 3_000), (30, 0.06, 1_000)):
        stages = {"tick_total": {"calls": 1, "total_ns": total, "own_ns": 0}}
        both.add({"traces": {"count": 1, "spans": spans, "overhead": overhead}, "stages": stages})
    assert both.to_dict()["traces"] == {"count": 2, "spans": 40, "overhead": 0.03}
