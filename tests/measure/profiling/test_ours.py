"""What perfgate does inside a profiled block adds nothing to the count of the program's calls."""

from __future__ import annotations

import io
import json
import logging
import posixpath
from types import SimpleNamespace

import pytest
from measured_programs import summaries

import perfgate
from perfgate.measure import (
    init_metrics,
    init_tracer,
    measure_and_run,
    measure_run_context,
    measured,
    performance_monitor,
    traced,
)
from perfgate.measure.inside import context as context_module
from perfgate.measure.profiling.functions import read_entries


def work():
    for n in range(10):
        abs(n)


def spans():
    tracer = init_tracer()
    metrics = init_metrics(deadline_ms=5.0)
    tracer.start_trace("request", metadata={"rows": 3})
    with tracer.span("load", kind="a"):
        work()
    tracer.count("retries")
    tracer.gauge("depth", 3.0)
    trace = tracer.finish_trace()
    tracer.export_to_json(trace)
    metrics.record_trace(trace)
    metrics.get_summary()


def context():
    with measure_run_context(benchmark="inner", labels={"size": 3}) as run:
        work()
        run.record("accuracy", 0.9)
        run.to_json()


def block():
    with perfgate.profile():
        work()


def decorated():
    traced(measured(work))()


def one_call():
    measure_and_run(work)


def log():
    work()
    performance_monitor.log_metrics(performance_monitor.get_metrics())


@pytest.fixture
def listen(monkeypatch):
    """Give the lines of `log_metrics` to a handler, and not to those of pytest."""

    def listen(handler):
        logger = logging.getLogger("perfgate")
        monkeypatch.setattr(logger, "handlers", [handler])
        monkeypatch.setattr(logger, "propagate", False)
        monkeypatch.setattr(logger, "disabled", False)
        logger.setLevel(logging.INFO)

    yield listen
    logging.getLogger("perfgate").setLevel(logging.NOTSET)


@pytest.mark.parametrize("program", [spans, context, block, decorated, one_call, log])
def test_what_perfgate_does_in_a_profiled_block_adds_no_calls(program, on, listen):
    listen(logging.StreamHandler(io.StringIO()))
    with performance_monitor.profile():
        work()
    with perfgate.profile() as p:
        program()
    assert p.metrics.function_calls == 12  # the program, work, and ten in C


def test_of_what_both_call_the_count_is_right_to_a_few_calls(on):
    """A profiler knows the caller of a call, and not the caller's caller."""

    def program():
        for n in range(20):
            json.dumps(n)
            posixpath.abspath("x")

    with perfgate.profile() as alone:
        program()
    with perfgate.profile() as beside, measure_run_context(benchmark="inner"):
        program()
    assert abs(beside.metrics.function_calls - alone.metrics.function_calls) <= 10
    assert len(summaries()) == 1


@pytest.mark.parametrize("wrap", [traced, measured, lambda func: lambda *a: measure_and_run(func, *a)])
def test_a_function_of_the_library_that_the_program_has_measured_is_the_programs(wrap, on):
    func = wrap(posixpath.splitext)
    with perfgate.profile() as plain:
        posixpath.splitext("a.b")
    with perfgate.profile() as wrapped:
        func("a.b")
    extra = 1 if wrap not in {traced, measured} else 0  # the lambda
    assert wrapped.metrics.function_calls == plain.metrics.function_calls + extra > 2


def test_code_of_the_program_that_perfgate_calls_is_the_programs(on, listen):
    class Kept(logging.Handler):
        def emit(self, record):
            abs(1)

    listen(Kept())
    with performance_monitor.profile():
        pass
    with perfgate.profile() as p:
        performance_monitor.log_metrics(performance_monitor.get_metrics())
    assert p.metrics.function_calls == 2
    assert [f["function"] for f in p.metrics.top_functions] == ["emit", "<built-in method builtins.abs>"]


def entry(name, calls, *, file=""):
    code = compile(f"def {name}(): pass", file, "exec").co_consts[0] if file else name
    return SimpleNamespace(code=code, callcount=calls, calls=None, inlinetime=0.0, totaltime=0.0)


def test_functions_that_call_each_other_are_taken_whole_where_perfgate_alone_began_them():
    ours = entry("compose", 1, file=context_module.__file__)
    one, other = (entry(name, calls, file=json.__file__) for name, calls in (("one", 10), ("other", 9)))
    ours.calls = [SimpleNamespace(code=one.code, callcount=1)]
    one.calls = [SimpleNamespace(code=other.code, callcount=9), SimpleNamespace(code="len", callcount=10)]
    other.calls = [SimpleNamespace(code=one.code, callcount=9)]
    assert read_entries([ours, one, other, entry("len", 13)])[0] == 3


def test_a_function_that_calls_itself_has_the_share_of_what_began_it():
    ours = entry("compose", 1, file=context_module.__file__)
    again = entry("again", 12, file=json.__file__)
    ours.calls = [SimpleNamespace(code=again.code, callcount=1)]
    again.calls = [SimpleNamespace(code=again.code, callcount=9)]
    assert read_entries([ours, again])[0] == 8  # one of three that began it


def test_the_first_measured_block_in_a_profile_loads_nothing_that_is_counted(python):
    program = """
        import sys
        import perfgate

        class Finder:
            def find_spec(self, *_):
                return None

        sys.meta_path.insert(0, Finder())
        with perfgate.profile() as p, perfgate.measure_run_context(benchmark="inner"):
            abs(1)
        print(p.metrics.function_calls)
    """
    assert python(program, PERFGATE_PROFILE="1", PERFGATE_SHARD="1/2").stdout == "1\n"
