"""Peak memory of this process while a context is open, and where the figure came from.

The kernel's own high-water mark is the best source: it includes a burst inside
one C call, which a polling thread misses (it cannot run meanwhile), and
costs a few microseconds. It belongs to the whole process, so every context
that is open shares it; see `SharedPeak`.
"""

from __future__ import annotations

import os
import sys

from perfgate.measure.memory.shared_peak import SharedMeter, SharedPeak
from perfgate.measure.variables import say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    class Meter(Protocol):
        """Something that follows the peak from its making until it is stopped."""

        source: str

        def read(self) -> int:
            """Return the peak so far, in bytes."""

        def stop(self) -> int:
            """Return the peak, in bytes, and release all resources."""


_UNITS_MS = {"ms": 1.0, "s": 1000.0}
_SHORTEST_MS = 1.0  # a shorter poll would measure itself
_LONGEST_MS = 3_600_000.0
_DEFAULT_POLL = "poll:100ms"
_MODES = "auto, vmhwm, poll:<interval> (such as poll:100ms or poll:0.5s) or tracemalloc"


def check_mode(mode: str) -> str:
    """Return the memory mode as it is, when there is one of that name.

    Raises:
        ValueError: there is none; the message names those that there are.
    """
    if mode not in {"auto", "vmhwm", "tracemalloc"} and parse_interval(mode) is None:
        raise ValueError(f"memory={mode!a} is unknown: expected {_MODES}")
    return mode


def parse_interval(mode: str) -> float | None:
    """Return the interval of a ``poll`` mode in milliseconds, 1 ms to 1 h; None when it is no such mode."""
    if mode == "poll":
        mode = _DEFAULT_POLL
    kind, _, interval = mode.partition(":")
    if kind != "poll":
        return None
    for unit, factor in _UNITS_MS.items():
        digits = interval.removesuffix(unit)
        if digits != interval and digits.replace(".", "", 1).isdecimal() and digits.isascii():
            length = float(digits) * factor
            return length if _SHORTEST_MS <= length <= _LONGEST_MS else None
    return None


def open_meter(mode: str) -> Meter:
    """Begin to follow the peak in a mode that `check_mode` has passed.

    What this machine cannot do falls back to the best that it can; the meter's
    ``source`` names it, and runs of different sources are never compared.
    """
    if mode == "tracemalloc":
        return _open_traced()
    interval = parse_interval(mode)
    if interval is not None:
        try:
            return _open_poll(interval)
        except OSError as error:
            say_once(f"memory={mode} is not possible here ({error}); the default is used")
    return open_first(_AUTOMATIC)


def open_first(openers: Sequence[Callable[[], Meter]]) -> Meter:
    """Return the first meter that this machine can open.

    Raises:
        OSError: it can open none of them.
    """
    for opener in openers:
        try:
            return opener()
        except (OSError, ImportError, AttributeError):
            continue
    raise OSError("no way to measure memory on this machine")


class HighWaterMark(SharedPeak):
    """The kernel's mark of this process's largest resident set (Linux).

    The files are opened anew each time, for about 8 us a context more: a kept
    descriptor of ``/proc/self`` would mean the parent after a fork, and in a
    program that closes all descriptors (as daemons do) its number may belong
    to another file by the time we write to it.
    """

    __slots__ = ()

    def mark(self) -> int:
        """Return the largest resident set since the last reset, in bytes."""
        fd = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.read(fd, 16384)
        finally:
            os.close(fd)
        _, found, rest = status.partition(b"\nVmHWM:")
        if not found:
            raise OSError("/proc/self/status has no VmHWM")
        return int(rest.split(None, 1)[0]) * 1024

    def reset(self) -> None:
        """Let the mark begin again at the present resident set."""
        fd = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, b"5")
        finally:
            os.close(fd)


class LifetimeMeter:
    """A peak that nothing resets: the largest that the process has ever been, so an upper bound."""

    __slots__ = ("_look", "source")

    def __init__(self, source: str, look: Callable[[], int]) -> None:
        """Look once, for a trial."""
        look()  # fails now, when the next way can still be tried
        self.source = source
        self._look = look

    def read(self) -> int:
        """Return the peak so far, in bytes."""
        return self._look()

    def stop(self) -> int:
        """Return the peak, in bytes."""
        return self._look()


class HighWaterMeter(SharedMeter):
    """The high-water mark of one context; gives way to ``ru_maxrss`` if ``/proc`` is lost on the way."""

    __slots__ = ()

    def read(self) -> int:
        """Return the peak so far, in bytes."""
        try:
            return super().read()
        except OSError:
            return self._give_way()

    def stop(self) -> int:
        """Return the peak, in bytes, and leave the shared mark."""
        try:
            return super().stop()
        except OSError:  # the body has changed its root folder, for instance
            return self._give_way()

    def _give_way(self) -> int:
        self.source = "ru_maxrss"
        return max(self.peak, look_ru_maxrss())


def look_ru_maxrss() -> int:
    """Return the largest resident set of this process so far, in bytes."""
    import resource  # Unix only, and only where there is no high-water mark

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, the others kilobytes


_MARK = HighWaterMark()


def _open_high_water() -> Meter:
    if sys.platform != "linux":
        raise OSError("there is no high-water mark to reset")  # pragma: no cover - not on Linux
    return HighWaterMeter("vmhwm", _MARK)


def _open_working_set() -> Meter:
    if os.name != "nt":
        raise OSError("only Windows has a working set")
    from perfgate.measure.memory.windows import look_peak_working_set  # ctypes is slow to import

    return LifetimeMeter("peak_wset", look_peak_working_set)


def _open_lifetime() -> Meter:
    return LifetimeMeter("ru_maxrss", look_ru_maxrss)


def _open_poll(interval: float) -> Meter:
    from perfgate.measure.memory.polling import PollMeter  # only this mode needs threading

    return PollMeter(interval)


def _open_default_poll() -> Meter:
    return _open_poll(parse_interval(_DEFAULT_POLL) or 0)


def _open_traced() -> Meter:
    from perfgate.measure.memory.tracemalloc_peak import TRACED  # only this mode needs tracemalloc

    return SharedMeter("tracemalloc", TRACED)


# Best first. The launcher of `perfgate run` has a way of its own between the first two (`wait4-launcher`).
_AUTOMATIC = (_open_high_water, _open_working_set, _open_lifetime, _open_default_poll, _open_traced)
