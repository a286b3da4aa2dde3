"""Both sides were measured in one session: a rank test on the runs themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import Evidence
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    SLACK,
    allowed_cost,
    as_costs,
    change_from_log,
    describe_same,
    floor_cost,
    floor_of,
    in_metric_direction,
    is_above_floor,
    is_blind,
    is_blurred,
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

    from perfgate.core.policy import Ruling
    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.decision import Call

SUSPICION_P = 0.05
"""A change beyond the threshold with this evidence is suspected: one row in twenty when nothing changed."""
BEYOND_NOISE = 3.0
"""Ratio of medians that few runs do not show by noise: of two runs a side, one in six pairs lies wholly apart."""
FUTILITY_P = 0.05
"""Evidence that the change is below the threshold: more runs would hardly make it fail."""

_BOTH = 2  # sessions of a comparison of two sides


class _Sides(Struct, frozen=True):
    """The costs of both sides in the order of their runs, and the test that fits them."""

    base: tuple[float, ...]
    """The baseline's, > 0."""
    current: tuple[float, ...]
    """The current ones, > 0."""
    blocks: int | None
    """Blocks of four neighbouring runs within which they are ranked, because they were measured interleaved while the
    machine drifted; 0: all are ranked together; None: they were not measured interleaved, each run once."""

    @classmethod
    def of(cls, c: Comparison, first_step: float) -> _Sides:
        """Return the sides of a row. The test depends on all runs together, not on which side one is of.

        Args:
            c: the row.
            first_step: the strictest p-value that may be asked of it, which the test has to be able to reach.
        """
        base, current = as_costs(c.row, c.base.samples[0].values), as_costs(c.row, c.current.samples[0].values)
        is_one_a_run = all(len(side) == len(s.runs) for side, s in zip((base, current), c.sessions, strict=False))
        if not is_one_a_run or len(c.sessions) != _BOTH or not all(s.is_interleaved for s in c.sessions):
            return cls(base, current, None)
        if not can_reach(len(base), first_step) or not does_drift(_logs(base), _logs(current)):
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

    @property
    def is_interleaved(self) -> bool:
        """Is the order of the runs known to alternate?"""
        return self.blocks is not None

    def typical(self) -> tuple[float, tuple[float, float] | None]:
        """Return the log change of a typical run (Hodges and Lehmann's), and the interval that the test gives."""
        base, current = _logs(self.base), _logs(self.current)
        return aligned_shift(base, current) if self.blocks else hodges_lehmann(base, current)

    def smallest_not_excluded(self, allowed: float, typical: float) -> float:
        """Return the factor above which a slowdown as large as the threshold would not be excluded.

        Args:
            allowed: the threshold, a ratio of costs minus one.
            typical: log change of a typical run, which has to reach half the threshold as well.
        """
        excluding = self.swapped(1 + allowed).smallest_factor(FUTILITY_P)
        half = math.exp(math.log1p(allowed / 2) - typical)
        return half if excluding is None or excluding == 0.0 else max(half, 1 / excluding)

    def interval(self, alpha: float, ratio: float) -> tuple[float, float] | None:
        """Return the interval of the change of costs that the test leaves, a ratio minus one; None: too few runs.

        An end lies on that side of no change which the test proves, also where ties move it. The change of the
        medians lies within.

        Args:
            alpha: the p-value at which a worsening, and an improvement, is significant.
            ratio: of the medians, as costs.
        """
        swapped = self.swapped()
        worse, better = self.smallest_factor(alpha), swapped.smallest_factor(alpha)
        if worse is None or better is None:
            return None
        low, high = (1 / worse - 1 if worse else math.inf), better - 1
        low = max(low, SLACK) if self.p() <= alpha else min(low, 0.0)
        high = min(high, -SLACK) if swapped.p() <= alpha else max(high, 0.0)
        return min(low, ratio - 1), max(high, ratio - 1)

    def excluding_interval(self, alpha: float, allowed: float) -> tuple[float, float] | None:
        """Return the interval of a row that fails unless its threshold is excluded: the upper end decides that.

        Args:
            alpha: the p-value at which a worsening is significant.
            allowed: the threshold, a ratio of costs minus one.
        """
        worse, better = self.smallest_factor(alpha), self.swapped().smallest_factor(FUTILITY_P)
        if worse is None or better is None:
            return None
        low, high = (1 / worse - 1 if worse else math.inf), better - 1
        low = max(low, SLACK) if self.p() <= alpha else min(low, 0.0)
        is_excluded = _is_excluded(self, allowed)
        return low, min(high, allowed - SLACK) if is_excluded else max(high, allowed + SLACK, low)

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
    """Is the row so clearly below its threshold that more runs would hardly make it fail?"""
    return _is_excluded(_Sides.of(c, first_step), _allowed(c))


