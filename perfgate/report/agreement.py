"""Whether a finding agrees with itself: its values with the samples, its change with its values, its status with both.

A status that was edited by hand does not. The laws are those of `perfgate.gate`, as far as a
report holds what they need: a finding is refused only when no check can have made it. What keeps a
check from passing needs no proof.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.finding import FAILED, UNDECIDED, WHOLE_SUITE, Status
from perfgate.core.sessions import merge_batches
from perfgate.core.statistic import P50, QUANTILE_OF
from perfgate.gate.methods.limits import Limits
from perfgate.gate.methods.same_session import SUSPICION_P
from perfgate.gate.rows import is_tail_of_few, value_of
from perfgate.stats.quantiles import median, quantile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.finding import Finding
    from perfgate.core.profile import MetricProfile, Profile
    from perfgate.core.run import Labels

_MARGIN = 1e-6
"""Relative: more than what twelve digits and the last bits of another machine leave open."""
_DECIDING = frozenset({"same-session", "across-sessions", "exact", "threshold"})
"""Methods that compare two values."""
_HOLDING = frozenset({Status.UNCHANGED, Status.WITHIN_NOISE, Status.TOO_NOISY, Status.IMPROVED})
_PASSING = _HOLDING | {Status.SUSPECTED, Status.WAIVED, Status.ADVISORY}
"""What a gated value that was measured on both sides may be, and not fail."""
_FEW_COUNTED = frozenset({"few-calls", "may-fail-more-often"})
"""Why a share beyond its limit is only suspected: so few were counted that it may be chance."""
_OF_FAILED = frozenset({
    "worse", "confirmed", "not-excluded", "worse-than-file", "worse-than-base", "fails-more-often", "suite-worse",
    "beyond-waiver", "over-budget", "never-proven",
})  # fmt: skip
"""Reasons that a gated value has only where it keeps the check from passing."""
_RAISED = ("time", "s")
"""Metric and unit of a format whose short values count as longer ones (``--min-time``), which no report states."""
_Place = tuple[str, str, "Labels"]


class Samples:
    """The values of both sides of a report, as they were judged."""

    def __init__(self, baseline: Sequence[Profile], current: Sequence[Profile]) -> None:
        """Take the profiles of both sides; the batches of a session are merged, as for a judgement."""
        self._sides = tuple({_place(p): p for p in merge_batches(side)} for side in (baseline, current))
        self._is_one = len({s.id for p in self._sides[1].values() for s in p.sessions}) == 1

    def of(self, f: Finding) -> tuple[MetricProfile | None, MetricProfile | None]:
        """Return the metric of a finding on both sides, as far as it is there."""
        base, current = (p.metric(f.metric) if p else None for p in self.profiles_of(f))
        return base, current

    def profiles_of(self, f: Finding) -> tuple[Profile | None, Profile | None]:
        """Return the benchmark of a finding on both sides, as far as it is there."""
        base, current = (side.get((f.machine_class, f.benchmark, f.labels)) for side in self._sides)
        return base, current

    def has_one_session(self, f: Finding) -> bool:
        """Was a finding made from one fresh session, which alone decides?"""
        return self._is_one if f.benchmark == WHOLE_SUITE else f.evidence.sessions_current == 1.0


def find_disagreements(
    findings: Sequence[Finding], samples: Samples, *, has_reasons: bool
) -> Iterator[tuple[int, str]]:
    """Yield the index of each finding that contradicts itself, and in words how.

    Args:
        findings: of one report.
        samples: its values.
        has_reasons: does the reason of each finding follow from its status? Not so in all reports of 0.1.0.
    """
    for index, f in enumerate(findings):
        if f.status in FAILED | UNDECIDED:
            continue
        why = _why_values(f, samples) or _why_change(f) or _why_status(f, samples)
        why = why or (_why_reason(f) if has_reasons else "")
        if why:
            yield index, f'"{f.benchmark}" {f.metric} {f.statistic}: {why}'


def _place(profile: Profile) -> _Place:
    return profile.machine_class, profile.benchmark, profile.labels


def _why_values(f: Finding, samples: Samples) -> str:
    """Return which value of a finding the samples do not have; empty: they have both, or do not say."""
    if f.method == "same-session" and f.status is Status.WAIVED:
        return ""  # what failed while it was measured keeps the values that it failed on
    for name, stated, side in zip(("baseline", "current"), (f.baseline, f.current), samples.of(f), strict=True):
        known = _values_of(f, side, is_base=name == "baseline") if side and f.statistic in QUANTILE_OF else []
        if stated is None or not known or any(_is_close(stated, value) for value in known):
            continue
        if (f.metric, f.unit) == _RAISED and stated > min(known):
            continue
        return f"its {name} value {stated:.6g} is not that of the samples, {known[0]:.6g}"
    return ""


def _values_of(f: Finding, side: MetricProfile, *, is_base: bool) -> list[float]:
    """Return the values of a side that a finding may state; empty: the side does not say."""
    if f.method == "budget" and len(side.samples) > 1 and any(s.stands_for for s in side.samples):
        return []  # judged before batches were merged, which rounds what stands for many values
    if f.method != "across-sessions":
        value = value_of(side, f.statistic)
        return [] if value is None else [value]
    centres = [quantile(sorted(s.values), QUANTILE_OF[f.statistic]) for s in side.samples]
    if not is_base:
        return centres
    return [math.exp(median([math.log(c) for c in centres]))] if centres and min(centres) > 0.0 else []


def _why_change(f: Finding) -> str:
    """Return how the change contradicts both values; empty: it does not, or says nothing about them."""
    if f.baseline is None or f.current is None:
        return ""
    shift = f.evidence.shift if f.method == "across-sessions" else 0.0
    if not f.baseline:
        return "" if f.change is None else "it states a change from zero"
    if shift is None or shift <= -1.0:
        return ""
    expected = (f.current - f.baseline) / abs(f.baseline)
    expected = (1.0 + expected) / (1.0 + shift) - 1.0 if shift else expected
    if not math.isfinite(expected):
        return ""
    if f.change is None:
        return "it states no change between its values" if f.method in _DECIDING else ""
    if abs(f.change - expected) <= _MARGIN * (1.0 + abs(expected)):
        return ""
    return f"its change {f.change:+.6g} is not that between its values, {expected:+.6g}"


def _why_status(f: Finding, samples: Samples) -> str:
    """Return how the status contradicts the numbers; empty: a check may have found it so."""
    if f.status is Status.NEW:
        return f"it is {f.status}, but was compared" if f.method or f.baseline is not None else ""
    if f.status is Status.REMOVED:
        return f"it is {f.status}, but was measured" if f.method or f.current is not None else ""
    if f.status is Status.IMPROVED and f.change is not None and not f.is_worse(0.0, f.change):
        return f"it is {f.status}, but its change {f.change:+.6g} is none for the better"
    if f.level != "fail":
        return ""
    if f.method == "budget":
        return _why_budget(f, samples)
    return _why_unmeasured(f) or _why_beyond(f, samples)


def _why_reason(f: Finding) -> str:
    """Return how the reason contradicts the status."""
    is_odd = f.level == "fail" and f.reason in _OF_FAILED
    if f.status is Status.REMOVED:
        is_odd = f.reason != "removed"
    elif f.status is Status.UNCHANGED and f.level == "fail" and not f.method and f.statistic == P50:
        is_odd = f.reason != "below-least"
    return f'it is {f.status}, but its reason "{f.reason}" is that of another status' if is_odd else ""


def _why_budget(f: Finding, samples: Samples) -> str:
    """Return how the status of a gated budget contradicts its value."""
    if f.current is None or f.limit is None or f.status not in {Status.UNCHANGED, Status.ADVISORY}:
        return f"no budget is {f.status} with these values"
    sign = 1.0 if f.better == "lower" else -1.0
    if sign * (f.current - f.limit) <= _MARGIN * abs(f.limit):
        return ""
    _, current = samples.of(f)
    if f.status is Status.ADVISORY and (current is None or current.share or is_tail_of_few(current, f.statistic)):
        return ""  # so few that it may be chance
    return f"it is {f.status}, but its value {f.current:.6g} breaks its budget {f.limit:.6g}"


def _why_unmeasured(f: Finding) -> str:
    """Return how the status of a gated value contradicts that nothing was compared."""
    if f.status is Status.WAIVED and f.change is None:
        return "it is waived, but states no change"
    if f.benchmark != WHOLE_SUITE and (f.baseline is None or f.current is None):
        return f"it is {f.status}, but lacks a value"
    if f.status is Status.ADVISORY and (f.method or f.statistic == P50):
        return f"it is {f.status}, but is gated"
    if not f.method and f.status not in {Status.UNCHANGED, Status.ADVISORY}:
        return f"it is {f.status}, but nothing compared it"
    is_same = f.baseline is not None and f.current is not None and _is_close(f.baseline, f.current)
    is_tail = f.statistic != P50 and (f.change is not None or not f.baseline)
    if not f.method and not is_tail and not is_same:
        return f"it is {f.status}, but nothing compared it"
    return ""


def _why_beyond(f: Finding, samples: Samples) -> str:
    """Return beyond which limit a gated value lies that passes; empty: it does not, or the noise may explain it."""
    if f.status is Status.WAIVED or not f.method:
        return ""
    if f.change is None:
        return _why_beyond_zero(f)
    if f.shows_regression:
        return f"it is {f.status}, but its change and its interval are those of a regression"
    if f.method == "across-sessions" and not samples.has_one_session(f):
        return _why_beyond_in_each(f) if f.decision_interval is None else ""
    is_excused = f.status is Status.SUSPECTED and f.method == "threshold" and f.reason in _FEW_COUNTED
    if _is_beyond(f, f.detectable) and not is_excused:
        return _describe(f, f.detectable)
    if f.status not in _HOLDING:
        return ""
    if f.method == "across-sessions" and _is_beyond(f, f.suspect_limit):
        return _describe(f, f.suspect_limit)
    p, floor = f.evidence.p, f.evidence.floor
    if f.method == "same-session" and p is not None and p < SUSPICION_P * (1.0 - _MARGIN) and _is_beyond(f, f.limit):
        apart = abs((f.current or 0.0) - (f.baseline or 0.0))
        if floor is not None and apart > floor * (1.0 + _MARGIN):
            return _describe(f, f.limit)
    return ""


def _why_beyond_zero(f: Finding) -> str:
    """Return how a value whose baseline is zero passes: any worsening is beyond a relative threshold."""
    worse = (f.current or 0.0) if f.better == "lower" else -(f.current or 0.0)
    floor = f.evidence.floor
    if f.baseline or f.status not in _HOLDING or floor is None or not f.limit_text.endswith("%"):
        return ""
    if f.method not in {"exact", "threshold"} or worse <= floor * (1.0 + _MARGIN):
        return ""
    return f"it is {f.status}, but worse than zero"


def _why_beyond_in_each(f: Finding) -> str:
    """Return how a row of several fresh sessions passes that fails in each of them, in a report of version 1.

    Its numbers are those of the session with the weakest evidence, as a multiple of its limit to be suspected. Where
    that exceeds the ratio of the limits, every session is beyond its own limit to fail.
    """
    limits, known = Limits.of(f), f.evidence
    if limits is None or f.change is None or f.change <= -1.0 or not f.baseline or not f.current or f.limit is None:
        return ""
    if not known.k_in or not known.k_out or known.floor is None or known.floor > abs(f.baseline * f.limit):
        return ""
    sign = 1.0 if f.better == "lower" else -1.0
    net, raw = (sign * log for log in (math.log1p(f.change), math.log(f.current / f.baseline)))
    most = limits.suspect * max(1.0, known.k_out / known.k_in)
    if net > most * (1.0 + _MARGIN) and raw > limits.threshold * (1.0 + _MARGIN):
        return _describe(f, f.detectable)
    return ""


def _is_beyond(f: Finding, limit: float | None) -> bool:
    """Is the change of a finding surely beyond a limit?"""
    slack = _MARGIN if f.better == "lower" else -_MARGIN
    return f.change is not None and limit is not None and f.is_worse(f.change, limit + slack * max(1.0, abs(limit)))


def _describe(f: Finding, limit: float | None) -> str:
    return f"it is {f.status}, but its change {f.change:+.6g} is beyond its limit {limit or 0.0:+.6g}"


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_MARGIN, abs_tol=_MARGIN * min(1.0, abs(other)))
