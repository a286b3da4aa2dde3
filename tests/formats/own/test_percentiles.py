"""Plain percentiles: names, units and directions from the file or the suffix, and every fault at once."""

from __future__ import annotations

import json

import pytest
from records import refused

from perfgate.formats.own.percentiles import parse


def read(metrics: dict, benchmark: str = "b"):
    return parse(json.dumps({"benchmarks": {benchmark: metrics}}).encode(), "p.json")


@pytest.mark.parametrize(
    ("key", "stated", "expected"),
    [
        pytest.param("elapsed_ms", {"p50": 5}, ("elapsed", "s", "lower", 0.005), id="suffix"),
        pytest.param("peak_mb", {"p50": 2}, ("peak", "B", "lower", 2e6), id="memory"),
        pytest.param("rows_per_s", {"p50": 7}, ("rows_per_s", "1/s", "higher", 7.0), id="rate"),
        pytest.param("wait", {"p50": 3, "unit": "ms", "better": "lower"}, ("wait", "s", "lower", 0.003), id="stated"),
        pytest.param("x_ms", {"p50": 3, "unit": "s"}, ("x_ms", "s", "lower", 3.0), id="a-stated-unit-wins"),
        pytest.param("x_ms", {"p50": 3, "better": "higher"}, ("x", "s", "higher", 0.003), id="direction-wins"),
        pytest.param("x", {"p50": 3, "unit": "parsec", "better": "lower"}, ("x", "parsec", "lower", 3.0), id="foreign"),
    ],
)
def test_unit_and_direction_come_from_the_file_else_from_the_suffix(key, stated, expected):
    (profile,) = read({key: stated})
    (metric,) = profile.metrics
    assert (metric.metric.name, metric.metric.unit, metric.metric.better) == expected[:3]
    assert metric.quantiles == (("p50", expected[3]),)
    assert (metric.samples, metric.sources) == ((), ())
    assert (profile.benchmark, profile.labels, profile.machine_class, profile.sessions) == ("b", (), "", ())


def test_benchmarks_and_metrics_are_sorted_and_percentiles_ascend():
    document = {"benchmarks": {"b": {"z_ms": {"p99": 3, "p50": 1, "n": 9}, "a_ms": {"p50": 1}}, "a": {"x_s": {}}}}
    document["benchmarks"]["a"] = {"x_sec": {"p90": 1, "p95": 1}}
    first, second = parse(json.dumps(document).encode(), "p.json")
    assert (first.benchmark, second.benchmark) == ("a", "b")
    assert [m.metric.name for m in second.metrics] == ["a", "z"]
    assert second.metrics[1].quantiles == (("p50", 0.001), ("p99", 0.003))


@pytest.mark.parametrize(
    ("metrics", "pointer", "message"),
    [
        pytest.param({"wait": {"p50": 1}}, "/benchmarks/b/wait", "not known from", id="no-unit"),
        pytest.param({"wait": {"p50": 1, "unit": "s"}}, "/benchmarks/b/wait", "not known from", id="no-direction"),
        pytest.param({"x_ms": {"p50": 2, "p95": 1}}, "/benchmarks/b/x_ms", "do not ascend", id="descending"),
        pytest.param({"x_ms": {"p50": -1}}, "/benchmarks/b/x_ms/p50", "not negative", id="negative"),
        pytest.param({"x": {"p50": 1e308, "unit": "h", "better": "lower"}}, "/benchmarks/b/x/p50", "", id="infinite"),
        pytest.param({"x_ms": {"p50": "1"}}, "/benchmarks/b/x_ms/p50", "expected a number", id="a-text"),
        pytest.param({"x_ms": {}}, "/benchmarks/b/x_ms", "", id="no-percentile"),
        pytest.param({}, "/benchmarks/b", "must not be empty", id="no-metric"),
    ],
)
def test_a_faulty_file_is_refused_with_place_and_hint(metrics, pointer, message):
    (fault,) = refused(read, metrics)
    assert (fault.slug, fault.place) == ("percentiles-invalid", f"p.json: {pointer}")
    assert message in fault.message
    assert ("_per_s" if "not known from" in fault.message else "perfgate schema percentiles") in fault.hint


def test_every_fault_is_told_and_what_is_no_json_is_refused():
    faults = refused(read, {"wait": {"p50": 1}, "x_ms": {"p50": -2, "p95": -3}})
    assert len(faults) == 4
    (fault,) = refused(parse, b"{", "p.json")
    assert (fault.place, fault.hint) == ("p.json", "perfgate schema percentiles prints the format")


def test_a_metric_that_two_keys_name_is_an_error():
    (fault,) = refused(read, {"wait_ms": {"p50": 1}, "wait_sec": {"p50": 5}})
    assert "two keys name the metric" in fault.message


def test_the_percentiles_of_stages_are_milliseconds():
    document = {
        "total_ticks": 70, "deadline_miss_pct": 2.5, "guard_trips": {"soft": 3},
        "stage_percentiles": {"load": {"p50": 4.0, "p95": 9.0, "p99": 12.0}, "sum": {"p95": 0.5, "mean": 1.0}},
        "request_percentiles": {"GET:book": {"p99": 31.0}, "load": {"p50": 2.0}},
    }  # fmt: skip
    profiles = parse(json.dumps(document).encode(), "p.json")
    assert {p.benchmark: dict(p.metrics[0].quantiles) for p in profiles} == {
        "GET:book": {"p99": 0.031},
        "load": {"p50": 0.004, "p95": 0.009, "p99": 0.012},
        "request:load": {"p50": 0.002},
        "sum": {"p95": 0.0005},
    }
    assert {(m.metric.name, m.metric.unit, m.metric.better) for p in profiles for m in p.metrics} == {
        ("time", "s", "lower")
    }


def test_every_stage_that_states_no_time_is_named():
    document = {"stage_percentiles": {"a": {"p95": "fast"}, "b": {"p95": -1}, "c": {}, "d": 3, "e": {"p95": 1}}}
    faults = refused(parse, json.dumps(document).encode(), "p.json")
    assert [(f.slug, f.place[-2:]) for f in faults] == [("percentiles-invalid", f"/{name}") for name in "abcd"]


def test_percentiles_of_a_stage_that_do_not_ascend_are_refused():
    document = {"stage_percentiles": {"parse": {"p50": 21.0, "p95": 3.0}, "join": {"p50": 2.0, "p95": 2.0}}}
    faults = refused(parse, json.dumps(document).encode(), "p.json")
    assert [(f.place[-6:], f.message) for f in faults] == [("/parse", "the percentiles do not ascend")]
