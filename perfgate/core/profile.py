"""What usually happens: the values of a benchmark by session. A committed profile is a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.core.metrics import Metric
    from perfgate.core.run import Labels

BATCH_MARK = "/"
"""Separates a session's id from its batch: one call of ``perfgate run`` or of ``perfgate ab``."""
INTERLEAVED = "ab-"
"""Begins the batch of runs of which both sides were measured in turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The values of one metric in one session."""

    session: str
    """Id of the session."""
    values: tuple[float, ...]
    """In base units, in the order of the runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricProfile:
    """One metric of a profile."""

    metric: Metric
    """Name, unit and direction."""
    sources: tuple[str, ...]
    """How the values were had (peak memory only), sorted; more than one cannot be compared."""
    samples: tuple[Sample, ...]
    """One for each session, oldest first; empty when only quantiles are known."""
    quantiles: tuple[tuple[str, float], ...] = ()
    """Stated quantiles (``p50``, ``p95``) of a file that holds no raw values."""

    def pooled(self) -> tuple[float, ...]:
        """Return the values of all sessions together, ascending."""
        return tuple(sorted(v for s in self.samples for v in s.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Facts about the runs of one session that a profile holds."""

    id: str
    """Unique name; a part after ``/`` is a batch, a repetition within one stretch of time."""
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

    @property
    def stretch(self) -> str:
        """The id without its batch: the terminal or the CI job."""
        return self.id.split(BATCH_MARK, 1)[0]

    @property
    def is_interleaved(self) -> bool:
        """Were both sides measured in turns, within this one session?"""
        return self.id.partition(BATCH_MARK)[2].startswith(INTERLEAVED)

    @property
    def is_named(self) -> bool:
        """Did the runs themselves state a session?"""
        return not self.id.startswith("unknown-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a baseline came from, taken from its newest run, never from the clock."""

    commit: str
    """Version of the measured code; empty when unknown."""
    date: str
    """When the newest run began (UTC, ISO 8601); empty when unknown."""
    tool: str
    """The perfgate that wrote it, such as ``perfgate 0.1.0``."""
    reason: str
    """Why the last refresh was made; empty when none was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
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

    def metric(self, name: str) -> MetricProfile | None:
        """Return the metric of that name, or None."""
        return next((m for m in self.metrics if m.metric.name == name), None)


def title(benchmark: str, labels: Labels) -> str:
    """Return the name of a benchmark with its labels, as people read it: ``train[size=big]``."""
    inner = ",".join(f"{k}={v}" for k, v in labels)
    return f"{benchmark}[{inner}]" if inner else benchmark
