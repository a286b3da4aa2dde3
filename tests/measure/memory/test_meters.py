from __future__ import annotations

import ctypes
import threading
import time
import tracemalloc
from types import SimpleNamespace

import pytest
from measured_programs import resident, touched_pages

from perfgate.measure import measure_run_context
from perfgate.measure.memory.meters import (
    LifetimeMeter,
    check_mode,
    look_ru_maxrss,
    open_first,
    open_meter,
    parse_interval,
)

MB = 1_000_000


def peak_of(run):
    return run.to_dict()["peak_memory_bytes"]


@pytest.mark.parametrize(
    ("mode", "milliseconds", "source"),
    [
        ("poll", 100, "poll(100ms)"),
        ("poll:100ms", 100, "poll(100ms)"),
        ("poll:10ms", 10, "poll(10ms)"),
        ("poll:0.5s", 500, "poll(500ms)"),
        ("poll:2.5ms", 2.5, "poll(2.5ms)"),
        ("poll:1ms", 1, "poll(1ms)"),
    ],
)
def test_poll_intervals_are_read_and_named_in_milliseconds(mode, milliseconds, source):
    assert parse_interval(check_mode(mode)) == milliseconds
    meter = open_meter(mode)
    assert meter.stop() > MB
    assert meter.source == source


@pytest.mark.parametrize(
    "mode",
    [
        *("", "polling", "poll:", "poll:ms", "poll:100", "poll:0ms", "poll:0.9ms", "poll:-1s", "poll:1e3ms"),
        *("poll:4000s", "poll:nans", "poll:1..2s", "poll:٣s", "VMHWM", "vmhwm:1", "ru_maxrss"),
    ],
)
def test_an_unknown_mode_is_refused_and_the_modes_are_named(mode):
    with pytest.raises(ValueError, match=r"auto, vmhwm, poll:<interval> .* or tracemalloc"):
        check_mode(mode)


def test_a_poll_sees_what_lasts_longer_than_its_interval():
    held = resident()
    with measure_run_context(memory="poll:5ms", write=False) as run:
        pages = touched_pages(120)
        time.sleep(0.2)
        pages.close()
        assert peak_of(run) - held > 115 * MB
    assert peak_of(run) - held > 115 * MB


def test_a_poll_looks_at_both_ends_even_if_the_interval_is_never_over():
    held = resident()
    with measure_run_context(memory="poll:3600s", write=False) as run:
        pages = touched_pages(120)
    pages.close()
    assert peak_of(run) - held > 115 * MB
    pages = touched_pages(120)
    with measure_run_context(memory="poll:3600s", write=False) as run:
        pages.close()
    assert peak_of(run) - held > 115 * MB


def test_a_poll_ends_its_thread_with_the_context():
    with measure_run_context(memory="poll:1ms", write=False):
        assert [t for t in threading.enumerate() if t.name == "perfgate-memory" and t.daemon]
    assert not [t for t in threading.enumerate() if t.name == "perfgate-memory"]


def test_a_poll_without_a_thread_gives_way_to_the_default_and_says_so(monkeypatch, capsys):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with measure_run_context(memory="poll:10ms", write=False) as run:
        pass
    assert run.to_dict()["memory_source"] == "vmhwm"
    assert "memory=poll:10ms is not possible here" in capsys.readouterr().err


def allocate(megabytes):
    """Let Python allocate that much, and give it back."""
    block = bytearray(megabytes * MB)
    del block


def test_tracemalloc_counts_pythons_own_allocations_and_nothing_else():
    with measure_run_context(memory="tracemalloc", write=False) as run:
        allocate(30)
    assert run.to_dict()["memory_source"] == "tracemalloc"
    assert 30 * MB <= peak_of(run) < 32 * MB


