"""Running a program that is not measured, so that nothing of it is left when it is interrupted."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GRACE = 5.0  # seconds between asking a program to stop and making it; git removes what it began
_TAIL = 8192  # bytes of output that are worth showing
_CHUNK = 1 << 16  # what a pipe holds
_MOST_ERRORS = 1 << 20  # bytes of stderr that are kept; the rest is read and dropped


class TooMuchOutputError(Exception):
    """A program wrote more than was asked for, and was ended."""


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
        process = subprocess.Popen(  # noqa: S603 - the user's own set-up, or git
            list(argv),
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
        size = os.fstat(output.fileno()).st_size
        return code, os.pread(output.fileno(), _TAIL, max(0, size - _TAIL)).decode("utf-8", "replace")


def run_bounded(
    argv: Sequence[str], *, env: Mapping[str, str], asked: bytes, timeout: float, most: int
) -> tuple[int, bytes, bytes]:
    """Run a program to its end and return its exit code, its output, and the beginning of what it wrote to stderr.

    All three pipes are served at once, so that none of them can block the program.

    Args:
        argv: the program and its arguments, no shell in between.
        env: its environment.
        asked: its input.
        timeout: how long it may take, in seconds.
        most: largest output in bytes.

    Raises:
        OSError: it cannot be started.
        TimeoutExpired: it took longer, and was ended.
        TooMuchOutputError: it wrote more, and was ended.
    """
    with subprocess.Popen(  # noqa: S603 - git: a list, never a shell; refs are checked, paths are no arguments
        list(argv), env=env, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            output, errors = _exchange(process, asked, timeout, most)
            return process.wait(timeout), output, errors
        except BaseException:
            process.kill()
            raise


def _exchange(process: subprocess.Popen[bytes], asked: bytes, timeout: float, most: int) -> tuple[bytes, bytes]:
    """Feed a program and return what it writes to stdout and stderr, until it closes both."""
    end = time.monotonic() + timeout
    output, errors, written = list[bytes](), bytearray(), 0
    with selectors.DefaultSelector() as ready:
        for pipe, event in (
            (process.stdin, selectors.EVENT_WRITE),
            (process.stdout, selectors.EVENT_READ),
            (process.stderr, selectors.EVENT_READ),
        ):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                ready.register(pipe, event)
        while ready.get_map():
            left = end - time.monotonic()
            if left <= 0.0:
                raise subprocess.TimeoutExpired(process.args, timeout)
            for key, _ in ready.select(left):
                if key.fileobj is process.stdin:
                    written += _feed(key.fd, asked[written : written + _CHUNK])
                    is_done = written >= len(asked)
                else:
                    piece = os.read(key.fd, _CHUNK)
                    is_done = not piece
                    if key.fileobj is process.stdout:
                        output.append(piece)
                        most -= len(piece)
                    else:
                        errors += piece[: max(0, _MOST_ERRORS - len(errors))]
                if most < 0:
                    raise TooMuchOutputError
                if is_done:
                    ready.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr] # all three are files
    return b"".join(output), bytes(errors)


def _feed(fd: int, piece: bytes) -> int:
    """Write a piece to a pipe and return how much of it is done with: all, where nobody reads any more."""
    try:
        return os.write(fd, piece) if piece else 0
    except BrokenPipeError:
        return sys.maxsize


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
