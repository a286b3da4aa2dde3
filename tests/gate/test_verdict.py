"""What findings amount to: the exit code, the order, and rows that must never vanish."""

from __future__ import annotations

import itertools

import pytest
from gate_cases import CALLS, RATE, SCORE, finding, judged, percentiles, policy, profile, row_of, rule, verdict

from perfgate.core.errors import error
from perfgate.core.finding import ExitCode, Status
from perfgate.core.metrics import CPU, THROUGHPUT
from perfgate.gate.judge import Judgement, severity

CODES = {
    Status.UNCHANGED: 0,
    Status.WITHIN_NOISE: 0,
    Status.TOO_NOISY: 0,
    Status.IMPROVED: 0,
    Status.NEW: 0,
    Status.SUSPECTED: 0,
    Status.ADVISORY: 0,
    Status.WAIVED: 0,
    Status.REMOVED: 0,
    Status.REGRESSED: 1,
    Status.OVER_BUDGET: 1,
    Status.MISSING: 2,
    Status.NOT_COMPARABLE: 2,
    Status.INVALID: 2,
}
NAMES = {0: "pass", 1: "regression", 2: "error"}
FAULT = error("no-baseline", "there is no baseline")


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ((Status.REMOVED, Status.NEW), 2),
        ((Status.REMOVED, Status.NEW, Status.UNCHANGED), 0),
        ((Status.NEW,), 0),
        ((Status.REMOVED,), 2),
        ((), 2),
    ],
)
def test_a_gate_that_is_removed_as_a_whole_decides_nothing_whatever_is_new_beside_it(statuses, code):
    assert verdict(*map(finding, statuses)).exit_code == code


@pytest.mark.parametrize(("status", "code"), list(CODES.items()), ids=str)
def test_each_status_has_its_exit_code(status, code):
    others = [finding()] if status is Status.REMOVED else []  # with nothing beside it nothing is judged
    found = verdict(finding(status), *others)
    assert (found.exit_code, found.name) == (code, NAMES[code])
    assert isinstance(found.exit_code, ExitCode)


def test_the_table_of_exit_codes_names_every_status():
    assert set(CODES) == set(Status)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(Status, 2)), ids=str)
def test_of_two_statuses_the_larger_code_counts(one, other):
    is_judged = {one, other} != {Status.REMOVED, Status.NEW}  # alone they leave nothing that is judged
    assert verdict(finding(one), finding(other)).exit_code == (max(CODES[one], CODES[other]) if is_judged else 2)


@pytest.mark.parametrize(
    ("statuses", "problems", "code"),
    [
        pytest.param((), (), 2, id="nothing-was-judged"),
        pytest.param((), (FAULT,), 2, id="a-fault-alone"),
        pytest.param((Status.UNCHANGED,), (FAULT,), 2, id="a-fault-beside-what-holds"),
        pytest.param((Status.REGRESSED,), (FAULT,), 2, id="a-fault-beside-what-failed"),
        pytest.param((Status.REGRESSED, Status.MISSING), (), 2, id="failed-and-missing"),
    ],
)
def test_what_cannot_be_decided_wins(statuses, problems, code):
    assert verdict(*map(finding, statuses), problems=problems).exit_code == code


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)], ids=["pass", "fail"])
def test_a_suspected_row_fails_where_the_configuration_says_so(strict, code):
    found = verdict(finding(Status.SUSPECTED), finding(), fail_suspected=strict)
    assert found.exit_code == code
    assert [found.fails(f) for f in found.findings] == [strict, False]


