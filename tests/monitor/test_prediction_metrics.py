"""The metrics of a model service have the names of the serving document, bucket edges at the budgets, and bounds."""

from __future__ import annotations

import time
from functools import partial

import pytest

prometheus_client = pytest.importorskip("prometheus_client", reason="the extra `serve` is not installed")

from perfgate.monitor import MetricsMiddleware, PredictionMetrics, prediction, series, workers  # noqa: E402 - after the check for the extra
from perfgate.monitor.series import LONGEST_NAME, OTHER, bucket_edges  # noqa: E402 - after the check for the extra


@pytest.fixture
def registry():
    return prometheus_client.CollectorRegistry()


def value(registry, name, **labels):
    return registry.get_sample_value(name, labels)


def test_a_prediction_counts_under_the_names_of_the_document(registry):
    metrics = PredictionMetrics(registry=registry)
    metrics.observe(total=0.0587, inference=0.0452, logging=0.0123, model_version="v1", cache_hit=True, anomaly=True)
    metrics.observe(total=0.01, model_version="v1", cache_hit=False)
    metrics.set_active(3)
    of = {"model_version": "v1"}
    for name, count, total in (("inference", 1, 0.0452), ("logging", 1, 0.0123), ("prediction", 2, 0.0687)):
        assert value(registry, f"{name}_latency_seconds_count", **of) == count
        assert value(registry, f"{name}_latency_seconds_sum", **of) == pytest.approx(total)
    assert value(registry, "cache_operations_total", **of, operation="hit") == 1
    assert value(registry, "cache_operations_total", **of, operation="miss") == 1
    assert value(registry, "model_predictions_total", **of, is_anomaly="true") == 1
    assert value(registry, "model_predictions_total", **of, is_anomaly="false") == 1
    assert value(registry, "active_models") == 3


def counts_of(registry):
    (found,) = (m for m in registry.collect() if m.name == "prediction_latency_seconds")
    samples = (s for s in found.samples if s.name.endswith("_count"))
    return {(s.labels["model_version"], s.labels["series_id"]): s.value for s in samples}


def test_an_edge_stands_exactly_at_each_limit_so_that_the_slow_share_is_exact(registry):
    metrics = PredictionMetrics(registry=registry, limits=(0.0831, 0.1))
    for seconds in (0.083, 0.0831, 0.08311):
        metrics.observe(total=seconds, model_version="v1")
    assert value(registry, "prediction_latency_seconds_bucket", model_version="v1", le="0.0831") == 2


def test_edges_are_those_of_the_grid_and_the_limits_in_order():
    edges = bucket_edges([0.2, 0.1, 0.2])
    assert list(edges) == sorted({*series._GRID, 0.2})


@pytest.mark.parametrize("limit", [0, -1.0, float("inf"), float("nan")])
def test_a_limit_that_is_no_time_is_refused(limit, registry):
    with pytest.raises(ValueError, match="above 0"):
        PredictionMetrics(limits=(limit,), registry=registry)


@pytest.mark.parametrize("make", [PredictionMetrics, partial(MetricsMiddleware, None)])
def test_limits_in_milliseconds_are_warned_of_and_taken(make, registry, caplog, monkeypatch):
    monkeypatch.setattr(workers, "_given", set())
    make(limits=(90, 100), registry=registry)
    assert caplog.messages == ["limits are in seconds, and 90, 100 s is long: for milliseconds give 0.09, 0.1"]


def test_limits_up_to_the_last_edge_of_the_grid_are_taken_in_silence(registry, caplog, monkeypatch):
    monkeypatch.setattr(workers, "_given", set())
    PredictionMetrics(limits=(0.1, 10.0), registry=registry)
    assert caplog.messages == []


def test_series_are_a_label_on_request_alone(registry):
    metrics = PredictionMetrics(registry=registry, by_series=True)
    metrics.observe(total=0.05, series_id="sensor_123", model_version="v1")
    metrics.set_active(2, series_id="sensor_123")
    of = {"model_version": "v1", "series_id": "sensor_123"}
    assert value(registry, "prediction_latency_seconds_count", **of) == 1
    assert value(registry, "active_models", series_id="sensor_123") == 2
    plain = prometheus_client.CollectorRegistry()
    PredictionMetrics(registry=plain).observe(total=0.05, series_id="sensor_123", model_version="v1")
    assert value(plain, "prediction_latency_seconds_count", model_version="v1") == 1


def test_labels_beyond_the_bound_count_as_other_and_long_ones_are_cut(registry, monkeypatch):
    monkeypatch.setattr(series, "MOST_SERIES", 3)
    metrics = PredictionMetrics(registry=registry)
    for version in ("a", "b", "x" * 10_000, *(f"v{n}" for n in range(50)), "a"):
        metrics.observe(total=0.05, model_version=version)
    counts = {
        sample.labels["model_version"]: sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "prediction_latency_seconds_count"
    }
    assert counts == {"a": 2, "b": 1, "x" * LONGEST_NAME: 1, OTHER: 50}


def test_a_hundred_thousand_series_are_a_thousand_and_the_rest(registry):
    metrics = PredictionMetrics(registry=registry, by_series=True)
    for n in range(100_000):
        metrics.observe(total=0.05, series_id=f"s{n}", model_version="v1")
    (found,) = (m for m in registry.collect() if m.name == "prediction_latency_seconds")
    counts = {s.labels["series_id"]: s.value for s in found.samples if s.name.endswith("_count")}
    assert len(counts) == series.MOST_SERIES + 1
    assert counts[OTHER] == 100_000 - series.MOST_SERIES


