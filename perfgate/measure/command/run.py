"""Run a command and measure it from outside; for `perfgate run`, never for the measured program.

It imports subprocess and other slow modules, so no other module of `perfgate.measure` imports it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from perfgate.measure.command.start import start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LAUNCHER = str(Path(__file__).with_name("launcher.py").absolute())
_SOURCE = "wait4-launcher"
_TAIL = 8192  # bytes of stderr that are worth showing
_NOT_STARTED = {126, 127}
_KEPT = 1 << 16  # bytes of the beginning, and of the end, of stdout where it is asked for
_MOST = 1 << 22  # bytes of stdout on the disk: beyond it the middle is given back
_PERIOD = 0.2  # seconds between two looks at how much there is
_GRACE = 2.0  # seconds between asking a command to stop and making it
_LONGEST_WAIT = 86_400.0  # seconds; poll takes its timeout as a C int of milliseconds


class CommandResult(NamedTuple):
    """Outcome of one command, and what it cost."""

    measured: Mapping[str, float]
    """What it cost, in base units by the metric's name: ``elapsed``, wall clock from its start to its end (0 when it
    could not start); ``cpu``, of it and of those of its children that it waited for; ``peak_memory``, the largest
    resident set of any single process among these (0 when unknown)."""
    memory_source: str
    """Method that measured the peak: ``wait4-launcher``."""
    exit_code: int | None
    """What it exited with; None when a signal ended it or it never ran."""
    signal: int | None
    """The signal that ended it, if one did."""
    timed_out: bool
    """It was stopped for taking too long."""
    not_found: bool
    """There is no such command."""
    error: str | None
    """Why it could not be run or measured, in words; None when it ran to an end of its own."""
    stderr_tail: str
    """The last 8 KiB of its stderr."""
    output: str = ""
    """The first and the last 64 KiB of its stdout, when it was kept."""

    def is_started(self) -> bool:
        """Did the command itself run? Else nothing was measured: it is missing, or may not be executed.

        A shell says so by its exit code (POSIX, "Exit Status for Commands": 126 and 127).
        """
        return not (self.measured["elapsed"] == 0.0 and self.error) and self.exit_code not in _NOT_STARTED

    def is_ok(self) -> bool:
        """Did the command run, end by itself and exit with 0?"""
        return self.exit_code == 0 and self.error is None and not self.timed_out


def run_command(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    cwd: str | os.PathLike[str] | None = None,
    keep_output: bool = False,
    output: BinaryIO | None = None,
) -> CommandResult:
    """Run a command once, without input and output, and return what it cost.

    The command and all that it starts form a process group of their own, which is
    stopped as a whole (SIGTERM, then SIGKILL after 2 s) when the time is up, or when
    an exception such as Ctrl-C is raised, which propagates afterwards. Processes
    that the command leaves running after exit code 0 are not stopped.

    Args:
        argv: the command and its arguments, no shell in between.
        env: its environment; by default that of this process.
        timeout: how long it may take, in seconds; None: no limit.
        cwd: its working folder; by default that of this process.
        keep_output: keep the beginning and the end of its stdout, which else is discarded.
        output: open file that gets all of its stdout, in place of `keep_output`.

    Raises:
        ValueError: the command is empty, or an argument holds a NUL.
        OSError: the launcher could not be started: no such working folder, no descriptors left.
    """
    if not argv or not argv[0]:
        raise ValueError("there is no command to run")
    began = time.monotonic()
    deadline = None if timeout is None else began + timeout
    with tempfile.TemporaryFile() as stderr, contextlib.ExitStack() as open_files:
        stdout = None
        if keep_output and output is None:
            stdout = open_files.enter_context(tempfile.TemporaryFile())
            open_files.enter_context(_bound(stdout))
        report = _launch(list(argv), env, cwd, (output or stdout, stderr), deadline)
        elapsed = time.monotonic() - began
        found = _read_report(report, argv[0], elapsed, _read_tail(stderr), timeout)
        return found if stdout is None else found._replace(output=_read_ends(stdout))


class _Report(NamedTuple):
    """What the launcher leaves when it has ended."""

    line: str
    """What it wrote; empty when it was killed."""
    timed_out: bool
    """The command was stopped for taking too long."""
    code: int
    """The launcher's own exit code, or minus the signal that ended it."""


