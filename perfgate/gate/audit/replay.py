"""What a baseline says of its own gate: its sessions judged by the others, and a coming session like them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.finding import UNDECIDED, Finding
from perfgate.core.profile import MetricProfile, Profile, Sample, Session, with_stated
from perfgate.core.run import Labels
from perfgate.gate.judge import Judgement, Pair, judge
from perfgate.gate.methods.limits import Limits
from perfgate.stats.quantiles import mad, median

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.policy import Policy

Key = tuple[str, Labels, str, str]
"""A row within a class of machine: benchmark, labels, metric, statistic."""
COMING = "coming"
"""Begins the id of a session that has not happened yet."""
_LARGEST_SHARE = 0.999  # of a probability: the largest accepted chance of false alarms


class LeftOut(Struct, frozen=True, kw_only=True):
    """One session of a class of machine, judged against the others as if it were new."""

    session: str
    """Id of the session."""
    findings: tuple[Finding, ...]
    """What the gate found, gated values only; those that could not be judged are left out."""


def leave_out(profiles: Sequence[Profile], policy: Policy, gated: int) -> tuple[LeftOut, ...]:
    """Return what the gate finds when each session in turn is judged against the others, oldest first.

    Args:
        profiles: the baselines of one class of machine.
        policy: what is gated and how strictly.
        gated: rows that share the level in a real check; where a session lacks some of them
            the limits stay as they are there.
    """
    return tuple(
        LeftOut(session=session, findings=_judged(pairs, policy, gated))
        for session in sessions_of(profiles)
        if (pairs := [pair for profile in profiles if (pair := _split(profile, session))])
    )


def sessions_of(profiles: Iterable[Profile]) -> tuple[str, ...]:
    """Return the sessions in which a class of machine was measured, oldest first."""
    began: dict[str, str] = {}
    for profile in profiles:
        for s in profile.sessions:
            began[s.session] = max(began.get(s.session, ""), s.started_at)
    return tuple(sorted(began, key=lambda session: (began[session], session)))


def _judged(pairs: Sequence[Pair], policy: Policy, gated: int) -> tuple[Finding, ...]:
    judgement = judge(pairs, policy)
    if judgement.gated not in (0, gated):  # the limits depend on gated values over accepted chance alone
        chance = min(_LARGEST_SHARE, policy.false_alarms * judgement.gated / gated)
        judgement = judge(pairs, replace(policy, false_alarms=chance))
    return tuple(f for f in judgement.findings if f.level == "fail" and f.status not in UNDECIDED)


def _split(profile: Profile, session: str) -> Pair | None:
    """Return a baseline without one session, and that session as what was measured; None without the one."""
    inside = {s.id for s in profile.sessions if s.session == session}
    outside = {s.id for s in profile.sessions} - inside
    if not inside or not outside:
        return None
    return Pair(base=_only(profile, outside), current=_only(profile, inside))


def _only(profile: Profile, ids: set[str]) -> Profile:
    """Return the part of a profile that some of its sessions make up."""
    return replace(
        profile,
        sessions=tuple(s for s in profile.sessions if s.id in ids),
        metrics=tuple(left for m in profile.metrics if (left := m.in_sessions(ids)) is not None),
    )


def newest_again(profiles: Sequence[Profile], policy: Policy) -> tuple[Finding, ...]:
    """Return what the gate finds when the newest session of each baseline is measured again, gated values only."""
    pairs = []
    for profile in profiles:
        last = sessions_of([profile])[-1:]
        newest = {s.id for s in profile.sessions if s.session in last}
        if newest and len(newest) < len(profile.sessions):
            pairs.append(Pair(base=profile, current=_only(profile, newest)))
    return tuple(f for f in judge(pairs, policy).findings if f.level == "fail" and f.status not in UNDECIDED)


def share_of_limit(finding: Finding, policy: Policy) -> float | None:
    """Return a change as a share of the smallest one that would have failed, on logarithms.

    Args:
        finding: a row that was judged.
        policy: says whether a suspected row fails already.

    Returns:
        1.0 exactly at the limit, negative for an improvement; None when it is unknown.
    """
    limits = Limits.of(finding)
    if finding.change is None or finding.change <= -1.0 or limits is None:
        return None
    is_worse = (finding.change > 0.0) == (finding.better == "lower")
    change = abs(math.log1p(finding.change)) * (1 if is_worse else -1)
    limit = limits.suspect if policy.on_suspected == "fail" else limits.fail
    if limit == 0.0:  # no change at all is allowed
        return 0.0 if change == 0.0 else math.copysign(math.inf, change)
    return change / limit


def next_session(profiles: Sequence[Profile], policy: Policy, *, sessions: int = 1) -> Judgement:
    """Judge sessions to come, which repeat what the baselines usually hold.

    Their change means nothing; what they could have seen does.

    Args:
        profiles: the baselines of one class of machine.
        policy: what is gated and how strictly.
        sessions: how many fresh sessions are judged together.
    """
    return judge([Pair(base=p, current=_coming(p, sessions)) for p in profiles], policy)


def _coming(profile: Profile, count: int) -> Profile:
    """Return a profile of sessions to come: of each metric, the values of the session that is most like the others."""
    named = all(s.is_named for s in profile.sessions)
    ids = [f"{'' if named else 'unknown-'}{COMING}-{i}" for i in range(count)]
    machines = {s.machine for s in profile.sessions}
    is_hosted = "ci" in dict(profile.environment)  # there, one session says nothing about the next machine
    stays = len(machines) == 1 and (len(profile.sessions) > 1 or not is_hosted)
    rows = tuple(sorted({r for s in profile.sessions for r in s.rows_used}))
    return replace(
        profile,
        sessions=tuple(
            Session(
                id=i, started_at="", machine=next(iter(machines)) if stays else "", commit="", rows_used=rows, runs=()
            )
            for i in ids
        ),
        metrics=tuple(
            replace(m, samples=tuple(Sample(session=i, values=typical(m)) for i in ids))
            if m.samples
            else with_stated(m, [replace(m.stated[-1], session=i) for i in ids] if m.stated else [])
            for m in profile.metrics
        ),
    )


def typical(metric: MetricProfile) -> tuple[float, ...]:
    """Return the values of the session with the most usual number of runs and spread inside."""
    runs = median([len(s.values) for s in metric.samples])
    spread = median([mad(s.values) for s in metric.samples])
    return min(metric.samples, key=lambda s: (abs(len(s.values) - runs), abs(mad(s.values) - spread))).values


def by_row(findings: Iterable[Finding]) -> Mapping[Key, Finding]:
    """Return findings by benchmark, labels, metric and statistic."""
    return {(f.benchmark, f.labels, f.metric, f.statistic): f for f in findings}
