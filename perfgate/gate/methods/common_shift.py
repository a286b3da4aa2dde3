"""What the benchmarks of a check have in common: the speed of the machine, and how far its sessions lie apart.

Rows of one metric on one class of machine form a group, whatever their level: time
does not move with memory. Every benchmark of a session, such as a CI job, shares its luck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.gate.methods.limits import costs
from perfgate.gate.rows import P50, Q
from perfgate.stats.quantiles import median, quantile
from perfgate.stats.sessions import FEWEST_ALIKE, InCommon, SuiteSpread, common_shift, suite_spread
from perfgate.stats.tails import log_quantile_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.gate.rows import Row

Group = tuple[str, str, str]
"""Class of machine, metric, statistic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The sessions of a row on natural logarithms, turned so that lower is better."""

    base: tuple[tuple[float, ...], ...]
    """Values of each baseline session."""
    centres: tuple[float, ...]
    """The statistic of each baseline session."""
    stretches: tuple[str, ...]
    """When each baseline session took place."""
    current: Mapping[str, tuple[float, ...]]
    """Values of the current sessions by stretch, oldest first."""
    now: Mapping[str, float]
    """The statistic of each current session."""
    errors: tuple[float, ...] = ()
    """Standard error of each baseline session's statistic; empty for p50, whose error follows from its runs."""
    now_errors: Mapping[str, float] = field(default_factory=dict)
    """The same of each current session."""

    def sampling(self, stretch: str) -> float | None:
        """Return the variance that few runs bring to a tail's change; None for p50."""
        if not self.errors:
            return None
        return self.now_errors[stretch] ** 2 + math.fsum(e**2 for e in self.errors) / len(self.errors) ** 2

    @property
    def middle(self) -> float:
        """The baseline's centre: the median of its sessions'."""
        return median(self.centres)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What a group of rows has in common."""

    rows: int
    """How many rows are in the group."""
    shifts: Mapping[str, float]
    """Log shift of each current session by stretch; as measured, not limited. Absent: too few rows share a session."""
    base_shifts: Mapping[str, float]
    """The same of each baseline session against the rows' own centres. Absent: too few rows share the session."""
    spread: SuiteSpread | None
    """How far sessions usually lie apart; None when too few rows say."""

    def of(self, logs: Logs, stretch: str) -> InCommon:
        """Return what counts for a row in one current session."""
        shifts = tuple(self.base_shifts.get(s, 0.0) for s in logs.stretches)
        return InCommon(shift=self.shifts.get(stretch, 0.0), shifts=shifts, spread=self.spread)


def group_of(row: Row) -> Group:
    """Return the group that a row belongs to."""
    return row.profile.machine_class, row.metric.name, row.statistic


def logs_of(row: Row) -> Logs:
    """Return a row's sessions on logarithms. Both sides are there, all values are > 0."""
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    now = {s.session: s.values for s in current.samples}
    is_tail = row.statistic != P50
    return Logs(
        base=tuple(tuple(map(math.log, costs(row, s.values))) for s in base.samples),
        centres=tuple(_centre(row, s.values) for s in base.samples),
        stretches=tuple(s.session for s in base.samples),
        current={name: tuple(map(math.log, costs(row, values))) for name, values in now.items()},
        now={name: _centre(row, values) for name, values in now.items()},
        errors=tuple(_error(row, s.values) for s in base.samples) if is_tail else (),
        now_errors={name: _error(row, values) for name, values in now.items()} if is_tail else {},
    )


def _error(row: Row, values: Sequence[float]) -> float:
    """Return the standard error of the log of a tail's statistic; the row has runs enough for one."""
    return log_quantile_error([math.log(v) for v in values], Q[row.statistic]) or 0.0


def _centre(row: Row, values: Sequence[float]) -> float:
    """Return the log of the statistic on the metric's own scale, as it is everywhere else, turned to a cost."""
    log = math.log(quantile(sorted(values), Q[row.statistic]))
    return log if row.metric.better == "lower" else -log


def suites_of(rows: Sequence[tuple[Group, Logs]]) -> dict[Group, Suite]:
    """Return what each group of rows has in common."""
    groups: dict[Group, list[Logs]] = {}
    for group, logs in rows:
        groups.setdefault(group, []).append(logs)
    return {group: _suite(members) for group, members in groups.items()}


def _suite(members: Sequence[Logs]) -> Suite:
    now: dict[str, list[float]] = {}
    before: dict[str, list[float]] = {}
    for logs in members:
        for stretch, centre in logs.now.items():
            now.setdefault(stretch, []).append(centre - logs.middle)
        for stretch, centre in zip(logs.stretches, logs.centres, strict=True):
            before.setdefault(stretch, []).append(centre - logs.middle)
    base_shifts = _shifts(before)
    left = [
        [c - base_shifts.get(s, 0.0) for c, s in zip(logs.centres, logs.stretches, strict=True)] for logs in members
    ]  # what remains of the baselines' sessions when their common shifts are taken off
    return Suite(
        rows=len(members),
        # Where the baselines' sessions are not shared, each row's own spread holds their luck already.
        shifts=_shifts(now) if base_shifts else {},
        base_shifts=base_shifts,
        spread=suite_spread(left),
    )


def _shifts(changes: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the common shift of each session that enough rows share; one of few rows says nothing of the suite."""
    return {stretch: common_shift(of) for stretch, of in changes.items() if len(of) >= FEWEST_ALIKE}
