"""A finding as people read it: its name, both values, the change with the interval that decides, and the picture."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import UNDECIDED, WHOLE_SUITE, Finding, Status
from perfgate.core.metrics import METRICS
from perfgate.core.profile import title
from perfgate.core.reasons import sentence
from perfgate.report.document import Line, Span, name, text
from perfgate.report.prose import mark_names
from perfgate.report.words import amount, metric_name, percent, span

if TYPE_CHECKING:
    from perfgate.core.finding import RowKey

NONE = "–"
_OWN_UNITS = frozenset({"s", "B", "1/s", "1"})
_EXPLAINED = frozenset({"", "worse", "confirmed", "worse-than-base", "worse-than-file", "better", "better-than-base",
                       "within-threshold", "within-noise", "not-in-base", "not-in-baseline", "within-budget",
                       "not-gated", "no-runs"})  # fmt: skip
"""Reasons that the heading and the numbers say already."""
_BESIDE_THE_LIMIT = frozenset({"worse", "worse-than-file", "within-threshold"})
"""Reasons of changes that are compared with a threshold."""
_HOLDING = frozenset({Status.UNCHANGED, Status.TOO_NOISY})
_STATISTIC = re.compile(r"[a-z0-9.]{1,16}")
"""A name such as ``p95``; what else a report states there is shown as a name from data."""


class Picture(Struct, frozen=True, kw_only=True):
    """Where the change lies against its marks: ratios of costs minus one, so that right of 0 is worse."""

    low: float | None
    """Left end of the interval that decides; None: the method has none."""
    high: float | None
    """Right end; may be infinite."""
    dot: float
    """The change."""
    mark: float
    """The largest worsening that never fails, > 0."""


class Value(Struct, frozen=True, kw_only=True):
    """A finding in words."""

    key: RowKey
    """Which value it is."""
    status: Status
    """What was found out."""
    is_gated: bool
    """Could it have failed?"""
    benchmark: str
    """Its name with its labels; from data."""
    metric: str
    """What is judged: ``elapsed``, ``elapsed p95``, ``latency p95 budget``; from data unless `is_own_metric`."""
    is_own_metric: bool
    """Is the metric one that perfgate measures, so that its name is a word of ours?"""
    baseline: Span
    """The value compared with."""
    current: Span
    """The value compared."""
    change: str
    """The change, ``+12.3%``; empty where there is none."""
    interval: str
    """The interval that decides, ``+6 to +46%``; empty where there is none."""
    limit: str
    """The threshold or budget as the configuration words it; from data."""
    instead: Span | None
    """What stands in place of a change: why there is none; None where there is one."""
    picture: Picture | None
    """None where there is no change, or nothing to hold it against."""
    remark: Line
    """Facts that neither the heading nor the numbers say; empty: none."""


@lru_cache(maxsize=1 << 13)  # several renderers draw the same values
def value_of(f: Finding) -> Value:
    """Return a finding in words, its numbers in one prefix."""
    return Value(
        key=f.key,
        status=f.status,
        is_gated=f.level == "fail",
        benchmark=title(f.benchmark, f.labels),
        metric=name_metric(f),
        is_own_metric=f.metric in METRICS and _STATISTIC.fullmatch(f.statistic) is not None,
        baseline=_baseline(f),
        current=_current(f),
        change="" if f.change is None else percent(f.change, apart_from=f.limit),
        interval="" if f.decision_interval is None or f.method == "exact" else span(f.decision_interval),
        limit=f.limit_text,
        instead=_instead(f),
        picture=_picture(f),
        remark=describe_reason(f) or _limit_beside(f),
    )


def name_metric(f: Finding) -> str:
    """Return what is judged of a benchmark."""
    words = metric_name(f.metric, f.statistic)
    return f"{words} budget" if f.method == "budget" else words


def _baseline(f: Finding) -> Span:
    return text(NONE) if f.baseline is None else _value(f, f.baseline, f.current, apart=_must_differ(f))


def _current(f: Finding) -> Span:
    if f.current is None:
        return text(NONE)
    budget = f.limit if f.method == "budget" else None
    beside = budget if budget is not None else f.baseline
    return _value(f, f.current, beside, apart=_must_differ(f) or budget is not None)


def _must_differ(f: Finding) -> bool:
    """Return whether two different values must read differently, as where a change matters.

    A baseline is stored with 6 digits, the current value is not.
    """
    return f.status not in {Status.UNCHANGED, Status.WITHIN_NOISE, Status.TOO_NOISY, Status.NEW}


def _value(f: Finding, value: float, beside: float | None, *, apart: bool) -> Span:
    words = amount(value, f.unit, beside=beside, apart=apart)
    return text(words) if f.unit in _OWN_UNITS else name(words)  # another unit comes from data


def _instead(f: Finding) -> Span | None:
    """Return what stands in place of a change."""
    if f.change is not None:
        return None
    if f.status is Status.MISSING:
        return text("not measured")
    if f.method == "budget":
        return name(f.limit_text)
    if f.status in UNDECIDED:
        return text("not comparable" if f.status is Status.NOT_COMPARABLE else "not judged")
    return text({Status.NEW: "new", Status.REMOVED: "removed"}.get(f.status, NONE))


def _why(f: Finding) -> Span:
    """Return the sentence of the reason; one that this version does not know comes from data."""
    words = sentence(f.reason)
    return name(words) if words == f.reason else text(words)


def _picture(f: Finding) -> Picture | None:
    """Return where the change lies against its marks, as costs."""
    if f.change is None or f.allowed is None:
        return None
    low, high = sorted(_cost(f, end) for end in f.decision_interval) if f.decision_interval else (None, None)
    return Picture(low=low, high=high, dot=_cost(f, f.change), mark=_cost(f, f.allowed))


def _cost(f: Finding, change: float) -> float:
    """Return a change as one of costs: where higher is better, of the reciprocal."""
    if f.better == "lower":
        return change
    return 1.0 / (1.0 + change) - 1.0 if change > -1.0 else math.inf


def describe_reason(f: Finding) -> Line:
    """Return what neither the heading nor the numbers say: the reason where these leave it open, and its facts."""
    is_explained = f.reason in _EXPLAINED or f.status in _HOLDING
    line: Line = () if is_explained else (_why(f),)
    if not f.message or f.message == sentence(f.reason):
        return line
    facts = f.message.removeprefix(f"{sentence(f.reason)}: ")
    if not line or sentence(f.reason) in facts:
        return mark_names(facts)
    return (*line, text(": "), *mark_names(facts))


def _limit_beside(f: Finding) -> Line:
    """Return the limit of a value that got worse, where it is no share, so that a change in percent says nothing."""
    is_share = not f.limit_text or f.limit_text.endswith("%")
    if is_share or f.reason not in _BESIDE_THE_LIMIT or not f.change or (f.change > 0) is not (f.better == "lower"):
        return ()
    return text("limit "), name(f.limit_text)


def describe_rule(f: Finding) -> Line:
    """Return how a value was judged."""
    if f.method == "across-sessions" and f.benchmark != WHOLE_SUITE:
        number = f.sessions_baseline
        return (text(f"judged against {number:,} earlier session{'' if number == 1 else 's'}"),)
    words = {
        "same-session": "judged as one session",
        "exact": "judged exactly",
        "threshold": "judged by the plain ratio",
    }
    return (text(words[f.method]),) if f.method in words else ()
