"""The process that starts the measured commands: asked through a socket, and stopped with all that it started."""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.command.start import start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOAD = (
    "import _socket, marshal; channel = _socket.socket(fileno=0); whole = _socket.MSG_WAITALL; "
    "exec(marshal.loads(channel.recv(int(channel.recv(8, whole), 16), whole)))"
)
"""Runs the launcher, whose code comes before the first request, with its length as the requests have it."""
_GRACE = 2.0  # seconds between asking a command to stop and making it
_LONGEST_WAIT = 86_400.0  # seconds; poll takes its timeout as a C int of milliseconds
_GROWTH = 1 << 16  # bytes by which a request may be smaller than one before it, which held some four times as many
_LONGEST_LINE = 4096  # bytes; an answer has about 80


class Answer(NamedTuple):
    """What a launcher says of a command."""

    words: tuple[str, ...]
    """As `launcher` describes them, without ``again`` or ``last``; empty: it was killed before it could report."""
    timed_out: bool
    """The command was stopped for taking too long."""
    code: int | None
    """The launcher's own exit code, or minus the signal that ended it; None: it still runs."""


class LauncherProcess:
    """A running launcher. It ends when this object is gone, at the latest."""

    def __init__(self, stderr: int) -> None:
        """Start it, as the leader of a process group.

        Args:
            stderr: descriptor of the file that gets what it says when it fails to start.

        Raises:
            OSError: it cannot be started.
        """
        self._largest = 0  # bytes of a request
        self._channel, other = socket.socketpair()
        launch = partial(
            subprocess.Popen,
            [sys.executable, "-I", "-S", "-c", _LOAD],
            stdin=other,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd="/",
            process_group=0,
        )
        try:
            program = _compile_program()
            self._process: subprocess.Popen[bytes] = start(launch, stopped_by=_kill)
        except BaseException:
            self._channel.close()
            raise
        finally:
            other.close()
        try:
            self._send(program, ())
        except BaseException:
            self.close()
            raise

    def serves(self, request: bytes) -> bool:
        """Can it run this command? Not when it has ended, nor when it grew by a larger request.

        What it once held stays in its own peak, which would show in the peak of a small command.
        """
        return self._process.poll() is None and self._largest <= len(request) + _GROWTH

    def ask(self, request: bytes, descriptors: Sequence[int], deadline: float | None) -> Answer:
        """Let it run a command, and return what it says.

        The whole group is stopped (SIGTERM, then SIGKILL after 2 s) when the deadline comes first, when the launcher
        is killed, and when an exception such as Ctrl-C is raised, which propagates.

        Args:
            request: the words, as `launcher` describes them.
            descriptors: stdout and stderr of the command, and its folder.
            deadline: of the monotonic clock, in seconds; None: there is none.

        Raises:
            OSError: the descriptors cannot be passed on.
        """
        self._largest = max(self._largest, len(request))
        try:
            with _kept_running(self._process.pid):
                self._send(request, descriptors)
                line = self._read_line(deadline)
            timed_out = line is None
            if line is None:
                line = self.stop()
            elif not line:
                self._signal_group(signal.SIGKILL)
                self.close()
        except BaseException:
            self.stop()
            raise
        kind, *words = line.split() or [""]
        if words[:1] == ["last"]:
            self.close()
        return Answer((kind, *words[1:]), timed_out, self._process.returncode)

    def stop(self) -> str:
        """Stop it and everything in its group; return the line that it may still have written.

        It outlives SIGTERM until the command has ended. It is reaped last, so that its number, which is the group's,
        cannot have passed to a stranger meanwhile.
        """
        line: str | None = None
        try:
            self._signal_group(signal.SIGTERM)
            line = self._read_line(time.monotonic() + _GRACE)
        finally:
            self._signal_group(signal.SIGKILL)
            self.close()
        return line or ""

    def close(self) -> None:
        """End it, and nothing else."""
        try:
            _kill(self._process)
        finally:
            self._channel.close()

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a zombie
                os.killpg(self._process.pid, number)

    def _send(self, content: bytes, descriptors: Sequence[int]) -> None:
        """Send it a piece, which its length precedes."""
        piece = b"%08x" % len(content) + content
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it was killed, as reading will show
            sent = socket.send_fds(self._channel, [piece], descriptors) if descriptors else 0
            self._channel.sendall(piece[sent:])

    def _read_line(self, deadline: float | None) -> str | None:
        """Return its answer, None when the deadline comes first; empty: there is none, since it has ended."""
        if self._channel.fileno() < 0:  # closed when a first attempt to stop it was interrupted
            return ""
        poller = select.poll()
        poller.register(self._channel, select.POLLIN)
        line = b""
        while not line.endswith(b"\n"):
            left = _LONGEST_WAIT if deadline is None else deadline - time.monotonic()
            if poller.poll(min(max(left, 0.0), _LONGEST_WAIT) * 1000):
                chunk = b""
                with contextlib.suppress(ConnectionResetError):
                    chunk = self._channel.recv(_LONGEST_LINE)
                if not chunk or len(line) > _LONGEST_LINE:
                    return ""
                line += chunk
            elif deadline is not None and time.monotonic() >= deadline:
                return None
        return line.decode("ascii", "replace")


@cache
def _compile_program() -> bytes:
    """Return the code of the launcher: a process that compiles it holds 0.7 MB more, the least peak that it reports."""
    path = Path(__file__).with_name("launcher.py")
    return marshal.dumps(compile(path.read_bytes(), path.name, "exec", optimize=2))


@contextlib.contextmanager
def _kept_running(pid: int) -> Iterator[None]:
    """Continue a launcher that its command stops (``kill -STOP $PPID``), else nobody would hear of the command's end.

    The kernel says so by a signal: nothing wakes up beside a measured command to ask.

    Args:
        pid: the launcher, and its group.
    """
    if not hasattr(os, "waitid") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def go_on(*_: object) -> None:
        with contextlib.suppress(ChildProcessError, ProcessLookupError, PermissionError):
            if os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None:
                os.killpg(pid, signal.SIGCONT)

    before = signal.signal(signal.SIGCHLD, go_on)
    try:
        go_on()
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
