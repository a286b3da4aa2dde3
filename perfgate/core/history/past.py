"""What was measured over time, whatever it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.errors import Diagnostic
    from perfgate.core.metrics import Metric
    from perfgate.core.run import Labels


class Reading(Struct, frozen=True, kw_only=True):
    """One metric of one benchmark in one session."""

    metric: Metric
    """Name, unit and direction."""
    sources: tuple[str, ...]
    """How it was measured, sorted; empty: in the usual way."""
    n: int
    """Values behind it; 0: only quantiles are known."""
    p50: float
    """Median, in base units; finite."""
    p95: float | None
    """None: too few values for one."""


class Past(Struct, frozen=True, kw_only=True):
    """What one session measured of one benchmark."""

    session: str
    """Id of the session."""
    started_at: str
    """When its newest run began (UTC, ISO 8601); empty: unknown."""
    recorded_at: str
    """When git got to know it (UTC, ISO 8601); empty: unknown."""
    machine: str
    """Opaque id of the booted machine; empty: unknown."""
    commit: str
    """Version of the measured code; empty: unknown."""
    rows_used: tuple[int, ...]
    """The different workloads of its runs, ascending."""
    environment: Labels
    """Facts of the machine and of the interpreter, without those that differ from session to session."""
    restart: str | None
    """Why a baseline was started anew with it; None: it was not."""
    readings: Mapping[str, Reading]
    """By the name of the metric."""

    @property
    def when(self) -> str:
        """When it was measured, or else recorded; empty: unknown."""
        return self.started_at or self.recorded_at


class BenchmarkHistory(Struct, frozen=True, kw_only=True):
    """All sessions of one benchmark on one class of machine."""

    machine_class: str
    """Of all sessions."""
    benchmark: str
    """Name of the benchmark."""
    labels: Labels
    """Its parameters, sorted by name."""
    is_present: bool
    """Does the newest version still hold it?"""
    sessions: tuple[Past, ...]
    """Oldest first, at least one."""


class History(Struct, frozen=True, kw_only=True):
    """What was measured over time."""

    source: str
    """Where it was read, in words."""
    benchmarks: tuple[BenchmarkHistory, ...]
    """Sorted by class of machine, name and labels."""
    notes: tuple[Diagnostic, ...]
    """What was left out of it, and why."""
    older: int = 0
    """Records of a ledger that are older than those that were asked for."""
