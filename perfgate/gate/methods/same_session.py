"""Both sides were measured in one session: a rank test on the runs themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.finding import Evidence
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    SLACK,
    allowed_cost,
    as_costs,
    change_from_log,
    floor_cost,
    floor_of,
    in_metric_direction,
    is_above_floor,
    is_blurred,
    reason_when_not_failing,
)
from perfgate.stats.aligned import (
    aligned_ranks,
    aligned_shift,
    can_reach,
    does_drift,
    smallest_aligned_shift,
    split_blocks,
)
from perfgate.stats.medians import median_ratio_interval
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import mann_whitney, runs_needed, smallest_flagged_factor
from perfgate.stats.shifts import hodges_lehmann

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.decision import Call

SUSPICION_P = 0.05
"""A change beyond the threshold with this evidence is suspected: one row in twenty when nothing changed."""
FUTILITY_P = 0.05
"""Evidence that the change is below the threshold: more runs would hardly make it fail."""

_BOTH = 2  # sessions of a comparison of two sides


@dataclass(frozen=True, slots=True)
class _Sides:
    """The costs of both sides in the order of their runs, and the test that fits them."""

    base: tuple[float, ...]
    """The baseline's, > 0."""
    current: tuple[float, ...]
    """The current ones, > 0."""
    blocks: int
    """Blocks of four neighbouring runs within which they are ranked, because they were measured interleaved while the
    machine drifted; 0: all are ranked together."""

    @classmethod
    def of(cls, c: Comparison, first_step: float) -> _Sides:
        """Return the sides of a row. The test depends on all runs together, not on which side one is of.

        Args:
            c: the row.
            first_step: the strictest p-value that may be asked of it, which the test has to be able to reach.
        """
        base, current = as_costs(c.row, c.base.samples[0].values), as_costs(c.row, c.current.samples[0].values)
        is_one_a_run = all(len(side) == len(s.runs) for side, s in zip((base, current), c.sessions, strict=False))
        is_ordered = is_one_a_run and len(c.sessions) == _BOTH and all(s.is_interleaved for s in c.sessions)
        if not is_ordered or not can_reach(len(base), first_step) or not does_drift(_logs(base), _logs(current)):
            return cls(base, current, 0)
        return cls(base, current, len(split_blocks(base, current) or ()))

    def p(self) -> float:
        """Return how likely the current runs rank so high when nothing changed."""
        if self.blocks:
            return aligned_ranks(_logs(self.base), _logs(self.current)).p
        return mann_whitney(self.base, self.current).p

    def swapped(self, factor: float = 1.0) -> _Sides:
        """Return the sides in each other's place, the baseline's costs times a factor."""
        return _Sides(self.current, tuple(b * factor for b in self.base), self.blocks)

    def smallest_factor(self, alpha: float) -> float | None:
        """Return the factor above which a slowdown would be significant; None: none would with so few runs."""
        if not self.blocks:
            return smallest_flagged_factor(self.base, self.current, alpha)
        shift = smallest_aligned_shift(_logs(self.base), _logs(self.current), alpha)
        return None if shift is None else 1.0 + change_from_log(shift)


def p_value(c: Comparison, first_step: float) -> float:
    """Return the one-sided p-value of a row: how likely its current runs rank so high when nothing changed."""
    return _Sides.of(c, first_step).p()


def is_futile(c: Comparison, first_step: float) -> bool:
    """Is the row so clearly below its threshold that more runs would hardly make it fail?

    The test of the row, of the current costs below the baseline's times 1 + threshold, p <= 5 %.
    """
    return _Sides.of(c, first_step).swapped(1 + _allowed(c)).p() <= FUTILITY_P


def _logs(costs: Sequence[float]) -> list[float]:
    return [math.log(cost) for cost in costs]


def _allowed(c: Comparison) -> float:
    return allowed_cost(c.row, median(c.base.samples[0].values))


def same_session(c: Comparison, alpha: float, first_step: float) -> Decision:
    """Return the decision about the p50 of a row whose two sides share one session.

    Args:
        c: all values > 0.
        alpha: the p-value at which the row fails, 0.0 < alpha < 1.0.
        first_step: the p-value at which it fails whatever the other rows do, at most `alpha`.

    Source:
        The rule and its false-alarm rates: docs/method.md.
    """
    sides = c.base.samples[0].values, c.current.samples[0].values
    ranked = _Sides.of(c, first_step)
    values = median(sides[0]), median(sides[1])
    allowed = _allowed(c)
    # Of the values shown, not of their reciprocals, whose medians differ from these in even samples.
    ratio = values[1] / values[0] if c.is_lower_better else values[0] / values[1]
    floor = is_above_floor(c, values)
    low, high = median_ratio_interval(*sides)
    factor = ranked.smallest_factor(alpha)
    detectable = None if factor is None else max(allowed, factor * ratio - 1)
    p = ranked.p()
    moved = ratio - 1 > allowed + SLACK
    call: Call = "same"
    reason, message = reason_when_not_failing(detectable, allowed, floor=floor, moved=moved), ""
    if moved and floor and p <= alpha:
        call = reason = "worse"
        message = "compared within blocks of four neighbouring runs, since the machine drifted" if ranked.blocks else ""
    elif moved and floor and factor is None:
        needed = runs_needed(alpha)
        call, reason = "suspected", "few-runs"
        message = f"{len(sides[0])} and {len(sides[1])} runs can never prove a change; measure {needed} on each side"
    elif moved and floor and p <= SUSPICION_P:
        call, reason = "suspected", "more-runs"
    elif moved and p <= alpha and is_blurred(c, values):
        call, reason = "suspected", "too-coarse"
    elif floor and 1 / ratio - 1 > allowed and ranked.swapped().p() <= alpha:
        call = reason = "better"
    least = floor_of(c.row, c.base, c.current)
    fail_limit = None if detectable is None else max(detectable, floor_cost(c.row, least, values[0]))
    typical, low_end, high_end = _typical(c, ranked)
    return Decision(
        call=call,
        method="same-session",
        baseline=values[0],
        current=values[1],
        change=values[1] / values[0] - 1,
        limit=in_metric_direction(c.row, allowed),
        interval=(low - 1, high - 1),
        fail_limit=None if fail_limit is None else in_metric_direction(c.row, fail_limit),
        reason=reason,
        message=message,
        evidence=Evidence(
            p=p,
            alpha=alpha,
            floor=least,
            typical=typical,
            typical_low=low_end,
            typical_high=high_end,
            blocks=float(ranked.blocks) if ranked.blocks else None,
        ),
    )


def _typical(c: Comparison, ranked: _Sides) -> tuple[float, float | None, float | None]:
    """Return the change of a typical run (Hodges and Lehmann's), with the interval that the test gives."""
    base, current = _logs(ranked.base), _logs(ranked.current)
    shift, ends = aligned_shift(base, current) if ranked.blocks else hodges_lehmann(base, current)
    typical = in_metric_direction(c.row, change_from_log(shift))
    if ends is None:
        return typical, None, None
    low, high = sorted(in_metric_direction(c.row, change_from_log(end)) for end in ends)
    return typical, low, high
