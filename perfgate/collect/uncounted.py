"""Benchmarks that were profiled, and of which no count of calls is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import note
from perfgate.core.measured import FUNCTION, UNCOUNTED
from perfgate.core.profile import title

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.profile import Profile


def find_uncounted(profile: Profile) -> list[Diagnostic]:
    """Return the note that a profiled repetition states no `function_calls`, when that is so."""
    sources = {s for m in profile.metrics if m.metric.name.startswith(FUNCTION) for s in m.sources}
    if not any(s.endswith(UNCOUNTED) for s in sources):
        return []
    return [calls_raced(title(*profile.key))]


def calls_raced(benchmark: str) -> Diagnostic:
    """Return the note on a benchmark whose profile has no count."""
    message = "no function_calls: blocks of other threads or tasks ran unprofiled, another part of them in each run"
    hint = "profile one block at a time: measure a program that calls the same code in one thread"
    return note("calls-raced", message, place=benchmark, hint=hint)
