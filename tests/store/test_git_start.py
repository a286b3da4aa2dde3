"""A program that answers: bounded in size and time, and never blocked by a pipe that nobody empties."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support import Project, assert_cannot_decide

from perfgate.store.git_start import TooMuchOutputError, causes, run_bounded

LARGE = b"x" * (3 << 20)


def run(code: str, *, asked: bytes = b"", timeout: float = 60.0, most: int = 1 << 30) -> tuple[int, bytes, bytes]:
    return run_bounded([sys.executable, "-c", code], env=dict(os.environ), asked=asked, timeout=timeout, most=most)


def test_exit_code_output_and_errors_are_those_of_the_program():
    assert run("import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)") == (3, b"a\n", b"b\n")


def test_large_input_output_and_errors_block_nothing():
    code = f"import sys; sys.stderr.write('e' * {len(LARGE)}); sys.stdout.buffer.write(sys.stdin.buffer.read())"
    status, output, errors = run(code, asked=LARGE)
    assert (status, output) == (0, LARGE)
    assert errors == b"e" * (1 << 20)


def test_a_program_that_reads_nothing_of_a_large_input_is_waited_for():
    assert run("print(1)", asked=LARGE) == (0, b"1\n", b"")
    assert run("import os; os.close(0); print(1)", asked=LARGE)[:2] == (0, b"1\n")


def test_an_answer_may_be_as_large_as_the_bound_and_no_byte_larger():
    code = "import sys; sys.stdout.write('x' * 100_000)"
    assert len(run(code, most=100_000)[1]) == 100_000
    with pytest.raises(TooMuchOutputError):
        run(code, most=99_999)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_that_writes_without_end_is_ended(stream):
    code = f"import sys\nwhile True: sys.{stream}.write('x' * 4096)"
    with pytest.raises(TooMuchOutputError if stream == "stdout" else subprocess.TimeoutExpired):
        run(code, most=1 << 20, timeout=60.0 if stream == "stdout" else 1.0)


def test_a_program_that_writes_nothing_is_ended_in_time():
    with pytest.raises(subprocess.TimeoutExpired):
        run("import time; time.sleep(600)", timeout=0.5)


SSH = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n"
INITIAL = "hint: Using 'master' as the name for the initial branch.\nhint: git config --global init.defaultBranch\n"


@pytest.mark.parametrize(
    ("code", "stderr", "cause"),
    [
        pytest.param(128, f"warning: x\ngit@h: Permission denied (publickey).\n{SSH}",
                     "git@h: Permission denied (publickey).", id="ssh-key"),
        pytest.param(128, f"ssh: connect to host h port 22: Connection refused\r\n{SSH}",
                     "ssh: connect to host h port 22: Connection refused", id="ssh-refused"),
        pytest.param(128, f"fatal: detected dubious ownership in 'x'\nTo add an exception, call:\n\tgit config\n{SSH}",
                     "fatal: detected dubious ownership in 'x'", id="of-another-user"),
        pytest.param(128, SSH, "fatal: Could not read from remote repository.", id="ssh-silent"),
        pytest.param(-25, INITIAL, "git init was ended by SIGXFSZ", id="signal"),
        pytest.param(-9, "", "git init was ended by SIGKILL", id="killed"),
        pytest.param(-99, "", "git init was ended by signal 99", id="unknown-signal"),
        pytest.param(-25, "error: unable to write\n", "error: unable to write", id="signal-and-words"),
        pytest.param(1, INITIAL, "git init failed", id="hints"),
    ],
)  # fmt: skip
def test_the_cause_is_what_git_or_ssh_states_or_the_signal_that_ended_it(code: int, stderr: str, cause: str) -> None:
    assert causes(["init", "-q"], code, stderr)[0] == cause


def test_a_git_that_answers_without_end_is_one_error(project: Project) -> None:
    fake = project.write("bin/git", "#!/bin/sh\nyes\n")
    fake.chmod(0o755)
    project.write_runs(3)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    outcome = project.cli("check", "--baseline-ref", "HEAD", env={"PATH": path})
    assert_cannot_decide(outcome, r"git rev-parse answered with more than 1,048,576 bytes", "git --version")
