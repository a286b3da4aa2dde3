"""`perfgate ab`: measure two versions interleaved on this machine, and judge them as a check does."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, note, warning
from perfgate.core.reasons import sentence
from perfgate.gate.removals import Removed
from perfgate.gate.verdict import Case, join
from perfgate.pipeline import inputs
from perfgate.pipeline.ab.rounds import Measured, compare
from perfgate.pipeline.ab.sides import Sides, prepare
from perfgate.pipeline.measuring.fixed_time import refuse_by_arguments
from perfgate.pipeline.measuring.parameters import combine, put_in
from perfgate.pipeline.reference.commit import Gate
from perfgate.pipeline.reference.gate_changes import NONE, Edits
from perfgate.pipeline.verdicts import (
    compared_of,
    log_methods,
    notes_on,
    skipped_verdict,
    suite_of,
    today,
    undecided_verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.core.finding import Finding, Skipped, Verdict
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.ab.standing import Standing

_REASONS = {
    "worse": "worse-than-base",
    "better": "better-than-base",
    "not-in-baseline": "not-in-base",
    "too-noisy": "too-noisy-in-turns",
    "no-values": "metric-only-in-base",
    "unit-differs": "sides-unit",
    "direction-differs": "sides-direction",
    "source-differs": "sides-source",
    "counted-elsewhere": "sides-counted",
    "rows-differ": "sides-rows",
}
_SIDES = (
    ("the baseline's runs", "the base's runs"),
    ("these runs", "the head's"),
    ("in the baseline", "in the base"),
    ("in the runs", "in the head"),
)
"""How a check names the two sides, and a comparison."""


class Outcome(Struct, frozen=True, kw_only=True):
    """Verdict of a comparison."""

    verdict: Verdict
    """All findings; an error when the comparison could not be made."""
    program_output: tuple[str, ...] = ()
    """Last lines of the program that failed; empty when none failed."""


def ab(request: Request, on_progress: Callable[[Standing], None]) -> Outcome:
    """Return the verdict of a comparison.

    Never raises for bad input: problems become diagnostics of the verdict.

    Args:
        request: what is compared, and how.
        on_progress: called before each run, and at the end, with how far it is.
    """
    sides: Sides | None = None
    try:
        if not request.is_whole and not request.results:  # before a long set-up
            for argv in (request.argv, request.base_cmd, request.head_cmd):
                for labels in combine(request.parameters):
                    refuse_by_arguments(put_in(argv, labels), "ab")
        with prepare(request) as sides:
            if sides.skipped is not None:
                return Outcome(verdict=_skipped(sides, sides.skipped, request))
            measured = compare(sides, request, on_progress)
            sides.guard.require_measured()
    except CannotDecideError as caught:
        edits = Edits(changes=sides.edits, notes=sides.notes) if sides else NONE
        gate = Gate(settings=sides.settings, baselines=_as_baseline(sides), edits=edits) if sides else None
        verdict = undecided_verdict(caught.diagnostics, _reproduce(request, sides), gate)
        return Outcome(verdict=verdict, program_output=caught.output)
    return Outcome(verdict=_verdict(measured, request))


def _as_baseline(sides: Sides, measured: Measured | None = None) -> inputs.BaselineSet:
    """Return the base in the form that a check has its baselines in."""
    profiles = tuple(p.base for p in measured.pairs if p.base) if measured else ()
    return inputs.BaselineSet(source=sides.source, profiles=profiles, is_machine_unknown=True)


def _skipped(sides: Sides, skipped: Skipped, request: Request) -> Verdict:
    """Return the verdict of a change that nothing had to be measured for."""
    gate = Gate(settings=sides.settings, baselines=_as_baseline(sides))
    head = sides.head.commit if request.head is not None else None
    return skipped_verdict(skipped, _reproduce(request, sides), gate, base=sides.commits[0], head=head)


def _verdict(measured: Measured, request: Request) -> Verdict:
    """Return the verdict of what was measured."""
    sides, judgement, selection = measured.sides, measured.judgement, measured.selection
    log_methods(judgement.findings)
    # The base is measured anew each time: there is no baseline that could lack a gain.
    policy, base = replace(sides.settings.policy, on_improved="pass"), _as_baseline(sides, measured)
    facts = compared_of(_reproduce(request, sides), policy, base, selection)
    return join(
        Case(
            policy=policy,
            findings=tuple(map(reword, judgement.findings)),
            pairs=measured.pairs,
            baselines=base.profiles,
            measured=selection.profiles,
            waivers=sides.waivers,
            today=today(),
            is_part=True,
            problems=measured.problems,
            notes=sides.notes,
            later_notes=(*_notes(measured), *notes_on(judgement, selection)),
            suite=suite_of(judgement, selection, policy, (*base.profiles, *selection.profiles)),
            compared=replace(facts, baseline_commits=sides.commits, commands=_commands(request)),
            introduces=sides.base is None,
            gate_changes=sides.edits,
            removed=Removed(removals=sides.removals, has_baselines=False),
        )
    )


def _commands(request: Request) -> tuple[str, ...]:
    """Return the commands of base and head, where two are compared."""
    return () if request.argv else (shlex.join(request.base_cmd), shlex.join(request.head_cmd))


def reword(finding: Finding) -> Finding:
    """Return a finding with the reason and the hint of an A/B comparison, which has no baseline to refresh."""
    reason = _REASONS.get(finding.reason)
    if reason is None:
        return finding
    message = sentence(reason) if finding.message == sentence(finding.reason) else finding.message
    for words, here in _SIDES:
        message = message.replace(words, here)
    return replace(finding, reason=reason, message=message)


def _notes(measured: Measured) -> list[Diagnostic]:
    """Return the notes on how it was measured."""
    notes = list(measured.taken_notes)
    if measured.sides.base is not None:
        message = f"both sides were measured interleaved, {measured.runs} runs of each"
        if measured.runs < measured.most:
            message += f" (of at most {measured.most}: more would hardly change the verdict)"
        notes.append(note("in-turns", message))
    notes += measured.sides.left
    if measured.sides.worktree_dir.left:
        message = "the temporary folder could not be removed"
        notes.append(
            warning("worktree-left", message, place=measured.sides.worktree_dir.left, hint="remove it by hand")
        )
    return notes


def _reproduce(request: Request, sides: Sides | None) -> str:
    """Return the command that repeats the comparison, with the same commits."""
    given = [word for flag, ref in (("--base", request.base), ("--head", request.head)) if ref for word in (flag, ref)]
    tail = ["--", *request.argv] if request.argv else []
    return shlex.join(["perfgate", "ab", *(sides.pinned if sides else given), *request.options, *tail])
