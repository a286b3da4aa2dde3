"""Benchmarks of which every run failed, and that no baseline has: one rule for all that collects runs.

A mistyped argument leaves such runs, and they must not stand in the way of others. In
CI nobody mistypes, and what a budget limits must be measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.policy import matches
from perfgate.core.profile import title
from perfgate.measure.machine import facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.collect import Selection, SessionTally
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile


def find_only_failed(
    selection: Selection, baselines: Iterable[Profile], policy: Policy
) -> list[tuple[SessionTally, bool]]:
    """Return the sessions of each benchmark that only failed and has no baseline, and whether it may be left out.

    It may where others were measured, outside CI, unless a budget of level ``fail`` limits it.

    Args:
        selection: what was measured.
        baselines: the committed profiles.
        policy: its budgets count.
    """
    measured = {p.key for p in selection.profiles}
    known = measured.union(p.key for p in baselines)
    is_beside_others = bool(measured) and not facts.in_ci()
    limits = [b.benchmark for b in policy.budgets if b.level == "fail"]
    return [
        (s, is_beside_others and not any(matches(glob, s.key[0], title(*s.key)) for glob in limits))
        for s in selection.selected
        if s.failed and s.key not in known
    ]