@pytest.mark.parametrize(
    ("level", "strict", "code"),
    [
        pytest.param("fail", False, 0, id="pass"),
        pytest.param("fail", True, 2, id="error"),
        pytest.param("warn", True, 0, id="not-gated"),
    ],
)
def test_a_gated_row_that_is_too_noisy_leaves_a_check_undecided_where_the_configuration_says_so(level, strict, code):
    noisy = finding(Status.TOO_NOISY, level=level)
    found = verdict(noisy, finding(Status.WITHIN_NOISE), refuse_too_noisy=strict)
    assert found.exit_code == code
    assert [found.is_undecided(f) for f in found.findings] == [code == 2, False]
    assert not any(map(found.fails, found.findings))
    if code:
        assert verdict(noisy, finding(Status.REGRESSED), refuse_too_noisy=True).exit_code == code


def test_the_worst_finding_comes_first_and_among_equals_the_largest_worsening():
    order = [
        finding(Status.REGRESSED, change=0.5),
        finding(Status.REGRESSED, change=-0.4, better="higher"),
        finding(Status.REGRESSED, change=0.2),
        finding(Status.REGRESSED, change=None),
        finding(Status.OVER_BUDGET),
        finding(Status.MISSING),
        finding(Status.NOT_COMPARABLE),
        finding(Status.INVALID),
        finding(Status.SUSPECTED, change=0.3),
        finding(Status.ADVISORY, change=0.3),
        finding(Status.WAIVED),
        finding(Status.NEW),
        finding(Status.IMPROVED),
        finding(benchmark="a", change=0.01),
        finding(benchmark="b", change=0.02),
    ]
    assert sorted([*order[7:], *order[:7]], key=severity) == order


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        pytest.param(profile({"elapsed": [1.0], "peak_memory": [1e6]}), {"elapsed", "peak_memory"}, id="raw-values"),
        pytest.param(profile({"elapsed": [1.0], "cpu": [1.0]}), {"elapsed"}, id="time-speaks-for-cpu"),
        pytest.param(profile({CPU: [1.0]}), {"cpu"}, id="cpu-alone"),
        pytest.param(profile({THROUGHPUT: [1.0]}), {"throughput"}, id="throughput-alone"),
        pytest.param(percentiles({"p50": 1.0}), {"elapsed"}, id="a-stated-p50"),
        pytest.param(percentiles({"p95": 1.0}), {"elapsed"}, id="a-stated-p95-alone"),
        pytest.param(percentiles({"p99": 1.0}, metric=RATE), {"rate"}, id="a-stated-p99-alone"),
    ],
)
def test_a_benchmark_that_disappeared_is_missing_whatever_it_consists_of(base, expected):
    found = judged(base, None, absent=("no-runs", ""))
    assert {f.metric for f in found.findings} == expected
    assert {(f.status, f.reason) for f in found.findings} == {(Status.MISSING, "no-runs")}


@pytest.mark.parametrize("slug", ["no-runs", "all-failed", "only-baseline-runs", "older-session"])
def test_a_missing_benchmark_says_why(slug):
    found = row_of(judged(profile({"elapsed": [1.0]}), None, absent=(slug, "7 runs")))
    assert (found.reason, found.message, found.current, found.baseline) == (slug, "7 runs", None, 1.0)


@pytest.mark.parametrize(
    ("base", "current", "metric"),
    [
        pytest.param(profile({"elapsed": [1.0], "calls": [5.0]}), profile({"elapsed": [1.0]}), "calls", id="raw"),
        pytest.param(
            percentiles({"p95": 1.0}, metric=CALLS), profile({"elapsed": [1.0]}), "calls", id="stated-p95-alone"
        ),
    ],
)
def test_a_metric_that_disappeared_is_missing(base, current, metric):
    (found,) = [f for f in judged(base, current).findings if f.metric == metric]
    assert (found.status, found.reason) == (Status.MISSING, "no-values")


def test_a_throughput_that_stands_in_for_time_cannot_vanish():
    values = {"elapsed": [1.0, 1.1], "throughput": [100.0, 91.0]}
    by = policy(workload="rate")
    found = row_of(judged(profile(values), profile({"elapsed": [1.0, 1.1]}, rows=[0]), by), "throughput")
    assert (found.status, found.reason, found.level) == (Status.MISSING, "no-values", "fail")
    found = row_of(judged(profile({"elapsed": [1.0, 1.1]}, rows=[0]), profile(values), by), "throughput")
    assert (found.status, found.reason) == (Status.NEW, "not-in-baseline")


