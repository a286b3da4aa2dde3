"""Stage metrics: percentiles, deadlines and counters of many traces, and their exposition."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from perfgate.measure import get_metrics, init_metrics
from perfgate.measure.tracing.spans import Span, Trace
from perfgate.stats.quantiles import quantile


def tick(duration_ms: float, **stages_ms: float) -> Trace:
    """Return a finished trace with stages one after the other."""
    trace = Trace("tick")
    at = began = trace.root.began
    for name, ms in stages_ms.items():
        span = Span(name, trace.root, trace, {})
        span.began, at = at, at + round(ms * 1e6)
        span.ended, span.failed = at, False
        trace.spans.append(span)
    trace.finish(began + round(duration_ms * 1e6))
    return trace


def test_a_trace_is_recorded_with_each_of_its_stages_and_the_whole():
    metrics = init_metrics(deadline_ms=200.0)
    metrics.record_trace(tick(150.0, fetch_md=100.0, emit=30.0))
    found = metrics.get_summary()
    assert found["total_ticks"] == 1
    for stage, ms in {"fetch_md": 100.0, "emit": 30.0, "tick_total": 150.0}.items():
        assert found["stage_percentiles"][stage] == {"p50": ms, "p95": ms, "p99": ms}
    assert f"{found['stage_percentiles']['tick_total']['p95']:.2f}" == "150.00"


def test_of_no_trace_nothing_is_recorded():
    metrics = init_metrics()
    metrics.record_trace(None)
    assert metrics.get_summary() == {
        "total_ticks": 0, "deadline_misses": 0, "deadline_miss_pct": 0.0, "guard_trips": {},
        "stage_percentiles": {"tick_total": {"p50": 0.0, "p95": 0.0, "p99": 0.0}},
        "parallel_symbols": None, "exchange_req_percentiles": {},
    }  # fmt: skip


def test_a_trace_misses_its_deadline_when_it_takes_longer_and_the_share_is_in_percent():
    metrics = init_metrics(deadline_ms=200.0)
    for duration in (199.0, 200.0, 200.000001, 350.0):
        metrics.record_trace(tick(duration))
    found = metrics.get_summary()
    assert (found["deadline_misses"], found["deadline_miss_pct"]) == (2, 50.0)


def test_percentiles_are_ordered_and_within_a_tenth_of_a_percent_of_those_of_all_values():
    metrics = init_metrics()
    values = [10.0 * 1.003**i for i in range(1700)]
    for value in values:
        metrics.record_trace(tick(value))
    found = metrics.get_summary()["stage_percentiles"]["tick_total"]
    assert found["p50"] < found["p95"] < found["p99"]
    for name, q in {"p50": 0.5, "p95": 0.95, "p99": 0.99}.items():
        assert found[name] == pytest.approx(quantile(values, q), rel=1e-3)


def test_guard_trips_are_counted_by_reason_from_calls_and_from_traces():
    metrics = init_metrics()
    metrics.record_guard_trip("vol_soft")
    trace = tick(1.0)
    trace.counts[("guard_trips", (("reason", "vol_soft"),))] = 2
    trace.counts[("guard_trips", (("reason", "latency"),))] = 1
    trace.gauges[("parallel_symbols", ())] = 7
    metrics.record_trace(trace)
    found = metrics.get_summary()
    assert (found["guard_trips"], found["parallel_symbols"]) == ({"latency": 1, "vol_soft": 3}, 7)


def test_requests_to_other_systems_have_percentiles_by_verb_and_api():
    metrics = init_metrics()
    metrics.record_exchange_req("GET", "book", 3.5)
    metrics.record_exchange_req("POST", "order", 0)
    assert metrics.get_summary()["exchange_req_percentiles"] == {
        "GET:book": {"p50": 3.5, "p95": 3.5, "p99": 3.5},
        "POST:order": {"p50": 0.0, "p95": 0.0, "p99": 0.0},
    }


@pytest.mark.parametrize("duration", [-1.0, float("nan")])
def test_a_request_of_no_possible_duration_is_refused(duration):
    with pytest.raises(ValueError, match="duration_ms must be"):
        init_metrics().record_exchange_req("GET", "book", duration)


def test_reset_forgets_what_was_recorded():
    metrics = init_metrics()
    metrics.record_trace(tick(500.0, a=1.0))
    metrics.record_guard_trip("x")
    metrics.record_exchange_req("GET", "book", 1.0)
    metrics.record_parallel_symbols(2)
    metrics.reset()
    assert metrics.get_summary() == init_metrics().get_summary()
    assert metrics.deadline_ms == 200.0


def test_the_metrics_of_a_process_are_those_that_were_set_up_last():
    assert get_metrics() is get_metrics()
    assert init_metrics(deadline_ms=5) is get_metrics()
    assert get_metrics().deadline_ms == 5.0


def test_asking_for_the_metrics_sets_no_deadline_for_measured_runs(python):
    program = """
        from perfgate.measure import get_metrics, init_tracer, measure_run_context
        tracer = init_tracer()
        print(get_metrics().deadline_ms)
        with measure_run_context(write=False) as run:
            tracer.start_trace("t")
            tracer.finish_trace()
        print(run.to_dict()["traces"])
    """
    first, traces = python(program).stdout.splitlines()
    assert first == "200.0"
    assert "deadline_ms" not in traces


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"deadline_ms": 0}, "deadline_ms must be above 0"),
        ({"deadline_ms": -1}, "deadline_ms must be above 0"),
        ({"deadline_ms": float("nan")}, "deadline_ms must be above 0"),
        ({"deadline_ms": float("inf")}, "deadline_ms must be above 0"),
        ({"prefix": "mm-x"}, "prefix must be"),
        ({"prefix": ""}, "prefix must be"),
        ({"prefix": "1m"}, "prefix must be"),
        ({"unit": "s"}, "expected 'ms' or 'seconds'"),
    ],
)
def test_settings_outside_their_range_are_refused(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        init_metrics(**arguments)


def test_a_deadline_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="deadline_ms must be a number"):
        init_metrics(deadline_ms="200")


def recorded(**settings):
    metrics = init_metrics(**settings)
    for ms in (0.5, 3.0, 180.0, 240.0):
        metrics.record_trace(tick(ms, fetch_md=ms / 2))
    metrics.record_guard_trip('quote " and \\ and \n')
    metrics.record_exchange_req("GET", "book", 3.5)
    metrics.record_parallel_symbols(4)
    return metrics.export_to_prometheus()


def test_the_exposition_has_the_documented_names_and_real_histograms():
    text = recorded(deadline_ms=220.0)
    assert 'mm_stage_duration_ms_bucket{stage="tick_total",le="220"} 3\n' in text  # the deadline is a bucket
    assert 'mm_stage_duration_ms_bucket{stage="tick_total",le="+Inf"} 4\n' in text
    assert 'mm_stage_duration_ms_sum{stage="fetch_md"} 211.75\n' in text
    assert 'mm_exchange_req_ms_count{verb="GET",api="book"} 1\n' in text
    assert 'mm_guard_trips_total{reason="quote \\" and \\\\ and \\n"} 1\n' in text
    assert "mm_tick_deadline_miss_total 1\n" in text
    assert "mm_ticks_total 4\n" in text
    assert "mm_parallel_symbols 4\n" in text


def test_prefix_and_unit_of_the_exposition_can_be_set():
    text = recorded(prefix="shop", unit="seconds")
    assert 'shop_stage_duration_seconds_bucket{stage="tick_total",le="0.2"} 3\n' in text
    assert 'shop_stage_duration_seconds_sum{stage="fetch_md"} 0.21175\n' in text
    assert "mm_" not in text


def test_beyond_many_names_all_is_one():
    metrics = init_metrics()
    for number in range(1_010):
        metrics.record_guard_trip(f"reason {number}")
        metrics.record_exchange_req("GET", f"api {number}", 1.0)
    found = metrics.get_summary()
    assert found["guard_trips"]["(other)"] == 10
    assert len(found["guard_trips"]) == len(found["exchange_req_percentiles"]) == 1_001


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize(
    ("settings", "complaints"),
    [({"unit": "seconds"}, 0), ({}, 2)],  # of ms promtool says that Prometheus' base unit is the second
    ids=["seconds", "ms"],
)
def test_promtool_accepts_the_exposition(settings, complaints):
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=recorded(**settings), text=True, capture_output=True, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (3 if complaints else 0, complaints), done.stderr


def test_what_is_no_finite_number_is_refused_at_once_or_exported_as_prometheus_writes_it():
    metrics = init_metrics()
    with pytest.raises(ValueError, match="duration_ms must be"):
        metrics.record_exchange_req("GET", "/x", float("inf"))
    assert metrics.get_summary()["exchange_req_percentiles"] == {}
    for number, text in ((float("nan"), "NaN"), (float("-inf"), "-Inf"), (float("inf"), "+Inf")):
        metrics.record_parallel_symbols(number)
        assert metrics.export_to_prometheus().endswith(f"mm_parallel_symbols {text}\n")


def test_a_guard_that_tripped_no_finite_number_of_times_is_no_error(tracer):
    metrics = init_metrics()
    tracer.start_trace("x")
    tracer.count("guard_trips", float("nan"), reason="vol")
    metrics.record_trace(tracer.finish_trace())
    assert metrics.get_summary()["guard_trips"] == {}
