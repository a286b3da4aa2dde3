"""Run a command and measure it from outside; for `perfgate run`, never for the measured program.

It imports subprocess and other slow modules, so no other module of `perfgate.measure` imports it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self

from perfgate.measure.command.process import LauncherProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.measure.command.process import Answer

_SOURCE = "wait4-launcher"
_TAIL = 8192  # bytes of stderr that are worth showing
_NOT_STARTED = {126, 127}
_KEPT = 1 << 16  # bytes of the beginning, and of the end, of stdout where it is asked for
_MOST = 1 << 22  # bytes of stdout on the disk: beyond it the middle is given back
_PERIOD = 0.2  # seconds between two looks at how much there is
_LARGEST_REQUEST = 1 << 24  # bytes; Linux takes 6 MB of arguments and environment at the most
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC  # O_PATH: it need not be readable


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


class Launcher:
    """Runs commands and measures them from outside, by one small process that stays as long as it can.

    Another one takes its place when a command was stopped or left processes behind. Close it in the end.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: LauncherProcess | None = None

    def __enter__(self) -> Self:
        """Return the launcher itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End its process."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def run(
        self,
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
            ValueError: the command is empty, or an argument or variable holds a NUL.
            OSError: there is no such working folder, or the launcher could not be started: no descriptors left.
        """
        if not argv or not argv[0]:
            raise ValueError("there is no command to run")
        began = time.monotonic()
        deadline = None if timeout is None else began + timeout
        request = _encode(argv, os.environ if env is None else env)
        with contextlib.ExitStack() as open_files:
            folder = os.open(os.curdir if cwd is None else cwd, _FOLDER)
            open_files.callback(os.close, folder)
            stderr = open_files.enter_context(tempfile.TemporaryFile())
            kept = None
            if output is not None:
                stdout = output.fileno()
            elif keep_output:
                kept = open_files.enter_context(tempfile.TemporaryFile())
                open_files.enter_context(_bound(kept))
                stdout = kept.fileno()
            else:
                stdout = os.open(os.devnull, os.O_RDWR)
                open_files.callback(os.close, stdout)
            process = self._find_process(request, stderr.fileno())
            answer = process.ask(request, (stdout, stderr.fileno(), folder), deadline)
            elapsed = time.monotonic() - began
            if answer.words[0] == "folder":
                raise OSError(int(answer.words[1]), os.strerror(int(answer.words[1])), cwd)
            found = _read_answer(answer, argv[0], elapsed, _read_tail(stderr), timeout)
            return found if kept is None else found._replace(output=_read_ends(kept))

    def _find_process(self, request: bytes, stderr: int) -> LauncherProcess:
        """Return the process that runs a command: another one when the last one cannot."""
        if self._process is not None and not self._process.serves(request):
            self.close()
        if self._process is None:
            self._process = LauncherProcess(stderr)
        return self._process


def run_command(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    cwd: str | os.PathLike[str] | None = None,
    keep_output: bool = False,
) -> CommandResult:
    """Run a command once as `Launcher.run` does, with a launcher of its own."""
    with Launcher() as launcher:
        return launcher.run(argv, env=env, timeout=timeout, cwd=cwd, keep_output=keep_output)


def _encode(argv: Sequence[str], environ: Mapping[str, str]) -> bytes:
    """Return the words of a request for a command, as `launcher` describes them.

    Raises:
        ValueError: a word holds a NUL.
        OSError: it is longer than any system takes.
    """
    variables = [f"{name}={text}" for name, text in environ.items() if name]
    words = (str(len(argv)), *argv, *variables)
    content = os.fsencode("\0".join(words))
    if content.count(b"\0") >= len(words):
        raise ValueError("embedded null byte")
    if len(content) > _LARGEST_REQUEST:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG), argv[0])
    return content


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


def _read_answer(answer: Answer, name: str, elapsed: float, stderr_tail: str, timeout: float | None) -> CommandResult:
    """Turn the launcher's answer, or its absence, into the result of the command."""
    failed = CommandResult(
        measured={"elapsed": elapsed, "cpu": 0.0, "peak_memory": 0},
        memory_source=_SOURCE,
        exit_code=None,
        signal=None,
        timed_out=answer.timed_out,
        not_found=False,
        error=f"timed out after {timeout:g} s" if answer.timed_out else None,
        stderr_tail=stderr_tail,
    )
    kind, *words = answer.words
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
            error=_explain(name, number),
        )
    return failed._replace(
        signal=-answer.code if answer.code is not None and answer.code < 0 else None,
        error=failed.error or "the launcher was killed before it could report",
    )


def _explain(name: str, number: int) -> str:
    if number == errno.ENOENT:
        if os.sep in name and Path(name).is_file():
            return f"interpreter not found: the first line of {name} names a program that is not there"
        return f"command not found: {name}"
    if number in {errno.EACCES, errno.EPERM}:
        return f"permission denied: {name} (is it an executable file?)"
    return f"{name}: {os.strerror(number)}"
