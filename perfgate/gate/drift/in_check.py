"""The inputs of a check: what drifted stands beside every time, and fails where it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import Diagnostic, warning
from perfgate.core.finding import Finding, Status
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Level
    from perfgate.core.rollout.drift import DriftVerdict

INPUTS = "(inputs)"
"""Stands for the benchmark in a finding about the inputs."""
DIFFER = "inputs differ"
"""What is added to the message of each time, since it may have changed for that."""
_ALWAYS = ("drift-no-reference", "drift-reference-")
"""How slugs of faults of the gate itself begin: a file that a policy asks for must be there and sound."""
_MOST_NAMES = 5


class Inputs(Struct, frozen=True, kw_only=True):
    """What was found out about the inputs of a check."""

    level: Level
    """Whether drift fails, warns or is only shown."""
    verdict: DriftVerdict | None
    """What was found; None: they could not be read."""
    faults: tuple[Diagnostic, ...] = ()
    """Why nothing was decided about them."""
    origin: str = ""
    """Where the policy asks for it."""

    @property
    def all_faults(self) -> tuple[Diagnostic, ...]:
        """Why nothing, or not all, was decided about them."""
        return (*self.faults, *(self.verdict.problems if self.verdict else ()))

    @property
    def differ(self) -> bool:
        """Did a field drift?"""
        return self.verdict is not None and bool(self.verdict.drifted)


class Joined(Struct, frozen=True, kw_only=True):
    """What the inputs add to a verdict."""

    findings: tuple[Finding, ...]
    """Those of the check, times with a word on the inputs, and one about the inputs where they are gated."""
    problems: tuple[Diagnostic, ...]
    """Why the check is undecided for the inputs."""
    notes: tuple[Diagnostic, ...]
    """What is said of them otherwise."""


def join_inputs(findings: Sequence[Finding], inputs: Inputs | None) -> Joined:
    """Return findings with what the inputs add to them; without inputs they stay as they are.

    Args:
        findings: of the check; where there are none nothing was measured, and inputs alone judge nothing.
        inputs: what was found out; None: the policy names no samples.
    """
    if inputs is None:
        return Joined(findings=tuple(findings), problems=(), notes=())
    problems, notes = describe_inputs(inputs)
    found = [_marked(f) for f in findings] if inputs.differ else list(findings)
    if found and inputs.verdict is not None and inputs.level == "fail" and not inputs.all_faults:
        found.append(_finding(inputs.verdict, inputs.origin))
    return Joined(findings=tuple(found), problems=problems, notes=notes)


def describe_inputs(inputs: Inputs) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Return why nothing can be decided for the inputs, and what is said of them otherwise."""
    must = [d for d in inputs.all_faults if inputs.level == "fail" or d.slug.startswith(_ALWAYS)]
    notes = [d._replace(level="warning") for d in inputs.all_faults if d not in must]
    verdict = inputs.verdict
    if verdict is None:
        return tuple(must), tuple(notes)
    if verdict.drifted:
        message = f"the inputs differ from their reference: {_names(verdict)}; a change of a time may come from that"
        hint = "perfgate drift shows how; where the new inputs are right: perfgate baseline drift"
        remark = warning("inputs-differ", message, place=verdict.reference, hint=hint)
        notes.append(remark._replace(level="note") if inputs.level == "info" else remark)
    return tuple(must), (*notes, *verdict.notes)


def _marked(finding: Finding) -> Finding:
    """Return the finding of a time with a word on the inputs; others do not follow from them so directly."""
    if finding.unit != "s" or finding.current is None:
        return finding
    return replace(finding, message=with_differ(finding.message))


def with_differ(message: str) -> str:
    """Return the message of a time with a word on the inputs."""
    return f"{message}; {DIFFER}" if message else DIFFER


def _finding(verdict: DriftVerdict, origin: str) -> Finding:
    """Return the finding about the inputs: a budget of no field that drifts."""
    drifted = verdict.drifted
    words = "; ".join(f"{f.name}: {', '.join(t.words for t in f.checks if t.is_drift)}" for f in drifted[:_MOST_NAMES])
    return Finding(
        benchmark=INPUTS,
        labels=(),
        machine_class="",
        metric="drifted_fields",
        unit="1",
        better="lower",
        statistic="max",
        status=Status.OVER_BUDGET if drifted else Status.UNCHANGED,
        level="fail",
        method="budget",
        baseline=None,
        current=float(len(drifted)),
        change=None,
        interval=None,
        limit=0.0,
        limit_text="<= 0",
        n_baseline=verdict.rows[0],
        n_current=verdict.rows[1],
        sessions_baseline=0,
        detectable=None,
        reason="inputs-drifted" if drifted else "inputs-same",
        message=words or f"{len(verdict.features)} fields compared",
        rule=origin,
    )


def _names(verdict: DriftVerdict) -> str:
    return list_some([f.name for f in verdict.drifted], _MOST_NAMES)
