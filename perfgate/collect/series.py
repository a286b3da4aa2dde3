"""What foreign files say of one benchmark in one session, taken together metric by metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.profile import MetricProfile, Sample, Stated, with_stated
from perfgate.core.quantile import middle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.metrics import Metric
    from perfgate.core.quantile import Quantile
    from perfgate.core.run import Series

Held = tuple[str, str, "Series"]
"""Start and id of a run, and what it says: sorts in the order of the runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """One metric of one benchmark in one session."""

    metric: Metric
    """Name, unit and direction."""
    sources: frozenset[str]
    """How the values were had, the usual way left out."""
    values: tuple[float, ...]
    """All values, run by run; empty when only quantiles are known."""
    quantiles: tuple[Quantile, ...]
    """Of several runs the middle ones, ascending by name; empty when values are known."""


def joined(held: Mapping[str, Sequence[Held]]) -> list[Joined]:
    """Return what the runs of one session say together, metric by metric.

    Args:
        held: metric -> what each run says of it; the metrics of one name are equal.

    Raises:
        CannotDecideError: some runs give values and some quantiles: they cannot stand for each other.
    """
    found = []
    for name, entries in held.items():
        ordered = [series for _, _, series in sorted(entries, key=lambda e: e[:2])]
        values = tuple(v for s in ordered for v in s.values)
        if values and any(s.quantiles for s in ordered):
            message = f'some files hold values of "{name}", others of the same benchmark only quantiles'
            raise CannotDecideError([error("kinds-differ", message, hint="let the tool write all of them alike")])
        found.append(
            Joined(
                metric=ordered[0].metric,
                sources=frozenset(s.source for s in ordered if s.source),
                values=values,
                quantiles=_middle([q for s in ordered for q in s.quantiles]),
            )
        )
    return found


def _middle(quantiles: Sequence[Quantile]) -> tuple[Quantile, ...]:
    """Return of each quantile the middle one."""
    by_name = (middle(q for q in quantiles if q.name == name) for name in sorted({q.name for q in quantiles}))
    return tuple(q for q in by_name if q is not None)


def with_joined(profile: MetricProfile | None, session: str, found: Joined) -> MetricProfile:
    """Return a metric of a profile with one more session of a foreign tool.

    Args:
        profile: the metric so far; None when this is its first session.
        session: id of the session.
        found: what was measured in it.
    """
    before = profile or MetricProfile(metric=found.metric, sources=(), samples=())
    samples, stated = before.samples, before.stated
    if found.values:
        held = {s.session: s.values for s in samples}
        held[session] = (*held.get(session, ()), *found.values)
        samples = tuple(Sample(session=name, values=values) for name, values in held.items())
    else:
        stated = (*stated, Stated(session=session, quantiles=found.quantiles))
    sources = tuple(sorted({*before.sources, *found.sources}))
    return with_stated(MetricProfile(metric=before.metric, sources=sources, samples=samples), stated)
