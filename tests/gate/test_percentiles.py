"""Percentiles that one file states and the other does not: a gated one is missing, never silently left out."""

from __future__ import annotations

import pytest
from gate_cases import judged, percentiles, policy, rule

from perfgate.core.finding import Status

MEDIAN = {"p50": 0.02}
TAILS = {"p50": 0.02, "p95": 0.05, "p99": 0.09}
MISSING = (Status.MISSING, "no-statistic")
P99 = rule(metric="elapsed", statistic="p99", threshold="+20%")


def reported(base, current, *rules):
    """Return level, status and reason of each percentile beside the median."""
    found = judged(percentiles(base), percentiles(current), policy(*rules)).findings
    return {f.statistic: (f.level, f.status, f.reason) for f in found if f.statistic != "p50"}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param((), {"p95": ("fail", *MISSING)}, id="the-default-gate"),
        pytest.param((P99,), {"p95": ("fail", *MISSING), "p99": ("fail", *MISSING)}, id="a-rule-gates-p99"),
    ],
)
def test_a_gated_percentile_that_the_baseline_does_not_state_is_missing(rules, expected):
    assert reported(MEDIAN, TAILS, *rules) == expected


def test_a_percentile_that_the_current_file_no_longer_states_is_missing_gated_or_not():
    assert reported(TAILS, MEDIAN) == {"p95": ("fail", *MISSING), "p99": ("info", *MISSING)}


def test_percentiles_that_both_files_state_are_compared():
    assert {status for _, status, _ in reported(TAILS, TAILS, P99).values()} == {Status.UNCHANGED}
