"""Waivers: reviewed, expiring permissions for one row to be worse than its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.core.units import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One ``[[waiver]]``: it names its row exactly, no pattern, so that it can never touch another."""

    origin: str
    """Where it stands, for messages: ``waiver 1 (baselines/waivers.toml)``."""
    benchmark: str
    """Name of the benchmark as reports write it, with its labels: ``train[size=big]``."""
    metric: str
    """Name of the metric."""
    statistic: str
    """``p50``, ``p95``, …"""
    ceiling: Change
    """Largest worsening that it lets pass."""
    until: str
    """Last day on which it holds, ``2026-01-31``."""
    reason: str
    """Why, for whoever reads the report."""
    issue: str = ""
    """Where the matter is followed up; empty: nowhere."""

    @property
    def row(self) -> tuple[str, str, str]:
        """Benchmark, metric and statistic: what it is for."""
        return self.benchmark, self.metric, self.statistic

    @property
    def place(self) -> str:
        """The row in words."""
        return f"{self.benchmark} {self.metric} {self.statistic}"
