"""Which functions of a profiled benchmark changed: in calls, or in the time that is spent in them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.measured import CALLS_OF, FUNCTION
from perfgate.core.metrics import FUNCTION_CALLS
from perfgate.gate.attribution.changes import by_name, list_changes, medians

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.profile import MetricProfile, Profile
    from perfgate.gate.attribution.changes import Change

_MOST_NAMED = 10
_LEAST_SHARE = 0.05
"""Of the time in all functions: a smaller change of one profile is its noise."""


def compare_functions(was: Profile, now: Profile) -> tuple[Change, ...]:
    """Return the functions whose calls changed, and those in which more time is spent, the largest worsening first.

    Counts of another interpreter or of other packages are not compared; shares are those of the functions that
    both sides name.
    """
    times = _comparable(was, now, FUNCTION)
    least = _LEAST_SHARE * sum(times[0].values())
    changes = list_changes(times, _comparable(was, now, CALLS_OF))
    named = [c for c in changes if c.calls_baseline != c.calls_current or c.worsening > least]
    return tuple(named[:_MOST_NAMED])


def _comparable(was: Profile, now: Profile, prefix: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the medians of the functions of both sides by name.

    One that a side does not name is left out, unless this side names all that it has.
    """
    before, after = by_name(was, prefix), by_name(now, prefix)
    if {m.sources for m in before.values()} != {m.sources for m in after.values()}:
        return {}, {}
    all_before, all_after = _names_all(was), _names_all(now)
    kept = {name for name in {*before, *after} if (name in before or all_before) and (name in after or all_after)}
    return medians(_only(before, kept)), medians(_only(after, kept))


def _names_all(profile: Profile) -> bool:
    """Does a side name all its functions, so that their calls are those of the whole profile?

    A run summary names those in which most time was spent, a log the dearest of each request.
    """
    whole = profile.metric(FUNCTION_CALLS.name)
    if whole is None or not whole.sources or not whole.samples:
        return False
    named: dict[str, float] = {}
    for m in by_name(profile, CALLS_OF).values():
        for sample in m.samples:
            named[sample.session] = named.get(sample.session, 0.0) + sum(sample.values)
    return all(named.get(sample.session, 0.0) >= sum(sample.values) for sample in whole.samples)


def _only(metrics: Mapping[str, MetricProfile], kept: set[str]) -> dict[str, MetricProfile]:
    return {name: m for name, m in metrics.items() if name in kept}
