"""What may be compared with what: unit, direction, source, workload and measured values."""

from __future__ import annotations

import pytest
from gate_cases import SCORE, judged, percentiles, policy, profile, row_of, rule
from msgspec.structs import replace

from perfgate.core.finding import HOLDS, Status
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY, Metric

TIMES = [1.0, 1.1]
UNLIKE = Status.NOT_COMPARABLE


@pytest.mark.parametrize(
    ("theirs", "reason", "message"),
    [
        pytest.param(
            Metric(name="score", unit="s", better="lower"), "unit-differs",
            'the unit of "score" is "1" in the baseline, but "s" in the runs', id="unit",
        ),
        pytest.param(
            Metric(name="score", unit="1", better="higher"), "direction-differs",
            'lower is better for "score" in the baseline, but higher in the runs', id="direction",
        ),
    ],
)  # fmt: skip
def test_a_metric_means_the_same_on_both_sides_or_is_not_compared(theirs, reason, message):
    found = row_of(judged(profile({"score": TIMES}), profile({theirs: TIMES})), "score")
    assert (found.status, found.reason, found.message) == (UNLIKE, reason, message)
    assert (found.baseline, found.current, found.change) == (1.05, 1.05, None)


@pytest.mark.parametrize(
    ("base", "current", "status"),
    [
        pytest.param(["rusage"], ["rusage"], "unchanged", id="same"),
        pytest.param([], [], "unchanged", id="unknown"),
        pytest.param(["rusage"], [], "not-comparable", id="one-unknown"),
        pytest.param(["rusage"], ["cgroup"], "not-comparable", id="others"),
        pytest.param(["cgroup", "rusage"], ["rusage"], "not-comparable", id="mixed-in-the-baseline"),
    ],
)
def test_peak_memory_is_compared_only_when_one_method_measured_it(base, current, status):
    sides = profile({PEAK_MEMORY: [1e6]}, sources=base), profile({PEAK_MEMORY: [1e6]}, sources=current)
    found = row_of(judged(*sides), "peak_memory")
    assert found.status == status
    if status == "not-comparable":
        assert found.reason == "source-differs"
        assert found.message in {
            "peak memory was measured by different methods (cgroup, rusage)",
            "peak memory was measured by different methods (rusage, unknown)",
        }


@pytest.mark.parametrize(
    ("base", "current", "words"),
    [
        pytest.param([100], [101], "100 rows, these runs 101 rows", id="one-each"),
        pytest.param([1000], [1000, 2000], "1,000 rows, these runs 1,000, 2,000 rows", id="two"),
        pytest.param([1], [1, 2, 3, 4, 5], "1 rows, these runs 1, 2, 3 and 2 other counts of rows", id="many"),
    ],
)
@pytest.mark.parametrize("metric", ["elapsed", "cpu", "peak_memory", "throughput"])
def test_another_workload_is_not_compared(base, current, words, metric):
    values = {"elapsed": TIMES, metric: TIMES}
    found = row_of(judged(profile(values, rows=base), profile(values, rows=current)), metric)
    assert (found.status, found.reason) == (UNLIKE, "rows-differ")
    assert found.message == f"the baseline's runs used {words}"


def test_a_metric_that_no_row_count_governs_is_compared_all_the_same():
    values = {"elapsed": TIMES, "score": TIMES}
    found = judged(profile(values, rows=[1]), profile(values, rows=[2]))
    assert row_of(found, "score").status in HOLDS


def test_rows_that_nobody_knows_do_not_differ():
    known = profile({"elapsed": TIMES})
    unknown = replace(known, sessions=tuple(replace(s, rows_used=()) for s in known.sessions))
    assert row_of(judged(known, unknown)).status in HOLDS
    assert row_of(judged(unknown, known)).status in HOLDS


@pytest.mark.parametrize(
    "by",
    [policy(workload="rate"), policy(rule(workload="rate", metric="cpu")), policy(rule(workload="rate"))],
    ids=["default", "a-rule-for-another-row", "a-rule"],
)
def test_where_data_grows_throughput_stands_in_for_time(by):
    base = {"elapsed": [1.0, 1.001], "throughput": [100.0, 99.9], "peak_memory": [1e6, 1.001e6]}
    grown = {"elapsed": [2.0, 2.001], "throughput": [100.0, 99.9], "peak_memory": [1e6, 1.001e6]}
    found = judged(profile(base, rows=[100]), profile(grown, rows=[200]), by)
    levels = {f.metric: f.level for f in found.findings if f.statistic == "p50"}
    assert levels == {"elapsed": "warn", "throughput": "fail", "peak_memory": "warn"}
    assert not {f.status for f in found.findings} & {UNLIKE, Status.REGRESSED}


