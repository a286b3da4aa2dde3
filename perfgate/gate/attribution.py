"""Where the time of a benchmark that got worse went: the stages' shares of the change, and calls that changed.

And the same of functions, where both sides were profiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.finding import Status
from perfgate.core.measured import CALLS, OWN, STAGE, WHOLE
from perfgate.core.statistic import P50
from perfgate.gate.function_changes import compare_functions
from perfgate.gate.rows import value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Finding
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels
    from perfgate.gate.function_changes import FunctionChange

_WORSE = frozenset({Status.REGRESSED, Status.SUSPECTED, Status.OVER_BUDGET, Status.WAIVED})
_MOST_NAMED = 5
"""Stages that are named for their share of the change; what is new, gone or called more often is in addition."""
_MOST_OTHERS = 10
"""Of these."""
_LEAST_SHARE = 0.05
"""Share of the change from which on a stage is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """One stage in both sides; values are medians of the runs, a trace."""

    stage: str
    """Its name; `WHOLE` stands for the time in no stage."""
    baseline: float | None
    """Seconds in it and in none of its inner stages; None: it is new."""
    current: float | None
    """The same now; None: it is gone."""
    share: float | None
    """Its part of the change of all stages; all parts add up to 1. None: they did not get slower together."""
    calls_baseline: float | None
    """Calls a trace; None: not known."""
    calls_current: float | None
    """The same now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The stages and functions of one benchmark that got worse."""

    benchmark: str
    """Name of the benchmark."""
    labels: Labels
    """Its parameters."""
    machine_class: str
    """The class of machine it was judged on."""
    change: float
    """By how many seconds a trace the stages together got slower."""
    stages: tuple[StageChange, ...]
    """Those that matter, the largest part of the change first."""
    functions: tuple[FunctionChange, ...]
    """Those that changed, the largest worsening first; empty where a side was not profiled."""


def attribute(
    findings: Sequence[Finding], baseline: Sequence[Profile], current: Sequence[Profile]
) -> tuple[Attribution, ...]:
    """Return for each benchmark in which something got worse where the time went, in order of name.

    Only of benchmarks whose stages were traced, or whose functions were profiled.

    Args:
        findings: of the verdict.
        baseline: what was judged.
        current: what was measured.
    """
    worse = {(f.benchmark, f.labels, f.machine_class) for f in findings if f.status in _WORSE}
    before = {(p.benchmark, p.labels, p.machine_class): p for p in baseline}
    found = []
    for now in current:
        key = (now.benchmark, now.labels, now.machine_class)
        if key in worse and key in before:
            changes = _compare(_times(before[key]), _times(now), _calls(before[key]), _calls(now))
            functions = compare_functions(before[key], now)
            if changes or functions:
                change = sum((c.current or 0.0) - (c.baseline or 0.0) for c in changes)
                found.append(
                    Attribution(
                        benchmark=key[0],
                        labels=key[1],
                        machine_class=key[2],
                        change=change,
                        stages=_choose(changes),
                        functions=functions,
                    )
                )
    return tuple(sorted(found, key=lambda a: (a.benchmark, a.labels, a.machine_class)))


def _medians(profile: Profile, prefix: str) -> dict[str, float]:
    """Return the median of each metric whose name begins so, by the rest of its name."""
    named = {m.metric.name.removeprefix(prefix): m for m in profile.metrics if m.metric.name.startswith(prefix)}
    values = {name: value_of(m, P50) for name, m in named.items()}
    return {name: value for name, value in values.items() if value is not None}


def _times(profile: Profile) -> dict[str, float]:
    """Return the own time of each stage; it is stated apart from the stage's time where the two differ."""
    return {**_medians(profile, STAGE), **_medians(profile, OWN)}


def _calls(profile: Profile) -> dict[str, float]:
    return _medians(profile, CALLS)


def _compare(
    was: dict[str, float], now: dict[str, float], calls_were: dict[str, float], calls_are: dict[str, float]
) -> list[StageChange]:
    """Return all stages of both sides, the largest worsening first."""
    if not was or not now:
        return []
    names = {*was, *now}
    total = sum(now.values()) - sum(was.values())
    changes = [
        StageChange(
            stage=name,
            baseline=was.get(name),
            current=now.get(name),
            share=(now.get(name, 0.0) - was.get(name, 0.0)) / total if total > 0 else None,
            calls_baseline=calls_were.get(name),
            calls_current=calls_are.get(name),
        )
        for name in names
    ]
    return sorted(changes, key=lambda c: ((c.baseline or 0.0) - (c.current or 0.0), c.stage))


def _choose(changes: Sequence[StageChange]) -> tuple[StageChange, ...]:
    """Return the stages that a reader needs: large parts of the change, and what is new, gone or called more often."""
    large = [c for c in changes[:_MOST_NAMED] if c.share is not None and c.share >= _LEAST_SHARE]
    others = [c for c in changes if c not in large and _is_other_work(c)][:_MOST_OTHERS]
    return tuple(c for c in changes if c in large or c in others)


def _is_other_work(c: StageChange) -> bool:
    """Is the stage new or gone, or is it called more or less often?"""
    if c.stage == WHOLE:
        return False
    return c.baseline is None or c.current is None or c.calls_baseline != c.calls_current
