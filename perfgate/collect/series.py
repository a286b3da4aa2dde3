"""What foreign files hold for one benchmark in one session, merged metric by metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.profile import MetricProfile, Sample, Stated, with_stated
from perfgate.core.quantile import middle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.metrics import Metric
    from perfgate.core.quantile import Quantile
    from perfgate.core.run import Series

ONE_KIND = "let the tool write all files in the same form"
"""Hint for a metric of which some files hold values and others only quantiles."""
Held = tuple[str, str, "Series"]
"""Start and id of a run, and one metric of it: sorts in the order of the runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedSeries:
    """One metric of one benchmark in one session."""

    metric: Metric
    """Name, unit and direction."""
    sources: frozenset[str]
    """How the values were measured, the usual way left out."""
    values: tuple[float, ...]
    """All values, run by run, in the metric's base unit; empty when only quantiles are known."""
    quantiles: tuple[Quantile, ...]
    """The median run's of each, ascending by name; empty when values are known."""
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
        ordered = [series for _, _, series in sorted(entries, key=lambda e: e[:2])]
        values = tuple(v for s in ordered for v in s.values)
        if values and any(s.quantiles for s in ordered):
            message = f'some files hold values of "{name}", others of the same benchmark only quantiles'
            raise CannotDecideError([error("kinds-differ", message, hint=ONE_KIND)])
        found.append(
            MergedSeries(
                metric=ordered[0].metric,
                sources=frozenset(s.source for s in ordered if s.source),
                values=values,
                quantiles=_middle([q for s in ordered for q in s.quantiles]),
                least=max(s.least for s in ordered),
            )
        )
    return found


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
        self._values: dict[str, tuple[float, ...]] = {}
        self._stated: list[Stated] = []
        self._least = 0.0

    def add_values(self, session: str, values: tuple[float, ...], sources: Iterable[str]) -> None:
        """Add the values of a session, behind those that it has already.

        Args:
            session: its id.
            values: in run order, in the metric's base unit.
            sources: how they were measured, the usual way left out.
        """
        self._values[session] = (*self._values.get(session, ()), *values)
        self._sources.update(sources)

    def add_series(self, session: str, found: MergedSeries) -> None:
        """Add what a foreign tool measured in a session."""
        self._least = max(self._least, found.least)
        if found.values:
            self.add_values(session, found.values, found.sources)
        else:
            self._stated.append(Stated(session=session, quantiles=found.quantiles))
            self._sources.update(found.sources)

    def build(self) -> MetricProfile:
        """Return the metric with all its sessions, in the order in which they were added."""
        samples = tuple(Sample(session=name, values=values) for name, values in self._values.items())
        return with_stated(
            MetricProfile(metric=self.metric, sources=tuple(sorted(self._sources)), samples=samples, least=self._least),
            self._stated,
        )
