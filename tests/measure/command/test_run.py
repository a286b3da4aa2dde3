from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from measured_programs import children

from perfgate.core.measured import MEASURED
from perfgate.measure.command.run import CommandResult, run_command

MB = 1_000_000


def test_a_commands_time_and_processor_time_are_its_own():
    began = time.perf_counter_ns()
    result = run_command([sys.executable, "-S", "-c", "import time; time.sleep(.1); sum(range(3_000_000))"])
    assert 0.1 <= result.measured["elapsed"] < (time.perf_counter_ns() - began) / 1e9
    assert 0 < result.measured["cpu"] < result.measured["elapsed"]
    assert (result.exit_code, result.signal, result.error) == (0, None, None)
    assert result.is_ok()


def test_processor_time_of_children_counts():
    burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
    alone = run_command(["sh", "-c", "true"])
    nested = run_command(["sh", "-c", f"sh -c '{burn}'; true"])
    assert nested.measured["cpu"] > alone.measured["cpu"]


def test_a_commands_peak_is_not_that_of_a_large_parent():
    held = bytearray(b"x") * (300 * MB)
    result = run_command(["true"])
    assert result.memory_source == "wait4-launcher"
    assert MB < result.measured["peak_memory"] < 40 * MB
    del held
    assert run_command(["true"]).measured["peak_memory"] < 40 * MB


def test_a_commands_peak_is_in_bytes_and_sees_a_burst():
    result = run_command([sys.executable, "-S", "-c", "b = bytearray(b'x') * 120_000_000; del b"])
    assert 120 * MB < result.measured["peak_memory"] < 160 * MB


@pytest.mark.parametrize(("code", "is_ok"), [(0, True), (1, False), (3, False), (255, False)])
def test_the_exit_code_is_the_commands(code, is_ok):
    result = run_command(["sh", "-c", f"exit {code}"])
    assert (result.exit_code, result.signal, result.is_ok()) == (code, None, is_ok)
    assert result.error is None


def test_a_command_ended_by_a_signal_says_which():
    result = run_command(["sh", "-c", "kill -KILL $$"])
    assert (result.exit_code, result.signal, result.is_ok()) == (None, 9, False)


def test_a_command_that_is_not_there_is_told_apart():
    result = run_command(["no-such-command-here"])
    assert result.not_found
    assert result.error == "command not found: no-such-command-here"
    assert (result.exit_code, result.measured["elapsed"], result.is_ok()) == (None, 0, False)


def test_a_file_that_may_not_be_executed_is_told_apart(tmp_path):
    (tmp_path / "job").write_text("#!/bin/sh\n")
    result = run_command([str(tmp_path / "job")])
    assert not result.not_found
    assert result.error == f"permission denied: {tmp_path}/job (is it an executable file?)"


def test_a_script_whose_interpreter_is_missing_is_told_apart(tmp_path):
    (tmp_path / "job").write_text("#!/no/such/interpreter\n")
    (tmp_path / "job").chmod(0o755)
    assert "interpreter not found" in run_command([str(tmp_path / "job")]).error


def test_a_file_of_no_known_format_is_an_error(tmp_path):
    (tmp_path / "job").write_bytes(b"\0\1\2")
    (tmp_path / "job").chmod(0o755)
    result = run_command([str(tmp_path / "job")])
    assert "Exec format error" in result.error
    assert not result.not_found


def test_the_end_of_stderr_is_kept_whatever_it_holds():
    result = run_command(["sh", "-c", r"printf 'first\n\377last' >&2; echo out"])
    assert result.stderr_tail == "first\n\ufffdlast"
    long = run_command([sys.executable, "-S", "-c", "import sys; sys.stderr.write('a' * 99_999 + 'end')"])
    assert len(long.stderr_tail) == 8192
    assert long.stderr_tail.endswith("aend")


def test_a_command_has_no_input_and_its_output_goes_nowhere(capfd):
    result = run_command(["sh", "-c", "cat; echo out; echo err >&2"])
    assert result.exit_code == 0
    assert capfd.readouterr() == ("", "")


def test_environment_and_working_folder_are_those_asked_for(tmp_path):
    result = run_command(["sh", "-c", "echo $A $(pwd) >&2"], env={"A": "b", "PATH": os.environ["PATH"]}, cwd=tmp_path)
    assert result.stderr_tail == f"b {tmp_path}\n"


def test_the_commands_signals_are_in_their_first_state():
    result = run_command(["grep", "SigIgn", "/proc/self/status"], env={**os.environ})
    assert result.exit_code == 0
    told = run_command(["sh", "-c", "grep -E 'SigIgn|SigBlk' /proc/self/status >&2"]).stderr_tail
    ours = Path("/proc/self/status").read_text()
    ignored = {name: int(value, 16) for name, value in (line.split(":") for line in told.splitlines())}
    blocked = int(next(line for line in ours.splitlines() if line.startswith("SigBlk")).split()[1], 16)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT):
        assert not ignored["SigIgn"] >> (number - 1) & 1
    assert ignored["SigBlk"] == blocked


@pytest.mark.parametrize("argv", [[], [""]])
def test_no_command_is_refused(argv):
    with pytest.raises(ValueError, match="no command"):
        run_command(argv)


def test_running_a_command_leaves_no_descriptor_and_no_child_behind():
    before, others = len(os.listdir("/proc/self/fd")), children()
    run_command(["true"])
    run_command(["sleep", "9"], timeout=0.1)
    assert len(os.listdir("/proc/self/fd")) == before
    assert children() <= others


@pytest.mark.parametrize("argv", [["false"], ["no-such-command-here"], ["sh", "-c", "kill -9 $$"]])
def test_a_command_that_did_not_end_well_is_not_ok(argv):
    assert not run_command(argv).is_ok()


def test_a_command_that_was_stopped_is_not_ok_even_if_it_exited_with_0():
    result = run_command(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"], timeout=0.3)
    assert (result.exit_code, result.is_ok()) == (0, False)


@pytest.mark.parametrize("argv", [["true"], ["false"], ["no-such-command-here"]])
def test_a_command_is_measured_in_metrics_of_the_table(argv):
    result = run_command(argv)
    assert set(result.measured) <= {m.name for m in MEASURED if not m.is_derived}
    assert {m.name for m in MEASURED if m.is_gated} <= set(result.measured)


def test_a_result_cannot_be_changed():
    result = run_command(["true"])
    assert isinstance(result, CommandResult)
    with pytest.raises(AttributeError):
        result.exit_code = 1


def test_measuring_from_inside_never_loads_the_command_runner(python):
    done = python("import sys, perfgate.measure; print('perfgate.measure.command.run' in sys.modules)")
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("argv", "is_started"),
    [
        (["true"], True),
        (["false"], True),
        (["sh", "-c", "kill -9 $$"], True),
        (["no-such-command-here"], False),
        (["/etc/hostname"], False),
        (["sh", "-c", "no-such-command-here"], False),
        (["sh", "-c", "/etc/hostname"], False),
    ],
    ids=["good", "failed", "killed", "missing", "not-executable", "missing-in-a-shell", "not-executable-in-a-shell"],
)
def test_a_command_that_could_not_be_started_is_no_run(argv, is_started):
    assert run_command(argv).is_started() is is_started


def test_a_command_that_took_too_long_was_started():
    assert run_command(["sleep", "9"], timeout=0.1).is_started()
