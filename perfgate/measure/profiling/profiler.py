"""The profiler of this process: one at a time, since Python has room for one.

From Python 3.12 on a second one raises ValueError, in any thread; before, it ends the first one
of its thread without a word. So who comes second runs unprofiled, and is counted.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

from perfgate.measure.profiling.functions import read_entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _lsprof import Profiler

    from perfgate.measure.profiling.functions import FunctionTime, Place


class Profile:
    """What was counted between `begin` and `end`.

    Attributes:
        function_calls: how many calls there were, in Python and in C.
        functions: calls and time by function.
        skipped: how many others asked for a profile meanwhile, and ran unprofiled.
    """

    __slots__ = ("function_calls", "functions", "skipped")

    def __init__(self, function_calls: int, functions: dict[Place, FunctionTime], skipped: int) -> None:
        """Keep it."""
        self.function_calls = function_calls
        self.functions = functions
        self.skipped = skipped


class Going:
    """A profile that goes on. Made by `begin`."""

    __slots__ = ("profiler", "skipped")

    def __init__(self, profiler: Profiler) -> None:
        """Keep the profiler; it does not count yet."""
        self.profiler = profiler
        self.skipped = 0


class _Seat:
    """Who profiles in this process."""

    __slots__ = ("going", "has_hook", "lock")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.going: Going | None = None
        self.has_hook = False


_seat = _Seat()


def is_busy() -> bool:
    """Does a profile go on? Then profiling is on, and to ask the variables would add calls to it."""
    return _seat.going is not None


def begin() -> Going | None:
    """Return a profiler that is ready; None when there is another one in this process, ours or not.

    The caller enables it last: ``going.profiler.enable()``, by `start`.
    """
    with _seat.lock:
        if _seat.going is not None:
            _seat.going.skipped += 1
            return None
        if _is_taken():
            return None
        from _lsprof import Profiler  # not cProfile, which imports `profile`, a name that programs give to modules

        if not _seat.has_hook and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forget)
        _seat.has_hook = True
        _seat.going = Going(Profiler())
        return _seat.going


def start(going: Going) -> bool:
    """Begin to count; False: another profiler came in between, and nothing is profiled."""
    try:
        going.profiler.enable()
    except ValueError:
        _leave(going)
        return False
    return True


def end(going: Going) -> Profile | None:
    """Return what was counted; None in a forked child, to which its parent's profile does not belong."""
    going.profiler.disable()
    if not _leave(going):
        return None
    calls, functions = read_entries(going.profiler.getstats())
    return Profile(calls, functions, going.skipped)


def _leave(going: Going) -> bool:
    """Give the seat to the next one; False when it was not ours any more."""
    with _seat.lock:
        if _seat.going is not going:
            return False
        _seat.going = None
        return True


def _is_taken() -> bool:
    """Does another profiler count here?"""
    if sys.getprofile() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and monitoring.get_tool(monitoring.PROFILER_ID) is not None


def _forget() -> None:
    """Leave the parent's profile to the parent; its lock may be held by a thread that is not here."""
    going, _seat.going, _seat.lock = _seat.going, None, allocate_lock()
    if going is not None:
        going.profiler.disable()
