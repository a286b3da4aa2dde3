"""Findings, and the verdict that joins them: the one table that turns a status into an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.gate_changes import GateChange
    from perfgate.core.policy import Level
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels


class Status(StrEnum):
    """What was found out about one row."""

    REGRESSED = "regressed"
    OVER_BUDGET = "over-budget"
    MISSING = "missing"
    NOT_COMPARABLE = "not-comparable"
    INVALID = "invalid"
    SUSPECTED = "suspected"
    ADVISORY = "advisory"
    WAIVED = "waived"
    NEW = "new"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"


class ExitCode(IntEnum):
    """What a process says to its caller."""

    PASS = 0
    REGRESSION = 1
    CANNOT_DECIDE = 2


WHOLE_SUITE = "(all benchmarks)"
"""Stands for the benchmark in a finding about what all of them did together."""
FAILED = frozenset({Status.REGRESSED, Status.OVER_BUDGET})
UNDECIDED = frozenset({Status.MISSING, Status.NOT_COMPARABLE, Status.INVALID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One checked fact. Values are in the metric's base unit, changes are ratios minus one."""

    benchmark: str
    """Name of the benchmark."""
    labels: Labels
    """Its parameters."""
    machine_class: str
    """The class of machine it was judged on."""
    metric: str
    """Name of the metric."""
    unit: str
    """Base unit of the values."""
    better: str
    """``lower`` or ``higher``."""
    statistic: str
    """``p50``, ``p95``, …"""
    status: Status
    """What was found out."""
    level: Level
    """What a worsening would amount to."""
    method: str
    """``same-session``, ``across-sessions``, ``exact``, ``threshold``, ``budget`` or empty."""
    baseline: float | None
    """The baseline's value."""
    current: float | None
    """The current value."""
    change: float | None
    """Current / baseline - 1; None where the ratio does not exist."""
    interval: tuple[float, float] | None
    """95 % interval of the change."""
    limit: float | None
    """The change beyond which the row fails, signed like the worsening; for a budget its amount."""
    limit_text: str
    """The limit as the configuration words it (``+5%``, ``< 100ms``)."""
    n_baseline: int
    """Runs of the baseline."""
    n_current: int
    """Current runs."""
    sessions_baseline: int
    """Sessions of the baseline."""
    visible: float | None
    """Smallest change that could have been seen; None when unknown or when none could."""
    reason: str
    """Slug of why the status is what it is."""
    message: str
    """One sentence for people."""
    rule: str
    """The rule that governs the row."""
    evidence: tuple[tuple[str, float], ...] = ()
    """The numbers behind the status, by name; see `perfgate.gate.methods.decision.Decision`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Facts about the whole check."""

    gated: int
    """Rows whose worsening would have failed the check by a statistical method."""
    accepted: float
    """Accepted chance that an unchanged pull request fails (``false_alarms`` of the configuration)."""
    false_alarms: float | None
    """Expected false alarms per 100 unchanged pull requests; None when it cannot be told."""
    failed_runs: int
    """Runs left out because they failed."""
    baseline_runs: int
    """Runs left out because they belong to the baseline."""
    superseded_runs: int
    """Runs left out because newer ones of another session or batch were judged."""
    excluded: tuple[str, ...]
    """Benchmarks left out by the exclude list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was compared with what."""

    tool: str
    """Version of perfgate."""
    policy: str
    """Where the configuration came from."""
    baselines: str
    """Where the baselines came from."""
    baseline_commits: tuple[str, ...]
    """Versions of the code behind the baselines."""
    current_commits: tuple[str, ...]
    """Versions of the code that was measured."""
    machine_classes: tuple[str, ...]
    """Classes of machine judged."""
    sessions: tuple[str, ...]
    """Current sessions."""
    reproduce: str
    """Command that repeats the check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings joined."""

    findings: tuple[Finding, ...]
    """Worst first."""
    problems: tuple[Diagnostic, ...]
    """Errors that kept something from being judged at all."""
    notes: tuple[Diagnostic, ...]
    """Warnings and notes; they never change the outcome."""
    suite: Suite
    """Facts about the whole check."""
    compared: Compared
    """What was compared with what."""
    baseline: tuple[Profile, ...] = ()
    """The baselines that were judged, with their values."""
    current: tuple[Profile, ...] = ()
    """What was measured, with its values: a later check can judge it again."""
    introduces: bool = False
    """Does this change introduce the gate, so that there is nothing to compare with?"""
    gate_changes: tuple[GateChange, ...] = ()
    """What the change does to the gate that judges it."""
    fail_suspected: bool = False
    """Does a suspected row fail (``on_suspected = "fail"``)?"""

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code: 2 wins over 1, and nothing judged at all is 2."""
        if self.problems or any(f.status in UNDECIDED for f in self.findings):
            return ExitCode.CANNOT_DECIDE
        if not self.findings:
            return ExitCode.CANNOT_DECIDE
        if any(self.fails(f) for f in self.findings):
            return ExitCode.REGRESSION
        return ExitCode.PASS

    @property
    def name(self) -> Literal["pass", "regression", "error"]:
        """Return the verdict in one word."""
        names: dict[ExitCode, Literal["pass", "regression", "error"]] = {
            ExitCode.PASS: "pass",
            ExitCode.REGRESSION: "regression",
            ExitCode.CANNOT_DECIDE: "error",
        }
        return names[self.exit_code]

    def fails(self, finding: Finding) -> bool:
        """Does the finding fail the check?"""
        return finding.status in FAILED or (self.fail_suspected and finding.status is Status.SUSPECTED)
