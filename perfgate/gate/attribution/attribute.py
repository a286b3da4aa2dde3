"""Where the time of a benchmark that got worse went: the stages' shares of the change, and calls that changed.

And the same of functions, where both sides were profiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import WORSE
from perfgate.core.measured import CALLS, OWN, STAGE, WHOLE
from perfgate.gate.attribution.changes import by_name, list_changes, medians
from perfgate.gate.attribution.functions import compare_functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.finding import Finding
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels
    from perfgate.gate.attribution.changes import Change

_MOST_NAMED = 5
"""Stages that are named for their share of the change; what is new, gone or called more often is in addition."""
_MOST_OTHERS = 10
"""Of these."""
_OVERLAPPING = 1.1
"""Own times of all stages over the time of a trace, from which on stages ran at the same time; a smaller part is the
difference between a sum of medians and the median of a sum."""
_LEAST_SHARE = 0.05
"""Share of the change from which on a stage is named."""


class Attribution(Struct, frozen=True, kw_only=True):
    """The stages and functions of one benchmark that got worse."""

    benchmark: str
    """Name of the benchmark."""
    labels: Labels
    """Its parameters."""
    machine_class: str
    """The class of machine it was judged on."""
    change: float
    """By how many seconds a trace got slower."""
    work: float
    """By how many seconds a trace the own times of all stages together grew: `change`, unless stages ran at the same
    time."""
    stages: tuple[Change, ...]
    """Those that matter, the largest part of the change first; `WHOLE` stands for the time in no stage."""
    functions: tuple[Change, ...]
    """Those that changed, the largest worsening first; empty where a side was not profiled."""


def attribute(
    findings: Sequence[Finding], baseline: Sequence[Profile], current: Sequence[Profile]
) -> Iterator[Attribution]:
    """Yield for each benchmark in which something got worse where the time went, in order of name.

    Only of benchmarks whose stages were traced, or whose functions were profiled and changed.

    Args:
        findings: of the verdict.
        baseline: what was judged.
        current: what was measured.
    """
    worse = {(f.benchmark, f.labels, f.machine_class) for f in findings if f.status in WORSE}
    before = {(p.benchmark, p.labels, p.machine_class): p for p in baseline}
    now = {(p.benchmark, p.labels, p.machine_class): p for p in current}
    for key in sorted(worse & before.keys() & now.keys()):
        changes = _compare_stages(before[key], now[key])
        functions = compare_functions(before[key], now[key])
        if changes or functions:
            work = sum(c.worsening for c in changes)
            whole = _change_of_overlapping(before[key], now[key])
            yield Attribution(
                benchmark=key[0],
                labels=key[1],
                machine_class=key[2],
                change=work if whole is None else whole,
                work=work,
                stages=_choose(changes),
                functions=functions,
            )


def _compare_stages(was: Profile, now: Profile) -> list[Change]:
    """Return all stages of both sides; none where a side was not traced."""
    times = _times(was), _times(now)
    return list_changes(times, (medians(by_name(was, CALLS)), medians(by_name(now, CALLS)))) if all(times) else []


def _change_of_overlapping(was: Profile, now: Profile) -> float | None:
    """Return by how many seconds a trace got slower whose stages ran at the same time; None: they did not.

    Their own times are work that was done side by side, and add up to more than the trace took.
    """
    sides = [(sum(_times(p).values()), medians(by_name(p, STAGE)).get(WHOLE)) for p in (was, now)]
    (_, before), (_, after) = sides
    if before is None or after is None or not any(work > _OVERLAPPING * (whole or 0.0) for work, whole in sides):
        return None
    return after - before


def _times(profile: Profile) -> dict[str, float]:
    """Return the own time of each stage; it is stated apart from the stage's time where the two differ."""
    return {**medians(by_name(profile, STAGE)), **medians(by_name(profile, OWN))}


def _choose(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the stages that a reader needs: large parts of the change, and what is new, gone or called more often."""
    large = [c for c in changes[:_MOST_NAMED] if c.share is not None and c.share >= _LEAST_SHARE]
    others = [c for c in changes if c not in large and _is_other_work(c)][:_MOST_OTHERS]
    return tuple(c for c in changes if c in large or c in others)


def _is_other_work(c: Change) -> bool:
    """Is the stage new or gone, or is it called more or less often?"""
    if c.name == WHOLE:
        return False
    return c.baseline is None or c.current is None or c.calls_baseline != c.calls_current
