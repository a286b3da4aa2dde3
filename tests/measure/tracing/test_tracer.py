"""The tracer: what it records, whom it chooses, and that it never breaks the program that it traces."""

from __future__ import annotations

import asyncio
import json
import os
import threading

import pytest

from perfgate.measure import get_tracer, init_tracer, traced
from perfgate.measure.tracing.spans import MOST_NAMES, MOST_SPANS, NO_SPAN, OTHER
from perfgate.measure.tracing.tally import stages_of


def names(trace):
    return [span.name for span in trace.spans]


def trace_of(tracer, *stages: str):
    tracer.start_trace("one")
    for stage in stages:
        with tracer.span(stage):
            pass
    return tracer.finish_trace()


def test_five_stages_are_recorded_in_the_order_in_which_they_were_entered(tracer):
    stages = ["fetch_md", "spread", "guards", "emit", "log"]
    trace = trace_of(tracer, *stages)
    assert names(trace) == stages
    assert all(span.ended >= span.began > 0 for span in trace.spans)
    assert trace.duration_ns >= sum(span.duration_ns for span in trace.spans)


def test_a_finished_trace_is_gone_and_the_next_one_is_empty(tracer):
    assert names(trace_of(tracer, "a")) == ["a"]
    assert tracer.finish_trace() is None
    assert trace_of(tracer).spans == []


def test_a_span_where_no_trace_goes_on_keeps_nothing(tracer):
    with tracer.span("lost", rows=3) as span:
        span.set(more=1)
    assert tracer.span("lost") is NO_SPAN
    assert names(trace_of(tracer, "kept")) == ["kept"]


def test_a_tracer_that_is_off_records_nothing_and_every_call_goes_on():
    tracer = init_tracer(enabled=False)
    assert not tracer.should_trace()
    tracer.start_trace("x", metadata={"a": 1})
    with tracer.span("a"):
        tracer.count("retries")
        tracer.gauge("depth", 3)
    assert tracer.finish_trace() is None
    assert tracer.export_to_json(None)["stage_durations"] is None


def test_before_it_is_set_up_the_tracer_is_off_and_modules_that_hold_it_see_when_it_is_switched_on(python):
    program = """
        from perfgate.measure import get_tracer, init_tracer
        early = get_tracer()
        early.start_trace("x")
        print(early.should_trace(), early.finish_trace())
        print(init_tracer() is early, early.should_trace())
    """
    assert python(program).stdout == "False None\nTrue True\n"


@pytest.mark.parametrize("rate", [0.2, 0.7, 0.01, 0.5, 1 / 3])
def test_without_an_id_the_share_of_traces_is_exact_to_one_in_a_hundred_in_every_stretch(rate):
    tracer = init_tracer(sample_rate=rate)
    chosen = [tracer.should_trace() for _ in range(5000)]
    for start in range(0, 4000, 250):
        for length in (100, 1000):
            assert abs(sum(chosen[start : start + length]) - rate * length) <= 2
    assert abs(sum(chosen) / 5000 - rate) < 0.001


@pytest.mark.parametrize("period", [2, 3, 5, 10, 16])
def test_sampling_follows_no_period_of_the_program(period):
    tracer = init_tracer(sample_rate=0.2)
    chosen = [tracer.should_trace() for _ in range(period * 1000)]
    for phase in range(period):
        assert 0.18 < sum(chosen[phase::period]) / 1000 < 0.22


def test_with_an_id_every_process_chooses_the_same_traces():
    tracer = init_tracer(sample_rate=0.3)
    ids = [f"request-{i}" for i in range(3000)]
    chosen = [tracer.should_trace(i) for i in ids]
    assert chosen == [tracer.should_trace(i) for i in ids]
    assert 0.26 < sum(chosen) / 3000 < 0.34
    assert tracer.should_trace("\ud800") in {True, False}


@pytest.mark.parametrize(("rate", "expected"), [(0, False), (0.0, False), (1, True), (1.0, True)])
def test_a_rate_of_zero_traces_nothing_and_of_one_everything(rate, expected):
    tracer = init_tracer(sample_rate=rate)
    assert {tracer.should_trace() for _ in range(1000)} == {expected}
    assert {tracer.should_trace(str(i)) for i in range(1000)} == {expected}


