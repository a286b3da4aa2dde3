"""Judgement, budgets, rules and waivers -> verdict: the one place where they are joined, for every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.finding import Status, Verdict
from perfgate.core.measured import CALLS, STAGE
from perfgate.core.profile import title
from perfgate.core.text.equal_faults import group_equal
from perfgate.core.traces.spans import STAGES_UNKNOWN
from perfgate.gate.budgets import check_budgets
from perfgate.gate.drift.in_check import join_inputs
from perfgate.gate.environment import compare_environments
from perfgate.gate.judge import severity
from perfgate.gate.removals import NOTHING_REMOVED, Removed, settle
from perfgate.gate.rules import check_rules
from perfgate.gate.waivers import waive

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Compared, Finding, Suite
    from perfgate.core.gate_changes import GateChange
    from perfgate.core.policy import Policy, Waiver
    from perfgate.core.profile import Profile
    from perfgate.gate.drift.in_check import Inputs
    from perfgate.gate.judge import Pair

# What matches nothing of a part of the benchmarks may match one of the others.
_OF_OTHERS = frozenset({"rule-matches-nothing", "rule-shadowed", "budget-matches-nothing", "waiver-unused"})


class Case(Struct, frozen=True, kw_only=True):
    """Everything that a verdict follows from."""

    policy: Policy
    """What is gated and how strictly."""
    findings: tuple[Finding, ...]
    """What the judgement found, and rows that could not be paired."""
    pairs: tuple[Pair, ...]
    """The benchmarks that were judged, both sides."""
    baselines: tuple[Profile, ...]
    """All baselines, those of other classes of machine among them."""
    measured: tuple[Profile, ...]
    """All that was measured now."""
    waivers: tuple[Waiver, ...]
    """What may be worse for a time."""
    today: str
    """The day by which waivers end, ``2026-01-31``."""
    is_part: bool
    """Are these only some of the benchmarks? Rules, budgets and waivers of others are then no fault."""
    problems: tuple[Diagnostic, ...]
    """Errors found before judging."""
    notes: tuple[Diagnostic, ...]
    """Warnings and notes found before judging; those on waivers follow them."""
    later_notes: tuple[Diagnostic, ...]
    """Warnings and notes on how it was measured and judged."""
    suite: Suite
    """Facts about the whole check."""
    compared: Compared
    """What was compared with what."""
    introduces: bool
    """Does the change introduce what is judged, so that there is nothing to compare with?"""
    gate_changes: tuple[GateChange, ...]
    """What the change does to the gate that judges it."""
    inputs: Inputs | None = None
    """What was found out about the inputs; None: the policy names none."""
    removed: Removed = NOTHING_REMOVED
    """What is known to be removed on purpose: without it, whatever is missing is missing."""


def join(case: Case) -> Verdict:
    """Return the verdict of a case. Whoever adds a check adds it here, and every command has it."""
    everything = (*case.baselines, *case.measured)
    known = frozenset(name for p in case.baselines for name in (p.benchmark, title(*p.key)))
    faults = check_rules(case.policy, everything) if everything else []
    by_budgets, of_budgets = check_budgets(case.measured, case.policy, known, case.notes)
    settled = settle(case.findings, case.pairs, case.removed)
    waived, on_waivers = waive(settled.findings, case.waivers, case.today)
    faults += of_budgets
    if case.is_part:
        faults = [d for d in faults if d.slug not in _OF_OTHERS]
        on_waivers = tuple(d for d in on_waivers if d.slug not in _OF_OTHERS)
    joined = join_inputs((*waived, *by_budgets), case.inputs)
    verdict = Verdict(
        findings=tuple(sorted(joined.findings, key=severity)),
        problems=tuple(group_equal(dict.fromkeys((*case.problems, *settled.problems, *faults, *joined.problems)))),
        notes=(*case.notes, *joined.notes, *on_waivers, *settled.notes, *case.later_notes),
        suite=case.suite,
        compared=replace(case.compared, environment=compare_environments(case.pairs)),
        baseline=tuple(p.base for p in case.pairs if p.base),
        current=tuple(p.current for p in case.pairs if p.current),
        introduces=case.introduces,
        gate_changes=case.gate_changes,
        fail_suspected=case.policy.on_suspected == "fail",
        resolution=case.policy.resolution.amount,
        refuse_too_noisy=case.policy.on_too_noisy == "error",
        fail_improved=case.policy.on_improved == "fail",
    )
    return _blame_incomplete_traces(verdict)


def _blame_incomplete_traces(verdict: Verdict) -> Verdict:
    """Return the verdict with why stages are unknown as the error, where one that is missing prevents a decision."""
    lost = [f for f in verdict.findings if verdict.is_undecided(f) and f.status is Status.MISSING]
    if not any(f.metric.startswith((STAGE, CALLS)) for f in lost):
        return verdict
    blamed = tuple(d._replace(level="error") for d in verdict.notes if d.slug == STAGES_UNKNOWN)
    notes = tuple(d for d in verdict.notes if d.slug != STAGES_UNKNOWN)
    return replace(verdict, problems=(*verdict.problems, *blamed), notes=notes)
