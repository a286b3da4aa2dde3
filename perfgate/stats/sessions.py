"""The across-sessions model: compare one current session with the spread between baseline sessions.

Everything is on natural logarithms, and lower is better; for a metric where higher
is better the caller flips the sign of the logs.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from perfgate.stats.distributions import t_quantile
from perfgate.stats.quantiles import MAD_TO_SIGMA, mad, median

if TYPE_CHECKING:
    from collections.abc import Sequence

PRIOR_SESSIONS = 2
"""Weight of the prior spread, in sessions (d0). With 1, 2 or 4 the false-alarm rate and the power on
recorded benchmarks differ by at most 3 points once there are 3 sessions."""
MOST_SHIFT = 0.40
"""Largest common shift that is subtracted, on logs (+49 %, or -33 %): what exceeds it stays in every change."""
MIN_ROWS_SHARING_A_SESSION = 5
"""Fewest benchmarks of one session from which a common shift or spread is estimated."""
PRIOR_WEIGHT = 4
"""Weight of the prior, in degrees of freedom, beside the suite's own spread. With 1, 4 or 10 the false-alarm rate
and the power on recorded benchmarks differ by at most 3 points."""
SPREAD_FLOOR = 0.005
"""Lower bound of the spread between sessions: a few agree better than half a percent by chance. With 1 %
instead, the false-alarm rate and the power on recorded benchmarks differ by at most 3 points."""
MEDIAN_VARIANCE = 1.571
"""pi / 2: the variance of a median over that of a mean, for normal noise and many runs."""
OUTER_AT_ONE = 2.0
"""k per unit of h for one fresh session and one benchmark at 1 %: calibrated on recorded sessions, whose
between-session noise has the tail of a t with 2 degrees of freedom."""
CALIBRATED_AT = 0.01
"""The share of false alarms at which `OUTER_AT_ONE` was calibrated. With that tail the limit for a
level goes as 1 / sqrt(level), hence sqrt(J * 1 % / fa) for J benchmarks."""
OF_THREE = 1.25
"""Factor of the limit of three fresh sessions, on the third root. Without it, unchanged pull requests fail
three times as often as with two sessions at the limit of two (docs/method.md)."""
FEWEST_OF_THREE = 3
"""Baseline sessions that give three fresh ones a limit of their own: the noise of one or two is in all three."""


def relative_spread(values: Sequence[float]) -> float | None:
    """Return how much the runs of a session differ: their MAD, as a standard deviation, over their median.

    Args:
        values: in any unit, length >= 1; all finite.

    Returns:
        A share >= 0.0, exactly 0.0 when at least half of the values are equal; None: the median is 0, and others
        are not.
    """
    center, deviation = abs(median(values)), MAD_TO_SIGMA * mad(values)
    return deviation / center if center else None if any(values) else 0.0


class SuiteSpread(NamedTuple):
    """The typical spread between the sessions of a suite.

    Attributes:
        variance: typical variance between a benchmark's sessions, on logs, >= 0.
        weight: degrees of freedom that it counts for, > 0.
    """

    variance: float
    weight: float


class CommonShift(NamedTuple):
    """What the benchmarks of a suite have in common when a session is compared with a baseline.

    Attributes:
        shift: log shift of the current session, subtracted from its change as far as `MOST_SHIFT`.
        shifts: the same of each baseline session, subtracted before their spread is measured; empty: none.
        spread: typical spread between the suite's sessions; None: the prior alone counts.
    """

    shift: float = 0.0
    shifts: Sequence[float] = ()
    spread: SuiteSpread | None = None


class SessionModel(NamedTuple):
    """One current session against a baseline of sessions, on natural logarithms.

    Attributes:
        base: log centre of the baseline: median of its sessions' medians (of two, their mean).
        d: log change of the current session's median from ``base``, less the common shift; > 0 is slower.
        se: standard error of ``d``, on logs, > 0.
        sessions: sessions in the baseline (m), >= 1.
        prior: standard deviation between sessions expected beforehand (s0), the suite's spread considered.
        spread: standard deviation between sessions (s), on logs, moderated by the prior.
        within: standard deviation of runs inside a session (w), on logs, >= 0.
    """

    base: float
    d: float
    se: float
    sessions: int
    prior: float
    spread: float
    within: float

    @property
    def df(self) -> int:
        """Degrees of freedom behind ``se``: the prior's and the baseline's."""
        return PRIOR_SESSIONS + self.sessions - 1


@lru_cache(maxsize=4096)  # the rows of a suite ask for few families
def session_limit(sessions: int, fresh: int, *, family: float, false_alarms: float) -> float:
    """Return how many standard errors each of so many fresh sessions has to lie away to be significant.

    With h = 1 + 1/m for what a short baseline leaves unknown, one session has to exceed
    k = 2 h sqrt(J 1% / fa). Each of n sessions has to exceed h^(1 - 1/n) k^(1/n): they have to
    agree, so that the limit may grow with the n-th root only. That of three is 1.25 times it, and
    never above that of two. More than three have the limit of three.

    ``false_alarms`` is what the limits were calibrated for on recorded benchmarks,
    not a bound. With 5 sessions, 1 % and one benchmark, simulated sessions whose
    spread is the prior's alarm at 1 % if normal and at 4 % if a t with 2 degrees
    of freedom; normal ones with a spread of 5 % against a prior of 2 % alarm at 5 %.

    Args:
        sessions: sessions in the baseline (m), >= 1.
        fresh: fresh sessions, each of which has to exceed the limit (n), >= 1.
        family: benchmarks that share the false alarms (J), > 0; a part where several are worse together.
        false_alarms: accepted share of unchanged pull requests that fail (fa), 0.0 < fa < 1.0.

    Returns:
        At least 1.

    Raises:
        ValueError: an argument lies outside its range.
    """
    if not 0.0 < false_alarms < 1.0:
        raise ValueError(f"false_alarms must lie in (0, 1), got {false_alarms!r}")
    if not family > 0.0:
        raise ValueError(f"family must be positive, got {family!r}")
    share = family * CALIBRATED_AT / false_alarms
    return max(1.0, min(scale * math.pow(share, 1.0 / (2 * n)) for n, scale in _scales(sessions, fresh)))


def tail_probability(strength: float, sessions: int, fresh: int) -> float:
    """Return the chance that each of so many unchanged sessions lies so far away, under the calibrated tail.

    It is the inverse of `session_limit`: a strength exceeds the limit of a family of J at fa when
    this chance is less than fa / J.

    Args:
        strength: standard errors of the fresh session that lies nearest, > 0.
        sessions: sessions in the baseline (m), >= 1.
        fresh: fresh sessions (n), >= 1.

    Returns:
        Between 0 and 1; 1 of a strength that no limit lies below.

    Raises:
        ValueError: an argument lies outside its range.
    """
    if strength <= 1.0:
        return 1.0
    return min(1.0, *(CALIBRATED_AT * (scale / strength) ** (2 * n) for n, scale in _scales(sessions, fresh)))


def _scales(sessions: int, fresh: int) -> list[tuple[int, float]]:
    """Return for each number n of agreeing sessions that may decide the limit of one benchmark at 1 %."""
    if sessions < 1 or fresh < 1:
        raise ValueError(f"sessions and fresh must be at least 1, got {sessions!r} and {fresh!r}")
    h = 1.0 + 1.0 / sessions
    if fresh == 1:
        return [(1, OUTER_AT_ONE * h)]
    scales = [(2, math.sqrt(OUTER_AT_ONE) * h)]
    if fresh > 2 and sessions >= FEWEST_OF_THREE:  # noqa: PLR2004 - three sessions
        scales.append((3, OF_THREE * math.cbrt(OUTER_AT_ONE) * h))
    return scales


def common_shift(changes: Sequence[float]) -> float:
    """Return the median change of the benchmarks of a suite, the change they have in common.

    Most of the benchmarks of a pull request are unchanged, so that their median change
    is the speed of the machine rather than the code's.

    Args:
        changes: log change of each benchmark, finite; may be empty.

    Returns:
        The median, 0.0 of fewer than 5. It is not limited to `MOST_SHIFT`; what is subtracted is.
    """
    return median(changes) if len(changes) >= MIN_ROWS_SHARING_A_SESSION else 0.0


def suite_spread(centres: Sequence[Sequence[float]]) -> SuiteSpread | None:
    """Return how far the sessions of a suite's benchmarks usually lie apart.

    The median over benchmarks of the variance between their sessions, each first
    divided by what the median of such a variance falls short of its mean (Wilson and
    Hilferty's (1 - 2/(9 df))**3 for a chi-square).

    Args:
        centres: per benchmark the logs of its sessions' medians, less the sessions' common
            shifts; those with one session are left out.

    Returns:
        The spread; its weight is half the degrees of freedom, since the benchmarks of one
        session are not independent. None of fewer than 5 benchmarks.

    Source:
        Wilson and Hilferty (1931), "The Distribution of Chi-Square", Proceedings of the
        National Academy of Sciences 17(12).
    """
    several = [c for c in centres if len(c) > 1]
    if len(several) < MIN_ROWS_SHARING_A_SESSION:
        return None
    variances = [_sum_of_squares(c) / (len(c) - 1) / (1.0 - 2.0 / (9.0 * (len(c) - 1))) ** 3 for c in several]
    return SuiteSpread(variance=median(variances), weight=0.5 * sum(len(c) - 1 for c in several))


def compare_sessions(
    baseline: Sequence[Sequence[float]],
    current: Sequence[float],
    *,
    prior: float,
    per_within: float = 0.0,
    common: CommonShift | None = None,
    centres: Sequence[float] | None = None,
    centre: float | None = None,
    sampling: float | None = None,
) -> SessionModel:
    """Return the change of one current session from the sessions of a baseline, and its standard error.

    The spread between sessions is the baseline's own, moderated by a prior and by the
    suite's, because the variance of two or three sessions is very uncertain.

    Args:
        baseline: one sequence of finite log values per session, in any order.
        current: the log values of the current session, finite.
        prior: standard deviation between sessions expected beforehand, on logs, > 0
            (of a time 0.02 on one machine; 0.05 otherwise, 0.025 once a common shift is subtracted).
        per_within: how much of the spread inside a session is expected between sessions as well, >= 0.
        common: what the suite has in common; None: nothing is known of a suite.
        centres: the logs of the baseline sessions' medians on the original scale, in the same
            order (of an even number of values the two differ); None: the medians of the logs.
        centre: the same for the current session.
        sampling: variance that few runs bring to ``d``, on logs; None: the median's, from the runs.

    Raises:
        ValueError: a session is empty or missing, or an argument lies outside its range.

    Source:
        Smyth (2004), "Linear Models and Empirical Bayes Methods for Assessing Differential
        Expression", Statistical Applications in Genetics and Molecular Biology 3(1): the
        moderated variance, here with a fixed prior.
    """
    _check(baseline, current, prior)
    m = len(baseline)
    centres = [median(session) for session in baseline] if centres is None else list(centres)
    base = median(centres)
    common = common or CommonShift()
    within = _within(baseline, current)
    expected = _moderated(prior**2 + (per_within * within) ** 2, common.spread)
    variance = _between([c - s for c, s in zip(centres, common.shifts or [0.0] * m, strict=True)], expected)
    sampling = _median_variance(within, baseline, current) if sampling is None else sampling
    se = math.sqrt(variance * (1.0 + 1.0 / m) + sampling)
    return SessionModel(
        base=base,
        d=(median(current) if centre is None else centre) - base - max(-MOST_SHIFT, min(MOST_SHIFT, common.shift)),
        se=se,
        sessions=m,
        prior=math.sqrt(expected),
        spread=math.sqrt(variance),
        within=within,
    )


def expected_error(*, spread: float, within: float, sessions: int, runs: float, current: float) -> float:
    """Return the standard error that a change of medians has with so many sessions and runs, on logs.

    Args:
        spread: standard deviation between sessions, on logs, >= 0.
        within: standard deviation of runs inside a session, on logs, >= 0.
        sessions: sessions in the baseline, >= 1.
        runs: runs in each of them, >= 1.
        current: runs of the current session, >= 1.
    """
    sampling = MEDIAN_VARIANCE * within**2 * (1.0 / current + 1.0 / (sessions * runs))
    return math.sqrt(spread**2 * (1.0 + 1.0 / sessions) + sampling)


def _median_variance(within: float, baseline: Sequence[Sequence[float]], current: Sequence[float]) -> float:
    """Return the variance that few runs bring to the difference of two medians, on logs."""
    runs = sum(len(session) for session in baseline)
    return MEDIAN_VARIANCE * within**2 * (1.0 / len(current) + 1.0 / runs)


def _check(baseline: Sequence[Sequence[float]], current: Sequence[float], prior: float) -> None:
    if not baseline or not all(map(len, (*baseline, current))):
        raise ValueError("needs at least one baseline session, and a value in each session")
    if not 0.0 < prior < math.inf:
        raise ValueError(f"prior must be positive and finite, got {prior!r}")


def _within(baseline: Sequence[Sequence[float]], current: Sequence[float]) -> float:
    """Return the spread inside a session: the baseline's mean, or the current one's when it is larger."""
    mean = math.fsum(mad(session) for session in baseline) / len(baseline)
    return MAD_TO_SIGMA * max(mean, mad(current))


def log_interval(model: SessionModel, confidence: float = 0.95) -> tuple[float, float]:
    """Return an interval for the true log change.

    Args:
        model: the comparison.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        Lower and upper end around ``model.d``, on logs; exp(end) - 1 is the relative change.

    Raises:
        ValueError: ``confidence`` lies outside (0, 1).
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence!r}")
    reach = t_quantile(0.5 + 0.5 * confidence, model.df) * model.se
    return model.d - reach, model.d + reach


def _moderated(variance: float, suite: SuiteSpread | None) -> float:
    """Return the variance between sessions expected beforehand: the prior's, and the suite's as far as it counts."""
    if suite is None:
        return variance
    return (PRIOR_WEIGHT * variance + suite.weight * suite.variance) / (PRIOR_WEIGHT + suite.weight)


def _sum_of_squares(centres: Sequence[float]) -> float:
    """Return the sum of squares about the mean: (m - 1) times the variance."""
    mean = math.fsum(centres) / len(centres)
    return math.fsum((centre - mean) ** 2 for centre in centres)


def _between(centres: Sequence[float], expected: float) -> float:
    """Return the moderated variance between sessions; of one session, the expected one alone."""
    m = len(centres)
    if m == 1:
        return expected
    return max((PRIOR_SESSIONS * expected + _sum_of_squares(centres)) / (PRIOR_SESSIONS + m - 1), SPREAD_FLOOR**2)