@pytest.mark.parametrize("rate", [-1, 2, 1.0001, float("nan"), float("inf")])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match=r"sample_rate must be between 0.0 and 1.0"):
        init_tracer(sample_rate=rate)


@pytest.mark.parametrize("rate", ["0.2", None, True])
def test_a_rate_that_is_no_number_is_refused(rate):
    with pytest.raises(TypeError, match="sample_rate must be a number"):
        init_tracer(sample_rate=rate)


def test_an_exception_goes_on_and_marks_its_spans(tracer):
    tracer.start_trace("x")
    with pytest.raises(KeyError), tracer.span("outer"), tracer.span("inner"):
        raise KeyError("k")
    with tracer.span("after"):
        pass
    spans = {span.name: span for span in tracer.finish_trace().spans}
    assert [spans[n].failed for n in ("outer", "inner", "after")] == [True, True, False]
    assert spans["after"].parent.parent is None


def test_a_span_left_twice_or_out_of_order_counts_once_and_later_ones_find_their_parent(tracer):
    tracer.start_trace("x")
    outer, inner = tracer.span("outer"), tracer.span("inner")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    first = outer.ended
    inner.__exit__(None, None, None)
    outer.__exit__(None, None, None)
    inner.__enter__()
    assert outer.ended == first
    with tracer.span("after"):
        pass
    trace = tracer.finish_trace()
    assert names(trace) == ["outer", "inner", "after"]
    assert trace.spans[2].parent is trace.root


def test_a_span_entered_twice_is_one_call(tracer):
    tracer.start_trace("x")
    span = tracer.span("a")
    with span, span:
        pass
    assert names(tracer.finish_trace()) == ["a"]


def test_a_span_that_is_never_left_ends_with_its_trace_and_is_counted(tracer):
    tracer.start_trace("x")
    tracer.span("open").__enter__()
    tracer.span("never entered")
    trace = tracer.finish_trace()
    assert (names(trace), trace.unfinished) == (["open"], 1)
    assert trace.spans[0].ended == trace.root.ended
    with tracer.span("later"):
        pass
    assert names(trace) == ["open"]


def test_a_trace_that_was_not_finished_ends_when_the_next_one_starts(tracer):
    tracer.start_trace("first")
    tracer.start_trace("second")
    assert tracer.finish_trace().trace_id == "second"
    assert tracer.finish_trace() is None


def test_concurrent_tasks_have_traces_of_their_own(tracer):
    async def handle(number):
        tracer.start_trace(f"request-{number}")
        with tracer.span(f"outer-{number}"):
            await asyncio.sleep(0.001 * (3 - number))
            with tracer.span(f"inner-{number}"):
                await asyncio.sleep(0)
        return tracer.finish_trace()

    async def main():
        return await asyncio.gather(*(handle(i) for i in range(3)))

    for number, trace in enumerate(asyncio.run(main())):
        assert names(trace) == [f"outer-{number}", f"inner-{number}"]
        assert trace.spans[1].parent is trace.spans[0]


def test_tasks_made_inside_a_trace_belong_to_it_and_a_span_left_in_another_task_is_no_error(tracer):
    async def child(name):
        with tracer.span(name):
            await asyncio.sleep(0)

    async def leave(span):
        span.__exit__(None, None, None)

    async def main():
        tracer.start_trace("x")
        with tracer.span("gather"):
            await asyncio.gather(child("a"), child("b"))
        span = tracer.span("left elsewhere")
        span.__enter__()
        await asyncio.create_task(leave(span))
        with tracer.span("after"):
            pass
        return tracer.finish_trace()

    trace = asyncio.run(main())
    parents = {span.name: span.parent.name for span in trace.spans}
    assert parents == {
        "gather": "tick_total", "a": "gather", "b": "gather", "left elsewhere": "tick_total", "after": "tick_total",
    }  # fmt: skip
    assert trace.unfinished == 0


def test_a_thread_has_a_trace_of_its_own(tracer):
    found = []
    tracer.start_trace("main")
    thread = threading.Thread(target=lambda: found.append((tracer.finish_trace(), trace_of(tracer, "in thread"))))
    thread.start()
    thread.join()
    with tracer.span("in main"):
        pass
    (nothing, other) = found[0]
    assert nothing is None
    assert names(other) == ["in thread"]
    assert names(tracer.finish_trace()) == ["in main"]


