"""Which functions of a profiled benchmark changed: in calls, or in the time that is spent in them alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.measured import CALLS_OF, FUNCTION
from perfgate.core.statistic import P50
from perfgate.gate.rows import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.profile import MetricProfile, Profile

_MOST_NAMED = 10
_LISTED = 20
"""Functions that a run summary names; from as many on, one that is not named may have been called all the same."""
_LEAST_SHARE = 0.05
"""Of the time in all functions: a smaller change of one profile is its noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionChange:
    """One function in both sides, as a profiler saw it; values are medians."""

    function: str
    """File and name."""
    baseline: float | None
    """Seconds in it and in nothing that it called; None: it is new."""
    current: float | None
    """The same now; None: it is gone."""
    share: float | None
    """Its part of the change of all functions that both sides name; None: they did not get slower together."""
    calls_baseline: float | None
    """Calls a run; None: not known."""
    calls_current: float | None
    """The same now."""


def compare_functions(was: Profile, now: Profile) -> tuple[FunctionChange, ...]:
    """Return the functions whose calls changed, and those in which more time is spent, the largest worsening first.

    Counts of another interpreter or of other packages are not compared.
    """
    times_were, times_are = _comparable(was, now, FUNCTION)
    calls_were, calls_are = _comparable(was, now, CALLS_OF)
    before = sum(times_were.values())
    total = sum(times_are.values()) - before
    changes = [
        FunctionChange(
            function=name,
            baseline=times_were.get(name),
            current=times_are.get(name),
            share=(times_are.get(name, 0.0) - times_were.get(name, 0.0)) / total if total > 0 else None,
            calls_baseline=calls_were.get(name),
            calls_current=calls_are.get(name),
        )
        for name in {*times_were, *times_are}
    ]
    named = [c for c in changes if c.calls_baseline != c.calls_current or _worsening(c) > _LEAST_SHARE * before]
    return tuple(sorted(named, key=lambda c: (-_worsening(c), c.function))[:_MOST_NAMED])


def _worsening(c: FunctionChange) -> float:
    return (c.current or 0.0) - (c.baseline or 0.0)


def _comparable(was: Profile, now: Profile, prefix: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the medians of the functions of both sides by name.

    One that a side does not name is left out, unless this side names all that it has.
    """
    before, after = _by_name(was, prefix), _by_name(now, prefix)
    if {m.sources for m in before.values()} != {m.sources for m in after.values()}:
        return {}, {}
    kept = {
        name
        for name in {*before, *after}
        if (name in before or _names_all(before)) and (name in after or _names_all(after))
    }
    return _medians(before, kept), _medians(after, kept)


def _names_all(metrics: Mapping[str, MetricProfile]) -> bool:
    """Does a side name all its functions? A log names the dearest of each request only."""
    return len(metrics) < _LISTED and all(m.sources for m in metrics.values())


def _by_name(profile: Profile, prefix: str) -> dict[str, MetricProfile]:
    return {m.metric.name.removeprefix(prefix): m for m in profile.metrics if m.metric.name.startswith(prefix)}


def _medians(metrics: Mapping[str, MetricProfile], kept: set[str]) -> dict[str, float]:
    values = {name: value_of(m, P50) for name, m in metrics.items() if name in kept}
    return {name: value for name, value in values.items() if value is not None}
