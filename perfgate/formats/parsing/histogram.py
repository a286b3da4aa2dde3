"""Counts by bucket, sums and counts, as Prometheus and OpenTelemetry give them -> a record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeGuard

from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.record import Histogram, Record, Share, Single, Skipped
from perfgate.formats.parsing.values import MOST_COUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.sources.series import Divided, Ratio
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag

NOTHING = "nothing was counted"
"""Why a series is skipped that was there and did not move."""
_NO_NUMBER = "a count is no number"


def describe_distribution(
    name: str, unit: str, options: ForeignOptions, *, is_side: bool = False
) -> tuple[dict[str, Any], float]:
    """Return what a distribution measures, as fields of a record, and the factor to its base unit.

    Times and sizes are better when lower; of anything else only the user knows, and until
    the user says so it is shown and not judged.

    Args:
        name: of the series, labels included.
        unit: as the file says it.
        options: what the user says about the file.
        is_side: is it shown and never judged anyway?
    """
    factor, base = scale_of(unit)
    metric = {"s": "duration", "B": "size"}.get(base, "value")
    better = options.direction if metric == "value" else "lower"
    facts = {
        "benchmark": name,
        "metric": metric,
        "unit": base,
        "better": better,
        "is_side": is_side or better is None,
    }
    return facts, factor


def histogram(
    facts: dict[str, Any], factor: float, buckets: Mapping[float, float | None], flags: tuple[Flag, ...] = ()
) -> Record | Skipped:
    """Return counts by bucket as a record.

    Args:
        facts: as `describe_distribution` gives them.
        factor: from the unit of the bounds to the base unit.
        buckets: upper bound, the last one infinite -> cumulative count.
        flags: of the record.
    """
    name, metric = facts["benchmark"], facts["metric"]
    bounds = sorted(buckets)
    if not bounds or bounds[-1] != math.inf:
        return Skipped(benchmark=name, metric=metric, why="its last bucket is missing: the file is cut off")
    counts = [count for bound in bounds if is_amount(count := buckets[bound])]
    if len(counts) < len(bounds):
        return Skipped(benchmark=name, metric=metric, why=_NO_NUMBER)
    if counts[-1] == 0:
        return Skipped(benchmark=name, metric=metric, why=NOTHING)
    if len(bounds) == 1 or not all(map(math.isfinite, bounds[:-1])):
        return Skipped(benchmark=name, metric=metric, why="it has no bucket with a bound")
    scaled = tuple((bound * factor, count) for bound, count in zip(bounds, counts, strict=True))
    return Record(**facts, n=round(counts[-1]), flags=flags, payload=Histogram(buckets=scaled))


def share_of(ratio: Ratio, found: Divided) -> Record | Skipped:
    """Return a ratio of counters as a record: with its counts where they are whole numbers of one kind of thing."""
    part, whole = found.part, found.whole
    facts: dict[str, Any] = {"benchmark": found.benchmark, "metric": ratio.name, "unit": "1", "better": ratio.better}
    if whole <= 0:
        return Skipped(benchmark=found.benchmark, metric=ratio.name, why=NOTHING)
    if part > whole:
        return Skipped(benchmark=found.benchmark, metric=ratio.name, why=f"{part:g} of {whole:g}: more than the whole")
    if part.is_integer() and whole.is_integer() and whole < MOST_COUNT and not ratio.is_of_sums:
        return Record(**facts, payload=Share(hits=int(part), of=int(whole)))
    return Record(**facts, payload=Single(value=part / whole))


def mean(
    facts: dict[str, Any], factor: float, total: float | None, count: float | None, flags: tuple[Flag, ...] = ()
) -> Record | Skipped:
    """Return sum by count as a record, for when that is all there is.

    Args:
        facts: as `describe_distribution` gives them; the metric's name gets ``_mean``.
        factor: from the unit of the sum to the base unit.
        total: the sum of everything that was observed.
        count: how many observations.
        flags: of the record.
    """
    about = facts | {"metric": f"{facts['metric']}_mean"}
    why = "neither buckets nor a sum and a count"
    if is_amount(count) and total is not None and math.isfinite(total):
        if count > 0:
            return Record(**about, n=round(count), flags=flags, payload=Single(value=total * factor / count))
        why = NOTHING
    return Skipped(benchmark=about["benchmark"], metric=about["metric"], why=why)


def is_amount(value: float | None) -> TypeGuard[float]:
    """Is it a finite number that is not negative?"""
    return value is not None and math.isfinite(value) and value >= 0
