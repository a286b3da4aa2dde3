"""Sections of a report: under which heading a value is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gate_cases import finding, profile, verdict
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.report.compose import compose
from perfgate.report.document import Values

if TYPE_CHECKING:
    from perfgate.core.finding import Finding, Verdict


def tail(change: float, **more: object) -> Finding:
    """Return the p95 of few runs, which is shown only."""
    return finding(statistic="p95", level="info", method="", change=change, interval=None, reason="few", **more)


def part_of(value: Finding) -> str:
    """Return the part that a value stands in beside another one that holds."""
    return next(b.part for b in blocks_of(verdict(finding(benchmark="other"), value)) if value in b.findings)


def blocks_of(found: Verdict) -> list[Values]:
    """Return the parts of a report."""
    return [b for b in compose(found).blocks if isinstance(b, Values)]


def new(**more: object) -> Finding:
    """Return a value that no baseline has."""
    return finding(Status.NEW, **{"baseline": None, "change": None, "n_baseline": 0, "current": 0.02, **more})


def judged(**more: object) -> Finding:
    """Return a value that is within its budget."""
    return replace(new(**more), status=Status.UNCHANGED, method="budget")


def listed(*findings: Finding, **more: object) -> list[tuple[str, str]]:
    """Return metric and statistic of each value that a report lists, part by part, of a check without baselines."""
    return [(f.metric, f.statistic) for b in blocks_of(verdict(*findings, **more)) for f in b.findings]


LATENCY = {"metric": "latency", "statistic": "p95"}


def test_a_value_that_a_budget_judged_is_listed_once_where_there_is_no_baseline():
    shown = listed(new(**LATENCY), new(metric="cpu"), judged(**LATENCY))
    assert shown == [("latency", "p95"), ("cpu", "p50")]


def test_the_only_metric_of_a_series_is_listed_once_under_the_name_that_its_budget_gives_it():
    tails = [new(metric="duration", statistic=name, current=at) for name, at in (("p50", 0.01), ("p95", 0.02))]
    assert listed(*tails, judged(**LATENCY, current=0.02)) == [("latency", "p95"), ("duration", "p50")]


def test_two_metrics_that_happen_to_be_equal_are_both_listed():
    assert listed(new(metric="errors"), new(metric="hits"), judged(metric="hits")) == [
        ("hits", "p50"),
        ("errors", "p50"),
    ]


@pytest.mark.parametrize("beside", [{"baseline": (profile({"elapsed": [1.0]}),)}, {"introduces": True}])
def test_what_is_new_beside_a_baseline_or_with_its_gate_is_listed_as_new_too(beside):
    assert listed(new(**LATENCY), judged(**LATENCY), **beside) == [("latency", "p95")] * 2


@pytest.mark.parametrize(("change", "limit"), [(2.77, 0.05), (0.04, 0.05), (-0.4, 0.05)])
def test_a_percentile_of_few_runs_is_never_called_unchanged(change, limit):
    assert part_of(tail(change, limit=limit)) == "shown"


@pytest.mark.parametrize(
    ("status", "more", "part"),
    [
        (Status.TOO_NOISY, {}, "noisy"),
        (Status.WITHIN_NOISE, {}, "within"),
        (Status.UNCHANGED, {}, "unchanged"),
        (Status.TOO_NOISY, {"level": "info"}, "ungated"),
        (Status.UNCHANGED, {"level": "warn"}, "ungated"),
        (Status.WITHIN_NOISE, {"reason": "not-confirmed"}, "refuted"),
        (Status.ADVISORY, {"reason": "saturated"}, "unknown"),
        (Status.ADVISORY, {"level": "info", "metric": "stage:load"}, "stages"),
        (Status.ADVISORY, {"level": "fail", "reason": "budget-of-few-calls", "method": "budget"}, "suspected"),
    ],
)
def test_a_value_stands_in_the_part_that_its_status_and_its_level_say(status, more, part):
    assert part_of(finding(status, **more)) == part
