from __future__ import annotations

import signal
import threading

from measured_programs import burst, resident

from perfgate.measure import measure_run_context

MB = 1_000_000


def peak_of(run):
    return run.to_dict()["peak_memory_bytes"]


def test_the_peak_of_a_burst_is_seen_after_it_is_over():
    held = resident()
    with measure_run_context(write=False) as run:
        burst(120)
    assert 115 * MB < peak_of(run) - held < 150 * MB
    assert run.to_dict()["memory_source"] == "vmhwm"
    assert run.to_dict()["peak_memory_mb"] == round(peak_of(run) / 1e6, 1)


def test_an_earlier_burst_is_not_in_a_later_context():
    burst(120)
    held = resident()
    with measure_run_context(write=False) as run:
        pass
    assert peak_of(run) - held < 30 * MB


def test_an_inner_context_does_not_lose_the_outers_earlier_peak():
    held = resident()
    with measure_run_context(write=False) as outer:
        burst(120)
        with measure_run_context(write=False) as inner:
            burst(40)
    assert peak_of(outer) - held > 115 * MB
    assert 35 * MB < peak_of(inner) - held < 80 * MB


def test_what_an_inner_context_uses_is_in_the_outers_peak():
    held = resident()
    with measure_run_context(write=False) as outer:
        with measure_run_context(write=False):
            burst(120)
        with measure_run_context(write=False):
            pass
    assert peak_of(outer) - held > 115 * MB


def test_contexts_of_other_threads_do_not_lose_the_peak():
    held = resident()
    inner = []

    def work():
        with measure_run_context(write=False) as run:
            pass
        inner.append(run)

    with measure_run_context(write=False) as outer:
        burst(120)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert peak_of(outer) - held > 115 * MB
    assert peak_of(inner[0]) - held < 60 * MB


def test_contexts_that_overlap_without_nesting_keep_their_own_peaks():
    held = resident()
    first, second = measure_run_context(write=False), measure_run_context(write=False)
    first_run = first.__enter__()
    burst(120)
    second_run = second.__enter__()
    first.__exit__(None, None, None)
    burst(60)
    second.__exit__(None, None, None)
    assert 115 * MB < peak_of(first_run) - held < 150 * MB
    assert 55 * MB < peak_of(second_run) - held < 90 * MB


def test_a_peak_read_in_the_body_does_not_begin_it_anew():
    held = resident()
    with measure_run_context(write=False) as run:
        burst(120)
        assert peak_of(run) - held > 115 * MB
    assert peak_of(run) - held > 115 * MB


def test_a_forked_child_measures_its_own_peak(python):
    done = python(
        """
        import os
        from perfgate.measure import measure_run_context
        def burst():
            block = bytearray(b"x") * 120_000_000
        with measure_run_context(write=False) as outer:
            if os.fork() == 0:
                with measure_run_context(write=False) as small:
                    pass
                with measure_run_context(write=False) as large:
                    burst()
                print(*(run.to_dict()["peak_memory_mb"] for run in (small, large)), flush=True)
                os._exit(0)
            os.wait()
        print(outer.to_dict()["peak_memory_mb"])
        """
    )
    small, large, outer = map(float, done.stdout.split())
    assert large > 120
    assert small < 60
    assert outer < 60


def test_a_context_opened_in_a_signal_handler_does_not_deadlock():
    seen = []

    def handle(number, frame):
        with measure_run_context(write=False) as run:
            pass
        seen.append(run)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        for delay in range(1, 200):
            count = len(seen)
            signal.setitimer(signal.ITIMER_REAL, delay / 1e6)  # once: handlers must not pile up
            while len(seen) == count:
                with measure_run_context(write=False):
                    pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(peak_of(run) > MB for run in seen)
