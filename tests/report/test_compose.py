"""Sections of a report: under which heading a value is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate_cases import finding, verdict

from perfgate.render.terminal import render
from perfgate.report.compose import compose

if TYPE_CHECKING:
    from perfgate.core.finding import Finding


def tail(change: float, **more: object) -> Finding:
    """Return the p95 of few runs, which is shown only."""
    return finding(statistic="p95", level="info", method="", change=change, interval=None, reason="few", **more)


def section_of(value: Finding) -> str:
    """Return the heading above a value beside another one that regressed nowhere."""
    lines = render(compose(verdict(finding(benchmark="other"), value))).splitlines()
    at = next(i for i, line in enumerate(lines) if f"{value.metric} {value.statistic}" in line)
    return next(line for line in reversed(lines[:at]) if ": " in line and "value" in line)


def test_a_percentile_of_few_runs_that_looks_worse_is_not_called_unchanged():
    assert section_of(tail(2.77, limit=0.05)) == "Too few runs to judge: 1 value"
    assert section_of(tail(-0.2, limit=-0.05, metric="throughput", better="higher")) == "Too few runs to judge: 1 value"


def test_a_percentile_of_few_runs_within_its_limit_or_better_is_unchanged():
    assert section_of(tail(0.04, limit=0.05)).startswith("Unchanged")
    assert section_of(tail(-0.4, limit=0.05)).startswith("Unchanged")
    assert section_of(tail(0.4, limit=0.0)).startswith("Unchanged")
