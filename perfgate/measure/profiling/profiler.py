"""The profiler of this process: one at a time, since Python has room for one.

From Python 3.12 on a second one raises ValueError, in any thread; before, it ends the first one
of its thread without a word. So who comes second runs unprofiled, and is counted.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, get_ident
from contextvars import ContextVar

from perfgate.measure.identity import hex_digest
from perfgate.measure.profiling.functions import read_entries
from perfgate.measure.variables import say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _lsprof import Profiler
    from typing import Any

    from perfgate.measure.profiling.functions import FunctionTime, Place


class Profile:
    """What was counted between `begin` and `end`.

    Attributes:
        function_calls: how many calls there were, in Python and in C.
        functions: calls and time by function.
        skipped: how many others asked for a profile meanwhile, and ran unprofiled.
        elsewhere: of them, those of other threads or tasks: which of them are profiled is a race,
            and the sum over several blocks another one each time.
    """

    __slots__ = ("elsewhere", "function_calls", "functions", "skipped")

    def __init__(
        self, function_calls: int, functions: dict[Place, FunctionTime], skipped: int = 0, elsewhere: int = 0
    ) -> None:
        """Keep it."""
        self.function_calls = function_calls
        self.functions = functions
        self.skipped = skipped
        self.elsewhere = elsewhere


class Going:
    """A profile that goes on. Made by `begin`."""

    __slots__ = ("elsewhere", "is_spoilt", "profiler", "skipped", "thread")

    def __init__(self, profiler: Profiler) -> None:
        """Keep the profiler; it does not count yet."""
        self.profiler = profiler
        self.thread = get_ident()
        self.skipped = 0
        self.elsewhere = 0
        self.is_spoilt = False


class _Seat:
    """Who profiles in this process."""

    __slots__ = ("going", "is_prepared", "left_on", "lock")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.going: Going | None = None
        self.is_prepared = False
        self.left_on: list[Profiler] = []  # each counts on in its thread, and only there it can be stopped


_seat = _Seat()
_inside: ContextVar[Going | None] = ContextVar("perfgate_inside_profile", default=None)
"""The profile that this code is inside of: a block in a block is skipped each time, one of another task by chance."""
_HAS_MONITORING = hasattr(sys, "monitoring")
"""From Python 3.12 on a profiler counts in all threads, and a second one raises."""
_OTHER_PROFILER = "another profiler was started inside a profiled block, which is therefore not profiled"
_OTHER_THREAD = "a profiled block was left in another thread than it was entered in, and is therefore not profiled"


def is_busy() -> bool:
    """Does a profile go on? Then profiling is on, and to ask the variables would add calls to it."""
    return _seat.going is not None


def begin() -> Going | None:
    """Return a profiler that is ready; None when there is another one in this process, ours or not.

    The caller enables it last: ``going.profiler.enable()``, by `start`.
    """
    if not _seat.is_prepared:
        _prepare()
    with _seat.lock:
        if _seat.going is not None:
            _seat.going.skipped += 1
            _seat.going.elsewhere += _inside.get() is not _seat.going
            return None
        if _is_taken():
            return None
        from _lsprof import Profiler  # not cProfile, which imports `profile`, a name that programs give to modules

        _seat.going = Going(Profiler())
        return _seat.going


def start(going: Going) -> bool:
    """Begin to count; False: another profiler came in between, and nothing is profiled."""
    _inside.set(going)
    try:
        going.profiler.enable()
    except ValueError:
        _leave(going)
        return False
    return True


def end(going: Going) -> Profile | None:
    """Return what was counted.

    None in a forked child, to which its parent's profile does not belong; and where the profiler did not
    count all of it, which is said once on stderr (``going.is_spoilt``).
    """
    cause = _stop(going)
    _inside.set(None)
    if not _leave(going):
        return None
    if cause:
        going.is_spoilt = True
        say_once(cause)
        return None
    calls, functions = read_entries(going.profiler.getstats())
    return Profile(calls, functions, going.skipped, going.elsewhere)


def _stop(going: Going) -> str:
    """Stop counting; return why the profiler did not count all of it, empty: it did."""
    if _HAS_MONITORING:
        going.profiler.disable()
        return _OTHER_PROFILER if sys.getprofile() is not None else ""
    active = _active()
    if active is going.profiler:
        going.profiler.disable()
        return ""
    if going.thread == get_ident():
        going.profiler.disable()  # it would do so when it is freed, and with it ends the other one
        if hasattr(active, "enable"):
            active.enable()
        else:
            sys.setprofile(active)
        return _OTHER_PROFILER
    _seat.left_on.append(going.profiler)
    return _OTHER_THREAD


def _leave(going: Going) -> bool:
    """Give the seat to the next one; False when it was not ours any more."""
    with _seat.lock:
        if _seat.going is not going:
            return False
        _seat.going = None
        return True


def _active() -> Any:  # noqa: ANN401 - any callable may be one
    """Return the profiler or the function that counts in this thread; before Python 3.12 a profiler is one, too."""
    return sys.getprofile()


def _is_taken() -> bool:
    """Does another profiler count here?"""
    active = _active()
    if active in _seat.left_on:
        _seat.left_on.remove(active)
        active.disable()
    elif active is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and monitoring.get_tool(monitoring.PROFILER_ID) is not None


def _forget() -> None:
    """Leave the parent's profile to the parent; its lock may be held by a thread that is not here."""
    going, _seat.going, _seat.lock = _seat.going, None, allocate_lock()
    if going is not None and (_HAS_MONITORING or _active() is going.profiler):
        going.profiler.disable()


def _prepare() -> None:
    """Load, before anything is counted, what a program may otherwise load inside a profiled block."""
    _seat.is_prepared = True
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget)
    from importlib import import_module

    from perfgate import measure

    hex_digest(b"")  # loads the hash
    for module in _LOADED_LATER:
        import_module(module)
    for name in measure.__all__:
        getattr(measure, name)
        getattr(sys.modules["perfgate"], name)


_LOADED_LATER = (
    *("functools", "json", "perfgate.core.atomic", "perfgate.core.text.shards", "perfgate.measure.profiling.report"),
    *(f"perfgate.measure.tracing.{name}" for name in ("cost", "export", "exposition", "files")),
)
