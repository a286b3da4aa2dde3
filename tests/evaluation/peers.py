"""The rules that others gate with, as they stand by default, on the same draws.

Formulas from the tools' own documentation and sources. Each rule sees the runs of the
baseline together, as these tools do, and the runs of the first current session. It
says for each benchmark whether the check fails; times, so that lower is better.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from draws import PullRequest

Values = np.ndarray
"""Runs along the last axis; the others are pull requests and benchmarks."""
Rule = Callable[[Values, Values], Values]
_EXACT = 20  # runs a side up to which ranks are counted exactly


def runs_of(requests: Sequence[PullRequest]) -> tuple[Values, Values]:
    """Return baseline and current runs as arrays of (pull requests, benchmarks, runs)."""
    base = [[[v for session in sessions for v in session] for sessions, _ in r.rows] for r in requests]
    current = [[fresh[0] for _, fresh in r.rows] for r in requests]
    return np.array(base), np.array(current)


def _ratio(base: Values, current: Values, q: float) -> Values:
    return np.quantile(current, q, axis=-1) / np.quantile(base, q, axis=-1)


def _beyond(q: float, limit: float) -> Rule:
    return lambda base, current: _ratio(base, current, q) > limit


def _mean(limit: float) -> Rule:
    return lambda base, current: current.mean(-1) / base.mean(-1) > limit


def _mann_whitney(base: Values, current: Values) -> Values:
    """Return two-sided p-values: exact for few runs without ties, else by the normal law with its corrections."""
    normal = stats.mannwhitneyu(current, base, axis=-1, method="asymptotic").pvalue
    if max(base.shape[-1], current.shape[-1]) > _EXACT:
        return normal
    together = np.sort(np.concatenate([base, current], -1), -1)
    tied = (np.diff(together, axis=-1) == 0).any(-1)
    return np.where(tied, normal, stats.mannwhitneyu(current, base, axis=-1, method="exact").pvalue)


def _benchstat(base: Values, current: Values) -> Values:
    return (_mann_whitney(base, current) < 0.05) & (_ratio(base, current, 0.5) > 1)


def _asv(base: Values, current: Values) -> Values:
    return (_mann_whitney(base, current) < 0.002) & (_ratio(base, current, 0.5) > 1.1)


def _pyperf(base: Values, current: Values) -> Values:
    """Student's two-sample t test with a pooled variance, two-sided at 95 %."""
    t, p = stats.ttest_ind(current, base, axis=-1)
    return (p <= 0.05) & (t > 0)


def _bencher(base: Values, current: Values) -> Values:
    """The upper end of a one-sided 99 % prediction interval; the new datum is the median of the runs."""
    n = base.shape[-1]
    reach = stats.t.ppf(0.99, n - 1) * base.std(-1, ddof=1) * np.sqrt(1 + 1 / n)
    return np.median(current, -1) > base.mean(-1) + reach


PEERS: dict[str, Rule] = {
    "p95 +3 %": _beyond(0.95, 1.03),
    "p50 +5 %": _beyond(0.5, 1.05),
    "p50 +10 %": _beyond(0.5, 1.10),
    "pytest-benchmark `mean:5%`": _mean(1.05),
    "github-action-benchmark 200 %": _mean(2.0),
    "benchstat (Mann-Whitney, 5 %)": _benchstat,
    "pyperf (t test, 95 %)": _pyperf,
    "asv continuous (factor 1.1)": _asv,
    "Bencher (t test, 99 %)": _bencher,
}
