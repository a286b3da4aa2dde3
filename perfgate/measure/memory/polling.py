"""Peak memory by reading the resident set at an interval, on request only.

It misses bursts that are shorter than the interval, and those inside C code
that holds the interpreter's lock; so it is never the default on Linux.
"""

from __future__ import annotations

import threading

from perfgate.measure.memory.resident import read_resident


class PollMeter:
    """A daemon thread that reads ``/proc/self/statm``, with one more reading at each end.

    Args:
        interval: the time between two readings, in milliseconds.

    Raises:
        OSError: there is no such file here, or no thread can be started.

    Attributes:
        source: the value of ``memory_source`` in the summary, ``poll(100ms)``.
    """

    __slots__ = ("_ended", "_peak", "_thread", "source")

    def __init__(self, interval: float) -> None:
        """Look once and start the thread."""
        self.source = f"poll({interval:.12g}ms)"
        self._peak = read_resident()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll, args=(interval / 1000,), name="perfgate-memory", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            raise OSError(str(error)) from error

    def read(self) -> int:
        """Return the peak so far, in bytes."""
        return max(self._peak, self._look_if_possible())

    def stop(self) -> int:
        """Return the peak, in bytes, and end the thread."""
        self._ended.set()
        self._thread.join()
        return self.read()

    def _poll(self, seconds: float) -> None:
        while not self._ended.wait(seconds):
            self._peak = max(self._peak, self._look_if_possible())

    def _look_if_possible(self) -> int:
        try:
            return read_resident()
        except OSError:  # the body has changed its root folder, or used up its descriptors
            return 0