def test_tracing_is_stopped_by_the_last_context_when_the_first_began_it():
    first, second = (measure_run_context(memory="tracemalloc", write=False) for _ in range(2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert tracemalloc.is_tracing()
    second.__exit__(None, None, None)
    assert not tracemalloc.is_tracing()


def test_a_program_that_traces_itself_goes_on_tracing():
    tracemalloc.start()
    try:
        with measure_run_context(memory="tracemalloc", write=False):
            pass
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_nested_traces_keep_the_outers_earlier_peak():
    with measure_run_context(memory="tracemalloc", write=False) as outer:
        allocate(30)
        with measure_run_context(memory="tracemalloc", write=False) as inner:
            allocate(10)
    assert peak_of(outer) >= 30 * MB
    assert 10 * MB <= peak_of(inner) < 12 * MB


def test_the_first_way_that_works_is_taken():
    def absent():
        raise OSError

    def unknown():
        raise AttributeError

    meter = open_first([absent, unknown, lambda: LifetimeMeter("third", lambda: 3), absent])
    assert (meter.source, meter.read(), meter.stop()) == ("third", 3, 3)
    with pytest.raises(OSError, match="no way"):
        open_first([absent])


@pytest.mark.parametrize("position", range(5))
def test_every_way_falls_back_to_the_next_in_the_order_of_trust(position):
    from perfgate.measure.memory.meters import _AUTOMATIC

    meter = open_first(_AUTOMATIC[position:])
    meter.stop()
    assert meter.source == ["vmhwm", "ru_maxrss", "ru_maxrss", "poll(100ms)", "tracemalloc"][position]


def test_the_peak_of_the_life_is_in_bytes():
    assert resident() * 0.5 < look_ru_maxrss() < 100 * resident()


def test_a_body_that_loses_proc_still_gets_a_peak_and_its_source(monkeypatch):
    from perfgate.measure.memory import meters

    def lose(self):
        raise FileNotFoundError

    with measure_run_context(write=False) as run:
        monkeypatch.setattr(meters.HighWaterMark, "mark", lose)
        assert peak_of(run) > MB
    assert peak_of(run) > MB
    assert run.to_dict()["memory_source"] == "ru_maxrss"


def test_a_kernel_without_the_mark_is_told_apart(monkeypatch):
    from perfgate.measure.memory import meters

    monkeypatch.setattr(meters.os, "read", lambda fd, size: b"Name:\tpython\n")
    with pytest.raises(OSError, match="no VmHWM"):
        meters.HighWaterMark().mark()


def test_a_poll_that_loses_proc_keeps_what_it_saw(monkeypatch):
    from perfgate.measure.memory import polling

    meter = polling.PollMeter(3_600_000.0)
    before = meter.read()

    def lose(*arguments):
        raise FileNotFoundError

    monkeypatch.setattr("perfgate.measure.memory.resident.os.open", lose)
    assert 0 < meter.stop() <= before


def test_a_shared_peak_must_say_how_it_is_read_and_reset():
    from perfgate.measure.memory.shared_peak import SharedPeak

    with pytest.raises(NotImplementedError):
        SharedPeak().mark()
    with pytest.raises(NotImplementedError):
        SharedPeak().reset()


def test_a_forked_child_may_leave_its_parents_traced_block(python):
    done = python(
        """
        import os, tracemalloc
        from perfgate.measure import measure_run_context
        context = measure_run_context(memory="tracemalloc")
        context.__enter__()
        if os.fork() == 0:
            context.__exit__(None, None, None)
            print(tracemalloc.is_tracing(), flush=True)
            os._exit(0)
        os.wait()
        context.__exit__(None, None, None)
        print(tracemalloc.is_tracing())
        """
    )
    assert done.stdout == "True\nFalse\n"


def test_windows_is_asked_for_its_peak_working_set(monkeypatch):
    from perfgate.measure.memory import meters, windows

    answers = [1, 1, 0]

    def tell(process, counters, size):
        assert (process.value, size) == (77, 72)
        counters._obj.PeakWorkingSetSize = 5 * MB
        return answers.pop(0)

    kernel = SimpleNamespace(
        kernel32=SimpleNamespace(GetCurrentProcess=type("Call", (), {"__call__": lambda self: 77})()),
        psapi=SimpleNamespace(GetProcessMemoryInfo=tell),
    )
    with pytest.raises(AttributeError):
        windows.look_peak_working_set()
    monkeypatch.setattr(ctypes, "windll", kernel, raising=False)
    monkeypatch.setattr(meters, "os", SimpleNamespace(name="nt"))
    meter = open_first(meters._AUTOMATIC[1:])
    assert (meter.source, meter.stop()) == ("peak_wset", 5 * MB)
    with pytest.raises(OSError, match="failed"):
        windows.look_peak_working_set()
