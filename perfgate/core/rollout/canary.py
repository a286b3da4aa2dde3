"""A canary: how it is judged (``[canary]``), what each trigger says, and the decision."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perfgate.core.text.units import Change, Limit

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.metrics import Direction

P95 = "p95"
MEDIAN = "median"
"""The shift of all requests: it has the threshold of `P95`, and a part of its level."""
DEADLINE = "deadline_miss"
ERRORS = "error_rate"
TRIGGERS = (P95, DEADLINE, ERRORS)
"""The triggers of every canary; each budget of the policy is one more."""
_SLOWER = Change(amount=0.15, sign="+", unit="%", text="+15%")
_LATE = Limit(op="<", amount=0.02, unit="1", text="< 2%")
_FAILED = Limit(op="<", amount=0.05, unit="1", text="< 5%")


class Phase(Struct, frozen=True, kw_only=True):
    """One ``phases`` entry of ``[canary]``: what it takes to leave a phase."""

    weight: int
    """Share of the traffic that the canary gets, in percent, 1 to 100."""
    min_age: float = 0.0
    """Seconds that the canary must have served."""
    min_samples: int = 0
    """Requests that it must have answered."""


class Canary(Struct, frozen=True, kw_only=True):
    """``[canary]``: when a canary is rolled back, and when it may go on."""

    phases: tuple[Phase, ...] = (
        Phase(weight=10, min_age=7_200.0, min_samples=500),
        Phase(weight=50, min_age=14_400.0, min_samples=500),
        Phase(weight=100, min_samples=500),
    )
    """In their order, each of another weight."""
    analyses: int = 1
    """How often a phase is to be looked at, >= 1: the analyses share the level."""
    level: float = 0.15
    """Chance that a canary which lies exactly at its limits is rolled back, in a whole phase; all triggers share it."""
    p95: Change | None = _SLOWER
    """Largest accepted worsening of p95 of the latency, relative; None: it is no trigger."""
    deadline_miss: Limit | None = _LATE
    """Largest share of requests beyond the deadline; None: it is no trigger."""
    error_rate: Limit | None = _FAILED
    """Largest share of requests that fail; None: it is no trigger."""
    deadline: float | None = None
    """Seconds that a request may take; None: files say themselves which ones were late."""
    stated: tuple[str, ...] = ()
    """The triggers that the configuration names: these must have data."""

    def phase_of(self, weight: int) -> Phase | None:
        """Return the phase of a weight, or None."""
        return next((p for p in self.phases if p.weight == weight), None)

    def after(self, phase: Phase) -> Phase | None:
        """Return the phase that follows another, or None: it is the last."""
        place = self.phases.index(phase) + 1
        return self.phases[place] if place < len(self.phases) else None


class State(Enum):
    """What a trigger says."""

    WORSE = "worse"
    """Beyond its limit, as far as the level allows to say so."""
    HOLDS = "holds"
    """Within its limit, as certainly."""
    OPEN = "open"
    """Neither is certain."""
    MISSING = "missing"
    """Not measured, though it must be."""
    SHOWN = "shown"
    """Says nothing of the decision: it cannot be judged here, or is of level ``warn`` or ``info``."""


class TriggerFinding(Struct, frozen=True, kw_only=True):
    """What one trigger says of one benchmark."""

    trigger: str
    """One of `TRIGGERS`, `MEDIAN`, or the name of a budget."""
    benchmark: str
    """What was measured; empty: the whole canary."""
    metric: str
    """Name of the metric."""
    unit: str
    """Base unit of the values."""
    statistic: str
    """``p95`` or another quantile, ``share``, or ``value``."""
    state: State
    limit: str
    """What must hold, as it was written."""
    better: Direction = "lower"
    """Which way is an improvement of what the bounds are of."""
    baseline: float | None = None
    """Value of the baseline's arm; None: not measured, or not compared."""
    canary: float | None = None
    """Value of the canary; None: not measured."""
    change: float | None = None
    """Canary over baseline, minus one; None: the limit is absolute."""
    low: float | None = None
    """Bound below which the judged value does not lie (a change, or a share), at the level of this analysis."""
    high: float | None = None
    """Bound above which it does not lie, at the level at which a canary may go on."""
    n_baseline: int = 0
    n_canary: int = 0
    proof: str = ""
    """The test that decided: ``bootstrap``, ``shift``, ``exact``; empty: none did."""
    needs: int | None = None
    """About how many more requests of the canary would decide; None: it is decided, or no number would."""
    message: str = ""
    """What else is to be said, one sentence."""


Word = Literal["promote", "rollback", "hold"]
_WORDS: tuple[Word, ...] = ("promote", "rollback", "hold")


class Outcome(IntEnum):
    """What is to be done with the canary: the exit code of the command."""

    PROMOTE = 0
    """All that is asked for is proven."""
    ROLLBACK = 1
    """At least one trigger is proven."""
    HOLD = 2
    """Neither: go on measuring."""

    @property
    def word(self) -> Word:
        """As reports and the option ``--exit-zero-if`` say it."""
        return _WORDS[self]


class Analysis(Struct, frozen=True, kw_only=True):
    """One interim analysis at a canary in one phase."""

    number: int
    """From 1."""
    of: int
    """Analyses that are planned for the phase."""
    rollback_level: float
    """Chance that all triggers together may spend on rolling back at this analysis."""
    promote_level: float
    """Chance with which each bound may miss that lets the canary go on."""


class Decision(Struct, frozen=True, kw_only=True):
    """What is to be done with a canary, and why."""

    outcome: Outcome
    findings: tuple[TriggerFinding, ...]
    """The worst first."""
    phase: Phase | None
    """None: none was named."""
    next_phase: Phase | None
    """None: there is no other, or none was named."""
    analysis: Analysis
    age: float | None
    """Seconds that the canary has served; None: unknown."""
    samples: int
    """Requests that it answered."""
    waits_for: tuple[str, ...]
    """What is missing before it may go on, one sentence each; empty: nothing is."""
    needs: int | None
    """About how many more requests of the canary decide every open trigger; None: none is open, or no number would."""
    problems: tuple[Diagnostic, ...] = ()
    """Why nothing can be decided at all."""
    notes: tuple[Diagnostic, ...] = ()
    """What a reader should know."""
