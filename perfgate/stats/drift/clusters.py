"""Rows that come in clusters, such as the requests of one client: how many independent rows they are worth."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence


def mean_rows(sizes: Sequence[int]) -> float:
    """Return the mean size of the cluster that a row is in.

    Args:
        sizes: rows of each cluster, each >= 1; not empty.

    Returns:
        >= 1.0; the plain mean where all clusters are alike, more otherwise.
    """
    return sum(size * size for size in sizes) / sum(sizes)


def design_effect(intraclass: float, rows: float) -> float:
    """Return by how much clusters of so many rows increase the variance of a share.

    Args:
        intraclass: correlation of two rows of one cluster, 0.0 to 1.0.
        rows: mean size of a row's cluster, as `mean_rows` has it; below one row it counts as one.

    Returns:
        >= 1.0: rows divided by it is the effective number of rows.

    Source:
        Kish (1965), "Survey Sampling", section 8.2.
    """
    return 1.0 + (max(rows, 1.0) - 1.0) * intraclass


def intraclass_of_scores(scores: Sequence[int], clusters: Sequence[int]) -> float:
    """Return how much rows of one cluster resemble each other in a score.

    Args:
        scores: one for each row, such as ranks: whole numbers, so that their order changes nothing.
        clusters: number of each row's cluster.

    Returns:
        The intraclass correlation by analysis of variance, 0.0 to 1.0; 1.0 for a single cluster, which says
        nothing about others; 0.0 where no score differs, or no cluster has two rows.
    """
    sizes = Counter(clusters)
    sums = dict.fromkeys(sizes, 0)
    for cluster, score in zip(clusters, scores, strict=True):
        sums[cluster] += score
    return _intraclass(
        list(sizes.values()),
        _sum_of_means([(sums[c], size) for c, size in sizes.items()]),
        sum(scores) ** 2 / len(scores) if scores else 0.0,
        float(sum(map(int.__mul__, scores, scores))),
    )


def intraclass_of_hits(hits: Mapping[int, int], sizes: Mapping[int, int]) -> float:
    """Return how much rows of one cluster resemble each other in whether they are a hit, such as a missing value.

    Args:
        hits: number of a cluster -> its hits; a cluster without any may be left out.
        sizes: number of each cluster -> its rows.
    """
    total = sum(hits.values())
    squares = _sum_of_means([(hits.get(c, 0), size) for c, size in sizes.items()])
    rows = sum(sizes.values())
    return _intraclass(list(sizes.values()), squares, total * total / rows if rows else 0.0, float(total))


def intraclass_of_levels(pairs: Mapping[tuple[int, Hashable], int], sizes: Mapping[int, int]) -> float:
    """Return how much rows of one cluster resemble each other in their level, all levels together.

    Args:
        pairs: (number of the cluster, level) -> rows.
        sizes: number of each cluster -> its rows.
    """
    levels: Counter[Hashable] = Counter()
    for (_, level), rows in pairs.items():
        levels[level] += rows
    total = sum(sizes.values())
    squares = _sum_of_means([(rows, sizes[cluster]) for (cluster, _), rows in pairs.items()])
    middle = sum(rows * rows for rows in levels.values()) / total if total else 0.0
    return _intraclass(list(sizes.values()), squares, middle, float(total))


def _sum_of_means(parts: Sequence[tuple[int, int]]) -> float:
    """Return the sum of square / size, in an order that depends on nothing but the values."""
    return sum(total * total / size for total, size in sorted(parts))


def _intraclass(sizes: Sequence[int], between: float, middle: float, total: float) -> float:
    """Return the correlation of an analysis of variance.

    Args:
        sizes: rows of each cluster.
        between: sum over the clusters of their squared sum by their size.
        middle: squared sum of all by their number.
        total: sum of the squares of all.
    """
    rows, count = sum(sizes), len(sizes)
    if count <= 1:
        return 1.0
    if rows == count:
        return 0.0
    typical = (rows - mean_rows(sizes)) / (count - 1)
    among, within = max(between - middle, 0.0) / (count - 1), max(total - between, 0.0) / (rows - count)
    whole = among + (typical - 1.0) * within
    return min(1.0, max(0.0, (among - within) / whole)) if whole > 0.0 else 0.0
