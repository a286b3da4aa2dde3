"""Compare fresh sessions with the spread between the sessions of a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.finding import Evidence
from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    Limits,
    change_from_log,
    changes_from_logs,
    describe_same,
    floor_cost,
    floor_logs,
    floor_of,
    in_metric_direction,
    is_blind,
    value_at,
)
from perfgate.stats.sessions import log_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.comparison import Comparison
    from perfgate.gate.methods.decision import Call, Family
    from perfgate.gate.methods.limits import Multiples
    from perfgate.gate.methods.standings import Fresh, Standing, Together


class _Limited(Struct, frozen=True, kw_only=True):
    """One fresh session, and what its change is held against."""

    fresh: Fresh
    """Its change and the noise."""
    limits: Limits
    """Its limits."""
    change: float
    """Its log change, net of the common shift."""
    raw: float
    """Its log change as measured."""

    @property
    def call(self) -> Call:
        """What it shows by itself."""
        return self.limits.call(self.change)

    @property
    def size(self) -> tuple[float, str]:
        """The size of the change; by name where two are equal."""
        return abs(self.change), self.fresh.session

    def interval(self, k: Multiples) -> tuple[float, float]:
        """Return the interval of the log change at the level at which a worsening fails."""
        reach = k.fail * self.fresh.model.se
        return self.change - reach, self.change + reach


def across_sessions(standing: Standing, together: Together) -> Decision:
    """Return the decision about a row whose current runs are of one fresh session, or of several.

    One session fails beyond the outer limit, and is suspected beyond the inner one. Of
    several, every one has to be beyond a limit of its own: they are never averaged. Beside other
    rows that got worse the limits are lower.

    Args:
        standing: the row with its fresh sessions.
        together: the gated values that got worse at once.
    """
    c, allowed, floor = standing.member.comparison, standing.allowed, standing.member.floor
    multiples = together.multiples(standing)
    fresh = [_limited(standing, f, multiples) for f in standing.fresh]
    # The session with the smallest change decides: if it is beyond a limit, the others are, too.
    weakest = min(fresh, key=lambda f: f.size) if len(fresh) > 1 else fresh[0]
    model, limits = weakest.fresh.model, weakest.limits
    intervals = [f.interval(multiples) for f in fresh]
    ends = min([low for low, _ in intervals]), max([high for _, high in intervals])
    was, now = value_at(c.row, model.base), value_at(c.row, model.base + model.d)
    # A gain of the whole suite is charged to a row only together with a worsening of its own (see `_call`).
    gained = min(0.0, max([f.raw - f.change for f in fresh]))
    detectable = change_from_log(max(limits.threshold - gained, limits.fail))
    least = floor_cost(c.row, floor, was)
    never_fails = change_from_log(max(_threshold_as_measured(fresh, weakest), limits.floor))
    call, reason, message = _call(c, fresh, was)
    if call == "same":
        moved, above = model.d > limits.threshold, all(f.limits.is_above_floor(f.change) for f in fresh)
        call, why = describe_same(change_from_log(ends[1]), never_fails, c.ruling, floor=above, moved=moved)
        reason = reason or (_why_blind(standing, weakest, together.family) if why == "too-noisy" else why)
    elif call == "worse":
        message = _with_others(message, fresh, multiples.rows)
    return Decision(
        call=call,
        method="across-sessions",
        baseline=was,
        current=value_at(c.row, model.base + weakest.raw),
        change=now / was - 1,
        limit=in_metric_direction(c.row, allowed),
        allowed=in_metric_direction(c.row, never_fails),
        decision_interval=changes_from_logs(c.row, ends),
        interval=changes_from_logs(c.row, log_interval(model)),
        suspect_limit=in_metric_direction(c.row, max(change_from_log(limits.suspect), least)),
        detectable=in_metric_direction(c.row, max(detectable, least)),
        reason=reason,
        message=message,
        evidence=Evidence(
            se=model.se,
            k_in=multiples.suspect,
            k_out=multiples.fail,
            together=float(multiples.rows),
            prior=model.prior,
            spread=model.spread,
            within=model.within,
            shift=in_metric_direction(c.row, change_from_log(weakest.raw - model.d)),
            sessions_current=float(len(fresh)),
            floor=floor,
        ),
    )


def _call(c: Comparison, fresh: Sequence[_Limited], was: float) -> tuple[Call, str, str]:
    """Return the call on all fresh sessions, its slug and what the slug does not say.

    It is "same" without a slug where no session shows anything.

    Where most benchmarks got faster, those that did not are no regression: a row fails
    only if it is worse as measured, too.
    """
    several = len(fresh) > 1
    calls = {f.call for f in fresh}
    step = fresh[0].limits.threshold
    if calls == {"worse"}:
        if max(f.raw for f in fresh) <= step:
            return "suspected", "only-beside", f"all {len(fresh)} fresh sessions show it" if several else ""
        return "worse", *(("confirmed", f"all {len(fresh)} fresh sessions show it") if several else ("worse", ""))
    if all(f.change > f.limits.fail for f in fresh):
        # What only the coarse steps of the current values hide is not known to be small.
        known = floor_logs(c.row, floor_of(c.row, c.base, c.base), was)[0]
        if all(replace(f.limits, floor=known).call(f.change) == "worse" for f in fresh):
            return "suspected", "too-coarse", ""
    if calls == {"suspected"}:
        return "suspected", "not-proven", ""
    if calls == {"better"} and min(f.raw for f in fresh) < -step:
        return "better", "better", ""
    beyond = sum(f.change > f.limits.suspect for f in fresh)
    if several and 0 < beyond < len(fresh):
        return "same", "not-confirmed", f"{beyond} of {len(fresh)} fresh sessions show it"
    return "same", "", ""


def _limited(standing: Standing, fresh: Fresh, multiples: Multiples) -> _Limited:
    """Return one fresh session with what its change is held against."""
    worsening, gain = standing.floors
    limits = Limits.around(standing.allowed, fresh.model.se, multiples, floor=worsening, gain_floor=gain)
    return _Limited(fresh=fresh, limits=limits, change=fresh.model.d, raw=fresh.raw)


def _threshold_as_measured(fresh: Sequence[_Limited], weakest: _Limited) -> float:
    """Return the threshold of a change from which a gain of the whole suite was subtracted, on logs.

    One of the fresh sessions has to be worse than the threshold as measured, too (see `_call`).
    """
    step = weakest.limits.threshold
    return step if max(f.raw for f in fresh) > step else step - min(0.0, weakest.raw - weakest.change)


def _why_blind(standing: Standing, weakest: _Limited, family: Family) -> str:
    """Return the slug of why a large worsening may go unnoticed: few sessions, many rows, or noise."""
    sessions = len(standing.member.logs.sessions)
    if sessions == 1:
        return "one-session"
    single = family.limit(sessions, len(standing.fresh), rows=family.size)
    worst = change_from_log(weakest.change + single * weakest.fresh.model.se)
    if not is_blind(worst, standing.allowed, standing.member.comparison.ruling):
        return "many-rows"
    return "too-noisy"


def _with_others(message: str, fresh: Sequence[_Limited], rows: int) -> str:
    """Return the message of a row that fails; with the others that got worse, where it would not fail without them.

    Args:
        message: what is known already.
        fresh: the sessions.
        rows: how many rows got worse together, this one included.
    """
    if all(f.change > f.limits.gain for f in fresh):
        return message
    others = "1 other" if rows == 2 else f"{rows - 1:,} others"  # noqa: PLR2004 - one other
    words = f"judged together with {others} that got worse: so many at once are hardly chance"
    return f"{message}; {words}" if message else words
