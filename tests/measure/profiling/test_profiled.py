"""A block is profiled exactly, one at a time, and never at the cost of the program."""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import json
import os
import subprocess
import sys
import threading

import pytest
from measured_programs import ROOT

import perfgate
from perfgate.measure.profiling import profiler
from perfgate.measure.profiling.functions import MOST_KEPT, read_entries

COUNTED = """
import sys
import perfgate

def square(n):
    return n * n

def work():
    total = 0
    for n in range(25):
        total += square(n)
    return len(str(total))

with perfgate.profile() as p:
    work()
print(p.metrics.function_calls, sys.gettrace() is None)
"""


def square(n):
    return n * n


def work(times=25):
    for n in range(times):
        square(n)


def top(p):
    return {f["function"]: f["calls"] for f in p.metrics.top_functions}


def test_the_calls_of_the_block_are_counted_and_nothing_else(on):
    with perfgate.profile() as p:
        work()
    assert p.metrics.function_calls == 26
    assert top(p) == {"work": 1, "square": 25}


def test_an_empty_block_has_no_calls(on):
    with perfgate.profile() as p:
        pass
    assert p.metrics.function_calls == 0
    assert p.metrics.top_functions == []


def test_the_count_is_the_same_in_each_process():
    runs = [
        subprocess.run(
            [sys.executable, "-c", COUNTED],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PERFGATE_PROFILE": "1", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs == ["27 True\n"] * 2  # work, square, len


def test_a_block_of_its_own_run_counts_the_same_again(on):
    counts = []
    for _ in range(3):
        with perfgate.profile() as p:
            work(7)
        counts.append(p.metrics.function_calls)
    assert counts == [8] * 3


def test_recursive_calls_count_and_the_time_of_the_whole_is_no_less_than_its_own(on):
    def down(n):
        return n and down(n - 1)

    with perfgate.profile() as p:
        down(9)
    (found,) = p.metrics.top_functions
    assert (found["function"], found["calls"]) == ("down", 10)
    assert found["cumulative_time_ms"] >= found["total_time_ms"] > 0


def test_metrics_are_those_of_the_document(on):
    with perfgate.profile() as p:
        assert p.metrics is None
        work()
    metrics = p.metrics.to_dict()
    assert list(metrics) == [
        *("inference_time_ms", "cpu_time_ms", "memory_mb", "memory_delta_mb", "function_calls", "latency_ms"),
        "top_functions",
    ]
    assert metrics["latency_ms"] == metrics["inference_time_ms"] > 0
    assert metrics["memory_mb"] > 1
    assert set(metrics["top_functions"][0]) == {
        *("function", "file", "line", "cumulative_time_ms", "total_time_ms", "calls")
    }
    assert p.metrics.top_functions[0]["line"] == work.__code__.co_firstlineno


def test_at_most_five_functions_are_named_the_dearest_first(on):
    with perfgate.profile() as p:
        for n in range(3):
            work(n), len("x"), abs(n), min(n, 1), max(n, 1), str(n).split()
    times = [f["cumulative_time_ms"] for f in p.metrics.top_functions]
    assert len(times) == 5
    assert times == sorted(times, reverse=True)


def test_files_are_named_as_seen_from_the_working_folder_else_by_their_base_name(on, monkeypatch):
    monkeypatch.chdir(ROOT)
    with perfgate.profile() as p:
        work()
    assert p.metrics.top_functions[0]["file"] == "tests/measure/profiling/test_profiled.py"
    monkeypatch.chdir("/")
    away = compile("def away(): pass\naway()", "/nowhere/deep/lib/python3.11/site-packages/pack/age.py", "exec")
    with perfgate.profile() as p:
        exec(away)  # noqa: S102 - code of another file
    assert {f["file"] for f in p.metrics.top_functions} >= {"pack/age.py"}
    monkeypatch.chdir(ROOT / "docs")
    with perfgate.profile() as p:
        work()
    assert p.metrics.top_functions[0]["file"] == "test_profiled.py"


def test_an_exception_of_the_block_goes_on_and_its_calls_are_counted(on):
    def fail():
        work(3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), perfgate.profile() as p:
        fail()
    assert p.metrics.function_calls == 5
    assert sys.getprofile() is None


def test_an_async_block_is_profiled(on):
    async def main():
        with perfgate.profile() as p:
            await asyncio.sleep(0)
            work(4)
        return p

    assert asyncio.run(main()).metrics.function_calls >= 5


def test_of_two_blocks_in_one_another_the_inner_one_runs_unprofiled_and_is_counted(on):
    perfgate.profile()  # the name is loaded now
    with perfgate.profile() as outer:
        going = profiler._seat.going
        with perfgate.profile() as inner:
            work(4)
    assert inner.metrics is None
    assert going.skipped == 1
    assert top(outer) == {"work": 1, "square": 4}  # and nothing of the inner block
    assert outer.metrics.function_calls == 5


def test_of_two_threads_the_second_runs_unprofiled(on):
    inside, done, found = threading.Event(), threading.Event(), {}

    def first():
        with perfgate.profile() as p:
            inside.set()
            done.wait(30)
            work(5)
        found["first"] = p.metrics

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(30)
    with perfgate.profile() as second:
        work(5)
    done.set()
    thread.join()
    assert second.metrics is None
    assert {f["function"] for f in found["first"].top_functions} & {"work", "square", "wait"}
    with perfgate.profile() as third:
        work(5)
    assert third.metrics.function_calls == 6


@pytest.mark.parametrize("way", ["cProfile", "setprofile"])
def test_beside_another_profiler_nothing_is_profiled_and_it_keeps_its_own(way, on):
    other = cProfile.Profile()
    if way == "cProfile":
        other.enable()
    else:
        sys.setprofile(lambda *_: None)
    try:
        with perfgate.profile() as p:
            work(5)
        assert sys.getprofile() is not None or way == "cProfile"
    finally:
        other.disable()
        sys.setprofile(None)
    assert p.metrics is None
    if way == "cProfile":
        assert any(getattr(e.code, "co_name", "") == "square" for e in other.getstats())


def test_a_profiler_that_comes_in_between_leaves_the_block_unprofiled(on, monkeypatch):
    class Refuses:
        def enable(self):
            raise ValueError("Another profiling tool is already active")

    monkeypatch.setattr("_lsprof.Profiler", Refuses)
    with perfgate.profile() as p:
        work()
    assert p.metrics is None
    monkeypatch.undo()
    assert profiler._seat.going is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_no_part_in_its_parents_profile_and_may_have_its_own(python):
    done = python(
        """
        import os, sys, perfgate
        def work(): pass
        with perfgate.profile() as p:
            pid = os.fork()
            work()
            if pid:
                os.waitpid(pid, 0)
        if not pid:
            with perfgate.profile() as own:
                work(); work()
            print("child", p.metrics, own.metrics.function_calls, sys.getprofile(), flush=True)
            os._exit(0)
        print("parent", p.metrics is not None)
        """,
        PERFGATE_PROFILE="1",
    )
    assert done.stdout == "child None 2 None\nparent True\n"


def test_a_block_that_is_open_cannot_be_entered_again_but_one_that_ended_can(on):
    block = perfgate.profile()
    with block:
        work(1)
        with pytest.raises(RuntimeError, match="begun already"), contextlib.ExitStack() as stack:
            stack.enter_context(block)
    with block:
        work(2)
    assert block.metrics.function_calls == 3


def test_beyond_many_functions_calls_count_and_functions_are_not_kept():
    class Entry:
        callcount, inlinetime, totaltime, calls = 2, 0.5, 0.5, None

        def __init__(self, n):
            self.code = f"<built-in method m{n} of type object at 0x7f{n}>"

    total, functions = read_entries([Entry(n) for n in range(MOST_KEPT + 10)])
    assert total == 2 * (MOST_KEPT + 10)
    assert len(functions) == MOST_KEPT
    assert ("<built-in method m0 of type object>", "~", 0) in functions


def test_a_block_of_another_thread_or_task_is_skipped_by_chance_and_one_inside_each_time(on):
    def skip():
        with perfgate.profile():
            pass

    with perfgate.profile():
        going = profiler._seat.going
        skip()
        asyncio.run(asyncio.to_thread(skip))  # a thread of this block, in its context
        assert (going.skipped, going.elsewhere) == (2, 0)
        thread = threading.Thread(target=skip)
        thread.start()
        thread.join()
        assert (going.skipped, going.elsewhere) == (3, 1)

    async def handle():
        with perfgate.profile():
            found.append(profiler._seat.going)
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(asyncio.create_task(handle()), asyncio.create_task(handle()))

    found = []
    asyncio.run(both())
    assert (found[0].skipped, found[0].elsewhere) == (1, 1)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there a second profiler raises")
def test_a_block_in_which_another_profiler_was_started_has_no_metrics_and_the_other_one_goes_on(on, capsys):
    other = cProfile.Profile()
    for _ in range(2):
        with perfgate.profile() as p:
            other.enable()
        assert sys.getprofile() is other
        other.disable()
        assert p.metrics is None
    assert capsys.readouterr().err == (
        "perfgate: another profiler was started inside a profiled block, which is therefore not profiled\n"
    )
    with perfgate.profile() as p:
        work(5)
    assert p.metrics.function_calls == 6


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there a profiler counts in all threads")
def test_a_block_left_in_another_thread_leaves_no_profiler_behind_for_the_next_block(on, capsys):
    block = perfgate.profile()
    block.__enter__()
    thread = threading.Thread(target=block.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    assert block.metrics is None
    assert "was left in another thread" in capsys.readouterr().err
    with perfgate.profile() as p:
        work(5)
    assert p.metrics.function_calls == 6
    assert sys.getprofile() is None


def test_finished_traces_add_no_calls_whatever_is_set_about_them(python):
    program = """
        import perfgate
        from perfgate.measure import init_tracer, measure_run_context
        t = init_tracer()
        def work(): pass
        with measure_run_context(write=False):
            with perfgate.profile() as p:
                for _ in range(50):
                    t.start_trace("r")
                    with t.span("a"):
                        work()
                    t.finish_trace()
        print(p.metrics.function_calls)
    """
    for more in ({}, {"PERFGATE_TRACE_DEADLINE_MS": "5"}):
        assert python(program, PERFGATE_PROFILE="1", **more).stdout == "50\n"


def test_what_is_loaded_late_is_loaded_before_the_profiler_counts(python, tmp_path):
    program = """
        import perfgate
        with perfgate.measure_run_context(benchmark="one"):
            with perfgate.profile() as p:
                abs(1)
            perfgate.get_metrics, perfgate.traced, perfgate.measure.performance_monitor
    """
    python(program, PERFGATE_PROFILE="1", PERFGATE_PROFILE_FILE=str(tmp_path / "p"), PERFGATE_WRITE="0")
    (line,) = (tmp_path / "p").read_text().splitlines()
    assert json.loads(line)["profile"]["function_calls"] == 1