def _is_excluded(ranked: _Sides, allowed: float) -> bool:
    """Is a change as large as the threshold excluded?

    The test of the row, of the current costs below the baseline's times 1 + threshold, p <= 5 %.
    """
    return ranked.swapped(1 + allowed).p() <= FUTILITY_P


def _logs(costs: Sequence[float]) -> list[float]:
    return [math.log(cost) for cost in costs]


def _allowed(c: Comparison) -> float:
    return allowed_cost(c.row, median(c.base.samples[0].values))


def same_session(c: Comparison, alpha: float, first_step: float, *, excluding: bool = False) -> Decision:
    """Return the decision about the p50 of a row whose two sides share one session.

    Args:
        c: all values > 0.
        alpha: the p-value at which the row fails, 0.0 < alpha < 1.0.
        first_step: the p-value at which it fails whatever the other rows do, at most `alpha`.
        excluding: does an interleaved row fail unless a change as large as its threshold is excluded, however
            small the change that was measured? Else only a measured change beyond the threshold fails.

    Source:
        The rule and its false-alarm rates: docs/method.md.
    """
    seen = _Seen.of(c, _Sides.of(c, first_step), alpha, excluding=excluding)
    call, reason, message = _call(c, seen)
    least = floor_of(c.row, c.base, c.current)
    detectable, was = seen.detectable, seen.values[0]
    low, high = median_ratio_interval(c.base.samples[0].values, c.current.samples[0].values)
    shift, ends = seen.typical
    low_end, high_end = sorted(_change(c, end) for end in ends) if ends else (None, None)
    return Decision(
        call=call,
        method="same-session",
        baseline=was,
        current=seen.values[1],
        change=seen.values[1] / was - 1,
        limit=in_metric_direction(c.row, seen.allowed),
        allowed=in_metric_direction(c.row, seen.never_fails),
        decision_interval=None if seen.ends is None else _in_order(c, seen.ends),
        interval=(low - 1, high - 1),
        detectable=None if detectable is None else in_metric_direction(c.row, max(detectable, seen.floor)),
        reason=reason,
        message=message,
        evidence=Evidence(
            p=seen.p,
            alpha=alpha,
            floor=least,
            typical=_change(c, shift),
            typical_low=low_end,
            typical_high=high_end,
            blocks=float(seen.ranked.blocks) if seen.ranked.blocks else None,
        ),
    )


