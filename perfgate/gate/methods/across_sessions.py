"""The baseline holds sessions, the current runs are others: how far may they lie apart by luck?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.gate.methods.decision import Decision
from perfgate.gate.methods.limits import (
    SLACK,
    allowed_cost,
    floor_cost,
    floor_of,
    grown,
    is_above_floor,
    own_change,
    quiet_reason,
)
from perfgate.stats.sessions import compare_sessions, log_interval

if TYPE_CHECKING:
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.methods.common_shift import Logs, Suite
    from perfgate.gate.methods.decision import Call, Family
    from perfgate.gate.rows import Row
    from perfgate.stats.sessions import SessionModel

SAME_MACHINE = 0.02  # between-session spread expected on one booted machine
SAME_CLASS = 0.05  # … on machines of one class, or when nothing is known
# … of which what the whole suite has in common, mostly the machine's speed, is taken off. Chosen among 2, 2.5, 3 and
# 5 % on six recorded collections: docs/method.md tells what was tried.
SAME_CLASS_LEFT = 0.025


def across_sessions(row: Row, logs: Logs, suite: Suite, family: Family) -> Decision:
    """Return the decision about a row whose current runs are of one fresh session, or of several.

    One session fails beyond the outer limit, and is suspected beyond the inner one. Of
    several, every one has to be beyond the inner limit: they are never averaged.

    Args:
        row: both sides are there, comparable, all values > 0.
        logs: its sessions.
        suite: what its group has in common.
        family: what the gated rows share.
    """
    base, current = row.side(row.base), row.side(row.current)
    if base is None or current is None:  # pragma: no cover - the caller has looked
        raise ValueError("a side is absent")
    found = [
        (
            stretch,
            compare_sessions(
                logs.base, values, prior=prior_of(row, is_shifted=stretch in suite.shifts),
                family=family.size, false_alarms=family.false_alarms,
                common=suite.of(logs, stretch), centres=logs.centres, centre=logs.now[stretch],
                sampling=logs.sampling(stretch),
            ),
        )
        for stretch, values in logs.current.items()
    ]  # fmt: skip
    fresh = (replace(current, samples=(s,)) for s in current.samples)
    return _decided(row, (base, *fresh), found, logs)


def _decided(row: Row, sides: tuple[MetricProfile, ...], found: list[tuple[str, SessionModel]], logs: Logs) -> Decision:
    base, *fresh = sides
    several = len(found) > 1
    allowed = allowed_cost(row, value_at(row, logs.middle))
    step = math.log1p(allowed) + SLACK
    # The session that speaks least for a worsening decides: it has to fail, too.
    stretch, model = min(found, key=lambda item: (item[1].d / max(step, item[1].inner), item[0]))
    # The current value net of the shift is what is held against threshold and floor; the one shown is as measured.
    nets = [(value_at(row, m.base), value_at(row, m.base + m.d)) for _, m in found]
    # A session written in coarse steps says no more because a finer one stands beside it.
    least = max(floor_of(row, base, side) for side in fresh)
    floor = all(abs(now - was) >= least * (1 - SLACK) for was, now in nets)
    raw = [logs.now[name] - m.base for name, m in found]
    gained = min(0.0, max(r - m.d for r, (_, m) in zip(raw, found, strict=True)))
    limit = model.inner if several else model.outer
    visible = grown(max(step - gained, limit))
    call: Call = "same"
    reason = quiet_reason(visible, allowed, floor=floor, moved=model.d > step)
    message = ""
    beyond = sum(m.d > max(step, m.inner) for _, m in found)
    if model.d > max(step, limit) and floor:
        call, reason = _worse(max(raw) > step, several=several)
        message = f"all {len(found)} fresh sessions show it" if several else ""
    elif model.d > max(step, limit) and not floor and all(is_above_floor(row, base, base, n) for n in nets):
        call, reason = "suspected", "too-coarse"
    elif floor and not several and model.d > max(step, model.inner):
        call, reason = "suspected", "not-proven"
    elif floor and min(raw) < -step and all(-m.d > max(step, m.inner if several else m.outer) for _, m in found):
        call = reason = "better"
    elif several and 0 < beyond < len(found):
        reason, message = "not-confirmed", f"{beyond} of {len(found)} fresh sessions show it"
    interval = sorted(own_change(row, grown(end)) for end in log_interval(model))
    shift = logs.now[stretch] - model.base - model.d
    was, now = value_at(row, model.base), value_at(row, model.base + model.d)
    return Decision(
        call=call, method="across-sessions", baseline=was, current=value_at(row, logs.now[stretch]),
        change=now / was - 1, limit=own_change(row, allowed), interval=(interval[0], interval[1]),
        visible=own_change(row, max(visible, *(floor_cost(row, base, side, was) for side in fresh))),
        reason=reason, message=message,
        evidence=(
            ("se", model.se), ("k_in", model.k_in), ("k_out", model.k_out), ("prior", model.prior),
            ("spread", model.spread), ("within", model.within), ("shift", own_change(row, grown(shift))),
            ("sessions_current", float(len(found))), ("floor", least),
        ),
    )  # fmt: skip


def _worse(is_worse_as_measured: bool, *, several: bool) -> tuple[Call, str]:  # noqa: FBT001 - the one question
    """Return what a change beyond its limits amounts to.

    What the suite gained is charged to a row only together with a worsening of its own:
    where most benchmarks got faster, those that did not are no regression.
    """
    if not is_worse_as_measured:
        return "suspected", "only-beside"
    return "worse", "confirmed" if several else "worse"


def value_at(row: Row, log: float) -> float:
    """Return the value, in the metric's base unit, whose cost has this logarithm."""
    return math.exp(log) if row.metric.better == "lower" else 1 / math.exp(log)


def prior_of(row: Row, *, is_shifted: bool) -> float:
    """Return the spread between sessions that is expected beforehand, on logs.

    Args:
        row: both sides are there.
        is_shifted: is what the whole suite has in common taken off?
    """
    sessions = (*(row.base.sessions if row.base else ()), *(row.current.sessions if row.current else ()))
    machines = {s.machine for s in sessions}
    if len(machines) == 1 and machines != {""}:
        return SAME_MACHINE
    return SAME_CLASS_LEFT if is_shifted else SAME_CLASS
