"""Running a program that is not measured, so that nothing of it is left when it is interrupted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from functools import partial
from typing import TYPE_CHECKING

from perfgate.measure.command.start import start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GRACE = 5.0  # seconds between asking a program to stop and making it; git removes what it began
_TAIL = 8192  # bytes of output that are worth showing


def run_group(argv: Sequence[str], *, folder: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a program to its end and return its exit code, minus the signal that ended it, and what it said last.

    It reads nothing and forms a process group of its own, which is stopped as a whole
    when an exception such as Ctrl-C comes in the way; that goes on afterwards.

    Args:
        argv: the program and its arguments, no shell in between.
        folder: its working folder.
        env: its environment.

    Raises:
        OSError: it cannot be started.
    """
    with tempfile.TemporaryFile() as output:
        begin = partial(
            subprocess.Popen,
            list(argv),
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        process = start(begin, stopped_by=_stop)
        try:
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
        size = os.fstat(output.fileno()).st_size
        return code, os.pread(output.fileno(), _TAIL, max(0, size - _TAIL)).decode("utf-8", "replace")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started."""
    try:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
