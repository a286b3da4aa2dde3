"""Two samples of one session, compared by their ranks, computed by the published formulas, without perfgate."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
from by_hand_row import ENDS, Finding, Row
from scipy import stats


def rank_p(base: np.ndarray, current: np.ndarray) -> float:
    """Return the exact chance that current costs rank so high: over all ways to split the runs in two."""
    ranks = stats.rankdata([*base, *current])
    n = len(current)
    if len(base) + n <= 16:
        sums = np.array([ranks[list(chosen)].sum() for chosen in combinations(range(len(ranks)), n)])
        return float(np.mean(sums >= ranks[len(base) :].sum() - 1e-9))
    return float(stats.mannwhitneyu(current, base, alternative="greater", method="exact").pvalue)


def level_of(report: dict[str, Any], place: int, ps: list[float]) -> float:
    """Return the largest p at which Holm's test at twice the accepted rate would reject a row beside the others."""
    size, fa = report["suite"]["gated"], report["suite"]["accepted"]
    others = [p for i, p in enumerate(ps) if i != place] + [1.0] * (size - len(ps))
    for step in (2 * fa / k for k in range(1, size + 1)):
        ordered = sorted([*others, step])
        until = ordered.index(step)
        if all(p * (size - i) <= 2 * fa * (1 + 1e-12) for i, p in enumerate(ordered[: until + 1])):
            return min(fa, step)
    raise AssertionError("the first step is always there")


def median_ends(values: list[float]) -> tuple[float, float]:
    """Return Hettmansperger and Sheather's interval of a median at 95 %; of fewer than 6 runs the ends."""
    x, n = np.sort(values), len(values)
    if n < 6:
        return float(x[0]), float(x[-1])
    covers = {k: 1 - 2 * stats.binom.cdf(k - 1, n, 0.5) for k in range(1, n // 2 + 1)}
    k = max(k for k, cover in covers.items() if cover >= 0.95)
    share = (covers[k] - 0.95) / (covers[k] - (1 - 2 * stats.binom.cdf(k, n, 0.5)))
    part = (n - k) * share / (k + (n - 2 * k) * share)
    return float((1 - part) * x[k - 1] + part * x[k]), float((1 - part) * x[-k] + part * x[-k - 1])


def ratio_interval(base: list[float], current: list[float]) -> list[float]:
    """Return Zou and Donner's interval of the change of the median."""
    b, c = math.log(np.median(base)), math.log(np.median(current))
    (low_b, high_b), (low_c, high_c) = (tuple(map(math.log, median_ends(v))) for v in (base, current))
    return [
        math.expm1(c - b - math.hypot(c - low_c, high_b - b)),
        math.expm1(c - b + math.hypot(high_c - c, b - low_b)),
    ]


def smallest_u(n: int, m: int, level: float) -> int | None:
    """Return the smallest number of pairs won that is significant among runs without ties."""
    ranks = [sum(chosen) - m * (m - 1) // 2 for chosen in combinations(range(n + m), m)]
    counts = np.bincount(ranks, minlength=n * m + 1)
    tails = np.cumsum(counts[::-1])[::-1] / counts.sum()
    return next((u for u in range(n * m + 1) if tails[u] <= level), None)


def same_session(report: dict[str, Any], row: Row, level: float) -> Finding:
    """Return what the report should say of a row whose two sides share one session."""
    ((base,), (current,)) = (list(row.sessions(side).values()) for side in (row.base, row.current))
    b, c = row.costs(base), row.costs(current)
    was, now = float(np.median(base)), float(np.median(current))
    allowed = row.allowed(was)
    ratio = now / was if row.lower else was / now
    p, needed = rank_p(b, c), smallest_u(len(b), len(c), level)
    floor = row.cost(row.floor() / was)
    detectable = high = decided = None
    if needed is not None:  # with all current costs times a factor above this, enough pairs are won
        factors = sorted(x / y for x in b for y in c)
        detectable = row.own(max(allowed, factors[needed - 1] * ratio - 1, floor))
        # What could be taken off, or put on, before a change would be significant; ties may move an end across zero.
        low, high = 1 / factors[needed - 1] - 1, 1 / factors[-needed] - 1
        low = max(low, ENDS) if p <= level else min(low, 0.0)
        high = min(high, -ENDS) if rank_p(c, b) <= level else max(high, 0.0)
        low, high = min(low, ratio - 1), max(high, ratio - 1)
        decided = row.ends(low, high)
    is_above = abs(now - was) >= row.floor() * (1 - ENDS)
    beyond = ratio - 1 > allowed + ENDS and is_above
    status = held = row.holds(high, max(allowed, floor), report["resolution"])
    if beyond and p <= level:
        status = "regressed"
    elif beyond and (needed is None or p <= 0.05):
        status = "suspected"
    elif is_above and 1 / ratio - 1 > allowed and rank_p(c, b) <= level:
        status = "improved"
    shifts = sorted(math.log(y) - math.log(x) for x in b for y in c)
    typical = {"typical": float(np.median(shifts))}
    u = smallest_u(len(b), len(c), 0.025)
    if u is not None:
        ends = [shifts[len(shifts) - u], shifts[u - 1]]
        typical |= dict(zip(("typical_low", "typical_high"), ends if row.lower else ends[::-1], strict=True))
    return {
        "status": status, "held": held, "baseline": was, "current": now, "change": now / was - 1,
        "limit": row.own(allowed), "allowed": row.own(max(allowed, floor)), "decision_interval": decided,
        "detectable": detectable, "interval": ratio_interval(base, current), "sessions_baseline": 1,
        "n_baseline": len(base), "n_current": len(current),
        "evidence": {"p": p, "alpha": level, **{k: row.own(math.expm1(x)) for k, x in typical.items()}},
    }  # fmt: skip
