"""What a profiled program leaves behind when it ends, for `perfgate run --profile`."""

from __future__ import annotations

import os
from _thread import allocate_lock
from atexit import register

from perfgate.measure.profiling.fingerprint import fingerprint
from perfgate.measure.profiling.functions import MOST_KEPT, FunctionTime, dearest
from perfgate.measure.profiling.profiler import Profile
from perfgate.measure.profiling.settings import FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FUNCTIONS = 20
"""Functions of a profile that a run summary names."""
_MOST_RUNS = 1000
Run = tuple[str, tuple[tuple[str, str], ...]]
"""Name of a benchmark and its labels."""


class _Kept:
    """The profiles of this process: of each benchmark the last run's, and the sum of all other blocks."""

    __slots__ = ("is_spoilt", "lock", "profiles")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start with none, and write them when this process ends; a forked child has nothing of its parent's."""
        self.lock = allocate_lock()
        self.profiles: dict[Run | None, Profile] = {}
        self.is_spoilt = False
        path = os.environ.get(FILE)
        if path:
            register(_write, path, os.getpid())


def keep_block(profile: Profile) -> None:
    """Add the profile of a block to those of all other blocks in this process."""
    with _kept.lock:
        total = _kept.profiles.setdefault(None, Profile(0, {}))
        total.function_calls += profile.function_calls
        total.skipped += profile.skipped
        total.elsewhere += profile.elsewhere
        for place, time in profile.functions.items():
            if place in total.functions or len(total.functions) < MOST_KEPT:
                total.functions.setdefault(place, FunctionTime()).add(time)


def keep_run(profile: Profile, benchmark: str | None, labels: Mapping[str, str]) -> None:
    """Keep the profile of a measured run, in place of that of an earlier run of its benchmark."""
    key = (benchmark or "", tuple(sorted(labels.items())))
    with _kept.lock:
        if key in _kept.profiles or len(_kept.profiles) < _MOST_RUNS:
            _kept.profiles[key] = profile


def keep_spoilt() -> None:
    """Keep that a block or run was not counted, since another profiler took the place of this one."""
    _kept.is_spoilt = True


def _write(path: str, pid: int) -> None:
    if pid != os.getpid():
        return
    import json

    from perfgate.measure.tracing.files import append

    if _kept.is_spoilt:
        append(path, json.dumps({"is_spoilt": True}).encode() + b"\n")
        _kept.profiles.pop(None, None)  # the sum lacks a block
    for run, profile in _kept.profiles.items():
        known = {"run": None if run is None else {"benchmark": run[0], "labels": dict(run[1])}}
        append(path, json.dumps({**known, "profile": to_data(profile)}).encode() + b"\n")


def to_data(profile: Profile) -> dict[str, object]:
    """Return a profile as a run summary has it: without a count where which blocks are in it is a race."""
    return {
        **({} if profile.elsewhere else {"function_calls": profile.function_calls}),
        "fingerprint": fingerprint(),
        "skipped": profile.skipped,
        "functions": [
            {
                "function": function,
                "file": file,
                "line": line,
                "calls": f.calls,
                "own_ns": f.own_ns,
                "cumulative_ns": f.cumulative_ns,
            }
            for (function, file, line), f in dearest(profile.functions, MOST_FUNCTIONS)
        ],
    }


_kept = _Kept()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.begin)
