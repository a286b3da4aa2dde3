from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from measured_programs import ROOT, is_alive, wait_until

from perfgate.measure.command.run import run_command


def test_a_daemon_left_behind_does_not_hold_the_measurement_up(tmp_path):
    began = time.monotonic()
    result = run_command(["sh", "-c", f"sleep 30 & echo $! > {tmp_path}/pid"])
    assert result.exit_code == 0
    assert time.monotonic() - began < 25
    daemon = int((tmp_path / "pid").read_text())
    assert is_alive(daemon)
    os.kill(daemon, signal.SIGKILL)


def test_a_command_that_takes_too_long_is_stopped_with_its_children(tmp_path):
    result = run_command(["sh", "-c", f"sleep 300 & echo $! > {tmp_path}/pid; wait"], timeout=1)
    assert result.timed_out
    assert result.error == "timed out after 1 s"
    assert (result.exit_code, result.signal) == (None, signal.SIGTERM)
    assert result.measured["elapsed"] >= 0.4  # the start of the launcher is in the limit, and not in this
    assert result.measured["peak_memory"] > 0
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))


@pytest.mark.parametrize("whom", ["$PPID", "0"])
def test_a_command_that_stops_the_launcher_is_measured_all_the_same(whom):
    handler = signal.getsignal(signal.SIGCHLD)
    result = run_command(["sh", "-c", f"kill -STOP {whom}; sleep 0.05"], timeout=20)
    assert result.is_ok()
    assert result.measured["elapsed"] < 15
    assert signal.getsignal(signal.SIGCHLD) is handler


@pytest.mark.slow
def test_a_command_that_will_not_stop_is_made_to(tmp_path):
    stubborn = f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done"
    result = run_command(["sh", "-c", stubborn], timeout=0.5)
    assert result.timed_out
    assert result.signal == signal.SIGKILL
    assert result.error == "timed out after 0.5 s"
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))


@pytest.mark.slow
def test_a_grandchild_that_ignores_the_asking_is_stopped_too(tmp_path):
    inner = f'trap "" TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done'
    run_command(["sh", "-c", f"sh -c '{inner}' & while [ ! -s {tmp_path}/pid ]; do :; done; wait"], timeout=1)
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))


def test_a_command_that_ends_well_when_asked_is_still_timed_out():
    result = run_command(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"], timeout=0.3)
    assert result.exit_code == 0
    assert not result.is_ok()


def test_ctrl_c_stops_the_whole_group_and_goes_on(tmp_path):
    program = """
        import signal
        from perfgate.measure.command.run import run_command
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run_command(["sh", "-c", "sleep 300 & echo $$ $! > part; mv part pids; wait"])
        except KeyboardInterrupt:
            print("interrupted")
        """
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        wait_until((tmp_path / "pids").exists)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0] == "interrupted\n"
    for pid in (tmp_path / "pids").read_text().split():
        wait_until(lambda pid=pid: not is_alive(int(pid)))


def test_a_launcher_that_is_killed_is_an_error_and_no_measurement():
    result = run_command(["sh", "-c", "kill -KILL $PPID; sleep 0.2"])
    assert result.signal == 9
    assert result.error == "the launcher was killed before it could report"
    assert not result.is_ok()


def test_a_launcher_that_cannot_start_is_an_error_of_the_caller(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        run_command(["true"], cwd=tmp_path / "gone")
    with pytest.raises(ValueError, match="null"):
        run_command(["tr\0ue"])
    assert len(os.listdir("/proc/self/fd")) == before


def test_any_exception_stops_the_command_and_goes_on(tmp_path):
    class UnexpectedError(Exception):
        pass

    def interrupt(number, frame):
        if (tmp_path / "pid").exists():
            raise UnexpectedError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(UnexpectedError):
            run_command(["sh", "-c", "echo $$ > part; mv part pid; sleep 300"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))
