"""Which calls of a profile are perfgate's own: its frames in the profiled program, and what these call in turn."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _lsprof import profiler_entry
    from collections.abc import Iterable
    from types import CodeType

    Code = CodeType | str  # a text for what is written in C
    Name = int | str
    _Calls = tuple[Name, int]

_MEASURE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_PERFGATE = os.path.join(os.path.dirname(os.path.dirname(_MEASURE)), "")
_LIBRARY = os.path.join(os.path.dirname(os.path.abspath(os.__file__)), "")
_FROZEN = "<frozen "
_NAMED_TUPLE = ("<string>", "<lambda>")
"""File and name of the function that makes a named tuple."""
_PACKAGES = tuple(os.path.join(_LIBRARY, name, "") for name in ("site-packages", "dist-packages"))
_CALL_THE_PROGRAM = frozenset(
    {
        (os.path.join(_MEASURE, "callables.py"), "run"),
        (os.path.join(_MEASURE, "callables.py"), "_run_awaited"),
        (os.path.join(_MEASURE, "inside", "wrap.py"), "measure_and_run"),
        (os.path.join(_MEASURE, "inside", "wrap.py"), "_measure_and_await"),
    }
)
"""Frames that call what the program gave them: what they call is the program's."""
_MOST_ROUNDS = 100
_EXACT = 1e-9


def is_ours(code: Code) -> bool:
    """Is it a function of the measuring side?"""
    return not isinstance(code, str) and code.co_filename.startswith(_MEASURE)


def count_ours(entries: Iterable[profiler_entry]) -> dict[Name, int]:
    """Return how often each function was called by perfgate, directly or by what it called; by `name_of` its code.

    A profiler knows who called a function, and not who called the caller. So of a function that both called, as
    many of its own calls are perfgate's as the share of its calls says: exact where it does the same each time.
    Code of the program that perfgate calls, such as a handler of a logger, is the program's.
    """
    entries = list(entries)
    totals: dict[Name, int] = {}
    for entry in entries:
        if _may_be_called(entry.code):
            name = name_of(entry.code)
            totals[name] = totals.get(name, 0) + entry.callcount
    starts: dict[Name, float] = {}
    callers: dict[Name, list[_Calls]] = {}
    callees: dict[Name, list[Name]] = {}
    by_others = dict(totals)
    for entry in entries:
        caller = name_of(entry.code)
        if is_ours(entry.code) and not _calls_the_program(entry.code):
            starts[caller] = 1.0
        elif caller not in totals:
            continue
        for call in entry.calls or ():
            callee = name_of(call.code)
            if callee == caller:
                by_others[callee] -= call.callcount  # whose share is that of the others
            elif callee in totals:
                callers.setdefault(callee, []).append((caller, call.callcount))
                callees.setdefault(caller, []).append(callee)
    shares = _spread(starts, callers, _reach(starts, callees), by_others)
    return {name: round(share * totals[name]) for name, share in shares.items() if name in totals}


def _spread(
    starts: dict[Name, float], callers: dict[Name, list[_Calls]], reached: list[Name], calls: dict[Name, int]
) -> dict[Name, float]:
    """Return which share of the calls of each function comes from the starts, 0.0 to 1.0.

    Args:
        starts: the functions whose share is known.
        callers: of each function who called it, and how often.
        reached: the functions to look at.
        calls: of each function the calls that are not its own recursion.
    """
    shares = dict(starts)
    for _ in range(_MOST_ROUNDS):  # functions that call each other need several
        largest = 0.0
        for name in reached:
            share = sum(shares.get(caller, 0.0) * n for caller, n in callers[name]) / max(1, calls[name])
            share = min(1.0, share)
            largest = max(largest, abs(share - shares.get(name, 0.0)))
            shares[name] = share
        if largest < _EXACT:
            break
    return shares


def _reach(starts: Iterable[Name], callees: dict[Name, list[Name]]) -> list[Name]:
    """Return what is called from some functions, directly or by what they call, the nearest first."""
    found = list(starts)
    known = len(found)
    seen = set(found)
    for name in found:  # grows meanwhile
        for callee in callees.get(name, ()):
            if callee not in seen:
                seen.add(callee)
                found.append(callee)
    return found[known:]


def name_of(code: Code) -> Name:
    """Return the key of a function: as code objects two functions of equal code, in two files, are equal."""
    return code if isinstance(code, str) else id(code)


def _may_be_called(code: Code) -> bool:
    """Is it written in C, in the standard library, or in a part of perfgate that the measuring side uses?"""
    if isinstance(code, str):
        return True
    file = code.co_filename
    if file.startswith((_PERFGATE, _FROZEN)):
        return not file.startswith(_MEASURE)
    if file.startswith(_LIBRARY):
        return not file.startswith(_PACKAGES)
    return (file, code.co_name) == _NAMED_TUPLE


def _calls_the_program(code: Code) -> bool:
    return not isinstance(code, str) and (code.co_filename, code.co_name) in _CALL_THE_PROGRAM
