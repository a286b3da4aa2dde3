"""What one part of a benchmark, a stage or a function, took and how often it was called, before and now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.statistic import P50
from perfgate.gate.rows import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.profile import MetricProfile, Profile


class Change(Struct, frozen=True, kw_only=True):
    """One part in both sides; values are medians of the runs."""

    name: str
    """Of the stage, or file and name of the function."""
    baseline: float | None
    """Seconds in it and in no part inside it, such as an inner stage or a function that it called; None: it is new."""
    current: float | None
    """The same now; None: it is gone."""
    share: float | None
    """Its part of the change of all parts; all shares add up to 1. None: the parts did not get slower together."""
    calls_baseline: float | None
    """Calls, of a stage a trace, of a function a run; None: not known."""
    calls_current: float | None
    """The same now."""

    @property
    def worsening(self) -> float:
        """By how many seconds it got slower; below 0: faster."""
        return (self.current or 0.0) - (self.baseline or 0.0)


def by_name(profile: Profile, prefix: str) -> dict[str, MetricProfile]:
    """Return the metrics whose name begins so, by the rest of their name."""
    return {m.metric.name.removeprefix(prefix): m for m in profile.metrics if m.metric.name.startswith(prefix)}


def medians(metrics: Mapping[str, MetricProfile]) -> dict[str, float]:
    """Return the median of each metric that has one."""
    values = {name: value_of(m, P50) for name, m in metrics.items()}
    return {name: value for name, value in values.items() if value is not None}


def list_changes(
    times: tuple[Mapping[str, float], Mapping[str, float]], calls: tuple[Mapping[str, float], Mapping[str, float]]
) -> list[Change]:
    """Return all parts of both sides, the largest worsening first.

    Args:
        times: seconds in each part and in none inside it, of the baseline and now.
        calls: of each part whose calls are known, likewise.
    """
    (was, now), (calls_were, calls_are) = times, calls
    total = sum(now.values()) - sum(was.values())
    changes = [
        Change(
            name=name,
            baseline=was.get(name),
            current=now.get(name),
            share=(now.get(name, 0.0) - was.get(name, 0.0)) / total if total > 0 else None,
            calls_baseline=calls_were.get(name),
            calls_current=calls_are.get(name),
        )
        for name in {*was, *now}
    ]
    return sorted(changes, key=lambda c: (-c.worsening, c.name))