def _launch(
    argv: list[str],
    env: Mapping[str, str] | None,
    cwd: str | os.PathLike[str] | None,
    streams: tuple[BinaryIO | None, BinaryIO],
    deadline: float | None,
) -> _Report:
    """Start the launcher and wait for its line; nothing of the group is left running if that fails."""
    stdout, stderr = streams
    reader, writer = os.pipe()
    try:
        try:
            launch = partial(
                subprocess.Popen,
                [sys.executable, "-I", "-S", _LAUNCHER, str(writer), "--", *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if stdout is None else stdout,
                stderr=stderr,
                env=env,
                cwd=cwd,
                pass_fds=(writer,),
                process_group=0,
            )
            process = start(launch, stopped_by=lambda begun: _stop_group(begun, reader))
        finally:
            os.close(writer)
        try:
            line = _wait_for_line(reader, deadline)
            timed_out = line is None
            if line is None:
                line = _stop_group(process, reader)
            return _Report(line, timed_out, process.wait())
        except BaseException:
            _stop_group(process, reader)
            raise
    finally:
        os.close(reader)


def _stop_group(process: subprocess.Popen[bytes], reader: int) -> str:
    """Stop everything in the launcher's group and return the line that it may still have written.

    The launcher outlives SIGTERM until its command has ended. It is reaped last, so that
    its number, which is the group's, cannot have passed to a stranger meanwhile.
    """
    line: str | None = None
    try:
        _signal_group(process, signal.SIGTERM)
        line = _wait_for_line(reader, time.monotonic() + _GRACE)
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()
    return line or ""


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a zombie
            os.killpg(process.pid, number)


def _wait_for_line(reader: int, deadline: float | None) -> str | None:
    """Return what the launcher wrote by its end, or None when the deadline (monotonic, s) comes first."""
    poller = select.poll()
    poller.register(reader, select.POLLIN)
    line = b""
    while True:
        left = _LONGEST_WAIT if deadline is None else deadline - time.monotonic()
        if poller.poll(min(max(left, 0.0), _LONGEST_WAIT) * 1000):
            chunk = os.read(reader, 4096)
            if not chunk:
                return line.decode("utf-8", "replace")
            line += chunk
        elif deadline is not None and time.monotonic() >= deadline:
            return None


@contextlib.contextmanager
def _bound(file: BinaryIO) -> Iterator[None]:
    """Keep a file small on the disk while a command writes to it: its middle is given back.

    The command goes on at its own position; what lies before it becomes a hole.
    """
    done = threading.Event()

    def trim() -> None:
        while not done.wait(_PERIOD):
            if os.fstat(file.fileno()).st_blocks * 512 > _MOST:
                os.ftruncate(file.fileno(), _KEPT)

    thread = threading.Thread(target=trim, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _read_ends(file: BinaryIO) -> str:
    size = os.fstat(file.fileno()).st_size
    start = max(_KEPT, size - _KEPT)
    parts = (os.pread(file.fileno(), _KEPT, 0), os.pread(file.fileno(), _KEPT, start))
    return "\n".join(part.decode("utf-8", "replace").replace("\0", "") for part in parts)


def _read_tail(stderr: BinaryIO) -> str:
    size = os.fstat(stderr.fileno()).st_size
    return os.pread(stderr.fileno(), _TAIL, max(0, size - _TAIL)).decode("utf-8", "replace")


def _read_report(report: _Report, name: str, elapsed: float, stderr_tail: str, timeout: float | None) -> CommandResult:
    """Turn the launcher's line, or its absence, into the result of the command."""
    failed = CommandResult(
        measured={"elapsed": elapsed, "cpu": 0.0, "peak_memory": 0},
        memory_source=_SOURCE,
        exit_code=None,
        signal=None,
        timed_out=report.timed_out,
        not_found=False,
        error=f"timed out after {timeout:g} s" if report.timed_out else None,
        stderr_tail=stderr_tail,
    )
    kind, *words = report.line.split() or [""]
    if kind == "ended":
        code = int(words[0])
        costs = (word.split("=") for word in words[1:])
        return failed._replace(
            measured={name: float(value) for name, value in costs},
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
        )
    if kind == "error":
        number = int(words[0])
        return failed._replace(
            measured={**failed.measured, "elapsed": 0.0},
            not_found=number == errno.ENOENT,
            error=_explain(name, number, " ".join(words[1:])),
        )
    return failed._replace(
        signal=-report.code if report.code < 0 else None,
        error=failed.error or "the launcher was killed before it could report",
    )


def _explain(name: str, number: int, text: str) -> str:
    if number == errno.ENOENT:
        if os.sep in name and Path(name).is_file():
            return f"interpreter not found: the first line of {name} names a program that is not there"
        return f"command not found: {name}"
    if number in {errno.EACCES, errno.EPERM}:
        return f"permission denied: {name} (is it an executable file?)"
    return f"{name}: {text}"
