"""What a profiler counted, function by function, without what belongs to the measuring itself."""

from __future__ import annotations

import os

from perfgate.measure.profiling.ours import count_ours, is_ours, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _lsprof import profiler_entry
    from collections.abc import Iterable
    from types import CodeType

    from perfgate.measure.profiling.ours import Name

MOST_KEPT = 10_000
"""Functions of one profile; what is beyond them counts as calls alone."""
_DISABLE = "<method 'disable' of '_lsprof.Profiler' objects>"
_NO_FILE = "~"  # as pstats writes it for what is written in C
_ADDRESS = " at 0x"
_PACKAGES = f"{os.sep}site-packages{os.sep}"
_LONGEST_NAME = 200
_LONGEST_FILE = 500

Place = tuple[str, str, int]
"""Function, file and line."""


class FunctionTime:
    """Calls and time of one function in one profile, or in several.

    Attributes:
        calls: how often it was called, recursive calls included.
        own_ns: time in it and in nothing that it called.
        cumulative_ns: time in it, all that it called included.
    """

    __slots__ = ("calls", "cumulative_ns", "own_ns")

    def __init__(self, calls: int = 0, own_ns: int = 0, cumulative_ns: int = 0) -> None:
        """Keep them."""
        self.calls = calls
        self.own_ns = own_ns
        self.cumulative_ns = cumulative_ns

    def add(self, other: FunctionTime) -> None:
        """Add calls and time of the same function in another profile."""
        self.calls += other.calls
        self.own_ns += other.own_ns
        self.cumulative_ns += other.cumulative_ns


def read_entries(entries: Iterable[profiler_entry]) -> tuple[int, dict[Place, FunctionTime]]:
    """Return how many calls there were, and calls and time by function.

    Frames of perfgate, and what they call in C, in the standard library and in the rest of perfgate, are left out
    (`count_ours`): the count is the program's alone, and stays the same when perfgate changes.
    """
    entries = list(entries)
    ours = count_ours(entries)
    total, found = 0, dict[Place, FunctionTime]()
    folder = _working_folder()
    for entry in entries:
        calls = _count_theirs(entry, ours)
        total += calls
        place = _place(entry.code, folder)
        if calls and (place in found or len(found) < MOST_KEPT):
            time = found.setdefault(place, FunctionTime())
            time.add(FunctionTime(calls, _nanoseconds(entry.inlinetime), _nanoseconds(entry.totaltime)))
    return total, found


def _count_theirs(entry: profiler_entry, ours: dict[Name, int]) -> int:
    """Return how often the program called a function; what perfgate called is taken off, and from `ours`."""
    if is_ours(entry.code) or entry.code == _DISABLE:
        return 0
    name = name_of(entry.code)
    taken = min(entry.callcount, ours.get(name, 0))
    if taken:  # several functions in C may have one name
        ours[name] -= taken
    return entry.callcount - taken


def dearest(functions: dict[Place, FunctionTime], most: int) -> list[tuple[Place, FunctionTime]]:
    """Return the functions in which most time was spent, what they called included, the dearest first."""
    return sorted(functions.items(), key=lambda item: (-item[1].cumulative_ns, -item[1].own_ns, item[0]))[:most]


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * 1e9))


def _place(code: CodeType | str, folder: str) -> Place:
    if isinstance(code, str):
        name, _, rest = code.partition(_ADDRESS)  # it is another one in each process
        return _cut(name + ">" * bool(rest), _LONGEST_NAME), _NO_FILE, 0
    return (
        _cut(code.co_name, _LONGEST_NAME),
        _cut(_shorten(code.co_filename, folder), _LONGEST_FILE),
        code.co_firstlineno,
    )


def _cut(text: str, longest: int) -> str:
    return text.encode("utf-8", "replace").decode()[:longest] or "?"


def _working_folder() -> str:
    try:
        return os.path.join(os.getcwd(), "")
    except OSError:  # it is gone
        return ""


def _shorten(path: str, folder: str) -> str:
    """Return a file as seen from the working folder or from its package folder, else its base name."""
    _, is_package, inside = path.rpartition(_PACKAGES)
    if is_package:
        return inside.replace(os.sep, "/")
    if folder and path.startswith(folder):
        return path[len(folder) :].replace(os.sep, "/")
    return os.path.basename(path) if os.path.isabs(path) else path.replace(os.sep, "/")
