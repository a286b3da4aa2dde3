"""pyperf, Google Benchmark, JMH and libtest: what is a measurement in them, and what is not."""

from __future__ import annotations

import contextlib
from time import perf_counter
from typing import Any

import pytest
from cases import DATA, values_of
from micro import by_name, refusal, seen, skipped

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import detect
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import HEAD, Source


def google(*rows: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {"context": {"num_cpus": 2} | context, "benchmarks": list(rows)}


def repetition(name: str, time: float = 5.0, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "run_name": name, "run_type": "iteration", "repetitions": 2, "iterations": 10,
        "real_time": time, "cpu_time": time, "time_unit": "ns",
    } | more  # fmt: skip


def jmh(raw: object, unit: str = "us/op", mode: str = "avgt", **more: Any) -> list[dict[str, Any]]:
    return [
        {"benchmark": "a.B.c", "mode": mode, "primaryMetric": {"score": 1.0, "scoreUnit": unit, "rawData": raw}} | more
    ]


def test_pyperf_with_one_benchmark_has_its_name_in_the_files_metadata() -> None:
    document = {
        "version": "1.0",
        "metadata": {"name": "a", "unit": "byte"},
        "benchmarks": [{"runs": [{"values": [7]}]}],
    }
    (record,) = seen(document).records
    assert (record.benchmark, record.metric, record.unit, record.is_mean) == ("a", "peak_memory", "B", False)


def test_pyperf_runs_that_only_calibrate_are_no_samples() -> None:
    runs = [{"warmups": [[1, 9.0]]}, {"values": [1.0], "warmups": [[1, 9.0]]}]
    document = {
        "benchmarks": [{"metadata": {"name": "a"}, "runs": runs}, {"metadata": {"name": "b"}, "runs": runs[:1]}]
    }
    assert [(r.benchmark, *values_of(r)) for r in seen(document).records] == [("a", 1.0)]
    assert skipped(document) == {"b": "no values"}


def test_a_skipped_google_benchmark_is_no_time_of_zero() -> None:
    document = google(repetition("a"), repetition("b", 0.0, skipped=True, error_message="no file"))
    assert {name for name, _ in by_name(document)} == {"a"}
    assert skipped(document) == {"b": "failed or skipped: no file"}


def test_of_a_google_benchmark_that_only_failed_the_error_rate_is_kept() -> None:
    document = google(repetition("a"), repetition("b", 0.0, error_occurred=True, error_message="no file"))
    assert [(metric, values_of(r)) for (name, metric), r in by_name(document).items() if name == "b"] == [
        ("error_rate", [1.0])
    ]
    assert skipped(document) == {"b": "every repetition failed: no file"}


def test_failed_repetitions_are_left_out_and_told() -> None:
    document = google(repetition("a"), repetition("a", 0.0, error_occurred=True))
    assert by_name(document)["a", "real_time"].count == 1
    assert skipped(document) == {"a": "1 of 2 repetitions failed"}
    share = by_name(document)["a", "error_rate"].payload
    assert (share.hits, share.of) == (1, 2)


def test_google_units_are_of_a_benchmark_and_interleaving_does_not_mix_them() -> None:
    document = google(repetition("a", 5), repetition("b", 5, time_unit="ms"), repetition("a", 7))
    found = by_name(document)
    assert list(values_of(found["a", "real_time"])) == pytest.approx([5e-9, 7e-9])
    assert list(values_of(found["b", "real_time"])) == pytest.approx([5e-3])


def test_an_aggregate_without_a_name_is_no_repetition() -> None:
    unnamed = repetition("a", 70) | {"run_type": "aggregate"}
    document = google(repetition("a", 5), unnamed, repetition("a", 6), {**unnamed, "name": "c", "run_name": "c"})
    contents = seen(document)
    assert list(values_of(by_name(document)["a", "real_time"])) == pytest.approx([5e-9, 6e-9])
    assert {r.benchmark for r in contents.records} == {"a"}
    assert [(s.benchmark, s.why) for s in contents.skipped] == [("c", "neither repetitions nor a median")]


def test_an_aggregate_that_only_its_name_describes_is_that_aggregate() -> None:
    row = {"run_type": "aggregate", "real_time": 8.0, "cpu_time": 8.0, "time_unit": "ns"}
    document = google(row | {"name": "a_stddev"}, row | {"name": "a_median", "real_time": 6.0})
    (record,) = [r for r in seen(document).records if r.metric == "real_time"]
    assert (record.benchmark, record.payload.kind) == ("a", "quantiles")
    assert record.payload.points == ((0.5, pytest.approx(6e-9)),)


def test_google_counters_are_shown_and_never_judged() -> None:
    found = by_name(google(repetition("a", rows=3.0, label="x")))
    assert [(metric, r.is_side) for (_, metric), r in found.items()] == [
        ("real_time", False), ("cpu_time", False), ("rows", True), ("error_rate", False),
    ]  # fmt: skip


def test_under_manual_time_the_cpu_time_is_not_judged() -> None:
    found = by_name(google(repetition("a/manual_time")))
    assert {metric: r.is_side for (_, metric), r in found.items()} == {
        "real_time": False, "cpu_time": True, "error_rate": False,
    }  # fmt: skip


def test_google_builds_for_debugging_and_scaling_clocks_are_flagged() -> None:
    (record, *_) = seen(google(repetition("a"), library_build_type="debug", cpu_scaling_enabled=True)).records
    assert set(record.flags) == {"debug-build", "cpu-scaling"}


def test_google_files_of_before_run_type_have_their_aggregates_told_by_name() -> None:
    rows = [
        {"name": f"a{end}", "iterations": 1, "real_time": 5, "cpu_time": 5, "time_unit": "ns"}
        for end in ("", "_mean", "_cv")
    ]
    assert {(r.benchmark, r.count) for r in seen(google(*rows)).records} == {("a", 1)}


def test_complexity_is_no_benchmark() -> None:
    fitted = {
        "name": "a_BigO",
        "run_name": "a",
        "run_type": "aggregate",
        "aggregate_name": "BigO",
        "cpu_coefficient": 1.0,
    }
    contents = seen(google(repetition("a/8"), fitted))
    assert {r.benchmark for r in contents.records} == {"a/8"}
    assert contents.skipped == ()


def test_jmh_calls_of_mode_sample_are_single_calls() -> None:
    entry = jmh(None, mode="sample")
    entry[0]["primaryMetric"]["rawDataHistogram"] = [[[[1.0, 2], [4.0, 1]]], [[[2.0, 1]]]]
    (record,) = seen(entry).records
    assert list(values_of(record)) == pytest.approx([1e-6, 1e-6, 4e-6, 2e-6])
    assert not record.is_mean


def test_of_more_calls_than_can_be_written_out_jmhs_own_percentiles_are_taken() -> None:
    entry = jmh(None, mode="sample")
    percentiles = {"0.0": 1.0, "50.0": 2.0, "95.0": 3.0, "100.0": 9.0}
    entry[0]["primaryMetric"] |= {"rawDataHistogram": [[[[1.0, 10**9]]]], "scorePercentiles": percentiles}
    (record,) = seen(entry).records
    assert (record.payload.kind, record.count) == ("quantiles", 10**9)
    assert dict(record.payload.points) == pytest.approx({0.5: 2e-6, 0.95: 3e-6})


@pytest.mark.parametrize(
    ("unit", "metric", "value", "better"),
    [("ops/min", "throughput", 0.1, "higher"), ("s/op", "time", 6.0, "lower"), ("apples", "value", 6.0, None)],
)
def test_a_jmh_score_is_told_by_its_unit(unit: str, metric: str, value: float, better: str | None) -> None:
    (record,) = seen(jmh([[6.0]], unit)).records
    assert (record.metric, record.better) == (metric, better)
    assert list(values_of(record)) == pytest.approx([value])


def test_one_jmh_benchmark_in_two_modes_and_with_parameters_is_several() -> None:
    entries = jmh([[1.0]], params={"n": "1", "kind": "x"}) + jmh([[1.0]], "ops/s", "thrpt")
    assert [r.benchmark for r in seen(entries).records] == ["a.B.c(n=1, kind=x):avgt", "a.B.c:thrpt"]


def test_a_jmh_value_that_is_the_text_nan_is_skipped_by_name() -> None:
    assert '"a.B.c:avgt" (a value is no number)' in refusal(jmh([["NaN", 1.0]]))


def test_libtest_times_are_medians_in_any_unit_with_thousands_and_throughput() -> None:
    text = (
        "test a b ... bench:  18,794.12 ns/iter (+/- 3) = 5 MB/s\n"
        "test c ... d   ... bench:           0 ns/iter (+/- 0)\n"
        "test d ... Warning: slow\nbench:          2 us/iter (+/- 1)\n"
        "test e ... bench:        2835 cycles/iter (+/- 9)\ntest f ... FAILED\ntest g ... ignored\ntest h ... ok\n"
    )
    found = by_name(text, options=ForeignOptions(direction="lower"))
    assert {name: (r.unit, r.payload.points[0][1]) for (name, _), r in found.items()} == {
        "a b": ("s", pytest.approx(18.79412e-6)),
        "c ... d": ("s", 0.0),
        "d": ("s", pytest.approx(2e-6)),
        "e": ("cycles/iter", 2835.0),
    }
    assert skipped(text) == {"f": "failed"}


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("google-benchmark/repetitions.csv", "--benchmark_out_format=json"),
        ("pytest-durations/durations.txt", "--junit-xml"),
        ("benchmarkjs/suite_output.txt", "stats.sample"),
        ("asv/results_default/benchmarks.json", ".asv/results"),
        ("asv/results_default/ci-runner/machine.json", ".asv/results"),
        ("criterion/criterion_dir/sum/100/new/sample.json", "target/criterion"),
        ("criterion/criterion_dir/sum/100/new/estimates.json", "target/criterion"),
        ("criterion/criterion_dir/sum/100/new/benchmark.json", "target/criterion"),
        ("criterion/criterion_dir/sum/100/new/raw.csv", "target/criterion"),
    ],
)
def test_a_wrong_file_of_a_known_tool_says_what_to_give(file: str, hint: str) -> None:
    assert hint in refusal((DATA / file).read_bytes())


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("name,param:n,min,max,mean\n", "--benchmark-json"),
        ('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "--benchmark-json"),
        ("fib 20    time:   [26.029 µs 26.251 µs 26.505 µs]\n", "target/criterion"),
        ('"Benchmark","Mode","Threads","Samples","Score"\n', "-rf json"),
        ("Benchmark      (n)  Mode  Cnt  Score   Error  Units\n", "-rf json"),
        ("----\nBenchmark        Time     CPU   Iterations\n", "--benchmark_out_format=json"),
    ],
)
def test_wrong_output_of_a_known_tool_says_what_to_give(text: str, hint: str) -> None:
    assert hint in refusal(text)


@pytest.mark.parametrize(
    "sign", [" ", "\n", "test ", " ... ", "test a ... ", "Benchmark ", "<", '{"a":', '"', " x 1", "="]
)
def test_a_hostile_beginning_is_told_apart_in_no_time(sign: str) -> None:
    content = b"test a" + (sign * HEAD).encode()[:HEAD]
    begun = perf_counter()
    with contextlib.suppress(CannotDecideError):
        detect(Source("given.txt", content=content))
    assert perf_counter() - begun < 2