def test_a_derived_throughput_that_one_side_cannot_have_is_silent_since_the_time_says_why():
    derived = profile({"elapsed": [1.0, 1.6], "throughput": [100.0, 62.5]})
    bare = profile({"elapsed": [1.0, 1.6]}, rows=[0])
    for sides in ((derived, bare), (bare, derived)):
        found = judged(*sides).findings
        assert {f.metric for f in found} == {"elapsed"}
        assert {f.reason for f in found if f.statistic == "p50"} == {"rows-differ"}


@pytest.mark.parametrize(
    ("base", "current", "metric"),
    [
        ({"elapsed": [2.0, 2.2], "throughput": [640.0, 655.0]}, {"elapsed": [2.0, 2.2]}, "throughput"),
        ({SCORE: [0.2, 0.3], "throughput": [77.0]}, {SCORE: [0.2, 0.3]}, "throughput"),
        ({"elapsed": [2.0], "throughput": [50.0]}, {"cpu": [2.0]}, "elapsed"),
    ],
    ids=["stated", "of-a-foreign-file", "derived-where-the-time-vanishes-too"],
)
def test_no_metric_of_the_baseline_vanishes_in_silence_whatever_its_name(base, current, metric):
    missing = {f.metric for f in judged(profile(base), profile(current)).findings if f.status is Status.MISSING}
    assert missing == {metric}


@pytest.mark.parametrize("by", [policy(rule(metric="elapsed", workload="rate")), policy(exclude=("train:elapsed",))])
def test_a_derived_throughput_that_vanishes_is_missing_where_the_time_does_not_ask_for_the_same_rows(by):
    derived = profile({"elapsed": [1.0, 1.6], "throughput": [100.0, 62.5]})
    found = row_of(judged(derived, profile({"elapsed": [1.0, 1.6]}, rows=[0]), by), "throughput")
    assert (found.status, found.reason) == (Status.MISSING, "no-values")


@pytest.mark.parametrize(
    ("base", "current", "metrics"),
    [
        pytest.param(None, profile({"elapsed": [1.0], "cpu": [1.0]}), {"elapsed"}, id="a-benchmark"),
        pytest.param(None, profile({"cpu": [1.0]}), {"cpu"}, id="of-cpu-alone"),
        pytest.param(None, percentiles({"p95": 1.0}), {"elapsed"}, id="of-a-stated-p95-alone"),
        pytest.param(profile({"elapsed": [1.0]}), profile({"elapsed": [1.0], "score": [1.0]}), {"score"}, id="metric"),
        pytest.param(profile({"elapsed": [1.0]}), profile({"elapsed": [1.0], "cpu": [1.0]}), set(), id="shown-only"),
    ],
)
def test_what_the_baseline_does_not_have_is_new(base, current, metrics):
    found = [f for f in judged(base, current).findings if f.status is Status.NEW]
    assert {f.metric for f in found} == metrics
    assert {f.reason for f in found} <= {"not-in-baseline"}


def test_nothing_on_either_side_is_no_finding():
    assert judged(None, None) == Judgement(
        findings=(), gated=0, rows_without_session=0, rows_by_plain_ratio=0, rows_still_open=frozenset()
    )


def test_an_excluded_metric_is_no_row():
    values = {"elapsed": [1.0], "peak_memory": [1e6]}
    found = judged(profile(values), profile(values), policy(exclude=("*:peak_memory",)))
    assert {f.metric for f in found.findings} == {"elapsed"}
    found = judged(profile(values), profile(values), policy(rule(metric="elapsed"), exclude=("other", "train:cpu")))
    assert {f.metric for f in found.findings} == {"elapsed", "peak_memory"}
