"""Facts about the baselines of one class of machine: expected false alarms, age, detectable changes, and slack."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.finding import WHOLE_SUITE, Finding
from perfgate.core.profile import title
from perfgate.core.sessions import merge_batches
from perfgate.core.text.dates import day_of
from perfgate.gate.audit.replay import Key, LeftOut, by_row, leave_out, newest_again, sessions_of, share_of_limit
from perfgate.gate.audit.sensitivity import Sensitivity, find_sensitivities
from perfgate.gate.methods.limits import Limits
from perfgate.gate.rows import rows_of
from perfgate.stats.leave_one_out import FEWEST_LEFT_OUT, AlarmRate, alarm_rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile


class Shares(Struct, frozen=True, kw_only=True):
    """The sessions of a row, each judged against the others."""

    key: Key
    """Benchmark, labels, metric, statistic."""
    shares: tuple[float, ...]
    """How much of the smallest change that would have failed each session showed; the newest first."""

    @property
    def place(self) -> str:
        """Benchmark and metric in words."""
        benchmark, labels, metric, statistic = self.key
        return f"{title(benchmark, labels)} {metric} {statistic}"


class AuditedClass(Struct, frozen=True, kw_only=True):
    """The baselines of one class of machine: they are judged together."""

    machine_class: str
    """Its name; empty when the file does not say."""
    profiles: tuple[Profile, ...]
    """The baselines, none excluded."""
    gated: int
    """Rows that share the level."""
    newest: str
    """When the newest run began (UTC, ISO 8601); empty when unknown."""
    age: int | None
    """Days from then to the day of the audit, >= 0; None when unknown."""
    alarms: AlarmRate | None
    """How often an unchanged pull request is expected to fail; None when there are too few sessions."""
    rows: tuple[Sensitivity, ...]
    """What each gated value can detect."""
    shares: tuple[Shares, ...]
    """Of each gated value, and of what they have in common, its sessions judged against the others."""
    slack: tuple[Finding, ...]
    """Rows of which the newest session differs significantly from the others; their change is the one from the
    baseline as it is."""


def facts_of(machine_class: str, profiles: Sequence[Profile], policy: Policy, today: str) -> AuditedClass:
    """Return facts about the baselines of one class of machine.

    Args:
        machine_class: its name.
        profiles: its baselines, none excluded.
        policy: what is gated and how strictly.
        today: the day of the audit, ``2026-01-31``.
    """
    judged = _gated_parts(merge_batches(profiles), policy)
    rows, gated = find_sensitivities(judged, policy)
    left_out = leave_out(judged, policy, gated)
    newest = max((s.started_at for p in profiles for s in p.sessions), default="")
    was, now = day_of(newest), day_of(today)
    shares = _shares(left_out, policy)
    return AuditedClass(
        machine_class=machine_class,
        profiles=tuple(profiles),
        gated=gated,
        newest=newest,
        age=None if was is None or now is None else max(0, now - was),
        alarms=_alarms(shares),
        rows=rows,
        shares=shares,
        slack=tuple(_slack(judged, left_out, newest_again(judged, policy))),
    )


def _gated_parts(profiles: Sequence[Profile], policy: Policy) -> list[Profile]:
    """Return baselines with the metrics of which any is gated: no other has a part in a gated value's judgement."""
    gated = {row.metric.name for p in profiles for row in rows_of(p, p, policy) if row.ruling.level == "fail"}
    return [replace(p, metrics=tuple(m for m in p.metrics if m.metric.name in gated)) for p in profiles]


def _shares(left_out: Sequence[LeftOut], policy: Policy) -> tuple[Shares, ...]:
    """Return the shares of each row, of sessions that two or more others judge."""
    found: dict[Key, list[float]] = {}
    for one in reversed(left_out):
        for key, f in by_row(one.findings).items():
            share = share_of_limit(f, policy)
            if share is not None and f.sessions_baseline >= FEWEST_LEFT_OUT - 1:
                found.setdefault(key, []).append(share)
    return tuple(Shares(key=key, shares=tuple(shares)) for key, shares in found.items())


def _alarms(rows: Sequence[Shares]) -> AlarmRate | None:
    """Return how often an unchanged pull request is expected to fail.

    A pull request measures every row once: the newest sessions of all rows stand for
    one, those before them for another. Where all rows share their sessions these are
    the sessions themselves; jobs that measure a part each are put together.
    """
    rounds = max((len(row.shares) for row in rows if row.key[0] != WHOLE_SUITE), default=0)
    worst = [max(row.shares[i] for row in rows if i < len(row.shares)) for i in range(rounds)]
    return alarm_rate(worst) if rounds >= FEWEST_LEFT_OUT else None


def _slack(profiles: Sequence[Profile], left_out: Sequence[LeftOut], now: Iterable[Finding]) -> Iterable[Finding]:
    """Yield the rows of which the newest session differs significantly from the others, either way."""
    last = {p.key: sessions_of([p])[-1] for p in profiles if p.sessions}
    apart = {
        row
        for one in left_out
        for row, f in by_row(one.findings).items()
        if last.get((f.benchmark, f.labels)) == one.session and _is_apart(f)
    }
    for row, f in by_row(now).items():
        if row in apart and f.change is not None and f.limit is not None and abs(f.change) > abs(f.limit):
            yield f


def _is_apart(f: Finding) -> bool:
    """Is the change, either way, one that would at least be suspected if it were a worsening?"""
    limits = Limits.of(f)
    if f.change is None or f.change <= -1.0 or limits is None or f.method not in {"exact", "across-sessions"}:
        return False
    return limits.call(abs(math.log1p(f.change))) != "same"
