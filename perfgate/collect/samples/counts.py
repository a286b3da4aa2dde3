"""Columns to counts against a reference: all that a verdict needs of the current samples."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import compress
from typing import TYPE_CHECKING

from perfgate.collect.samples.columns import is_in
from perfgate.collect.samples.summary import clusters_of, intraclass_of, intraclass_of_rows
from perfgate.collect.samples.values import CATEGORIES, count_levels, read_values
from perfgate.core.rollout.drift import Counted, Current, Feature
from perfgate.stats.drift.clusters import intraclass_of_hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect.samples.columns import Batch, Column
    from perfgate.collect.samples.values import Values
    from perfgate.core.rollout.drift import Reference

_MOST_NEW = 3
_LARGE = 0.05
"""Share from which on the clusters of a single level count, beside those of all levels together."""


def count_against(reference: Reference, batch: Batch, fields: Sequence[str] = ()) -> Current:
    """Return what samples have of each feature of a reference, and of new fields.

    Args:
        reference: the summary.
        batch: the current samples.
        fields: those to compare; empty: all. Where the reference was made of some fields, no other is new.
    """
    features = [f for f in reference.features if not fields or is_in(f.name, fields)]
    known = {f.name for f in reference.features}
    asked = fields or reference.fields
    absent: Column = [None] * batch.rows
    counted = [_count(f, batch.columns.get(f.name, absent), batch) for f in features]
    for name, column in batch.columns.items():
        if name not in known and (not asked or is_in(name, asked)):
            counted.append(_count(_new_field(name, column, reference.rows), column, batch))
    return Current(rows=batch.rows, clusters=batch.clusters, features=tuple(counted))


def _new_field(name: str, column: Column, rows: int) -> Feature:
    """Return a feature as a reference has it that never saw it: missing in each row."""
    kind = read_values(column).kind
    return Feature(name=name, kind=kind, count=0, missing=rows, odd=0, intraclass=0.0, missing_intraclass=0.0)


def _count(feature: Feature, column: Column, batch: Batch) -> Counted:
    found = read_values(column, feature.kind)
    below, at_most = _places(feature, found)
    levels, unknown, new_levels = _levels(feature, found)
    unknown_rows: Sequence[int] = ()
    if unknown and batch.clusters:
        known = {level for level, _ in feature.levels.counts} if feature.levels else set()
        places = range(batch.rows) if found.rows is None else found.rows
        unknown_rows = list(compress(places, (v not in known for v in found.values)))
    return Counted(
        feature=feature,
        count=len(found.values),
        missing=len(found.missing),
        odd=len(found.odd),
        odd_kind=found.odd_kind,
        below=below,
        at_most=at_most,
        levels=levels,
        unknown=unknown,
        new_levels=new_levels,
        intraclass=_intraclass(feature, found, levels, batch),
        missing_intraclass=intraclass_of_rows(found.missing, batch),
        odd_intraclass=intraclass_of_rows(found.odd, batch),
        unknown_intraclass=intraclass_of_rows(unknown_rows, batch),
    )


def _places(feature: Feature, found: Values) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if feature.numbers is None:
        return (), ()
    ordered = sorted(found.values)
    points = feature.numbers.values
    return tuple(bisect_left(ordered, v) for v in points), tuple(bisect_right(ordered, v) for v in points)


def _levels(feature: Feature, found: Values) -> tuple[tuple[int, ...], int, tuple[tuple[str, int], ...]]:
    """Return the rows of each level of the reference, of all others, and the most frequent of these."""
    if feature.levels is None:
        return (), 0, ()
    counts = count_levels(found.values)
    rows = tuple(counts.pop(level, 0) for level, _ in feature.levels.counts)
    new = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_NEW]
    return rows, sum(counts.values()), tuple(new)


def _intraclass(feature: Feature, found: Values, levels: Sequence[int], batch: Batch) -> float:
    """Return the correlation within clusters, of a category the largest: of all levels, and of each large one."""
    together = intraclass_of(found, batch, feature.numbers.values if feature.numbers else ())
    if not batch.clusters or feature.levels is None or found.kind not in CATEGORIES:
        return together
    clusters = clusters_of(found.rows, batch)
    sizes = Counter(clusters)
    large = {
        level: Counter[int]()
        for (level, _), rows in zip(feature.levels.counts, levels, strict=True)
        if rows > _LARGE * len(found.values)
    }
    for (cluster, level), rows in Counter(zip(clusters, found.values, strict=True)).items():
        if level in large:
            large[level][cluster] += rows
    return max((together, *(intraclass_of_hits(hits, sizes) for hits in large.values())))
