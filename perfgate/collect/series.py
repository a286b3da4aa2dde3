"""What foreign files hold for one benchmark in one session, merged metric by metric."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.profile import MetricProfile, Sample, Stated, join_samples, with_stated
from perfgate.core.statistic import QUANTILE_OF, Quantile, middle
from perfgate.stats.buckets import bucket_quantile
from perfgate.stats.cells import STEPS, cells_of, count_of_cells, merge_cells, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.metrics import Metric
    from perfgate.core.run import Series

ONE_KIND = "let the tool write all files in the same form"
"""Hint for a metric of which some files hold values and others only quantiles."""
Held = tuple[str, str, "Series"]
"""Start and id of a run, and one metric of it: sorts in the order of the runs."""


class MergedSeries(Struct, frozen=True, kw_only=True):
    """One metric of one benchmark in one session."""

    metric: Metric
    """Name, unit and direction."""
    sources: frozenset[str]
    """How the values were measured, the usual way left out."""
    values: tuple[float, ...]
    """All values, run by run, in the metric's base unit; empty when only quantiles are known."""
    stands_for: int
    """How many measured values these stand for, when there are too many to keep them all; 0: each for itself."""
    hits: int | None
    """Of a share that all runs counted: how many of `stands_for`."""
    quantiles: tuple[Quantile, ...]
    """Of all runs that were counted in the same buckets, else the median run's; ascending by name, empty when values
    are known."""
    buckets: tuple[tuple[float, float], ...]
    """Upper bounds and cumulative counts of single values from which the quantiles were read, ascending; empty: not
    known."""
    least: float
    """Values below it are compared as if they were it; the largest of the runs'."""


def merge_series(held: Mapping[str, Sequence[Held]]) -> list[MergedSeries]:
    """Return the measurements of all runs of one session, merged metric by metric.

    Args:
        held: name -> each run's measurements of that metric; metrics of one name are equal.

    Raises:
        CannotDecideError: some runs hold values and others quantiles, which cannot be merged.
    """
    found = []
    for name, entries in held.items():
        ordered = [series for _, _, series in (sorted(entries, key=lambda e: e[:2]) if len(entries) > 1 else entries)]
        values, stands_for, hits = _join(ordered)
        if values and any(s.quantiles for s in ordered):
            message = f'some files hold values of "{name}", others of the same benchmark only quantiles'
            raise CannotDecideError([error("kinds-differ", message, hint=ONE_KIND)])
        found.append(
            MergedSeries(
                metric=ordered[0].metric,
                sources=frozenset([s.source for s in ordered if s.source]),
                values=values,
                stands_for=stands_for,
                hits=hits,
                quantiles=() if values else _join_quantiles(ordered),
                buckets=() if values or not all(s.is_counted for s in ordered) else _join_buckets(ordered),
                least=max([s.least for s in ordered]),
            )
        )
    return found


def _join(parts: Sequence[Series]) -> tuple[tuple[float, ...], int, int | None]:
    """Return the values of all runs, how many they stand for, and of shares the sum of what was counted.

    What is kept of many values depends on the values alone, not on the files in which they stand.
    """
    if len(parts) == 1 and _is_plain(parts[0]):
        return tuple(parts[0].values), 0, None
    if all(s.period for s in parts):
        return tuple(map(_add_up, _group_overlapping(parts))), 0, None
    if all(s.share for s in parts):
        hits, of = (sum(counts) for counts in zip(*[s.share for s in parts if s.share], strict=True))
        return (hits / of,), of, hits
    if sum(len(s.values) + len(s.cells) for s in parts) <= STEPS + 1 and not any(s.cells for s in parts):
        return tuple(chain.from_iterable([s.values for s in parts])), 0, None
    cells = merge_cells(s.cells or cells_of(sorted(s.values)) for s in parts)
    return spread(cells), count_of_cells(cells), None


def _is_plain(series: Series) -> bool:
    """Does it hold values that are all kept as they are?"""
    return 0 < len(series.values) <= STEPS + 1 and not (series.period or series.share or series.cells)


