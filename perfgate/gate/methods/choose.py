"""The method that judges a row, and the plain ratio. Formulas and sources are in `perfgate.stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.finding import Evidence
from perfgate.core.metrics import METRICS, is_of_calls
from perfgate.core.policy import ERROR_RATE, EXACT_BY_NATURE
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import SLACK, floor_of, is_above_floor, is_blurred
from perfgate.gate.rows import is_tail_of_few
from perfgate.stats.ranks import mann_whitney
from perfgate.stats.shares import more_hits_p

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.decision import Call, Method

_NOISY_UNITS = frozenset({"s", "1/s"})
"""Base units of what a clock measures."""
LARGEST_SPREAD = 1 / 3
"""Spread of a count between the runs of a session, in thresholds, up to which it is exact: two or three runs show
most of it, and both sides together stay below the threshold."""
_FEWEST_ALIKE = 3
"""Equal values on one side at least, from which on a metric is taken as one that never varies; two may be equal by
chance. What was measured once on the other side is as good: it does not vary there either."""


def method_of(c: Comparison) -> Method:
    """Return the method that judges a row; empty: none gates it, it is only shown."""
    if c.ruling.method != "auto":
        return c.ruling.method
    sides = (c.base, c.current)
    if c.metric.name == ERROR_RATE or c.base.quantiles or c.current.quantiles:
        return "threshold"
    if _is_single(c.base) and _is_single(c.current):
        return "threshold"
    if is_tail_of_few(c.base, c.statistic) or is_tail_of_few(c.current, c.statistic):
        return ""
    if _never_varies(c) or _is_steady_count(c):
        return "exact"
    if any(min(s.values) <= 0 for side in sides for s in side.samples):  # pooled, a share of none may be above zero
        return "threshold"
    if len(c.base.samples) == len(c.current.samples) == 1:
        is_one = c.base.samples[0].session == c.current.samples[0].session
        is_shared = is_one and all(s.is_shared for s in c.sessions)
        if is_shared or not any(s.is_named for s in c.sessions):
            return "same-session"
    return "across-sessions"


def _is_single(side: MetricProfile) -> bool:
    """Does a side hold one value only?"""
    return len(side.samples) == 1 == len(side.samples[0].values)


def _never_varies(c: Comparison) -> bool:
    """Is the value the same in every run of each side, so that any difference is one of the code?

    An accuracy, a count or a size does not depend on the machine. A time, a rate and the
    peak of memory do: where these never vary, they were rounded, and sessions still lie apart.
    """
    if c.metric.name in METRICS or c.metric.unit in _NOISY_UNITS:
        return False
    sides = c.base.pooled(), c.current.pooled()
    fewest = 1 if is_of_calls(c.metric.name) else _FEWEST_ALIKE
    return max(map(len, sides)) >= fewest and all(values and values[0] == values[-1] for values in sides)


def _is_steady_count(c: Comparison) -> bool:
    """Is it a count whose runs agree so well that a change beyond the threshold is one of the code?

    Threads, a random hash seed or a compiler at run time make counts vary; such a count is judged as a time is.
    """
    if c.metric.name not in EXACT_BY_NATURE or not c.ruling.threshold.is_relative:
        return c.metric.name in EXACT_BY_NATURE
    most = c.ruling.threshold.amount * LARGEST_SPREAD
    runs = (s.values for side in (c.base, c.current) for s in side.samples if s.values)
    return all(max(values) - min(values) <= most * abs(min(values)) for values in runs)


def plain_ratio(c: Comparison, method: Method, alpha: float) -> Decision:
    """Compare two statistics by their plain ratio: on request, without raw values, or only to show them.

    Args:
        c: both sides.
        method: ``exact``, ``threshold`` or empty, as `method_of` chose.
        alpha: accepted chance that a share that was counted on both sides, or the calls of a stage that some runs
            lack, fails when nothing changed.
    """
    was, now = c.was, c.now
    sign = 1 if c.is_lower_better else -1
    threshold = c.ruling.threshold
    allowed = threshold.amount * abs(was) if threshold.is_relative else threshold.amount
    worse_by = sign * (now - was)
    floor = is_above_floor(c, (was, now))
    beyond = worse_by > allowed * (1 + SLACK) + abs(was) * 1e-12
    least = floor_of(c.row, c.base, c.current)
    smallest = max(allowed, least)
    call: Call = "same"
    message = ""
    reason = "below-floor" if beyond else "within-threshold"
    if beyond and is_blurred(c, (was, now)):
        call, reason = "suspected", "too-coarse"
    elif beyond and floor:
        call, reason = "worse", "worse-than-file" if c.base.quantiles else "worse"
        if message := _describe_few_calls(c, alpha):
            call, reason = "suspected", "few-calls"
        elif _may_be_noise(c, alpha):
            call, reason = "suspected", "more-runs"
    elif -worse_by > allowed and floor:
        call = reason = "better"
    return Decision(
        call=call,
        method=method,
        baseline=was,
        current=now,
        change=(now - was) / abs(was) if was else None,
        limit=sign * allowed / abs(was) if was else None,
        allowed=sign * smallest / abs(was) if was else None,
        decision_interval=_exactly((now - was) / abs(was)) if was and method == "exact" else None,
        detectable=sign * smallest / abs(was) if was and method else None,
        reason=reason,
        message=message,
        evidence=Evidence(floor=least),
    )


def _exactly(change: float) -> tuple[float, float]:
    """Return the interval of a change that has no noise."""
    return change, change


def is_ranked(c: Comparison) -> bool:
    """Is a row the calls of a stage that some runs lack, whose ratio alone proves nothing?

    Zeros have no logs, so that no other test judges them. Who asks for the plain ratio gets it.
    """
    if c.ruling.method != "auto" or not is_of_calls(c.metric.name) or _never_varies(c):
        return False
    sides = c.base.pooled(), c.current.pooled()
    return all(sides) and min(map(min, sides)) <= 0


def _may_be_noise(c: Comparison, alpha: float) -> bool:
    """Could other runs of equal code rank like the calls of this stage, which not every run has?"""
    if not is_ranked(c):
        return False
    sides = (c.base, c.current) if c.is_lower_better else (c.current, c.base)
    return mann_whitney(sides[0].pooled(), sides[1].pooled()).p > alpha


def is_counted(c: Comparison) -> bool:
    """Is a row a share that was counted on both sides, which fails only where the counts prove it?

    Who asks for the plain ratio gets it.
    """
    return c.ruling.method == "auto" and c.base.share is not None and c.current.share is not None


def _describe_few_calls(c: Comparison, alpha: float) -> str:
    """Return the counts of a share that do not prove a change; empty when they do, or nobody counted them."""
    base, now = c.base.share, c.current.share
    if base is None or now is None or not is_counted(c):
        return ""
    sides = [(hits if c.is_lower_better else of - hits, of) for hits, of in (base, now)]
    if more_hits_p(sides[0], sides[1]) <= alpha:
        return ""
    return f"{now[0]:,} of {now[1]:,} calls, after {base[0]:,} of {base[1]:,}"
