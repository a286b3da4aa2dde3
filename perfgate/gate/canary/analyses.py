"""How the analyses at one phase of a canary share its level."""

from __future__ import annotations

import math

from perfgate.core.rollout.canary import Analysis

BOUND = 0.05
"""Chance with which a bound may miss that lets a canary go on."""
_KEPT_BACK = 0.05
"""Part of the level that is kept for analyses beyond the plan, which nobody should have to forbid."""
_MOST_HALVED = 40
"""Beyond it each further analysis would add less than 1e-13."""
_SUM = math.pi**2 / 6  # of 1 / k² over all k


def plan_analysis(number: int, of: int, level: float, eligible: int) -> Analysis:
    """Return an analysis with its share of the level.

    The planned analyses spend the differences of t², t being the part of them that is done, so that early analyses
    act on clear harm alone. Analyses beyond the plan spend what was kept back, 1 / k² each. So all
    analyses that there ever are together spend no more than the level, whatever they have to do with each other.

    To let a canary go on, each analysis that finds it old enough halves what is left of `BOUND`, since such an analysis
    may be the last; a single planned analysis has all of it.

    Args:
        number: of the analysis in its phase, from 1.
        of: analyses that are planned, >= 1.
        level: of all analyses together, 0.0 < level < 1.0.
        eligible: how many analyses, this one included, found the canary old enough; 0: none yet.

    Source:
        Kim and DeMets (1987), "Design and Analysis of Group Sequential Tests Based on the Type I
        Error Spending Rate Function", Biometrika 74(1), 149-154: the spending function t².
    """
    if number <= of:
        spent = (1.0 - _KEPT_BACK) * level * (number**2 - (number - 1) ** 2) / of**2
    else:
        spent = _KEPT_BACK * level / (_SUM * (number - of) ** 2)
    halved = min(max(eligible, 1), _MOST_HALVED)
    promote = BOUND if of == 1 and number == 1 else math.ldexp(BOUND, -halved)
    return Analysis(number=number, of=of, rollback_level=spent, promote_level=promote)