def test_a_client_that_chooses_series_hides_no_version(registry, monkeypatch):
    monkeypatch.setattr(series, "MOST_SERIES", 3)
    metrics = PredictionMetrics(registry=registry, by_series=True)
    for version in ("v1", "v2"):
        for n in range(10):
            metrics.observe(total=0.05, series_id=f"s{n}", model_version=version)
    assert counts_of(registry) == {
        ("v1", "s0"): 1,
        ("v1", "s1"): 1,
        ("v1", "s2"): 1,
        ("v1", OTHER): 7,
        ("v2", OTHER): 10,
    }


def test_versions_and_series_that_are_both_without_end_are_bounded_together(registry, monkeypatch):
    monkeypatch.setattr(series, "MOST_SERIES", 3)
    metrics = PredictionMetrics(registry=registry, by_series=True)
    for n in range(50):
        metrics.observe(total=0.05, series_id=f"s{n}", model_version=f"v{n}")
    counts = counts_of(registry)
    assert len(counts) == 2 * 3 + 1
    assert counts[OTHER, OTHER] == 50 - 2 * 3


def test_metrics_that_are_made_twice_are_shared(registry):
    for metrics in (PredictionMetrics(registry=registry), PredictionMetrics(registry=registry)):
        metrics.observe(total=0.05, model_version="v1")
    assert value(registry, "prediction_latency_seconds_count", model_version="v1") == 2


def test_the_same_metrics_with_other_limits_are_refused_in_words(registry):
    PredictionMetrics(registry=registry)
    with pytest.raises(
        ValueError, match="inference_latency_seconds is registered already, with other labels or limits"
    ):
        PredictionMetrics(registry=registry, limits=(0.2,))


def test_a_name_that_something_else_registered_is_refused_in_words(registry):
    prometheus_client.Counter("cache_operations", "Of another library.", registry=registry)
    with pytest.raises(ValueError, match="cache_operations_total is registered already, by something else"):
        PredictionMetrics(registry=registry)


def test_a_prediction_block_counts_its_parts_and_one_that_failed_counts_nowhere(registry):
    metrics = PredictionMetrics(registry=registry)
    with prediction(metrics, model_version="v1") as p, p.inference():
        pass
    with pytest.raises(RuntimeError), prediction(metrics, model_version="v1"):
        raise RuntimeError
    of = {"model_version": "v1"}
    assert value(registry, "prediction_latency_seconds_count", **of) == 1
    assert value(registry, "inference_latency_seconds_count", **of) == 1
    assert value(registry, "logging_latency_seconds_count", **of) is None, "a part that was never timed has no time"
    assert value(registry, "cache_operations_total", **of, operation="hit") == 0


@pytest.mark.parametrize("name", ["\ud800", 'a"b\\', "\n", "\0"])
def test_no_label_spoils_the_exposition(registry, name):
    metrics = PredictionMetrics(registry=registry, by_series=True)
    metrics.observe(total=0.05, series_id=name, model_version=name)
    metrics.set_active(1, series_id=name)
    assert b"prediction_latency_seconds_count" in prometheus_client.generate_latest(registry)


@pytest.mark.parametrize("value", [float("nan"), -1.0])
def test_a_time_that_is_none_does_not_spoil_the_sum(registry, value):
    metrics = PredictionMetrics(registry=registry)
    metrics.observe(total=value, inference=value, logging=value, model_version="v1")
    metrics.observe(total=0.5, inference=0.5, logging=0.5, model_version="v1")
    of = {"model_version": "v1"}
    for name in ("inference", "logging", "prediction"):
        assert registry.get_sample_value(f"{name}_latency_seconds_sum", of) == 0.5


def test_models_of_many_series_are_bounded_too(registry, monkeypatch):
    monkeypatch.setattr(series, "MOST_SERIES", 2)
    metrics = PredictionMetrics(registry=registry, by_series=True)
    for n in range(50):
        metrics.set_active(1, series_id=f"s{n}")
    samples = [s for m in registry.collect() for s in m.samples if s.name == "active_models"]
    assert {s.labels["series_id"] for s in samples} == {"s0", "s1", OTHER}


def test_a_metric_that_was_taken_out_is_put_back(registry):
    PredictionMetrics(registry=registry)
    for collector in list(registry._collector_to_names):
        registry.unregister(collector)
    PredictionMetrics(registry=registry).observe(total=0.5, model_version="v1")
    assert value(registry, "prediction_latency_seconds_count", model_version="v1") == 1


def test_parts_at_the_same_time_add_up(registry):
    with prediction(model_version="v1") as p:
        first, second = p.inference(), p.inference()
        with first, second:
            time.sleep(0.01)
    assert p.inference_ms >= 20.0


def test_what_a_keeper_raises_costs_the_service_no_answer(caplog):
    class Broken:
        def keep(self, prediction):
            raise RuntimeError("no room")

    with prediction(Broken()):
        pass
    with pytest.raises(KeyError, match="mine"), prediction(Broken()):
        raise KeyError("mine")
    assert caplog.text.count("a prediction was not kept") == 2


def test_an_answer_that_is_an_array_is_no_answer(registry):
    numpy = pytest.importorskip("numpy")
    PredictionMetrics(registry=registry).observe(
        total=0.1, anomaly=numpy.array([1, 0]), cache_hit=numpy.array([1, 1]), model_version="v1"
    )
    assert value(registry, "model_predictions_total", model_version="v1", is_anomaly="false") == 1
