"""Promote, roll back or hold: what the evidence of all triggers together says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.rollout.canary import (
    DEADLINE,
    ERRORS,
    MEDIAN,
    P95,
    TRIGGERS,
    Decision,
    Outcome,
    State,
    TriggerFinding,
)
from perfgate.core.text.units import describe_time
from perfgate.gate.canary.triggers import Question, ask
from perfgate.gate.drift.in_check import describe_inputs, with_differ

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Budget
    from perfgate.core.rollout.canary import Analysis, Canary, Phase
    from perfgate.gate.canary.arms import Arm
    from perfgate.gate.drift.in_check import Inputs

_OF_MEDIAN = 1 / 3
"""Part of the level of a latency that the shift of all requests has."""
_COVERED = 0.9
"""Share of a benchmark's requests of which a trigger must know the value: slow ones may be those that lack it."""
_SEVERITY = (State.WORSE, State.MISSING, State.OPEN, State.HOLDS, State.SHOWN)


class Rollout(Struct, frozen=True, kw_only=True):
    """All that a decision depends on."""

    baseline: Arm
    canary: Arm
    settings: Canary
    budgets: tuple[Budget, ...]
    """Of the policy."""
    phase: Phase | None
    """None: no age and no number of requests is asked for."""
    age: float | None
    """Seconds that the canary has served; None: unknown."""
    analysis: Analysis
    inputs: Inputs | None = None
    """What was found out about the inputs; None: the policy names no samples."""
    problems: tuple[Diagnostic, ...] = ()
    """Why nothing can be decided, whatever the evidence says."""
    notes: tuple[Diagnostic, ...] = ()
    """What a reader should know."""


def decide(case: Rollout) -> Decision:
    """Return what is to be done with a canary.

    It is rolled back when one trigger is proven, promoted when every one holds for certain and the phase is over,
    and held else: a canary that nobody uses, or that is not measured, is never promoted.
    """
    case = _with_inputs(case)
    questions = ask(case.baseline, case.canary, case.settings, case.budgets)
    levels = _levels(questions, case.analysis.rollback_level)
    promote = case.analysis.promote_level
    answered = (_answered(q, levels.get(q.finding.trigger, 0.0), promote) for q in questions)
    findings = sorted((_covered(f, case.canary) for f in answered), key=lambda f: _SEVERITY.index(f.state))
    if case.inputs is not None and case.inputs.differ:
        findings = [_marked(f) for f in findings]
    samples = count_samples(findings)
    waits = tuple(_waits_for(case, findings, samples))
    worse = any(f.state is State.WORSE for f in findings)
    outcome = Outcome.HOLD
    if worse and not case.problems:
        outcome = Outcome.ROLLBACK
    elif not waits and not case.problems and any(f.state is State.HOLDS for f in findings):
        outcome = Outcome.PROMOTE
    return Decision(
        outcome=outcome,
        findings=tuple(findings),
        phase=case.phase,
        next_phase=case.settings.after(case.phase) if case.phase else None,
        analysis=case.analysis,
        age=case.age,
        samples=samples,
        waits_for=waits if outcome is not Outcome.ROLLBACK else (),
        needs=_count_needed(case, findings, samples) if outcome is Outcome.HOLD else None,
        problems=case.problems,
        notes=case.notes,
    )


def _with_inputs(case: Rollout) -> Rollout:
    """Return the case with what is to be said of the inputs."""
    if case.inputs is None:
        return case
    problems, notes = describe_inputs(case.inputs)
    return replace(case, problems=(*case.problems, *problems), notes=(*case.notes, *notes))


def _marked(finding: TriggerFinding) -> TriggerFinding:
    """Return what a trigger says of a time with a word on the inputs, which it may come from."""
    is_time = finding.unit == "s" or finding.trigger == DEADLINE
    if not is_time or finding.canary is None:
        return finding
    return replace(finding, message=with_differ(finding.message))


