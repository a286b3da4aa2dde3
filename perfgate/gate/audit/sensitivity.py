"""The smallest change that each gated value can detect, and what would make it smaller."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import UNDECIDED
from perfgate.core.profile import title
from perfgate.core.statistic import P50
from perfgate.gate.audit.replay import by_row, next_session
from perfgate.gate.audit.wording import cost, percent
from perfgate.gate.methods.limits import (
    allowed_cost,
    change_from_log,
    floor_cost,
    floor_of,
    in_metric_direction,
)
from perfgate.gate.rows import rows_of
from perfgate.stats.quantiles import median
from perfgate.stats.sessions import expected_error, session_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.finding import Evidence, Finding
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels
    from perfgate.gate.audit.replay import Key
    from perfgate.gate.rows import Row

SOUND, FULL = 5, 10
"""Sessions that a baseline should hold, and that a refresh keeps."""
_WORTH = 0.95  # a remedy has to bring the detectable change below this part of today's
_MOST = 0.6  # of what the best option gains


class DetectableChange(Struct, frozen=True, kw_only=True):
    """The smallest worsening that a row detects with so many sessions and runs, in the metric's own direction."""

    sessions: int
    """Sessions in the baseline."""
    runs: int
    """Runs in each session."""
    once: float | None
    """Smallest worsening that fails on one session; None when none could."""
    confirmed: float | None
    """The same when a second session confirms it; None for methods that confirm nothing."""


class Sensitivity(Struct, frozen=True, kw_only=True):
    """One gated value."""

    benchmark: str
    """Name of the benchmark."""
    labels: Labels
    """Its parameters."""
    metric: str
    """Name of the metric."""
    unit: str
    """Base unit of its values."""
    better: str
    """``lower`` or ``higher``."""
    statistic: str
    """``p50``, ``p95``, …"""
    rule: str
    """The rule that governs it."""
    method: str
    """How the next check will judge it; empty: not at all."""
    obstacle: str
    """Slug of why no check can judge it; empty: one can."""
    obstacle_message: str
    """The same in words."""
    threshold: float
    """Largest accepted worsening, signed like one; infinite when everything is accepted."""
    limit_text: str
    """The threshold as the configuration words it."""
    floor: float
    """Smallest change that may fail because of the floor, signed like a worsening."""
    baseline: float | None
    """The baseline's value, in the base unit."""
    now: DetectableChange
    """What it detects today."""
    options: tuple[DetectableChange, ...]
    """What it would detect with more sessions, or with more runs in each, the spread as it is."""

    @property
    def key(self) -> Key:
        """What the row is within its class of machine."""
        return (self.benchmark, self.labels, self.metric, self.statistic)

    @property
    def place(self) -> str:
        """Benchmark and metric in words."""
        return f"{title(self.benchmark, self.labels)} {self.metric} {self.statistic}"

    @property
    def best(self) -> DetectableChange | None:
        """The least effort that brings most of what any option would; None when none is worth while."""
        sizes = [_size(o) for o in self.options]
        today, nearest = _size(self.now), min(map(_size, self.options), default=math.inf)
        if not nearest < _WORTH * today:
            return None
        return self.options[next(i for i, size in enumerate(sizes) if today - size >= _MOST * (today - nearest))]


def _size(change: DetectableChange) -> float:
    """Return the sizes of the two changes together, infinite where one is not detectable."""
    return cost(change.once) + (0.0 if change.confirmed is None else cost(change.confirmed))


def find_sensitivities(profiles: Sequence[Profile], policy: Policy) -> tuple[tuple[Sensitivity, ...], int]:
    """Return the sensitivity of each gated value of a class of machine, and the number of gated values.

    Args:
        profiles: the baselines of one class of machine, none excluded.
        policy: what is gated and how strictly.
    """
    once = next_session(profiles, policy)
    found = by_row(once.findings)
    twice = by_row(next_session(profiles, policy, sessions=2).findings)
    family = max(1, once.gated)
    rows = [row for p in profiles for row in rows_of(p, p, policy) if row.ruling.level == "fail"]
    return tuple(_sensitivity(row, found, twice, policy.false_alarms, family) for row in rows), once.gated


