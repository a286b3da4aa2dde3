"""What usually happens: the values of a benchmark by session. A committed profile is a baseline."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.session_id import SessionId
from perfgate.core.statistic import Quantile, middle
from perfgate.stats.cells import STEPS, Pool
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from perfgate.core.metrics import Metric
    from perfgate.core.run import Labels


_ROUNDED = 1e-5
"""Relative difference between a number and itself as a file keeps it, with six digits; and some more."""


class Sample(Struct, frozen=True, kw_only=True):
    """The values of one metric in one session."""

    session: str
    """Id of the session."""
    values: tuple[float, ...]
    """In base units, in the order of the runs."""
    stands_for: int = 0
    """How many measured values these stand for, each for an equal share; 0: each for itself."""
    hits: int | None = None
    """When the only value is a share that was counted: how many of `stands_for`; else None."""

    @property
    def count(self) -> int:
        """How many values were measured."""
        return self.stands_for or len(self.values)


def join_samples(session: str, parts: Sequence[Sample]) -> Sample:
    """Return the values of several parts of a session as one sample.

    Args:
        session: id of the session.
        parts: in the order of their runs, at least one. Where one of them stands for more
            values than it holds, each counts by what it stands for; of shares the counts add up.
    """
    if len(parts) == 1 and parts[0].hits is None:
        return Sample(session=session, values=parts[0].values, stands_for=parts[0].stands_for)
    if share := _share_of(parts):
        hits, of = share
        return Sample(session=session, values=(hits / of,), stands_for=of, hits=hits)
    if pool := _pool_of(parts):
        return Sample(session=session, values=pool.spread(), stands_for=pool.count)
    return Sample(session=session, values=tuple(chain.from_iterable(p.values for p in parts)))


def _pool_of(parts: Sequence[Sample]) -> Pool | None:
    """Return several parts of which one stands for more values than it holds; None: their values are all there is."""
    is_counted = any(p.hits is not None for p in parts)
    if len(parts) < len("ab") or is_counted or not any(p.stands_for for p in parts):
        return None
    return Pool((sorted(p.values), p.count) for p in parts)


def _share_of(parts: Sequence[Sample]) -> tuple[int, int] | None:
    """Return how many of how many all parts counted together; None where one of them is no counted share."""
    counted = [p.hits for p in parts if p.hits is not None]
    return (sum(counted), sum(p.count for p in parts)) if parts and len(counted) == len(parts) else None


def counts_to_data(samples: Iterable[Sample]) -> dict[str, dict[str, int]]:
    """Return what values stand for as JSON data by session; what says nothing is left out."""
    found: dict[str, dict[str, int]] = {"stands_for": {}, "hits": {}}
    for s in samples:
        if s.stands_for:
            found["stands_for"][s.session] = s.stands_for
        if s.hits is not None:
            found["hits"][s.session] = s.hits
    return {name: counts for name, counts in found.items() if counts}


def samples_from_data(
    values: Mapping[str, Sequence[float]], stands_for: Mapping[str, float], hits: Mapping[str, float]
) -> tuple[Sample, ...]:
    """Return the samples that JSON data states, by session."""
    return tuple(
        [
            Sample(
                session=s,
                values=tuple(map(float, v)),
                stands_for=int(stands_for.get(s, 0)),
                hits=int(hits[s]) if s in hits else None,
            )
            for s, v in values.items()
        ]
    )


def find_wrong_counts(
    values: Mapping[str, Sequence[float]], stands_for: Mapping[str, float], hits: Mapping[str, float]
) -> list[str]:
    """Return the places of counts that contradict the values beside them, as parts of a JSON pointer."""
    wrong = [
        f"stands_for/{s}" for s, of in stands_for.items() if s not in values or (s not in hits and of <= len(values[s]))
    ]
    for s, count in hits.items():
        of, stated = stands_for.get(s, 0), values.get(s, ())
        if len(stated) != 1 or not of or count > of or abs(stated[0] - count / of) > _ROUNDED * count / of:
            wrong.append(f"hits/{s}")
    return wrong


class Stated(Struct, frozen=True, kw_only=True):
    """The quantiles of one metric in one session of which no raw values are known."""

    session: str
    """Id of the session."""
    quantiles: tuple[Quantile, ...]
    """Ascending by name."""
    buckets: tuple[tuple[float, float], ...] = ()
    """Upper bounds and cumulative counts of single values from which they were read, ascending. Only of what was
    measured now: no file of a profile keeps them; empty: not known."""


class MetricProfile(Struct, frozen=True, kw_only=True, dict=True):
    """One metric of a profile."""

    metric: Metric
    """Name, unit and direction."""
    sources: tuple[str, ...]
    """How the values were measured (memory; means of calls), sorted; more than one cannot be compared."""
    samples: tuple[Sample, ...]
    """One for each session, oldest first; empty when only quantiles are known."""
    quantiles: tuple[tuple[str, float], ...] = ()
    """Stated quantiles (``p50``, ``p95``) of a file that holds no raw values; of several sessions the middle ones."""
    stated: tuple[Stated, ...] = ()
    """The same by session, oldest first; empty when the file knows no sessions."""
    least: float = 0.0
    """Values below it are compared as if they were it; 0.0: all count. Only of what was measured now (`--min-time`)."""

    @property
    def count(self) -> int:
        """How many values were measured; 0 when only quantiles are known."""
        return sum([s.count for s in self.samples])

    @property
    def share(self) -> tuple[int, int] | None:
        """Of a share that was counted in all sessions: how many of how many; else None."""
        return _share_of(self.samples)

    def pooled(self) -> tuple[float, ...]:
        """Return the values of all sessions together, ascending; each session counts by what it measured."""
        return self._ascending

    @cached_property
    def _ascending(self) -> tuple[float, ...]:
        """What `pooled` returns, which a judgement asks for half a dozen times."""
        if len(self.samples) == 1 and self.samples[0].hits is None:
            return tuple(sorted(self.samples[0].values))
        if self._pool is not None:
            return self._pool.spread()
        return tuple(sorted(join_samples("", self.samples).values)) if self.samples else ()

    def pooled_quantiles(self, qs: Sequence[float]) -> list[float]:
        """Return quantiles of `pooled`, without its other values where these would have to be computed.

        Nothing is kept: the values of a million runs take more memory than all else.

        Args:
            qs: from 0.0 to 1.0.
        """
        pool, steps = self._pool, [q * STEPS for q in qs]
        if pool is not None and pool.steps >= STEPS and all(step == round(step) for step in steps):
            return [pool.at(round(step)) for step in steps]
        ordered = self.__dict__.get("_ascending") or sorted(join_samples("", self.samples).values)
        return [quantile(ordered, q) for q in qs]

    @cached_property
    def _pool(self) -> Pool | None:
        return _pool_of(self.samples)

    def raised_to(self, least: float) -> MetricProfile:
        """Return the metric with each value that is below `least` counted as `least`."""
        raised = (replace(s, values=tuple(max(v, least) for v in s.values)) for s in self.samples)
        return replace(self, samples=tuple(raised))

    def in_sessions(self, keep: Container[str]) -> MetricProfile | None:
        """Return the metric with some sessions only; None when nothing is left of it."""
        samples = tuple(s for s in self.samples if s.session in keep)
        stated = tuple(s for s in self.stated if s.session in keep)
        if samples and len(samples) == len(self.samples) and not self.stated:
            return self
        return with_stated(replace(self, samples=samples), stated) if samples or stated else None

    def quantile(self, name: str) -> Quantile | None:
        """Return a stated quantile; of several sessions the middle one, the better of the two middle ones."""
        if not self.quantiles and not self.stated:
            return None
        found = middle(q for s in self.stated for q in s.quantiles if q.name == name)
        if found is not None:
            return found
        plain = dict(self.quantiles).get(name)
        return None if plain is None else Quantile(name, plain, plain, plain)


def with_stated(metric: MetricProfile, stated: Sequence[Stated]) -> MetricProfile:
    """Return a metric with the quantiles that its sessions state."""
    if not stated and not metric.stated:
        return metric
    bare = replace(metric, stated=tuple(stated), quantiles=())
    names = sorted({q.name for s in stated for q in s.quantiles})
    return replace(bare, quantiles=tuple((n, q.value) for n in names if (q := bare.quantile(n)) is not None))


class Session(Struct, frozen=True, kw_only=True):
    """Facts about the runs of one batch; of a whole session once batches are merged (`core.sessions`)."""

    id: str
    """A `SessionId` as text."""
    started_at: str
    """When its newest run began (UTC, ISO 8601); empty when unknown."""
    machine: str
    """Opaque id of the booted machine; empty when unknown."""
    commit: str
    """Version of the measured code; empty when unknown."""
    rows_used: tuple[int, ...]
    """The different workloads of its runs, ascending."""
    runs: tuple[str, ...]
    """Digests of its runs, ascending."""
    cpu_model: str = ""
    """Model of the processor of its newest run; empty when unknown."""
    failed: int = 0
    """Runs that failed; they are not among ``runs``, and have no values. A refresh takes no such session."""

    @property
    def session(self) -> str:
        """The id without its batch: the terminal or the CI job."""
        return SessionId.parse(self.id).session

    @property
    def is_interleaved(self) -> bool:
        """Were both sides measured interleaved, within this one session?"""
        return SessionId.parse(self.id).is_interleaved

    @property
    def is_shared(self) -> bool:
        """Are both sides of this one session, interleaved or as the user says?"""
        return SessionId.parse(self.id).is_shared

    @property
    def is_named(self) -> bool:
        """Is it a session of its own? Runs that state no session may be of any time."""
        return SessionId.parse(self.id).is_named

    @property
    def is_given(self) -> bool:
        """Do the runs themselves state it?"""
        return SessionId.parse(self.id).is_given


def session_extras(session: Session) -> dict[str, str | int]:
    """Return the facts of a session that its JSON data holds only where there is something to say."""
    stated: dict[str, str | int] = {"cpu_model": session.cpu_model, "failed": session.failed}
    return {name: fact for name, fact in stated.items() if fact}


class Provenance(Struct, frozen=True, kw_only=True):
    """Where a baseline came from, taken from its newest run, never from the clock."""

    commit: str
    """Version of the measured code; empty when unknown."""
    date: str
    """When the newest run began (UTC, ISO 8601); empty when unknown."""
    tool: str
    """The perfgate that wrote it, such as ``perfgate 0.1.0``."""
    reason: str
    """Why the last refresh was made; empty when none was given."""


class Profile(Struct, frozen=True, kw_only=True):
    """What usually happens when a benchmark runs on one class of machine."""

    benchmark: str
    """Name of the benchmark."""
    labels: Labels
    """Its parameters, sorted by name."""
    machine_class: str
    """The class of machine of all its sessions."""
    sessions: tuple[Session, ...]
    """Oldest first."""
    metrics: tuple[MetricProfile, ...]
    """Sorted by name."""
    environment: Labels = ()
    """Facts of the newest run's machine."""
    provenance: Provenance | None = None
    """Only in a baseline."""

    @property
    def key(self) -> tuple[str, Labels]:
        """Name and labels: what makes two profiles the same benchmark."""
        return (self.benchmark, self.labels)

    def session(self, session_id: str) -> Session | None:
        """Return the session of that id, or None."""
        return next((s for s in self.sessions if s.id == session_id), None)

    def values(self) -> dict[str, object]:
        """Return all that was measured, by metric: two profiles of equal values judge alike."""
        return {m.metric.name: (m.metric, m.samples, m.quantiles) for m in self.metrics}

    def metric(self, name: str) -> MetricProfile | None:
        """Return the metric of that name, or None."""
        return next((m for m in self.metrics if m.metric.name == name), None)


def title(benchmark: str, labels: Labels) -> str:
    """Return the name of a benchmark with its labels, as people read it: ``train[size=big]``."""
    if not labels:
        return benchmark
    inner = ",".join(f"{k}={v}" for k, v in labels)
    return f"{benchmark}[{inner}]"
