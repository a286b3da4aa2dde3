"""The smallest change that each gated row can see, and what would let it see a smaller one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.finding import UNDECIDED
from perfgate.core.profile import title
from perfgate.gate.audit.replay import by_row, next_session
from perfgate.gate.audit.wording import cost, percent
from perfgate.gate.methods.limits import allowed_cost, floor_cost, grown, own_change
from perfgate.gate.rows import P50, rows_of
from perfgate.stats.quantiles import median
from perfgate.stats.sessions import MEDIAN_VARIANCE, session_limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.finding import Finding
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels
    from perfgate.gate.audit.replay import Key
    from perfgate.gate.rows import Row

SOUND, FULL = 5, 10
"""Sessions that a baseline should hold, and that a refresh keeps."""
_WORTH = 0.95  # a cure has to bring the visible change below this part of today's
_MOST = 0.6  # of what the best option gains


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a row could see under some circumstances. Changes are ratios minus one, in the metric's own direction."""

    sessions: int
    """Sessions in the baseline."""
    runs: int
    """Runs in each session."""
    once: float | None
    """Smallest worsening that fails on one session; None when none could."""
    confirmed: float | None
    """The same when a second session confirms it; None for methods that confirm nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One gated row."""

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
    now: View
    """What it sees today."""
    options: tuple[View, ...]
    """What it would see with more sessions, or with more runs in each, the spread as it is."""

    @property
    def key(self) -> Key:
        """What the row is within its class of machine."""
        return (self.benchmark, self.labels, self.metric, self.statistic)

    @property
    def place(self) -> str:
        """Benchmark and metric in words."""
        return f"{title(self.benchmark, self.labels)} {self.metric} {self.statistic}"

    @property
    def best(self) -> View | None:
        """The least effort that brings most of what any option would; None when none is worth while."""
        reaches = [_reach(o) for o in self.options]
        today, nearest = _reach(self.now), min(map(_reach, self.options), default=math.inf)
        if not nearest < _WORTH * today:
            return None
        return self.options[next(i for i, reach in enumerate(reaches) if today - reach >= _MOST * (today - nearest))]


def _reach(view: View) -> float:
    """Return the sizes of the two changes that a view sees, together; of one that it does not see, no end."""
    return cost(view.once) + (0.0 if view.confirmed is None else cost(view.confirmed))


def sights(profiles: Sequence[Profile], policy: Policy) -> tuple[tuple[Sight, ...], int]:
    """Return what each gated row of a class of machine can see, and how many rows share the level.

    Args:
        profiles: the baselines of one class of machine, none excluded.
        policy: what is gated and how strictly.
    """
    once = next_session(profiles, policy)
    found = by_row(once.findings)
    twice = by_row(next_session(profiles, policy, sessions=2).findings)
    family = max(1, once.gated)
    rows = [row for p in profiles for row in rows_of(p, p, policy) if row.ruling.level == "fail"]
    return tuple(_sight(row, found, twice, policy.false_alarms, family) for row in rows), once.gated


def _sight(
    row: Row, found: Mapping[Key, Finding], twice: Mapping[Key, Finding], false_alarms: float, family: int
) -> Sight:  # fmt: skip
    profile, place = row.profile, (row.profile.benchmark, row.profile.labels, row.metric.name, row.statistic)
    one, two = found.get(place), twice.get(place)
    side = row.side(profile)
    sizes = [len(s.values) for s in side.samples] if side else []
    sessions, runs = len(sizes), round(median(sizes)) if sizes else 0
    value = one.baseline if one else None
    floor = floor_cost(row, side, side, value) if side and value else 0.0
    allowed = allowed_cost(row, value or 0.0)
    is_across = one is not None and one.method == "across-sessions"
    obstacle = one if one is not None and one.status in UNDECIDED else None
    now = View(sessions=sessions, runs=runs, once=_seen(one), confirmed=_seen(two) if is_across else None)
    least = math.log1p(max(allowed, floor)) if max(allowed, floor) < math.inf else math.inf
    options = []
    if one is not None and is_across and row.statistic == P50 and least < math.inf:
        known = dict(one.evidence)
        for m, n in _choices(sessions, runs):
            k_in, k_out = session_limits(m, family=family, false_alarms=false_alarms)
            medians = MEDIAN_VARIANCE * known["within"] ** 2 * (1 / n + 1 / (m * n))
            se = math.sqrt(known["spread"] ** 2 * (1 + 1 / m) + medians)
            seen = [own_change(row, grown(max(least, k * se))) for k in (k_out, k_in)]
            options.append(View(sessions=m, runs=n, once=seen[0], confirmed=seen[1]))
    return Sight(
        benchmark=profile.benchmark, labels=profile.labels, metric=row.metric.name, unit=row.metric.unit,
        better=row.metric.better, statistic=row.statistic, rule=row.ruling.origin, method=one.method if one else "",
        obstacle=obstacle.reason if obstacle else "", obstacle_message=obstacle.message if obstacle else "",
        threshold=own_change(row, allowed), limit_text=one.limit_text if one else row.ruling.threshold.text,
        floor=own_change(row, floor), baseline=value, now=now, options=tuple(options),
    )  # fmt: skip


def _choices(sessions: int, runs: int) -> list[tuple[int, int]]:
    """Return what one can do: more sessions, or twice the runs in each."""
    more = [(m, runs) for m in (SOUND, FULL) if m > sessions]
    return [*more, (sessions, 2 * runs)]


def _seen(finding: Finding | None) -> float | None:
    """Return the smallest change that a row could see, None when there is none or it has no end."""
    if finding is None or finding.method == "" or finding.visible is None or not math.isfinite(finding.visible):
        return None
    return finding.visible if finding.visible > -1.0 else None


def cured(row: Sight) -> str:
    """Return what would let a row see a smaller change, and by how much; empty when nothing near would."""
    best = row.best
    if best is None:
        return ""
    if best.sessions > row.now.sessions:
        what = f"{best.sessions} sessions in the baseline instead of {row.now.sessions}"
    else:
        what = f"{best.runs} runs in each session instead of {row.now.runs}"
    return f"{what}: it sees {worded(best)} instead of {worded(row.now)}"


def worded(view: View) -> str:
    """Return what a row sees in one session, and what when a second confirms it."""
    if view.once is None:
        return "nothing"
    return percent(view.once) + ("" if view.confirmed is None else f" ({percent(view.confirmed)} confirmed)")
