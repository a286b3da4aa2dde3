"""One peak for the whole process, shared truly by contexts that nest or run beside each other."""

from __future__ import annotations

import os
from _thread import RLock  # what threading.RLock is, without importing threading


class SharedPeak:
    """A process-wide mark that can be reset, and the contexts that look at it.

    A reset would make every open context forget its own earlier peak. So before
    each one the mark is folded into all that are open: each context keeps the
    largest of the marks seen since it began.

    The lock may be taken twice by one thread, since a signal handler or the
    garbage collector can open a context while another is just being opened.
    """

    __slots__ = ("_lock", "_open")

    def __init__(self) -> None:
        """Have no context open."""
        self._lock = RLock()
        self._open: list[SharedMeter] = []
        if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows cannot fork
            os.register_at_fork(after_in_child=self._forget)

    def mark(self) -> int:
        """Return the peak since the last reset, in bytes."""
        raise NotImplementedError

    def reset(self) -> None:
        """Let the peak begin again at what is held now."""
        raise NotImplementedError

    def begin(self) -> None:
        """Prepare for the first context; nothing to do unless the mark says so."""

    def end(self) -> None:
        """Tidy up after the last context; nothing to do unless the mark says so."""

    def join(self, meter: SharedMeter) -> None:
        """Let a context in; the mark is read only when somebody else needs it."""
        with self._lock:
            if self._open:
                mark = self.mark()
                for other in self._open:
                    other.peak = max(other.peak, mark)
            else:
                self.begin()
            self.reset()
            self._open.append(meter)

    def look(self, meter: SharedMeter) -> None:
        """Fold the present mark into one context."""
        with self._lock:
            meter.peak = max(meter.peak, self.mark())

    def leave(self, meter: SharedMeter) -> None:
        """Fold the mark into the leaving context; those that stay will still see the same mark."""
        with self._lock:
            try:
                meter.peak = max(meter.peak, self.mark())
            finally:
                if meter in self._open:  # after a fork the child has forgotten its parent's contexts
                    self._open.remove(meter)
                    if not self._open:
                        self.end()

    def _forget(self) -> None:
        # A forked child has a peak of its own, and another thread may have held the lock at the fork.
        self._lock = RLock()
        self._open = []


class SharedMeter:
    """One context's part in a shared peak; open from its making until it is stopped.

    Attributes:
        source: the value of ``memory_source`` in the summary.
        peak: the largest mark folded in so far, in bytes.
    """

    __slots__ = ("_shared", "peak", "source")

    def __init__(self, source: str, shared: SharedPeak) -> None:
        """Begin with the mark at what is held now."""
        self.source = source
        self.peak = 0
        self._shared = shared
        shared.join(self)

    def read(self) -> int:
        """Return the peak so far, in bytes."""
        self._shared.look(self)
        return self.peak

    def stop(self) -> int:
        """Return the peak, in bytes, and leave the shared mark."""
        self._shared.leave(self)
        return self.peak
