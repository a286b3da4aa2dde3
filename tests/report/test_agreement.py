"""A finding agrees with its own numbers and the samples beside it: what was edited by hand is refused, nothing else."""

from __future__ import annotations

import json

import pytest
from gate_cases import finding, lognormal, policy, profile, scaled, verdict
from hypothesis import given
from hypothesis import strategies as st
from judged_cases import judged_verdict
from laws import laws
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.core.finding import FAILED, UNDECIDED, Evidence, Status
from perfgate.core.metrics import Metric
from perfgate.gate.judge import Pair, judge
from perfgate.report.codec import from_data, to_data

SEEDS = st.integers(0, 10**9)
PASSING = [s for s in Status if s not in FAILED | UNDECIDED]


def read_back(found):
    return from_data(json.loads(json.dumps(to_data(found))), "report.json")


def assert_refused(found, words="."):
    with pytest.raises(CannotDecideError, match=words) as caught:
        read_back(found)
    assert {d.slug for d in caught.value.diagnostics} == {"report-invalid"}
    assert caught.value.diagnostics[0].place == "report.json: /findings/0"


@laws(150)
@given(SEEDS)
def test_every_verdict_of_the_gate_is_read_back(seed):
    found = judged_verdict(seed)
    assert to_data(read_back(found)) == to_data(found)


@laws(25)
@given(SEEDS)
def test_a_gated_value_that_fails_is_believed_in_no_passing_status(seed):
    found = judged_verdict(seed)
    for failed in (f for f in found.findings if f.status in FAILED | UNDECIDED and f.level == "fail"):
        for status in PASSING:
            assert_refused(replace(found, findings=(replace(failed, status=status),)))


@laws(60)
@given(SEEDS, st.sampled_from(["within-noise", "within-threshold", "within-budget"]))
def test_with_another_reason_a_large_worsening_of_one_session_is_not_believed_either(seed, reason):
    found = judged_verdict(seed)
    for failed in (f for f in found.findings if f.status in FAILED and f.level == "fail" and _is_far(f)):
        assert_refused(replace(found, findings=(replace(failed, status=Status.UNCHANGED, reason=reason),)))


def _is_far(f):
    """Is a value beyond its limit by more than rounding, and judged by one session?"""
    if f.method == "budget":
        return abs(f.current - f.limit) > 1e-3 * f.limit
    is_one = f.method != "across-sessions" or f.evidence.sessions_current == 1
    return is_one and f.change is not None and f.is_worse(f.change, f.detectable * 1.001)


BASE, NOW = lognormal(1, 10), scaled(lognormal(2, 10), 3.0)


def slow(base=BASE, now=NOW):
    """Return a verdict of a value that is three times as slow, with its samples."""
    sides = profile({"elapsed": base}), profile({"elapsed": now})
    found = [f for f in judge([Pair(base=sides[0], current=sides[1])], policy()).findings if f.statistic == "p50"]
    assert [f.status for f in found] == [Status.REGRESSED]
    return verdict(*found, baseline=sides[:1], current=sides[1:])


def forged(found, **changes):
    return replace(
        found, findings=(replace(found.findings[0], status=Status.UNCHANGED, reason="within-noise", **changes),)
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, "it is unchanged, but its change and its interval are those of a regression", id="status"),
        pytest.param({"decision_interval": None}, "is beyond its limit", id="status-and-interval"),
        pytest.param(
            {"decision_interval": None, "detectable": None}, "is beyond its limit", id="status-interval-and-limit"
        ),
        pytest.param({"change": 0.0}, "its change .* is not that between its values", id="change"),
        pytest.param({"change": None}, "it states no change between its values", id="no-change"),
        pytest.param(
            {"change": 0.0, "baseline": 3.0, "current": 3.0}, "its baseline value 3 is not that", id="baseline"
        ),
        pytest.param({"method": ""}, "nothing compared it", id="no-method"),
        pytest.param({"current": None}, "it is unchanged, but lacks a value", id="no-value"),
    ],
)
def test_a_finding_that_was_edited_is_refused_with_what_contradicts_it(changes, words):
    assert_refused(forged(slow(), **changes), words)


def test_the_current_value_has_to_be_that_of_the_samples():
    found = slow()
    was = found.findings[0].baseline
    assert_refused(forged(found, current=was, change=0.0), "its current value .* is not that of the samples")
    assert read_back(replace(forged(found, current=was, change=0.0), baseline=(), current=())).exit_code == 0


def test_of_several_sessions_the_baseline_is_their_middle_and_the_current_value_that_of_one():
    base = {f"s{i}": lognormal(i, 8) for i in range(3)}
    found = slow(base, {"now": NOW})
    assert_refused(forged(found, baseline=found.findings[0].current, change=0.0), "its baseline value")
    assert_refused(forged(found, current=found.findings[0].baseline, change=0.0), "its current value")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(finding(Status.NEW), id="new-with-a-baseline"),
        pytest.param(finding(Status.REMOVED, reason="removed"), id="removed-but-measured"),
        pytest.param(finding(Status.IMPROVED), id="improved-and-worse"),
        pytest.param(finding(Status.ADVISORY), id="gated-and-advisory"),
        pytest.param(finding(Status.WAIVED, reason="worse"), id="waived-without-a-waiver"),
        pytest.param(
            finding(method="budget", baseline=None, change=None, current=0.2, limit=0.1), id="beyond-its-budget"
        ),
        pytest.param(
            finding(method="exact", baseline=0.0, current=9.0, change=None, evidence=Evidence(floor=1.0)),
            id="above-zero",
        ),
    ],
)
def test_a_status_that_its_numbers_cannot_have_is_refused(odd):
    assert_refused(verdict(odd))


def test_a_change_of_which_the_suites_part_was_taken_off_agrees_with_its_values():
    shifted = finding(current=1.2, change=1.2 / 1.15 - 1, evidence=Evidence(shift=0.15, sessions_current=1.0))
    assert read_back(verdict(shifted)).exit_code == 0
    assert_refused(verdict(replace(shifted, evidence=Evidence(shift=0.1, sessions_current=1.0))))


@pytest.mark.parametrize(("metric", "is_read"), [("time", True), ("elapsed", False)])
def test_short_times_of_a_format_that_rounds_them_may_count_as_longer_ones(metric, is_read):
    of = Metric(name=metric, unit="s", better="lower")
    sides = [profile({of: [v] * 3}) for v in (0.001, 0.002)]
    raised = finding(Status.UNCHANGED, method="exact", baseline=0.01, current=0.01, change=0.0, metric=metric)
    found = verdict(raised, baseline=sides[:1], current=sides[1:])
    if is_read:
        assert read_back(found).exit_code == 0
    else:
        assert_refused(found, "its baseline value")
