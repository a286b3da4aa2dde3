"""Where each row stands against its baseline's sessions, and how many rows got worse together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from perfgate.core.metrics import spread_of
from perfgate.gate.methods.limits import SLACK, Multiples, allowed_cost, floor_logs, threshold_log
from perfgate.stats.sessions import compare_sessions, tail_probability
from perfgate.stats.step_up import StepUp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.core.metrics import Metric
    from perfgate.gate.methods.common_shift import GroupShifts, Member
    from perfgate.gate.methods.decision import Family
    from perfgate.stats.sessions import SessionModel

_CONFIRMING = 2
"""Sessions whose limit makes a row suspected: a second one would confirm it."""


class Fresh(Struct, frozen=True, kw_only=True):
    """One fresh session against the baseline."""

    session: str
    """Its id."""
    model: SessionModel
    """Its change, net of the common shift, and the noise."""
    raw: float
    """Its log change as measured."""

    @property
    def strength(self) -> float:
        """Standard errors that it lies away; > 0 is worse."""
        return self.model.d / self.model.se


class Standing(Struct, frozen=True, kw_only=True):
    """A row that was held against the spread of its baseline and is not decided yet."""

    member: Member
    """The row with its sessions."""
    fresh: tuple[Fresh, ...]
    """Its fresh sessions, oldest first."""
    allowed: float
    """The largest accepted worsening, a ratio of costs minus one, >= 0.0 or infinite."""
    floors: tuple[float, float]
    """The smallest worsening and the smallest improvement that count, on logs."""

    @property
    def is_worse(self) -> bool:
        """Is it worse than accepted in every fresh session, whatever the noise, and in one as measured as well?"""
        step, floor = threshold_log(self.allowed), self.floors[0] * (1.0 - SLACK)
        changes = [f.model.d for f in self.fresh]
        return min(changes) > step and min(changes) >= floor and max(f.raw for f in self.fresh) > step

    def chance(self, fresh: int) -> float | None:
        """Return the chance of an unchanged row to look as bad in so many sessions; None when it is not worse."""
        if not self.is_worse:
            return None
        strength = min(f.strength for f in self.fresh)
        return tail_probability(strength, self.fresh[0].model.sessions, fresh)


class Together(Struct, frozen=True, kw_only=True):
    """The gated values that got worse at once: beside others, each needs less evidence."""

    family: Family
    """What the gated values share."""
    failing: StepUp
    """Of the limit beyond which a row fails."""
    suspected: StepUp
    """Of the limit beyond which it is suspected."""
    of_others: dict[tuple[int, int], Multiples] = field(default_factory=dict)
    """What `multiples` returned of rows that are not among them, by sessions of the baseline and fresh ones."""

    @classmethod
    def of(cls, standings: Iterable[Standing], family: Family) -> Together:
        """Return what the gated values among some have in common."""
        worse = [s for s in standings if s.member.comparison.is_gated and s.is_worse]
        steps = (
            StepUp.of([s.chance(n or len(s.fresh)) or 0.0 for s in worse], size=family.size, level=family.false_alarms)
            for n in (0, _CONFIRMING)
        )
        return cls(family=family, failing=next(steps), suspected=next(steps))

    def multiples(self, standing: Standing) -> Multiples:
        """Return how many standard errors a row has to exceed."""
        m, n = standing.fresh[0].model.sessions, len(standing.fresh)
        is_in = standing.member.comparison.is_gated and standing.is_worse
        if not is_in and (known := self.of_others.get((m, n))):
            return known
        suspect = self.suspected.rows_with(standing.chance(_CONFIRMING) if is_in else None)
        fail = self.failing.rows_with(standing.chance(n) if is_in else None)
        found = Multiples(
            rows=fail,
            suspect=self.family.limit(m, _CONFIRMING, rows=self.suspected.counted(suspect)),
            fail=self.family.limit(m, n, rows=self.failing.counted(fail)),
            gain=self.family.limit(m, n),
        )
        if not is_in:
            self.of_others[m, n] = found
        return found


def find_standing(member: Member, shifts: GroupShifts) -> Standing:
    """Hold the fresh sessions of a row against the spread between the sessions of its baseline.

    Args:
        member: the row with its sessions; all values > 0.
        shifts: what its group has in common.
    """
    row, logs, baseline = member.comparison.row, member.logs, member.baseline
    fresh = []
    for session, values in logs.current.items():
        model = compare_sessions(
            logs.base,
            values,
            prior=prior_of(row.metric, is_one_machine=member.is_one_machine, is_shifted=session in shifts.current),
            per_within=spread_of(row.metric).per_within,
            common=shifts.of(logs, session),
            centres=logs.centres,
            centre=logs.now[session],
            sampling=logs.sampling(session),
        )
        fresh.append(Fresh(session=session, model=model, raw=logs.now[session] - model.base))
    return Standing(
        member=member,
        fresh=tuple(fresh),
        allowed=allowed_cost(row, baseline),
        floors=floor_logs(row, member.floor, baseline),
    )


def prior_of(metric: Metric, *, is_one_machine: bool, is_shifted: bool) -> float:
    """Return the spread between sessions that is expected beforehand, on logs.

    Args:
        metric: what is compared.
        is_one_machine: did all sessions run on one booted machine?
        is_shifted: is the common shift of the suite subtracted?
    """
    spread = spread_of(metric)
    if is_one_machine:
        return spread.one_machine
    return spread.shifted if is_shifted and spread.shifted else spread.one_class