def test_beyond_the_room_of_a_trace_calls_are_still_counted_exactly(tracer):
    tracer.start_trace("x")
    for _ in range(MOST_SPANS + 5):
        with tracer.span("query"):
            pass
    for number in range(MOST_NAMES + 5):
        with tracer.span(f"name-{number}"):
            pass
    trace = tracer.finish_trace()
    assert len(trace.spans) == MOST_SPANS
    assert len(trace.dropped) == MOST_NAMES + 1
    stages = stages_of(trace)
    assert stages["query"].calls == MOST_SPANS + 5
    assert stages[OTHER].calls == 6  # "query" has one of the names


def test_counts_and_gauges_belong_to_the_trace_and_are_bounded(tracer):
    tracer.count("lost")
    tracer.start_trace("x")
    tracer.count("guard_trips", reason="vol_soft")
    tracer.count("guard_trips", 2, reason="vol_soft")
    tracer.gauge("parallel_symbols", 3)
    tracer.gauge("parallel_symbols", 4)
    for number in range(2 * MOST_NAMES):
        tracer.count("many", which=str(number))
    exported = tracer.export_to_json(tracer.finish_trace())
    assert exported["counts"][1] == {"name": "guard_trips", "labels": {"reason": "vol_soft"}, "value": 3}
    assert exported["gauges"] == [{"name": "parallel_symbols", "labels": {}, "value": 4}]
    assert len(exported["counts"]) == MOST_NAMES + 1
    assert sum(c["value"] for c in exported["counts"]) == 3 + 2 * MOST_NAMES


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_that_finishes_its_parents_trace_writes_nothing(python, tmp_path):
    program = """
        import os
        from perfgate.measure import init_tracer
        tracer = init_tracer()
        tracer.start_trace("parent's")
        if os.fork() == 0:
            tracer.finish_trace()
            tracer.start_trace("child's")
            tracer.finish_trace()
            os._exit(0)
        os.wait()
        tracer.finish_trace()
    """
    python(program, PERFGATE_TRACE_FILE=str(tmp_path / "t.jsonl"))
    spans = [
        json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        for line in (tmp_path / "t.jsonl").read_text().splitlines()
    ]
    found = [next(a["value"]["stringValue"] for a in s["attributes"] if a["key"] == "trace.name") for s in spans]
    assert found == ["child's", "parent's"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (True, 0.2)),
        ({"PERFGATE_TRACE": "0"}, (False, 0.2)),
        ({"PERFGATE_TRACE": "ON", "PERFGATE_TRACE_SAMPLE_RATE": "1"}, (True, 1.0)),
        ({"PERFGATE_TRACE": "maybe"}, (False, 0.2)),
        ({"PERFGATE_TRACE_SAMPLE_RATE": "2"}, (True, 0.2)),
        ({"PERFGATE_TRACE_SAMPLE_RATE": "nan"}, (True, 0.2)),
        ({"PERFGATE_TRACE_SAMPLE_RATE": "much"}, (True, 0.2)),
    ],
)
def test_variables_win_over_the_arguments_and_bad_ones_are_said_once(monkeypatch, capsys, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        tracer = init_tracer(enabled=True, sample_rate=0.2)
    assert (tracer.enabled, tracer.sample_rate) == expected
    bad = {"maybe", "2", "nan", "much"} & set(variables.values())
    assert capsys.readouterr().err.count("perfgate: ") == len(bad)


def test_a_decorated_function_is_a_stage_and_gives_back_what_it_gave(tracer):
    class Model:
        @traced
        def predict(self, x):
            return self.scale(x) + 1

        @traced(name="scale")
        @staticmethod
        def scale(x):
            return 2 * x

    @traced(name="fetch")
    async def fetch(url):
        await asyncio.sleep(0)
        return url

    tracer.start_trace("x")
    assert (Model().predict(3), asyncio.run(fetch("u"))) == (7, "u")
    trace = tracer.finish_trace()
    assert [(s.name.rpartition(".")[2], s.parent.name.rpartition(".")[2]) for s in trace.spans] == [
        ("predict", "tick_total"),
        ("scale", "predict"),
        ("fetch", "tick_total"),
    ]
    assert Model.predict.__name__ == "predict"


def test_a_generator_function_cannot_be_a_stage():
    with pytest.raises(TypeError, match="is a generator function"):

        @traced
        def rows():
            yield 1


def test_the_tracer_is_always_the_same():
    assert init_tracer() is get_tracer() is init_tracer(enabled=False)


def test_a_task_that_starts_a_trace_leaves_that_of_its_parent_alone(tracer):
    async def child(number):
        tracer.start_trace(f"child-{number}")
        with tracer.span("delete"):
            await asyncio.sleep(0)
        tracer.start_trace(f"second-{number}")
        return tracer.finish_trace()

    async def request():
        tracer.start_trace("request")
        with tracer.span("auth"):
            pass
        background = asyncio.create_task(child(0))
        with tracer.span("fan_out"):
            children = await asyncio.gather(child(1), child(2))
        with tracer.span("render"):
            children.append(await background)
        return tracer.finish_trace(), children

    trace, children = asyncio.run(request())
    assert (trace.trace_id, names(trace), trace.unfinished) == ("request", ["auth", "fan_out", "render"], 0)
    assert sorted(c.trace_id for c in children) == ["second-0", "second-1", "second-2"]


def test_attributes_and_labels_may_have_the_names_of_parameters(tracer):
    tracer.start_trace("x")
    with tracer.span("query", name="prices", self=1) as span:
        span.set(self=2)
    tracer.count("hits", name="a")
    tracer.gauge("depth", 3, name="b")
    trace = tracer.finish_trace()
    assert trace.spans[0].attributes == {"name": "prices", "self": 2}
    assert list(trace.counts) == [("hits", (("name", "a"),))]


def test_a_class_cannot_be_a_stage():
    with pytest.raises(TypeError, match="Model is a class: decorate its methods"):

        @traced
        class Model:
            pass


MEASURED = "from perfgate.measure import init_tracer, measure_run_context\ntracer = init_tracer(sample_rate={rate})\n"


@pytest.mark.parametrize(
    ("rate", "program", "said"),
    [
        pytest.param(
            1.0,
            "with measure_run_context():\n    for _ in range(3):\n        with tracer.span('query'): pass\n",
            "perfgate: spans were opened, but no trace: the run has no stages; "
            "call start_trace before, finish_trace after\n",
            id="no-trace",
        ),
        pytest.param(
            1.0,
            "with measure_run_context(): pass\ntracer.start_trace('r'); tracer.finish_trace()\n",
            "perfgate: traces that ended outside of every measured block: 1, so that the run has no stages; "
            "call finish_trace inside the measured block\n",
            id="outside",
        ),
        pytest.param(0.5, "with measure_run_context():\n    with tracer.span('q'): pass\n", "", id="not-sampled"),
        pytest.param(
            1.0,
            "with tracer.span('warm'): pass\nwith measure_run_context():\n"
            "    tracer.start_trace('r')\n    with tracer.span('q'): pass\n    tracer.finish_trace()\n",
            "",
            id="all-well",
        ),
        pytest.param(1.0, "with tracer.span('q'): pass\n", "", id="no-run"),
    ],
)
def test_a_run_that_lacks_its_stages_by_a_mistake_is_said_when_the_program_ends(python, rate, program, said):
    lines = python(MEASURED.format(rate=rate) + program).stderr.splitlines(keepends=True)
    assert "".join(line for line in lines if "tracing costs" not in line) == said


def test_a_task_without_a_trace_of_its_own_ends_no_other_and_that_is_said_once(tracer, capsys):
    async def child():
        for _ in range(2):
            with tracer.span("step"):
                assert tracer.finish_trace() is None

    async def main():
        tracer.start_trace("parent")
        await asyncio.gather(child(), child())
        return tracer.finish_trace()

    trace = asyncio.run(main())
    assert [span.name for span in trace.spans] == ["step"] * 4
    assert trace.unfinished == 0
    said = capsys.readouterr().err
    assert said.count("finish_trace was called in a task or thread that did not start the trace") == 1


def test_a_task_that_started_a_trace_of_its_own_ends_that_alone(tracer):
    async def child():
        tracer.start_trace("child")
        trace = tracer.finish_trace()
        return trace.trace_id, tracer.finish_trace()

    async def main():
        tracer.start_trace("parent")
        found = await asyncio.create_task(child())
        return found, tracer.finish_trace().trace_id

    assert asyncio.run(main()) == (("child", None), "parent")
