"""What would settle a value that is too noisy, within the noise or suspected: more runs, or more baseline sessions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import Status
from perfgate.core.statistic import P50
from perfgate.stats.distributions import normal_quantile, t_quantile
from perfgate.stats.ranks import runs_needed
from perfgate.stats.sessions import expected_error, session_limit

if TYPE_CHECKING:
    from perfgate.core.finding import Evidence, Finding, Verdict

MOST_RUNS = 1_000
"""Runs a side beyond which nobody waits for an answer."""
MOST_SESSIONS = 10
"""Sessions that a baseline keeps."""
_FRIENDLY = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500, 600, 800, MOST_RUNS)
_MARGIN = 0.8416
"""Standard errors by which four of five estimates lie nearer than so far: the 80 % point of the normal law."""
_95_PERCENT = 1.96
_WIDEST = 100.0
"""A spread on logs beyond which nothing is estimated."""


class Settling(Struct, frozen=True, kw_only=True):
    """What would make a change of this size detectable. One of the two numbers is there."""

    size: float
    """The change, a ratio minus one in the metric's own direction, signed like a worsening."""
    runs: int | None = None
    """Runs on each side in one session, up to `MOST_RUNS`."""
    sessions: int | None = None
    """Sessions in the baseline, up to `MOST_SESSIONS`."""


def find_settling(finding: Finding, verdict: Verdict) -> Settling | None:
    """Return what would settle a value, if the noise stays as it is; None: nothing near would, or nothing is open.

    Of a value that is too noisy a change as large as the resolution becomes detectable, of one within
    the noise one as large as its threshold, of a suspected one the change that was measured. There is
    room for the error of an estimate, so that about four of five values are settled then, if the code is
    unchanged, or the suspected change real. A value whose true change lies at its threshold stays open
    with any number of runs.

    Args:
        finding: a value of the verdict.
        verdict: has the resolution, and how many values share the accepted false alarms.
    """
    size = _find_size(finding, verdict.resolution)
    if size is None or not 0.0 < size < math.inf:
        return None
    own = math.expm1(size if finding.better == "lower" else -size)
    if finding.method == "same-session":
        runs = _find_runs(finding, size)
        return None if runs is None else Settling(size=own, runs=runs)
    if finding.method == "across-sessions" and finding.statistic == P50:
        sessions = _find_sessions(finding, size, verdict)
        return None if sessions is None else Settling(size=own, sessions=sessions)
    return None


def _find_size(finding: Finding, resolution: float) -> float | None:
    """Return the change that should be detectable as a log of a ratio of costs; None: nothing is open."""
    allowed = _as_log(finding.allowed)
    if allowed is None:
        return None
    if finding.status is Status.TOO_NOISY:
        return max(allowed, math.log1p(resolution))
    if finding.status is Status.WITHIN_NOISE:
        return allowed
    return _as_log(finding.change) if finding.status is Status.SUSPECTED else None


def _as_log(change: float | None) -> float | None:
    """Return the size of a change as a log; None of one that has none."""
    return None if change is None or change <= -1.0 else abs(math.log1p(change))


def _find_runs(finding: Finding, size: float) -> int | None:
    """Return how many runs a side make the decision interval so narrow: its width goes as the root of the runs."""
    alpha = finding.evidence.alpha
    half = None if alpha is None else _half_width(finding, alpha)
    if alpha is None or half is None:
        return None
    n = 2.0 / (1.0 / finding.n_baseline + 1.0 / finding.n_current)
    needed = max(n * (half / _with_margin(size, -normal_quantile(alpha))) ** 2, runs_needed(alpha))
    fewest = max(finding.n_baseline, finding.n_current)
    return next((runs for runs in _FRIENDLY if runs > fewest and runs >= needed), None)


def _half_width(finding: Finding, alpha: float) -> float | None:
    """Return half the width of the decision interval on logs; of few runs, which have none, from the 95 % one."""
    if finding.decision_interval is not None:
        return _half(finding.decision_interval)
    if finding.interval is None:
        return None
    half, freedom = _half(finding.interval), max(1, finding.n_baseline + finding.n_current - 2)
    # The spread of few runs is itself hardly known, which the law of t adds a second time.
    return None if half is None else half * -normal_quantile(alpha) * t_quantile(0.975, freedom) / _95_PERCENT**2


def _half(interval: tuple[float, float]) -> float | None:
    low, high = interval
    return (math.log1p(high) - math.log1p(low)) / 2 if -1.0 < low <= high < math.inf else None


def _find_sessions(finding: Finding, size: float, verdict: Verdict) -> int | None:
    """Return how many baseline sessions make a change of this size detectable, the spread as it is today."""
    suite, m, evidence = verdict.suite, finding.sessions_baseline, finding.evidence
    if m < 1 or max(evidence.spread or 0.0, evidence.within or 0.0) > _WIDEST:
        return None  # no check writes it, a report may
    for sessions in range(m + 1, MOST_SESSIONS + 1):
        fresh = _fresh(evidence)
        k = session_limit(sessions, fresh, family=max(1, suite.gated), false_alarms=suite.accepted)
        if k * _error_with(evidence, sessions, finding) <= _with_margin(size, k):
            return sessions
    return None


def _error_with(evidence: Evidence, sessions: int, finding: Finding) -> float:
    """Return the standard error of the change with another number of sessions in the baseline."""
    return expected_error(
        spread=evidence.spread or 0.0,
        within=evidence.within or 0.0,
        sessions=sessions,
        runs=max(1.0, finding.n_baseline / finding.sessions_baseline),
        current=max(1.0, finding.n_current / _fresh(evidence)),
    )


def _fresh(evidence: Evidence) -> int:
    return max(1, round(evidence.sessions_current or 1.0))


def _with_margin(size: float, k: float) -> float:
    """Return how wide half an interval of k standard errors may be, so that most of them leave out so large a change.

    The estimate has an error of its own: k errors and `_MARGIN` more have to fit.
    """
    return size / (1.0 + _MARGIN / k)