def _group_overlapping(parts: Sequence[Series]) -> list[list[Series]]:
    """Return the runs that overlap in time together: such logs were written by the workers of one service."""
    groups: list[list[Series]] = []
    end = -math.inf
    for begun, ended, series in ((*s.period, s) for s in sorted(parts, key=_period_of) if s.period):
        if begun < end:
            groups[-1].append(series)
        else:
            groups.append([series])
        end = max(end, ended)
    return groups


def _period_of(series: Series) -> tuple[float, float]:
    return series.period or (-math.inf, -math.inf)


def _add_up(parts: Sequence[Series]) -> float:
    """Return the rate of all workers together, or their quotient: sum by sum.

    The rate is what all counted, over the time from the first event of any of them to the last.
    """
    if len(parts) == 1:
        return parts[0].values[0]
    periods = [_period_of(s) for s in parts]
    wholes = [s.weight or ended - begun for s, (begun, ended) in zip(parts, periods, strict=True)]
    whole = max(end for _, end in periods) - min(begun for begun, _ in periods)
    if all(s.weight for s in parts):
        whole = math.fsum(wholes)
    return math.fsum(s.values[0] * w for s, w in zip(parts, wholes, strict=True)) / whole


def _join_quantiles(parts: Sequence[Series]) -> tuple[Quantile, ...]:
    """Return the quantiles of all runs: from the sums of their counts, where all have the same buckets."""
    buckets = _join_buckets(parts)
    if len(parts) == 1 or not buckets:
        return _middle([q for s in parts for q in s.quantiles])
    names = sorted({q.name for s in parts for q in s.quantiles})
    return tuple(Quantile(name, *bucket_quantile(buckets, QUANTILE_OF[name])) for name in names)


def _join_buckets(parts: Sequence[Series]) -> tuple[tuple[float, float], ...]:
    """Return the sums of the counts of all runs; empty: they have no buckets, or not the same."""
    bounds = {tuple(bound for bound, _ in s.buckets) for s in parts}
    if len(bounds) > 1:
        return ()
    counts = zip(*[[count for _, count in s.buckets] for s in parts], strict=True)
    return tuple(zip(bounds.pop(), map(math.fsum, counts), strict=True))


def _middle(quantiles: Sequence[Quantile]) -> tuple[Quantile, ...]:
    """Return of each quantile the median."""
    by_name = (middle(q for q in quantiles if q.name == name) for name in sorted({q.name for q in quantiles}))
    return tuple(q for q in by_name if q is not None)


class MetricBuilder:
    """One metric of one benchmark while its sessions are added; each costs what it holds, however many there are."""

    def __init__(self, metric: Metric) -> None:
        """Start without a session.

        Args:
            metric: name, unit and direction.
        """
        self.metric = metric
        self._sources: set[str] = set()
        self._samples: dict[str, Sample] = {}
        self._stated: list[Stated] = []
        self._least = 0.0

    def add_sample(self, sample: Sample, sources: Iterable[str]) -> None:
        """Add the values of a session, behind those that it has already.

        Args:
            sample: in run order, in the metric's base unit.
            sources: how they were measured, the usual way left out.
        """
        name = sample.session
        earlier = self._samples.get(name)
        if earlier is None and sample.hits is None:
            self._samples[name] = sample
        else:
            self._samples[name] = join_samples(name, [s for s in (earlier, sample) if s is not None])
        self._sources.update(sources)

    def add_series(self, session: str, found: MergedSeries) -> None:
        """Add what a foreign tool measured in a session."""
        self._least = max(self._least, found.least)
        if found.values:
            sample = Sample(session=session, values=found.values, stands_for=found.stands_for, hits=found.hits)
            self.add_sample(sample, found.sources)
        else:
            self._stated.append(Stated(session=session, quantiles=found.quantiles, buckets=found.buckets))
            self._sources.update(found.sources)

    def build(self) -> MetricProfile:
        """Return the metric with all its sessions, in the order in which they were added."""
        samples = tuple(self._samples.values())
        return with_stated(
            MetricProfile(metric=self.metric, sources=tuple(sorted(self._sources)), samples=samples, least=self._least),
            self._stated,
        )