@pytest.mark.parametrize(
    ("metric", "base", "current", "status", "message"),
    [
        pytest.param(ELAPSED, [0.0, 1.0], TIMES, "invalid", "a time of zero", id="time-of-the-baseline"),
        pytest.param(ELAPSED, TIMES, [1.0, 0.0], "invalid", "a time of zero", id="time-of-the-runs"),
        pytest.param(PEAK_MEMORY, TIMES, [0.0], "invalid", "a peak of zero", id="memory"),
        pytest.param(CPU, TIMES, [0.0, 1.0], "unchanged", "", id="cpu-may-be-zero"),
    ],
)
def test_a_time_or_a_size_of_zero_is_no_measurement(metric, base, current, status, message):
    by = policy(rule(metric="cpu", level="warn"))
    found = row_of(judged(profile({metric: base}), profile({metric: current}), by), metric.name)
    assert found.status == status
    assert message in found.message
    assert (found.reason == "zero-values") == (status == "invalid")


def test_a_stated_percentile_of_zero_is_no_measurement_either():
    found = judged(percentiles({"p50": 1.0, "p95": 2.0}), percentiles({"p50": 0.0, "p95": 2.0}))
    assert {(f.status, f.reason) for f in found.findings} == {(Status.INVALID, "zero-values")}


@pytest.mark.parametrize(
    ("base", "current"),
    [
        pytest.param({"p50": 1.0, "p95": 1.0, "p99": 2.0}, {"p95": 1.0, "p99": 2.0}, id="beside-others"),
        pytest.param({"p50": 1.0, "p95": 1.0}, {"p95": 1.0}, id="the-runs-do-not-state-it"),
    ],
)
def test_a_percentile_that_a_file_does_not_state_is_never_made_up(base, current):
    found = judged(percentiles(base), percentiles(current))
    missing = row_of(found)
    assert (missing.status, missing.reason) == (Status.MISSING, "no-statistic")
    assert missing.message == "a file states no p50"
    assert row_of(found, statistic="p95").status is Status.UNCHANGED


def test_one_row_speaks_for_a_metric_that_cannot_be_compared():
    found = judged(profile({"elapsed": TIMES}, rows=[1]), profile({"elapsed": TIMES}, rows=[2]))
    assert [f.statistic for f in found.findings] == ["p50"]
    found = judged(profile({"elapsed": TIMES}), profile({"elapsed": [0.0]}))
    assert [f.statistic for f in found.findings] == ["p50"]
    by = policy(rule(metric="elapsed", statistic="p9*"))
    found = judged(profile({"elapsed": TIMES, "score": TIMES}), profile({"score": TIMES}), by)
    assert [(f.metric, f.statistic) for f in found.findings if f.status is Status.MISSING] == [("elapsed", "p50")]


def test_a_row_names_its_benchmark_labels_class_and_rule():
    labels = (("size", "big"),)
    side = profile({"elapsed": TIMES}, labels=labels, kind="class-b")
    by = policy(rule(benchmark="train[size=big]", metric="elapsed"))
    found = row_of(judged(side, side, by))
    assert (found.benchmark, found.labels, found.machine_class) == ("train", labels, "class-b")
    assert found.rule == "rule 1 (perfgate.toml)"


@pytest.mark.parametrize(
    ("was", "now", "reasons"),
    [([800], [20], {"rows-differ"}), ([800], [800], set()), ([0], [800], set())],
    ids=["others", "the-same", "unknown"],
)
def test_a_score_alone_is_compared_over_the_same_rows_only(was, now, reasons):
    found = judged(profile({SCORE: [0.5]}, rows=was), profile({SCORE: [0.5]}, rows=now)).findings
    assert {f.reason for f in found if f.status is Status.NOT_COMPARABLE} == reasons


def test_values_too_short_to_be_known_pass_once_and_only_beside_a_baseline():
    short = profile({"elapsed": [0.5, 0.6]})
    (metric,) = short.metrics
    short = replace(short, metrics=(replace(metric, least=1.0),))
    both = judged(short, short).findings
    assert [(f.statistic, f.status, f.reason) for f in both] == [("p50", Status.UNCHANGED, "below-least")]
    assert judged(None, short).findings == ()
