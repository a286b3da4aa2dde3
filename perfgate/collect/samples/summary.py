"""Columns to the summary that is committed as a reference: counts at some points, no row."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from perfgate.collect.samples.values import CATEGORIES, count_levels, read_values
from perfgate.core.rollout.drift import Feature, Levels, Numbers, Reference
from perfgate.core.text.canonical import rounded
from perfgate.stats.drift.clusters import intraclass_of_hits, intraclass_of_levels, intraclass_of_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect.samples.columns import Batch, Column
    from perfgate.collect.samples.values import Values

_STEPS = 200
"""Steps of a number at most: 201 points."""
_MOST_LEVELS = 1_000


def summarize(batch: Batch, *, least_rows: int, fields: Sequence[str] = ()) -> Reference:
    """Return the summary of samples.

    Args:
        batch: the samples.
        least_rows: rows behind each level and each step of numbers, >= 1.
        fields: those that were asked for; empty: all.
    """
    return Reference(
        rows=batch.rows,
        fields=tuple(sorted(set(fields))),
        least_rows=least_rows,
        clusters=batch.clusters,
        features=tuple(_feature(name, column, batch, least_rows) for name, column in batch.columns.items()),
    )


def _feature(name: str, column: Column, batch: Batch, least_rows: int) -> Feature:
    found = read_values(column)
    numbers = levels = None
    if found.kind == "number":
        numbers = _numbers(sorted(found.values), least_rows)
    elif found.kind in CATEGORIES:
        levels = _levels(count_levels(found.values), least_rows)
    return Feature(
        name=name,
        kind=found.kind,
        count=len(found.values),
        missing=len(found.missing),
        odd=len(found.odd),
        intraclass=float(rounded(intraclass_of(found, batch, numbers.values if numbers else ()))),
        missing_intraclass=float(rounded(intraclass_of_rows(found.missing, batch))),
        numbers=numbers,
        levels=levels,
    )


def _numbers(ordered: Sequence[float], least_rows: int) -> Numbers:
    """Return the points of ascending numbers.

    The outermost are the `least_rows`-th from each end: the smallest and the largest number are those of
    single rows. The counts at the points are exact, so that ties are as well known as in the rows.
    """
    n = len(ordered)
    steps = min(_STEPS, n // least_rows)
    ranks = [min(max(math.ceil(i * n / steps), least_rows), n - least_rows + 1) for i in range(steps and steps + 1)]
    values = sorted({ordered[rank - 1] + 0.0 for rank in ranks})  # + 0.0: a negative zero is one
    return Numbers(
        values=tuple(values),
        below=tuple(bisect_left(ordered, v) for v in values),
        at_most=tuple(bisect_right(ordered, v) for v in values),
    )


def _levels(counts: Counter[str], least_rows: int) -> Levels:
    """Return the frequent levels; where there are very many, only those that are more frequent still."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > _MOST_LEVELS:
        least_rows = max(least_rows, ordered[_MOST_LEVELS][1] + 1)
    shown = tuple(item for item in ordered if item[1] >= least_rows)
    hidden_rows = sum(counts.values()) - sum(rows for _, rows in shown)
    return Levels(counts=shown, least_rows=least_rows, hidden=len(ordered) - len(shown), hidden_rows=hidden_rows)


def intraclass_of(found: Values, batch: Batch, points: Sequence[float]) -> float:
    """Return how much the values of one cluster resemble each other, numbers by their place among some points."""
    if not batch.clusters or not found.values:
        return 0.0
    clusters = clusters_of(found.rows, batch)
    if found.kind == "number":
        return intraclass_of_scores(list(map(partial(bisect_left, points), found.values)), clusters)
    if found.kind in CATEGORIES:
        return intraclass_of_levels(Counter(zip(clusters, found.values, strict=True)), Counter(clusters))
    return 0.0


def intraclass_of_rows(rows: Sequence[int], batch: Batch) -> float:
    """Return how much rows of one cluster resemble each other in whether they are among some rows."""
    if not batch.clusters or not rows:
        return 0.0
    return intraclass_of_hits(Counter(clusters_of(rows, batch)), Counter(batch.numbers))


def clusters_of(rows: Sequence[int] | None, batch: Batch) -> Sequence[int]:
    """Return the cluster of each of some rows; None: of all."""
    return batch.numbers if rows is None else [batch.numbers[i] for i in rows]
