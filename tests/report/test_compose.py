"""Sections of a report: under which heading a value is listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from gate_cases import finding, profile, verdict

from perfgate.core.finding import Status
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


def new(**more: object) -> Finding:
    """Return a value that no baseline has."""
    return finding(Status.NEW, **{"baseline": None, "change": None, "n_baseline": 0, "current": 0.02, **more})


def judged(**more: object) -> Finding:
    """Return a value that is within its budget."""
    return replace(new(**more), status=Status.UNCHANGED, method="budget")


def lines_of(*findings: Finding, **more: object) -> list[str]:
    """Return the lines of a report's tables on the metrics of a benchmark, of a check without baselines."""
    return [
        line.split(None, 1)[1] for line in render(compose(verdict(*findings, **more))).splitlines() if "train" in line
    ]


LATENCY = {"metric": "latency", "statistic": "p95"}


def test_a_value_that_a_budget_judged_is_listed_once_where_there_is_no_baseline():
    shown = lines_of(new(**LATENCY), new(metric="cpu"), judged(**LATENCY))
    assert [line.split()[:2] for line in shown] == [["cpu", "p50"], ["latency", "p95"]]


def test_the_only_metric_of_a_series_is_listed_once_under_the_name_that_its_budget_gives_it():
    tails = [new(metric="duration", statistic=name, current=at) for name, at in (("p50", 0.01), ("p95", 0.02))]
    shown = lines_of(*tails, judged(**LATENCY, current=0.02))
    assert [line.split()[:2] for line in shown] == [["duration", "p50"], ["latency", "p95"]]


def test_two_metrics_that_happen_to_be_equal_are_both_listed():
    shown = lines_of(new(metric="errors"), new(metric="hits"), judged(metric="hits"))
    assert [line.split()[0] for line in shown] == ["errors", "hits"]


@pytest.mark.parametrize("beside", [{"baseline": (profile({"elapsed": [1.0]}),)}, {"introduces": True}])
def test_what_is_new_beside_a_baseline_or_with_its_gate_is_listed_as_new_too(beside):
    shown = lines_of(new(**LATENCY), judged(**LATENCY), **beside)
    assert [line.split()[:2] for line in shown] == [["latency", "p95"]] * 2


def test_runs_that_nobody_knows_are_not_called_none():
    stated = compose(verdict(finding(Status.OVER_BUDGET, method="budget", baseline=None, n_current=0)))
    assert "runs –," in render(stated)
    nothing = compose(verdict(finding(Status.MISSING, method="budget", current=None, n_current=0)))
    assert "runs 0," in render(nothing)


def test_a_percentile_of_few_runs_that_looks_worse_is_not_called_unchanged():
    assert section_of(tail(2.77, limit=0.05)) == "Too few runs to judge: 1 value"
    assert section_of(tail(-0.2, limit=-0.05, metric="throughput", better="higher")) == "Too few runs to judge: 1 value"


def test_a_percentile_of_few_runs_within_its_limit_or_better_is_unchanged():
    assert section_of(tail(0.04, limit=0.05)).startswith("Unchanged")
    assert section_of(tail(-0.4, limit=0.05)).startswith("Unchanged")
    assert section_of(tail(0.4, limit=0.0)).startswith("Unchanged")
