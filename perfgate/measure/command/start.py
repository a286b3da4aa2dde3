"""Starting a process so that a signal in that very moment leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
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
    begin: Callable[[], subprocess.Popen[Any]], *, stopped_by: Callable[[subprocess.Popen[Any]], object]
) -> subprocess.Popen[Any]:
    """Return the program that was started.

    Args:
        begin: starts it.
        stopped_by: stops it and all that it started, when a signal came meanwhile.

    Raises:
        OSError: it cannot be started.
    """
    held = Held()
    try:
        process = begin()
    except BaseException:
        held.release()
        raise
    try:
        held.release()
    except BaseException:
        stopped_by(process)
        raise
    return process
