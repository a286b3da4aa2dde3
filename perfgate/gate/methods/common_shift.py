"""What the benchmarks of a check have in common: the speed of the machine, and how far its sessions lie apart.

Rows of one metric on one class of machine form a group, whatever their level: time
does not move with memory. All benchmarks of a session, such as a CI job, share its conditions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from perfgate.core.metrics import spread_of
from perfgate.core.statistic import P50, QUANTILE_OF
from perfgate.gate.methods.limits import as_costs, floor_of, value_at
from perfgate.stats.quantiles import median, quantile
from perfgate.stats.sessions import MIN_ROWS_SHARING_A_SESSION, CommonShift, SuiteSpread, common_shift, suite_spread
from perfgate.stats.tails import log_quantile_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.profile import MetricProfile
    from perfgate.gate.comparison import Comparison

Group = tuple[str, str, str]
"""Class of machine, metric, statistic."""


class SessionLogs(Struct, frozen=True, kw_only=True):
    """The sessions of a row on natural logarithms, turned so that lower is better."""

    base: tuple[tuple[float, ...], ...]
    """Values of each baseline session."""
    centres: tuple[float, ...]
    """The statistic of each baseline session."""
    sessions: tuple[str, ...]
    """Id of each baseline session."""
    current: Mapping[str, tuple[float, ...]]
    """Values of the current sessions by id, oldest first."""
    now: Mapping[str, float]
    """The statistic of each current session."""
    errors: tuple[float, ...] = ()
    """Standard error of each baseline session's statistic; empty for p50, whose error follows from its runs."""
    now_errors: Mapping[str, float] = field(default_factory=dict)
    """The same of each current session."""

    def sampling(self, session: str) -> float | None:
        """Return the variance that few runs bring to a tail's change; None for p50."""
        if not self.errors:
            return None
        return self.now_errors[session] ** 2 + math.fsum(e**2 for e in self.errors) / len(self.errors) ** 2

    @property
    def middle(self) -> float:
        """The baseline's centre: the median of its sessions'."""
        return median(self.centres)


class Member(Struct, frozen=True, kw_only=True):
    """One row of a group."""

    comparison: Comparison
    """The row, both sides."""
    logs: SessionLogs
    """Its sessions."""
    floor: float
    """The smallest difference that may fail, in base units. It is judged session by session: one that is written in
    coarse steps proves no more because a finer one stands beside it."""
    is_one_machine: bool
    """Did all sessions of both sides run on one booted machine, as far as they state it?"""

    @property
    def group(self) -> Group:
        """The group that it belongs to."""
        row = self.comparison.row
        return row.profile.machine_class, row.metric.name, row.statistic

    @property
    def baseline(self) -> float:
        """The baseline's centre in the metric's base unit."""
        return value_at(self.comparison.row, self.logs.middle)


class GroupShifts(Struct, frozen=True, kw_only=True):
    """What a group of rows has in common."""

    current: Mapping[str, float]
    """Log shift of each current session by id; as measured, not limited. Absent: too few rows share a session."""
    base: Mapping[str, float]
    """The same of each baseline session against the rows' own centres. Absent: too few rows share the session."""
    spread: SuiteSpread | None
    """How far sessions usually lie apart; None when too few rows say."""

    def of(self, logs: SessionLogs, session: str) -> CommonShift:
        """Return what counts for a row in one current session."""
        shifts = tuple([self.base.get(s, 0.0) for s in logs.sessions])
        return CommonShift(shift=self.current.get(session, 0.0), shifts=shifts, spread=self.spread)


def member_of(c: Comparison) -> Member:
    """Return a row with its sessions on logarithms. All values are > 0."""
    now = {s.session: s.values for s in c.current.samples}
    is_tail = c.statistic != P50
    logs = SessionLogs(
        base=tuple([tuple(map(math.log, as_costs(c.row, s.values))) for s in c.base.samples]),
        centres=tuple(_centres(c, c.base, c.was)),
        sessions=tuple([s.session for s in c.base.samples]),
        current={name: tuple(map(math.log, as_costs(c.row, values))) for name, values in now.items()},
        now={s.session: log for s, log in zip(c.current.samples, _centres(c, c.current, c.now), strict=True)},
        errors=tuple(_error(c, s.values) for s in c.base.samples) if is_tail else (),
        now_errors={name: _error(c, values) for name, values in now.items()} if is_tail else {},
    )
    machines = {s.machine for s in c.sessions}
    return Member(
        comparison=c,
        logs=logs,
        floor=_floor(c),
        is_one_machine=len(machines) == 1 and machines != {""},
    )


def _floor(c: Comparison) -> float:
    """Return the floor of a row, judged session by session."""
    samples = c.current.samples
    if len(samples) == 1:
        return floor_of(c.row, c.base, c.current)
    return max(floor_of(c.row, c.base, replace(c.current, samples=(s,))) for s in samples)


def _error(c: Comparison, values: Sequence[float]) -> float:
    """Return the standard error of the log of a tail's statistic; the row has runs enough for one."""
    return log_quantile_error([math.log(v) for v in values], QUANTILE_OF[c.statistic]) or 0.0


def _centres(c: Comparison, side: MetricProfile, pooled: float) -> list[float]:
    """Return the log of the statistic of each session on the metric's own scale, turned to a cost.

    Args:
        c: the row.
        side: one of its sides.
        pooled: the statistic of all its values, which is that of its session where it has one only.
    """
    q = QUANTILE_OF[c.statistic]
    is_one = len(side.samples) == 1 and side.samples[0].hits is None
    logs = [math.log(v) for v in ([pooled] if is_one else [quantile(sorted(s.values), q) for s in side.samples])]
    return logs if c.is_lower_better else [-log for log in logs]


def group_members(comparisons: Iterable[Comparison]) -> list[list[Member]]:
    """Return rows by the group that they belong to."""
    groups: dict[Group, list[Member]] = {}
    for member in map(member_of, comparisons):
        groups.setdefault(member.group, []).append(member)
    return list(groups.values())


def find_shifts(members: Sequence[Member]) -> GroupShifts:
    """Return what the rows of a group have in common; no shift of a metric whose rows do not share what moves it."""
    if spread_of(members[0].comparison.metric).shifted is None:
        own = [[centre - m.logs.middle for centre in m.logs.centres] for m in members]
        return GroupShifts(current={}, base={}, spread=suite_spread(own))
    now: dict[str, list[float]] = {}
    before: dict[str, list[float]] = {}
    for logs in (m.logs for m in members):
        middle = logs.middle
        for session, centre in logs.now.items():
            now.setdefault(session, []).append(centre - middle)
        for session, centre in zip(logs.sessions, logs.centres, strict=True):
            before.setdefault(session, []).append(centre - middle)
    base = _shifts(before)
    left = [
        [c - base.get(s, 0.0) for c, s in zip(m.logs.centres, m.logs.sessions, strict=True)] for m in members
    ]  # what remains of the baselines' sessions when their common shifts are subtracted
    return GroupShifts(
        # Where the baselines' sessions are not shared, each row's own spread holds their conditions already.
        current=_shifts(now) if base else {},
        base=base,
        spread=suite_spread(left),
    )


def _shifts(changes: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the common shift of each session that enough rows share; one of few rows says nothing of the suite."""
    return {session: common_shift(of) for session, of in changes.items() if len(of) >= MIN_ROWS_SHARING_A_SESSION}
