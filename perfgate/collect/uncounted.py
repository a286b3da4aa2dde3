"""Counts that are not what they should be: calls that no run states, and instructions that vary from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import note, warning
from perfgate.core.measured import FUNCTION, UNCOUNTED
from perfgate.core.metrics import INSTRUCTIONS
from perfgate.core.profile import title

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.profile import Profile

_MOST_EXACT = 0.005 / 3
"""A third of the default threshold of instructions."""


def find_uncounted(profile: Profile) -> list[Diagnostic]:
    """Return the note that a profiled repetition states no `function_calls`, when that is so."""
    sources = {s for m in profile.metrics if m.metric.name.startswith(FUNCTION) for s in m.sources}
    if not any(s.endswith(UNCOUNTED) for s in sources):
        return []
    return [calls_raced(title(*profile.key))]


def count_spread(profile: Profile) -> float:
    """Return how far the counts of instructions of one session lie apart, as a share of the least; 0.0: there are none.

    Of several sessions it is the largest spread: sessions may differ, since their code does.
    """
    metric = profile.metric(INSTRUCTIONS.name)
    runs = [s.values for s in metric.samples if s.values] if metric else []
    return max(((max(v) - min(v)) / min(v) for v in runs if min(v) > 0), default=0.0)


def find_varying(profile: Profile) -> list[Diagnostic]:
    """Return the warning that a count differs between runs of the same code, when it does so by too much."""
    spread = count_spread(profile)
    if spread <= _MOST_EXACT:
        return []
    message = f"the count varies by {spread:.2%} between runs of the same code: it is judged as a time is"
    hint = (
        "fix what varies: threads, a random hash seed, a compiler or garbage collector at run time "
        "(PYTHONHASHSEED=0, GOGC=off, node --predictable --single-threaded)"
    )
    return [warning("count-varies", message, place=title(*profile.key), hint=hint)]


def calls_raced(benchmark: str) -> Diagnostic:
    """Return the note on a benchmark whose profile has no count."""
    message = "no function_calls: blocks of other threads or tasks ran unprofiled, another part of them in each run"
    hint = "profile one block at a time: measure a program that calls the same code in one thread"
    return note("calls-raced", message, place=benchmark, hint=hint)