def _levels(questions: Sequence[Question], level: float) -> Mapping[str, float]:
    """Return the level of each question by its trigger.

    Triggers share it in equal parts, and the benchmarks of a trigger its part. Fewer triggers than those of every
    canary get no more: a limit has the same chance of a false alarm whatever stands beside it. `MEDIAN` has a part
    of that of `P95`, which needs more: a shift is seen soon, a slower tail late.
    """
    counts: dict[str, int] = {}
    for q in questions:
        if q.answer is not None:
            counts[q.finding.trigger] = counts.get(q.finding.trigger, 0) + 1
    parts = max(len(counts.keys() - {MEDIAN}), len(TRIGGERS))
    shares = {P95: 1.0 - _OF_MEDIAN, MEDIAN: _OF_MEDIAN}
    return {trigger: level / parts / count * shares.get(trigger, 1.0) for trigger, count in counts.items()}


def _answered(question: Question, rollback: float, promote: float) -> TriggerFinding:
    """Return what a question's answer is at its level."""
    if question.answer is None:
        return question.finding
    found, remark = question.answer((rollback, promote))
    finding = question.finding
    needs = None if found.needs is None else _two_digits(max(found.needs - finding.n_canary, 1))
    return replace(
        finding,
        state=found.state,
        low=found.low,
        high=found.high,
        proof=found.proof,
        needs=needs,
        message="; ".join(filter(None, (finding.message, remark))),
    )


def _two_digits(count: int) -> int:
    """Return an estimate without digits that it does not have, rounded up."""
    scale = int(10 ** max(len(str(count)) - 2, 0))
    return -(-count // scale) * scale


def _covered(finding: TriggerFinding, canary: Arm) -> TriggerFinding:
    """Return what a trigger says, unless it holds by a part of the requests alone."""
    measures = canary.of(finding.benchmark)
    rate = measures.get(ERRORS)
    failed = rate.share[0] if rate is not None and rate.share is not None and finding.trigger != ERRORS else 0
    most = max((m.count for m in measures.values()), default=0)
    known = finding.n_canary + failed
    is_single = finding.n_canary <= 1  # a quotient of sums, a rate
    if finding.state not in {State.HOLDS, State.OPEN} or is_single or known >= _COVERED * most:
        return finding
    message = f"only {finding.n_canary:,} of {most:,} requests state it"
    return replace(finding, state=State.MISSING, needs=None, proof="", message=message)


def count_samples(findings: Iterable[TriggerFinding]) -> int:
    """Return how many requests the canary answered: of each benchmark the most that a trigger is about."""
    most: dict[str, int] = {}
    for f in findings:
        most[f.benchmark] = max(most.get(f.benchmark, 0), f.n_canary)
    return sum(most.values())


def _waits_for(case: Rollout, findings: Sequence[TriggerFinding], samples: int) -> list[str]:
    """Return what is missing before a canary may go on."""
    waits = [] if findings else ["no trigger is asked for"]
    missing = sum(f.state is State.MISSING for f in findings)
    opened = sum(f.state is State.OPEN for f in findings)
    if missing:
        waits.append("a trigger was not measured" if missing == 1 else f"{missing} triggers were not measured")
    if opened:
        waits.append("a trigger is not decided" if opened == 1 else f"{opened} triggers are not decided")
    if case.inputs is not None and case.inputs.differ and case.inputs.level == "fail":
        waits.append("the inputs differ from their reference")
    if case.phase is not None and samples < case.phase.min_samples:
        waits.append(f"it answered {samples:,} of {case.phase.min_samples:,} requests")
    if case.phase is not None and not is_old_enough(case.phase, case.age):
        waits.append(_describe_age(case.phase, case.age))
    return waits


def is_old_enough(phase: Phase | None, age: float | None) -> bool:
    """Has a canary served for as long as its phase asks?"""
    return phase is None or not phase.min_age or (age is not None and age >= phase.min_age)


def _describe_age(phase: Phase, age: float | None) -> str:
    if age is None:
        return "its age is not known: rows state no time, and --age and --state are not given"
    return f"it has served for {describe_time(age)} of {describe_time(phase.min_age)}"


def _count_needed(case: Rollout, findings: Sequence[TriggerFinding], samples: int) -> int | None:
    """Return about how many more requests decide all that is open; None: nobody can say, or none do."""
    opened = [f for f in findings if f.state is State.OPEN]
    if any(f.needs is None for f in opened):
        return None
    least = case.phase.min_samples - samples if case.phase is not None else 0
    needs = max((least, *(f.needs or 0 for f in opened)))
    return _two_digits(needs) if needs > 0 else None
