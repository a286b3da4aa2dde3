"""Findings, and the verdict that joins them: the one table that turns a status into an exit code."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.gate_changes import GateChange
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
    TOO_NOISY = "too-noisy"
    WITHIN_NOISE = "within-noise"
    ADVISORY = "advisory"
    WAIVED = "waived"
    REMOVED = "removed"
    NEW = "new"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"


Level = Literal["fail", "warn", "info"]
"""Whether a value beyond its limit fails, warns or is only shown."""


class ExitCode(IntEnum):
    """What a process says to its caller."""

    PASS = 0
    REGRESSION = 1
    CANNOT_DECIDE = 2


WHOLE_SUITE = "(all benchmarks)"
"""Stands for the benchmark in a finding about what all of them did together."""
FAILED = frozenset({Status.REGRESSED, Status.OVER_BUDGET})
HOLDS = frozenset({Status.UNCHANGED, Status.WITHIN_NOISE, Status.TOO_NOISY})
"""Measured, and neither worse nor better for certain; the three say how much worse it may be."""
RESOLUTION = 0.25
"""A worsening, as a ratio of costs minus one, that must not go unnoticed where no configuration says otherwise."""
WORSE = frozenset({Status.REGRESSED, Status.SUSPECTED, Status.OVER_BUDGET, Status.WAIVED})
"""Statuses of a value that got worse, whether that fails the check or not."""
UNDECIDED = frozenset({Status.MISSING, Status.NOT_COMPARABLE, Status.INVALID})


_EQUAL = 1e-6
"""Relative and absolute: changes nearer than this are equal, whatever the last digits of a report say."""

RowKey = tuple[str, "Labels", str, str, str]
"""Which value was judged: benchmark, labels, machine class, metric, statistic."""


class Evidence(Struct, frozen=True, kw_only=True):
    """The numbers behind a status, for people and for whoever recomputes it. None: the method has no such number."""

    floor: float | None = None
    """Smallest difference that may fail, in the metric's base unit."""
    p: float | None = None
    """One-sided p-value of the rank test, 0.0 .. 1.0 (same-session)."""
    alpha: float | None = None
    """The p-value at which the row fails: its share of the accepted false alarms (same-session)."""
    typical: float | None = None
    """Change of a typical run, the Hodges-Lehmann estimate, a ratio minus one (same-session)."""
    typical_low: float | None = None
    """Lower end of the confidence interval that the rank test gives for ``typical``."""
    typical_high: float | None = None
    """Upper end of it."""
    blocks: float | None = None
    """Blocks of neighbouring runs within which these were ranked, where the machine drifted (same-session)."""
    se: float | None = None
    """Standard error of the log change (across-sessions)."""
    k_in: float | None = None
    """Standard errors to the limit beyond which a change is suspected, >= 1 (across-sessions)."""
    k_out: float | None = None
    """Standard errors to the limit beyond which it fails, >= 1 (across-sessions)."""
    together: float | None = None
    """Values that count as worse together, this one included: they lower the limit to that of so many fewer
    (across-sessions)."""
    prior: float | None = None
    """Standard deviation between sessions expected beforehand, on logs (across-sessions)."""
    spread: float | None = None
    """Standard deviation between sessions, moderated by the prior, on logs (across-sessions)."""
    within: float | None = None
    """Standard deviation of runs inside a session, on logs (across-sessions)."""
    shift: float | None = None
    """Common change of all benchmarks that was subtracted, a ratio minus one (across-sessions)."""
    sessions_current: float | None = None
    """Fresh sessions that were judged, each by itself (across-sessions)."""
    rows: float | None = None
    """Rows whose common change is judged (the whole suite)."""
    low_baseline: float | None = None
    """95 % lower bound of a tail of the baseline, in base units."""
    high_baseline: float | None = None
    """95 % upper bound of it."""
    low_current: float | None = None
    """95 % lower bound of a tail of the current runs, in base units."""
    high_current: float | None = None
    """95 % upper bound of it."""
    runs_baseline: float | None = None
    """Runs in the baseline's smallest session, of a tail."""
    runs_current: float | None = None
    """Runs in the smallest current session, of a tail."""
    runs_needed: float | None = None
    """Runs in one session from which on the tail has a 95 % upper bound."""

    def known(self) -> dict[str, float]:
        """Return the numbers that there are, by name, in the order of the fields."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}


NO_EVIDENCE = Evidence()


class Finding(Struct, frozen=True, kw_only=True):
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
    """Whether it holds."""
    level: Level
    """Whether a worsening fails, warns or is only shown."""
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
    decision_interval: tuple[float, float] | None = None
    """Interval of the change at the level that decides: a gated value fails exactly when its change is beyond `allowed`
    and this interval wholly worse than no change. None: its method has none."""
    limit: float | None
    """The largest accepted change (the threshold), signed like a worsening; for a budget its amount."""
    allowed: float | None = None
    """The largest worsening that never fails, signed: the threshold, or a minimum change that is larger."""
    limit_text: str
    """The limit as the configuration words it (``+5%``, ``< 100ms``)."""
    n_baseline: int
    """Runs of the baseline."""
    n_current: int
    """Current runs."""
    sessions_baseline: int
    """Sessions of the baseline."""
    suspect_limit: float | None = None
    """The change beyond which the row is suspected, signed like a worsening; None: no single change
    says so."""
    detectable: float | None
    """The smallest detectable change: beyond it the row fails, signed like a worsening. Threshold, noise and floor are
    all in it. None when no change could fail."""
    reason: str
    """Slug of why the status is what it is."""
    message: str
    """One sentence for people."""
    rule: str
    """The rule that governs the row."""
    evidence: Evidence = NO_EVIDENCE
    """The numbers behind the status."""

    @property
    def key(self) -> RowKey:
        """Which value was judged."""
        return self.benchmark, self.labels, self.machine_class, self.metric, self.statistic

    @property
    def shows_regression(self) -> bool:
        """Are change and decision interval those of a value that fails: beyond what is allowed, and worse for certain?

        False where the method has no interval.
        """
        if self.decision_interval is None or self.change is None or self.allowed is None:
            return False
        sign = 1.0 if self.better == "lower" else -1.0
        low, high = sorted(sign * end for end in self.decision_interval)
        change, allowed = sign * self.change, sign * self.allowed
        return low > 0.0 and change > allowed * (1.0 + _EQUAL) + _EQUAL and high > allowed

    def is_worse(self, change: float, limit: float | None) -> bool:
        """Is a change of this metric a worsening beyond a limit? Both are ratios minus one in its own direction."""
        if limit is None:
            return False
        return change > limit if self.better == "lower" else change < limit


class Suite(Struct, frozen=True, kw_only=True):
    """Facts about the whole check."""

    gated: int
    """Rows whose worsening would have failed the check by a statistical method."""
    accepted: float
    """Accepted chance that an unchanged pull request fails (``false_alarms`` of the configuration)."""
    false_alarms: float | None
    """Expected false alarms per 100 unchanged pull requests; None when it is unknown."""
    failed_runs: int
    """Runs left out because they failed."""
    baseline_runs: int
    """Runs left out because they belong to the baseline."""
    superseded_runs: int
    """Runs left out because newer ones of another session or batch were judged."""
    excluded: tuple[str, ...]
    """Benchmarks left out by the exclude list."""


class EnvironmentChange(Struct, frozen=True, kw_only=True):
    """A fact in which the environment of the runs differs from that of the baselines."""

    fact: str
    """Such as ``python`` or ``cpu_model``; ``command`` is the digest of the measured command."""
    baseline: str
    """What the newest run of the baseline states; of ``cpu_model`` the models of all its sessions."""
    current: str
    """What the newest run states now."""
    benchmarks: int
    """How many benchmarks differ so, >= 1."""


class Compared(Struct, frozen=True, kw_only=True):
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
    environment: tuple[EnvironmentChange, ...] = ()
    """In what the environments of both sides differ, by name of the fact."""
    ci_run: str = ""
    """CI run that made the check, ``gha-70-2``; empty: none, or the CI system does not say which."""
    commands: tuple[str, ...] = ()
    """The command of the base and that of the head, where two commands were compared and not two commits."""


class Skipped(Struct, frozen=True, kw_only=True):
    """Why nothing was measured: a change that touches no file by which what is measured may change."""

    changed: int
    """How many files it changes, >= 0."""
    paths: tuple[str, ...]
    """Globs of the files that would have been a reason to measure, as they were given; ``!`` excludes."""


Name = Literal["pass", "regression", "error", "skipped"]
"""A verdict in one word."""


class Verdict(Struct, frozen=True, kw_only=True, dict=True):
    """All findings joined."""

    findings: tuple[Finding, ...]
    """Worst first."""
    problems: tuple[Diagnostic, ...]
    """Errors that prevented something from being judged at all."""
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
    resolution: float = RESOLUTION
    """The worsening beyond which a value is too noisy, as a ratio of costs minus one, > 0.0 (``resolution``)."""
    refuse_too_noisy: bool = False
    """Does a gated value that is too noisy keep the check from a verdict (``on_too_noisy = "error"``)?"""
    fail_improved: bool = False
    """Does an improved row fail until its baseline has the gain (``on_improved = "fail"``)?"""
    skipped: Skipped | None = None
    """Why nothing was measured on purpose; None: it was to be measured."""

    @property
    def is_skipped(self) -> bool:
        """Was nothing measured, on purpose? What was judged all the same, and each error, counts more."""
        return self.skipped is not None and not self.findings and not self.problems

    @cached_property
    def exit_code(self) -> ExitCode:
        """Return the exit code: 2 wins over 1, and nothing judged at all is 2, unless nothing had to be measured."""
        if self.is_skipped:
            return ExitCode.PASS
        if self.problems or self.judges_nothing or any(self.is_undecided(f) for f in self.findings):
            return ExitCode.CANNOT_DECIDE
        if any(self.fails(f) for f in self.findings):
            return ExitCode.REGRESSION
        return ExitCode.PASS

    @property
    def name(self) -> Name:
        """Return the verdict in one word."""
        if self.is_skipped:
            return "skipped"
        names: dict[ExitCode, Name] = {
            ExitCode.PASS: "pass",
            ExitCode.REGRESSION: "regression",
            ExitCode.CANNOT_DECIDE: "error",
        }
        return names[self.exit_code]

    @property
    def judges_nothing(self) -> bool:
        """Was no value measured that could be judged? A gate that is removed as a whole decides nothing.

        What is new beside it has nothing to be compared with.
        """
        statuses = {f.status for f in self.findings}
        return not statuses or (Status.REMOVED in statuses and statuses <= {Status.REMOVED, Status.NEW})

    def is_undecided(self, finding: Finding) -> bool:
        """Does the finding keep the check from a verdict? The first line, the sections and stderr follow this."""
        return finding.status in UNDECIDED or (
            self.refuse_too_noisy and finding.status is Status.TOO_NOISY and finding.level == "fail"
        )

    def fails(self, finding: Finding) -> bool:
        """Does the finding fail the check?"""
        return (
            finding.status in FAILED
            or (self.fail_suspected and finding.status is Status.SUSPECTED)
            or (self.fail_improved and finding.status is Status.IMPROVED and finding.level == "fail")
        )
