"""Use case ``perfgate canary``: read both arms, count the analysis, decide, keep the state."""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error, note, warning
from perfgate.core.rollout.canary import Decision, Outcome
from perfgate.core.text.canonical import short_hash
from perfgate.gate.canary.analyses import plan_analysis
from perfgate.gate.canary.decide import Rollout, decide, is_old_enough
from perfgate.measure.summary import format_utc
from perfgate.pipeline import inputs
from perfgate.pipeline.canary.arms import Sides, read_arms, refuse_twice
from perfgate.pipeline.canary.state import PhaseState, State, read_state, write_state
from perfgate.pipeline.check.part import keep_budgets
from perfgate.pipeline.drift.in_check import compare_inputs
from perfgate.store.lock import refresh_lock

if TYPE_CHECKING:
    from perfgate.core.rollout.canary import Canary, Phase
    from perfgate.formats.options import ForeignOptions
    from perfgate.gate.canary.arms import Arm

_NO_PHASE = "none"
_MOST_PERCENT = 100


class Request(Struct, frozen=True, kw_only=True):
    """What is to be judged."""

    sides: Sides
    phase: int | None = None
    """Weight of the phase; None: none is named, and neither age nor number of requests is asked for."""
    state: str | None = None
    """File that carries the analyses; None: this analysis is the only one."""
    age: float | None = None
    """Seconds that the canary has served, as the caller knows it; None: as its rows say."""
    budgets: tuple[str, ...] = ()
    """Names of the budgets that the canary must keep; empty: all."""
    config: str | None = None
    foreign: ForeignOptions | None = None


def judge_canary(request: Request) -> Decision:
    """Return what is to be done with a canary, and count this analysis where there is a state file.

    Calls with one state file wait for each other: each counts the analyses of those before it.

    Raises:
        CannotDecideError: the input cannot be used, or the state not be kept.
    """
    refuse_twice(request.sides)
    if request.state is None:
        return _judge(request)
    with refresh_lock(os.path.dirname(request.state), written=(request.state,)):
        return _judge(request)


def _judge(request: Request) -> Decision:
    settings = inputs.read_settings(request.config)
    policy, left_out = keep_budgets(request.budgets, settings.policy)
    canary_settings = settings.policy.canary
    phase = _phase_of(request.phase, canary_settings)
    state = read_state(request.state) if request.state else State(phases={})
    baseline, canary, problems, notes = read_arms(request.sides, settings, request.foreign)
    if problems:
        raise CannotDecideError([p for p in problems if p.level == "error"])
    key = str(phase.weight) if phase else _NO_PHASE
    before = state.phases.get(key)
    now = format_utc(time.time_ns())
    age = _age_of(request, canary, before, now)
    digest = short_hash("\0".join(sorted({*baseline.digests, "", *canary.digests})))
    counted = _count_analysis(before, digest, now, is_eligible=is_old_enough(phase, age))
    analysis = plan_analysis(counted.analyses, canary_settings.analyses, canary_settings.level, counted.eligible)
    decision = decide(
        Rollout(
            baseline=baseline,
            canary=canary,
            settings=canary_settings,
            budgets=policy.budgets,
            phase=phase,
            age=age,
            analysis=analysis,
            inputs=compare_inputs(settings, None),
            problems=() if request.sides.arm_field else tuple(_find_same(baseline, canary)),
            notes=(*left_out, *notes, *_remarks(baseline, canary, phase), *_note_analyses(counted, canary_settings)),
        )
    )
    rolled_back = [at for at, p in state.phases.items() if p.outcome == Outcome.ROLLBACK.word]
    if rolled_back and decision.outcome is not Outcome.ROLLBACK:
        decision = _keep_rolled_back(decision, rolled_back[0])
    if request.state:
        kept = msgspec.structs.replace(counted, outcome=decision.outcome.word)
        write_state(request.state, state.with_phase(key, kept))
    return decision


def _phase_of(weight: int | None, settings: Canary) -> Phase | None:
    """Return the phase that is named.

    Raises:
        CannotDecideError: there is none of that weight.
    """
    if weight is None:
        return None
    found = settings.phase_of(weight)
    if found is None:
        there = ", ".join(str(p.weight) for p in settings.phases)
        raise cannot_decide("usage", f"there is no phase of {weight} %", place="--phase", hint=f"there are {there}")
    return found


def _age_of(request: Request, canary: Arm, before: PhaseState | None, now: str) -> float | None:
    """Return for how long the canary has served: as the caller says, as its rows do, or since the first analysis."""
    if request.age is not None:
        return request.age
    of_rows = _seconds(canary.first, canary.last) if canary.first < canary.last else None
    of_analyses = _seconds(before.first_analysis, now) if before is not None else None
    known = [s for s in (of_rows, of_analyses) if s is not None]
    return max(known) if known else None


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def _count_analysis(before: PhaseState | None, digest: str, now: str, *, is_eligible: bool) -> PhaseState:
    """Return the state of the phase with this analysis; the same input again is the same analysis."""
    if before is None:
        return PhaseState(first_analysis=now, analyses=1, eligible=int(is_eligible), inputs=digest, outcome="hold")
    if before.inputs == digest:
        return msgspec.structs.replace(before, eligible=max(before.eligible, int(is_eligible)))
    eligible = before.eligible + int(is_eligible)
    return msgspec.structs.replace(before, analyses=before.analyses + 1, eligible=eligible, inputs=digest)


def _find_same(baseline: Arm, canary: Arm) -> list[Diagnostic]:
    """Return an error where both arms hold the same file: it would be compared with itself."""
    if baseline.digests.isdisjoint(canary.digests):
        return []
    hint = "name the canary's own files, or the field that names the version: --arm-field"
    return [error("arms-same", "a file is in both arms: it would be compared with itself", hint=hint)]


def _remarks(baseline: Arm, canary: Arm, phase: Phase | None) -> list[Diagnostic]:
    notes = []
    sizes = [max((m.count for m in arm.measures.values()), default=0) for arm in (baseline, canary)]
    if phase is not None and phase.weight < _MOST_PERCENT // 2 and sizes[1] > sizes[0]:
        message = f"the canary answered more than the baseline ({sizes[1]:,} and {sizes[0]:,}) at {phase.weight} %"
        notes.append(warning("arms-swapped", message, hint="check that --baseline and --canary are not exchanged"))
    if max(baseline.instances, canary.instances) > 1 and min(baseline.instances, canary.instances) == 1:
        message = "an arm has one instance: what sets its host apart counts as the version's"
        notes.append(note("arm-one-instance", message, hint="run several instances of each version"))
    return notes


def _note_analyses(counted: PhaseState, settings: Canary) -> list[Diagnostic]:
    """Return a note about an analysis beyond the plan."""
    if counted.analyses <= settings.analyses:
        return []
    message = f"analysis {counted.analyses} of {settings.analyses} that are planned: it can prove clear harm alone"
    return [note("canary-analyses", message, hint="set looks in [canary] to the number of analyses that you make")]


def _keep_rolled_back(decision: Decision, phase: str) -> Decision:
    """Return the decision of a canary that an earlier analysis rolled back: its level was spent then."""
    at = "" if phase == _NO_PHASE else f" at {phase} %"
    message = f"an earlier analysis{at} rolled the canary back, which stands"
    hint = "begin a new rollout with a new state file"
    return replace(
        decision,
        outcome=Outcome.ROLLBACK,
        waits_for=(),
        notes=(warning("canary-rolled-back", message, hint=hint), *decision.notes),
    )
