"""How the looks at one phase of a canary share its level."""

from __future__ import annotations

import math

from perfgate.core.rollout.canary import Look

BOUND = 0.05
"""Chance with which a bound may miss that lets a canary go on."""
_KEPT_BACK = 0.05
"""Part of the level that is kept for looks beyond the plan, which nobody should have to forbid."""
_SUM = math.pi**2 / 6  # of 1 / k² over all k


def look_at(number: int, of: int, level: float, eligible: int) -> Look:
    """Return a look with its share of the level.

    The planned looks spend the differences of t², t being the part of them that is done, so that early looks
    act on clear harm alone. Looks beyond the plan spend what was kept back, 1 / k² each. So all
    looks that there ever are together spend no more than the level, whatever they have to do with each other.

    To let a canary go on, each look that finds it old enough halves what is left of `BOUND`, since such a look
    may be the last; a single planned look has all of it.

    Args:
        number: of the look in its phase, from 1.
        of: looks that are planned, >= 1.
        level: of all looks together, 0.0 < level < 1.0.
        eligible: how many looks, this one included, found the canary old enough; 0: none yet.

    Source:
        Kim and DeMets (1987), "Design and Analysis of Group Sequential Tests Based on the Type I
        Error Spending Rate Function", Biometrika 74(1), 149-154: the spending function t².
    """
    if number <= of:
        spent = (1.0 - _KEPT_BACK) * level * (number**2 - (number - 1) ** 2) / of**2
    else:
        spent = _KEPT_BACK * level / (_SUM * (number - of) ** 2)
    promote = BOUND if of == 1 and number == 1 else BOUND / 2 ** max(eligible, 1)
    return Look(number=number, of=of, rollback_level=spent, promote_level=promote)
