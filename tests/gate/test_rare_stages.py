"""Stages that not every run enters are judged by ranks, and their absence is a zero."""

from __future__ import annotations

import pytest
from gate_cases import judged, policy, profile, row_of, rule

from perfgate.core.finding import Status
from perfgate.core.metrics import Metric

RETRIES = Metric(name="calls:retry", unit="1", better="lower")
WHOLE = Metric(name="stage:tick_total", unit="s", better="lower")
SOME = [0.1, 0.05, 0.0, 0.1, 0.0, 0.05, 0.05, 0.0, 0.05, 0.05]


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param([0.0, 0.1, 0.1, 0.05, 0.15, 0.0, 0.1, 0.1, 0.05, 0.1], Status.SUSPECTED, id="noise"),
        pytest.param([0.0] * 10, Status.IMPROVED, id="none"),
        pytest.param(SOME[::-1], Status.UNCHANGED, id="the-same"),
        pytest.param([1.0, 1.05, 0.95, 1.0, 1.1, 1.0, 1.0, 0.9, 1.0, 1.0], Status.REGRESSED, id="in-every-trace"),
    ],
)
def test_the_calls_of_a_rare_stage_fail_only_on_evidence(current, status):
    judgement = judged(profile({RETRIES: {"s1": SOME}}), profile({RETRIES: {"s2": current}}))
    assert row_of(judgement, "calls:retry").status is status
    assert judgement.rows_by_plain_ratio == 0


def test_a_plain_ratio_that_was_asked_for_is_what_counts():
    by = policy(rule(metric="calls:*", method="threshold", threshold="+5%", level="fail"))
    base, current = profile({RETRIES: {"s1": [0.0, 0.4913, 0.5017]}}), profile({RETRIES: {"s2": [1.0131, 1.0019, 0.0]}})
    found = row_of(judged(base, current, by), "calls:retry")
    assert found.status is Status.REGRESSED


def test_a_rare_stage_that_no_run_entered_is_not_missing():
    base = profile({RETRIES: {"s1": SOME}, WHOLE: {"s1": [1.0] * 10}})
    found = row_of(judged(base, profile({WHOLE: {"s2": [1.0] * 10}})), "calls:retry")
    assert (found.status, found.current) == (Status.IMPROVED, 0.0)


@pytest.mark.parametrize("now", [pytest.param(WHOLE, id="removed"), pytest.param("elapsed", id="not-traced")])
def test_a_stage_of_every_run_that_is_gone_is_missing(now):
    base = profile({RETRIES: {"s1": [1.0] * 5 if now == WHOLE else SOME}, now: {"s1": [1.0] * 5}})
    assert row_of(judged(base, profile({now: {"s2": [1.0] * 5}})), "calls:retry").status is Status.MISSING
