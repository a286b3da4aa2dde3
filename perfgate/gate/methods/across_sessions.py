"""Compare fresh sessions with the spread between the sessions of a baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.core.finding import Evidence
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    Limits,
    allowed_cost,
    change_from_log,
    floor_cost,
    floor_logs,
    floor_of,
    in_metric_direction,
    reason_when_not_failing,
    value_at,
)
from perfgate.stats.sessions import compare_sessions, log_interval

if TYPE_CHECKING:
    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.common_shift import GroupShifts, Member
    from perfgate.gate.methods.decision import Call, Family
    from perfgate.stats.sessions import SessionModel

SAME_MACHINE = 0.02  # between-session spread expected on one booted machine
SAME_CLASS = 0.05  # … on machines of one class, or when nothing is known
# … when the common shift of the suite, mostly the machine's speed, is subtracted. Chosen among 2, 2.5, 3 and 5 % on
# six recorded collections: docs/method.md reports the trials.
SAME_CLASS_LEFT = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fresh:
    """One fresh session against the baseline."""

    session: str
    """Its id."""
    model: SessionModel
    """Its change, net of the common shift, and the noise."""
    raw: float
    """Its log change as measured."""
    limits: Limits
    """What the change is held against."""

    @property
    def strength(self) -> tuple[float, str]:
        """The change as a multiple of the suspect limit; by name where two are equal."""
        return self.limits.strength(self.model.d), self.session


def across_sessions(member: Member, shifts: GroupShifts, family: Family) -> Decision:
    """Return the decision about a row whose current runs are of one fresh session, or of several.

    One session fails beyond the outer limit, and is suspected beyond the inner one. Of
    several, every one has to be beyond the inner limit: they are never averaged.

    Args:
        member: the row with its sessions; all values > 0.
        shifts: what its group has in common.
        family: what the gated values share.
    """
    c, logs = member.comparison, member.logs
    allowed = allowed_cost(c.row, member.baseline)
    worsening, gain = floor_logs(c.row, member.floor, member.baseline)
    fresh = []
    for session, values in logs.current.items():
        model = compare_sessions(
            logs.base,
            values,
            prior=prior_of(is_one_machine=member.is_one_machine, is_shifted=session in shifts.current),
            family=family.size,
            false_alarms=family.false_alarms,
            common=shifts.of(logs, session),
            centres=logs.centres,
            centre=logs.now[session],
            sampling=logs.sampling(session),
        )
        is_alone = len(logs.current) == 1
        limits = Limits.around(allowed, model, is_alone=is_alone, floor=worsening, gain_floor=gain)
        fresh.append(_Fresh(session=session, model=model, raw=logs.now[session] - model.base, limits=limits))
    return _decide(c, fresh, allowed, member.floor)


def _decide(c: Comparison, fresh: list[_Fresh], allowed: float, floor: float) -> Decision:
    # The session with the weakest evidence for a worsening decides: it has to fail, too.
    weakest = min(fresh, key=lambda f: f.strength)
    model, limits = weakest.model, weakest.limits
    was, now = value_at(c.row, model.base), value_at(c.row, model.base + model.d)
    # A gain of the whole suite is charged to a row only together with a worsening of its own (see `_call`).
    gained = min(0.0, max(f.raw - f.model.d for f in fresh))
    detectable = change_from_log(max(limits.threshold - gained, limits.fail))
    least = floor_cost(c.row, floor, was)
    call, reason, message = _call(c, fresh, was)
    if not reason:
        moved, above = model.d > limits.threshold, all(f.limits.is_above_floor(f.model.d) for f in fresh)
        reason = reason_when_not_failing(detectable, allowed, floor=above, moved=moved)
        if reason == "too-noisy" and len(c.base.samples) == 1:
            reason = "one-session"
    interval = sorted(in_metric_direction(c.row, change_from_log(end)) for end in log_interval(model))
    return Decision(
        call=call,
        method="across-sessions",
        baseline=was,
        current=value_at(c.row, model.base + weakest.raw),
        change=now / was - 1,
        limit=in_metric_direction(c.row, allowed),
        interval=(interval[0], interval[1]),
        suspect_limit=in_metric_direction(c.row, max(change_from_log(limits.suspect), least)),
        fail_limit=in_metric_direction(c.row, max(detectable, least)),
        reason=reason,
        message=message,
        evidence=Evidence(
            se=model.se,
            k_in=model.k_in,
            k_out=model.k_out,
            prior=model.prior,
            spread=model.spread,
            within=model.within,
            shift=in_metric_direction(c.row, change_from_log(weakest.raw - model.d)),
            sessions_current=float(len(fresh)),
            floor=floor,
        ),
    )


def _call(c: Comparison, fresh: list[_Fresh], was: float) -> tuple[Call, str, str]:
    """Return the call on all fresh sessions, its slug and what the slug does not say; without a slug: nothing to say.

    Where most benchmarks got faster, those that did not are no regression: a row fails
    only if it is worse as measured, too.
    """
    several = len(fresh) > 1
    calls = {f.limits.call(f.model.d) for f in fresh}
    step = fresh[0].limits.threshold
    if calls == {"worse"}:
        if max(f.raw for f in fresh) <= step:
            return "suspected", "only-beside", f"all {len(fresh)} fresh sessions show it" if several else ""
        return "worse", *(("confirmed", f"all {len(fresh)} fresh sessions show it") if several else ("worse", ""))
    if all(f.model.d > f.limits.fail for f in fresh):
        # What only the coarse steps of the current values hide is not known to be small.
        known = floor_logs(c.row, floor_of(c.row, c.base, c.base), was)[0]
        if all(replace(f.limits, floor=known).call(f.model.d) == "worse" for f in fresh):
            return "suspected", "too-coarse", ""
    if calls == {"suspected"}:
        return "suspected", "not-proven", ""
    if calls == {"better"} and min(f.raw for f in fresh) < -step:
        return "better", "better", ""
    beyond = sum(f.model.d > f.limits.suspect for f in fresh)
    if several and 0 < beyond < len(fresh):
        return "same", "not-confirmed", f"{beyond} of {len(fresh)} fresh sessions show it"
    return "same", "", ""


def prior_of(*, is_one_machine: bool, is_shifted: bool) -> float:
    """Return the spread between sessions that is expected beforehand, on logs.

    Args:
        is_one_machine: did all sessions run on one booted machine?
        is_shifted: is the common shift of the suite subtracted?
    """
    if is_one_machine:
        return SAME_MACHINE
    return SAME_CLASS_LEFT if is_shifted else SAME_CLASS
