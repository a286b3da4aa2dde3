"""The process that starts the measured commands: asked through a socket, and stopped with all that it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.command.start import start

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAUNCHER = str(Path(__file__).with_name("launcher.py").absolute())
_GRACE = 2.0  # seconds between asking a command to stop and making it
_LONGEST_WAIT = 86_400.0  # seconds; poll takes its timeout as a C int of milliseconds
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
        self._channel, other = socket.socketpair()
        launch = partial(
            subprocess.Popen,
            [sys.executable, "-I", "-S", _LAUNCHER],
            stdin=other,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd="/",
            process_group=0,
        )
        try:
            self._process: subprocess.Popen[bytes] = start(launch, stopped_by=_kill)
        except BaseException:
            self._channel.close()
            raise
        finally:
            other.close()

    def is_over(self) -> bool:
        """Has it ended?"""
        return self._process.poll() is not None

    def ask(self, request: bytes, descriptors: Sequence[int], deadline: float | None) -> Answer:
        """Let it run a command, and return what it says.

        The whole group is stopped (SIGTERM, then SIGKILL after 2 s) when the deadline comes first, when the launcher
        is killed, and when an exception such as Ctrl-C is raised, which propagates.

        Args:
            request: as `launcher` describes it.
            descriptors: stdout and stderr of the command, and its folder.
            deadline: of the monotonic clock, in seconds; None: there is none.

        Raises:
            OSError: the descriptors cannot be passed on.
        """
        try:
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

    def _send(self, request: bytes, descriptors: Sequence[int]) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it was killed, as reading will show
            sent = socket.send_fds(self._channel, [request], descriptors)
            self._channel.sendall(request[sent:])

    def _read_line(self, deadline: float | None) -> str | None:
        """Return its answer, None when the deadline comes first; empty: there is none, since it has ended."""
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


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