def _sensitivity(
    row: Row, found: Mapping[Key, Finding], twice: Mapping[Key, Finding], false_alarms: float, family: int
) -> Sensitivity:
    profile, place = row.profile, (row.profile.benchmark, row.profile.labels, row.metric.name, row.statistic)
    one, two = found.get(place), twice.get(place)
    side = row.base_metric
    sizes = [len(s.values) for s in side.samples] if side else []
    sessions, runs = len(sizes), round(median(sizes)) if sizes else 0
    value = one.baseline if one else None
    floor = floor_cost(row, floor_of(row, side, side), value) if side and value else 0.0
    allowed = allowed_cost(row, value or 0.0)
    is_across = one is not None and one.method == "across-sessions"
    obstacle = one if one is not None and one.status in UNDECIDED else None
    now = DetectableChange(
        sessions=sessions, runs=runs, once=_detectable(one), confirmed=_detectable(two) if is_across else None
    )
    options: tuple[DetectableChange, ...] = ()
    if one is not None and is_across and row.statistic == P50 and max(allowed, floor) < math.inf:
        options = tuple(
            _detectable_with(m, n, row, one.evidence, max(allowed, floor), (family, false_alarms))
            for m, n in _choices(sessions, runs)
        )
    return Sensitivity(
        benchmark=profile.benchmark,
        labels=profile.labels,
        metric=row.metric.name,
        unit=row.metric.unit,
        better=row.metric.better,
        statistic=row.statistic,
        rule=row.ruling.origin,
        method=one.method if one else "",
        obstacle=obstacle.reason if obstacle else "",
        obstacle_message=obstacle.message if obstacle else "",
        threshold=in_metric_direction(row, allowed),
        limit_text=one.limit_text if one else row.ruling.threshold.text,
        floor=in_metric_direction(row, floor),
        baseline=value,
        now=now,
        options=options,
    )


def _detectable_with(  # noqa: PLR0917 - private, called in this file alone
    sessions: int, runs: int, row: Row, evidence: Evidence, allowed: float, shared: tuple[int, float]
) -> DetectableChange:
    """Return what a row would detect with other numbers of sessions and runs, the spread as it is today."""
    family, false_alarms = shared
    limits = (session_limit(sessions, fresh, family=family, false_alarms=false_alarms) for fresh in (1, 2))
    se = expected_error(
        spread=evidence.spread or 0.0, within=evidence.within or 0.0, sessions=sessions, runs=runs, current=runs
    )
    least = math.log1p(allowed)
    once, confirmed = (in_metric_direction(row, change_from_log(max(least, k * se))) for k in limits)
    return DetectableChange(sessions=sessions, runs=runs, once=once, confirmed=confirmed)


def _choices(sessions: int, runs: int) -> list[tuple[int, int]]:
    """Return what one can do: more sessions, or twice the runs in each."""
    more = [(m, runs) for m in (SOUND, FULL) if m > sessions]
    return [*more, (sessions, 2 * runs)]


def _detectable(finding: Finding | None) -> float | None:
    """Return the smallest change that a row detects, None when there is none or it has no end."""
    if finding is None or finding.method == "" or finding.detectable is None or not math.isfinite(finding.detectable):
        return None
    return finding.detectable if finding.detectable > -1.0 else None


def describe_remedy(row: Sensitivity) -> str:
    """Return what would let a row detect a smaller change, and how small; empty when nothing near would."""
    best = row.best
    if best is None:
        return ""
    if best.sessions > row.now.sessions:
        what = f"{best.sessions} sessions in the baseline instead of {row.now.sessions}"
    else:
        what = f"{best.runs} runs in each session instead of {row.now.runs}"
    return f"{what}: detectable {_describe(best)} instead of {_describe(row.now)}"


def _describe(change: DetectableChange) -> str:
    """Return what is detectable in one session, and what when a second confirms it."""
    if change.once is None:
        return "nothing"
    return percent(change.once) + ("" if change.confirmed is None else f" ({percent(change.confirmed)} confirmed)")
