"""Starting a process so that a signal in that very moment leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Held:
    """Signals that would end this process and are only noted, until `release` lets them through.

    Python raises an exception for a signal between any two steps, also between the start of a process and the moment
    in which the caller knows of it: who then cleans up has nothing to stop. A mask would hold signals back as well,
    but the new process would inherit it.
    """

    def __init__(self) -> None:
        """Begin to note them; in another thread than the main one no signal raises anything."""
        self._noted: list[int] = []
        self._before: dict[int, Any] = {}
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _STOPPING:
            handler = signal.getsignal(number)
            if handler is not None and handler is not signal.SIG_IGN:
                self._before[number] = handler
                signal.signal(number, self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        self._noted.append(number)

    def release(self) -> None:
        """Let them through: what came meanwhile takes effect now."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        noted, self._noted = self._noted, []
        for number in noted[:1]:
            os.kill(os.getpid(), number)


def start(
    argv: Sequence[str],
    *,
    stopped_by: Callable[[subprocess.Popen[bytes]], object],
    **options: Any,  # noqa: ANN401 - as Popen has them
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own.

    Args:
        argv: the program and its arguments, no shell in between.
        stopped_by: stops the whole group, when a signal came while it started.
        options: of `subprocess.Popen`.

    Raises:
        OSError: it cannot be started.
    """
    held = Held()
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(list(argv), process_group=0, **options)  # noqa: S603 - the user's own command
    except BaseException:
        held.release()
        raise
    try:
        held.release()
    except BaseException:
        stopped_by(process)
        raise
    return process
