"""What a method decided about one row."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perfgate.core.finding import NO_EVIDENCE, Evidence, Status
from perfgate.stats.sessions import session_limit

Method = Literal["same-session", "across-sessions", "exact", "threshold", ""]
Call = Literal["worse", "suspected", "too-noisy", "within-noise", "same", "better"]

STATUS_OF_CALL = {
    "worse": Status.REGRESSED,
    "suspected": Status.SUSPECTED,
    "too-noisy": Status.TOO_NOISY,
    "within-noise": Status.WITHIN_NOISE,
    "same": Status.UNCHANGED,
    "better": Status.IMPROVED,
}


class Family(Struct, frozen=True, kw_only=True):
    """What the gated values of a check share."""

    size: int
    """How many rows share the accepted false alarms (J), >= 1."""
    false_alarms: float
    """Accepted chance that an unchanged pull request fails (fa), 0.0 < fa < 1.0."""
    share: float | None = None
    """Part of a row's alpha that this interim analysis may spend, 0.0 < share < 1.0; None: there is one."""

    @property
    def first_step(self) -> float:
        """The p-value at which a same-session row fails at this analysis, whatever the others do."""
        return min(self.false_alarms, 2 * self.false_alarms / self.size) * (self.share or 1.0)

    def limit(self, sessions: int, fresh: int, *, rows: float = 1.0) -> float:
        """Return how many standard errors each of so many fresh sessions of a row has to exceed.

        Args:
            sessions: sessions in the baseline, >= 1.
            fresh: fresh sessions, >= 1.
            rows: rows that got worse together and count for each other, 1.0 to `size`.
        """
        return session_limit(sessions, fresh, family=self.size / rows, false_alarms=self.false_alarms)


class Decision(Struct, frozen=True, kw_only=True):
    """What a method decided about one row. Changes are ratios minus one, in the metric's own direction."""

    call: Call
    """Worse, suspected or better; of the others how much worse the row may be: unknown, more or less than allowed."""
    method: Method
    """The method that decided."""
    baseline: float
    """The value compared with, in base units."""
    current: float
    """The value compared."""
    change: float | None
    """Change over the baseline's size, less what the whole suite has in common; None when the baseline is zero."""
    limit: float | None
    """The change that the threshold allows, signed like a worsening."""
    allowed: float | None
    """The largest worsening that never fails, signed: the threshold, or a minimum change that is larger."""
    decision_interval: tuple[float, float] | None = None
    """Interval of the change at the level that decides: the row fails exactly when the change is beyond `allowed` and
    the interval wholly worse than no change. None: the method has none."""
    interval: tuple[float, float] | None = None
    """95 % confidence interval of the change."""
    suspect_limit: float | None = None
    """The change beyond which the row is suspected, signed like a worsening; None: no single change says so."""
    detectable: float | None = None
    """Smallest worsening that would have failed, signed; None when none could."""
    reason: str
    """Slug of `perfgate.core.reasons`."""
    message: str = ""
    """What the slug's own sentence does not say; may hold numbers."""
    evidence: Evidence = NO_EVIDENCE
    """The numbers behind the call."""