class _Seen(Struct, frozen=True, kw_only=True):
    """What was seen of a row."""

    ranked: _Sides
    """Its runs and their test."""
    values: tuple[float, float]
    """The medians of both sides, in base units."""
    ratio: float
    """Of the medians, as costs: > 1 is worse."""
    p: float
    """Of the test."""
    alpha: float
    """At which p the row fails."""
    allowed: float
    """The threshold, a ratio of costs minus one."""
    floor: float
    """The smallest worsening that counts at all, likewise."""
    ends: tuple[float, float] | None
    """The interval of the change at the level that decides, likewise; None: so few runs leave it open."""
    detectable: float | None
    """Smallest worsening that would have failed, likewise; None: none."""
    typical: tuple[float, tuple[float, float] | None]
    """Log change of a typical run, and its interval."""
    excluding: bool
    """Does it fail unless its threshold is excluded?"""
    ruling: Ruling
    """What governs it."""

    @classmethod
    def of(cls, c: Comparison, ranked: _Sides, alpha: float, *, excluding: bool) -> _Seen:
        """Return what is seen of a row; only an interleaved one has its threshold excluded."""
        values = median(c.base.samples[0].values), median(c.current.samples[0].values)
        allowed, typical = _allowed(c), ranked.typical()
        # Of the values shown, not of their reciprocals, whose medians differ from these in even samples.
        ratio = values[1] / values[0] if c.is_lower_better else values[0] / values[1]
        excluding = excluding and ranked.is_interleaved
        detectable = factor = ranked.smallest_factor(alpha)
        if factor is not None and excluding:
            detectable = max(factor, ranked.smallest_not_excluded(allowed, typical[0])) * ratio - 1
        elif factor is not None:
            detectable = max(allowed, factor * ratio - 1)
        ends = ranked.excluding_interval(alpha, allowed) if excluding else ranked.interval(alpha, ratio)
        return cls(
            ranked=ranked,
            values=values,
            ratio=ratio,
            p=ranked.p(),
            alpha=alpha,
            allowed=allowed,
            floor=floor_cost(c.row, floor_of(c.row, c.base, c.current), values[0]),
            ends=ends,
            detectable=detectable,
            typical=typical,
            excluding=excluding,
            ruling=c.ruling,
        )

    @property
    def never_fails(self) -> float:
        """The threshold or the floor, whichever is larger."""
        return max(self.allowed, self.floor)

    @property
    def is_beyond(self) -> bool:
        """Did the medians move beyond the threshold?"""
        return self.ratio - 1 > self.allowed + SLACK

    def describe_same(self, *, floor: bool, moved: bool) -> tuple[Call, str]:
        """Return the call on a row that neither fails nor improved, and its slug."""
        worst = self.ends[1] if self.ends else None
        return describe_same(worst, self.never_fails, self.ruling, floor=floor, moved=moved)

    @property
    def is_apart(self) -> bool:
        """Is every current run worse than every run of the baseline, by more than noise explains?"""
        if min(self.ranked.current) <= max(self.ranked.base) or not is_blind(self.ratio - 1, self.allowed, self.ruling):
            return False
        return self.p <= SUSPICION_P or self.ratio > BEYOND_NOISE

    @property
    def is_not_excluded(self) -> bool:
        """Is it worse for certain, while the threshold is not excluded?"""
        is_certain = self.p <= self.alpha and self.ranked.is_interleaved and self.typical[0] > 0.0
        return is_certain and not _is_excluded(self.ranked, self.allowed)

    @property
    def fails(self) -> bool:
        """Is it worse by the rule that was asked for?"""
        if self.excluding:
            return self.is_not_excluded and self.typical[0] >= math.log1p(self.allowed / 2)
        return self.is_beyond and self.p <= self.alpha


def _call(c: Comparison, seen: _Seen) -> tuple[Call, str, str]:
    """Return the call on a row, its slug, and what the slug does not say."""
    moved, floor = seen.is_beyond, is_above_floor(c, seen.values)
    if seen.fails and floor:
        words = (
            "compared within blocks of four neighbouring runs, since the machine drifted" if seen.ranked.blocks else ""
        )
        return "worse", "worse" if moved else "not-excluded", words
    if moved and floor and seen.detectable is None:
        runs, needed = [len(side) for side in (seen.ranked.base, seen.ranked.current)], runs_needed(seen.alpha)
        words = f"{runs[0]} and {runs[1]} runs can never prove a change; measure {needed} on each side"
        return "suspected", "never-proven" if seen.is_apart else "few-runs", words
    if moved and floor and seen.p <= SUSPICION_P:
        return "suspected", "more-runs", ""
    if moved and seen.p <= seen.alpha and is_blurred(c, seen.values):
        return "suspected", "too-coarse", ""
    if floor and 1 / seen.ratio - 1 > seen.allowed and seen.ranked.swapped().p() <= seen.alpha:
        return "better", "better", ""
    if floor and not moved and seen.is_not_excluded:
        call, reason = seen.describe_same(floor=floor, moved=moved)
        return call, reason if call == "too-noisy" else "worse-within-threshold", ""
    return *seen.describe_same(floor=floor, moved=moved), ""


def _in_order(c: Comparison, ends: tuple[float, float]) -> tuple[float, float]:
    """Return an interval of a change of costs as one of the metric's own change, the lower end first."""
    low, high = sorted(in_metric_direction(c.row, end) for end in ends)
    return low, high


def _change(c: Comparison, shift: float) -> float:
    """Return the metric's own change that a shift of the logs of costs stands for."""
    return in_metric_direction(c.row, change_from_log(shift))
