"""A signal in the very moment of a start leaves nothing running, and is not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

import pytest

from perfgate.measure.command.start import Held, start


class StoppedError(Exception):
    """What the handler of this test raises."""


@pytest.fixture
def raising():
    """Raise an exception for SIGTERM, as the command line does."""

    def stop(number, frame):
        raise StoppedError(number)

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("raising")
def test_a_signal_while_a_program_starts_stops_the_program_and_goes_on():
    stopped = []

    def begin():
        os.kill(os.getpid(), signal.SIGTERM)
        return subprocess.Popen(["sleep", "300"])

    def end(begun):
        stopped.append(begun)
        begun.kill()
        begun.wait()

    with pytest.raises(StoppedError):
        start(begin, stopped_by=end)
    assert [begun.returncode for begun in stopped] == [-signal.SIGKILL]


@pytest.mark.usefixtures("raising")
def test_a_program_that_cannot_be_started_leaves_the_signals_as_they_were():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(FileNotFoundError):
        start(lambda: subprocess.Popen(["no-such-program-anywhere"]), stopped_by=print)
    assert signal.getsignal(signal.SIGTERM) is before
    with pytest.raises(StoppedError):
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.usefixtures("raising")
def test_a_program_gets_no_mask_and_no_handler_of_ours():
    words = "import signal; print(signal.getsignal(signal.SIGTERM), signal.pthread_sigmask(0, []))"
    begun = start(lambda: subprocess.Popen(["python3", "-c", words], stdout=subprocess.PIPE), stopped_by=print)
    assert begun.communicate()[0] == b"0 set()\n"


def test_what_is_ignored_stays_ignored_and_another_thread_holds_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        held = Held()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        held.release()
        found = []
        thread = threading.Thread(target=lambda: found.append(Held()._before))
        thread.start()
        thread.join()
        assert found == [{}]
    finally:
        signal.signal(signal.SIGHUP, before)
