"""What is shown beside the decision: distances that people know by name, and small histograms."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from perfgate.core.rollout.drift import Distance
from perfgate.gate.drift.checks import cumulative
from perfgate.stats.drift.divergence import (
    jensen_shannon,
    population_stability,
    shannon_bound,
    stability_bound,
    wasserstein,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.rollout.drift import Counted

_BINS = 10
_EDGE = 0.01
"""Share of the reference in each of the two outer bins, which are open."""
_FEW = 12
"""Points up to which each is a bin of its own."""
_REST = "other levels"
Bins = tuple[tuple[str, float, float], ...]


def find_distances(counted: Counted, effective: tuple[float, float]) -> Iterator[Distance]:
    """Yield the distances of a field that was compared.

    Args:
        counted: what the samples have.
        effective: number of independent values of the reference, and now.
    """
    n, m = effective
    was, now = _counts(counted)
    yield Distance(name="PSI", value=population_stability(was, now), bound=stability_bound(len(was), n, m))
    yield Distance(name="Jensen-Shannon", value=jensen_shannon(was, now), bound=shannon_bound(len(was), n, m))
    numbers = counted.feature.numbers
    found = wasserstein(numbers.values, *cumulative(counted)) if numbers else None
    if found is not None:
        bound = found[1] * math.sqrt(1.0 / n + 1.0 / m)
        yield Distance(name="Wasserstein/sd", value=found[0], bound=bound)


def find_bins(counted: Counted) -> Bins:
    """Return a small histogram of the reference and of the current values: bins of even width, or levels."""
    feature = counted.feature
    if feature.levels is not None:
        was, now = _counts(counted)
        names = [level for level, _ in feature.levels.counts[:_BINS]]
        levels = zip((*names, _REST), _some(was), _some(now), strict=True)
        bins = tuple((name, a / feature.count, b / counted.count) for name, a, b in levels)
        return bins if was[-1] + now[-1] or len(names) < len(was) - 1 else bins[:-1]
    numbers = feature.numbers
    if numbers is None or not numbers.values:
        return ()
    (below, at_most), (below_now, at_most_now) = cumulative(counted)
    values = numbers.values
    if len(values) <= _FEW and at_most[-1] - below[0] > 1.0 - _EDGE:
        masses = zip(values, at_most, below, at_most_now, below_now, strict=True)
        return tuple((f"{v:.4g}", a - b, c - d) for v, a, b, c, d in masses)
    first, last = (values[min(bisect_left(at_most, q), len(values) - 1)] for q in (_EDGE, 1.0 - _EDGE))
    width = last / (_BINS - 2) - first / (_BINS - 2)
    edges = [first + i * width for i in range(_BINS - 1)]
    sides = (below, at_most), (below_now, at_most_now)
    shares = [[_share_up_to(edge, values, *side) for edge in edges] for side in sides]
    names = [f"<= {edges[0]:.4g}", *(f"<= {edge:.4g}" for edge in edges[1:]), f"> {edges[-1]:.4g}"]
    parts = [[b - a for a, b in zip((0.0, *side), (*side, 1.0), strict=True)] for side in shares]
    return tuple(zip(names, parts[0], parts[1], strict=True))


def _share_up_to(edge: float, values: Sequence[float], below: Sequence[float], at_most: Sequence[float]) -> float:
    """Return the share of values up to an edge; between two points they lie evenly."""
    i = bisect_left(values, edge)
    if i == len(values):
        return at_most[-1]
    if values[i] == edge:
        return at_most[i]
    if not i:
        return 0.0
    part = (edge / 2.0 - values[i - 1] / 2.0) / (values[i] / 2.0 - values[i - 1] / 2.0)  # halves: no overflow
    return at_most[i - 1] + part * (below[i] - at_most[i - 1])


def _some(counts: Sequence[int]) -> list[int]:
    """Return the counts of the first levels, and of all others together."""
    *levels, rest = counts
    return [*levels[:_BINS], rest + sum(levels[_BINS:])]


def _counts(counted: Counted) -> tuple[list[int], list[int]]:
    """Return the rows of both sides by bin: levels and all others, or the tenths of the reference."""
    feature = counted.feature
    if feature.levels is not None:
        shown = [rows for _, rows in feature.levels.counts]
        return [*shown, feature.levels.hidden_rows], [*counted.levels, counted.unknown]
    at_most = feature.numbers.at_most if feature.numbers else ()
    places = {bisect_left(at_most, feature.count * i / _BINS) for i in range(1, _BINS)}
    ends = sorted(place for place in places if place < len(at_most))
    return (
        _differences([at_most[i] for i in ends], feature.count),
        _differences([counted.at_most[i] for i in ends], counted.count),
    )


def _differences(cumulated: Sequence[int], total: int) -> list[int]:
    return [b - a for a, b in zip((0, *cumulated), (*cumulated, total), strict=True)]
