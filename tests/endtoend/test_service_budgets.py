"""One file of budgets judges a service from logs, scrapes, or both; a missing source is never green."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doc_blocks import DOCS, blocks

from perfgate.monitor import PredictionLog, PredictionMetrics
from perfgate.monitor.endpoints import SCRAPED_AT

prometheus_client = pytest.importorskip("prometheus_client", reason="the extra `serve` is not installed")

if TYPE_CHECKING:
    from support import Project

DATA = Path(__file__).resolve().parents[1] / "formats" / "data" / "prometheus"
POLICY = """
baselines = "none"

[[budget]]
name = "latency"
benchmark = "sensor/*"
series = "prediction_latency_seconds"
metric = "latency_total"
statistic = "p95"
limit = "< 100ms"
warn = "< 90ms"

[[budget]]
name = "hits"
benchmark = "sensor/*"
series = "cache_hit_rate"
metric = "cache_hit_rate"
statistic = "p50"
limit = "> 80%"

[[budget]]
name = "logging"
benchmark = "sensor/*"
series = "logging_share"
metric = "logging_share"
statistic = "p50"
limit = "< 30%"

[[budget]]
name = "anomalies"
benchmark = "sensor/*"
series = "anomaly_rate"
metric = "anomaly_rate"
statistic = "p50"
limit = "< 5%"

[[budget]]
name = "models"
series = "active_models"
metric = "active_models"
statistic = "p50"
limit = ">= 1"

[[budget]]
name = "traffic"
series = "model_predictions_total"
metric = "throughput"
statistic = "p50"
limit = ">= 180/s"
warn = ">= 200/s"

[[ratio]]
name = "cache_hit_rate"
part = 'cache_operations_total{operation="hit"}'
whole = "cache_operations_total"
better = "higher"

[[ratio]]
name = "logging_share"
part = "logging_latency_seconds_sum"
whole = "prediction_latency_seconds_sum"
better = "lower"

[[ratio]]
name = "anomaly_rate"
part = 'model_predictions_total{is_anomaly="true"}'
whole = "model_predictions_total"
better = "lower"
"""
GOOD = {
    "total": 0.05, "logging": 0.01, "hits": 0.9, "anomalies": 0.02, "models": 2, "seconds": 4.0, "errors": 0.001,
}  # fmt: skip
ALL = ("latency", "hits", "logging", "anomalies", "models", "traffic")


def write_sources(project: Project, **changes: float | None) -> None:
    """Write a log, and two scrapes, of a thousand predictions of one service."""
    case = GOOD | changes
    registry = prometheus_client.CollectorRegistry()
    metrics = PredictionMetrics(registry=registry)
    requests = prometheus_client.Counter("http_requests", "Requests.", ("status",), registry=registry)
    log = PredictionLog(project.path("predictions.jsonl"))
    for number in range(1_001):
        stated = {
            "cache_hit": number % 100 < case["hits"] * 100,
            "anomaly": number % 100 < case["anomalies"] * 100,
            "model_version": "v1",
        }
        metrics.observe(total=case["total"], inference=0.02, logging=case["logging"], **stated)
        metrics.set_active(int(case["models"]))
        requests.labels("500" if number % 1_000 < case["errors"] * 1_000 else "200").inc()
        log.write(
            series_id="sensor",
            latency_total_ms=case["total"] * 1e3,
            latency_logging_ms=None if case["logging"] is None else case["logging"] * 1e3,
            **stated,
        )
        if number in {0, 1_000}:
            text = prometheus_client.generate_latest(registry).decode()
            at = 1_000.0 + (case["seconds"] if number else 0.0)
            name = "after.prom" if number else "before.prom"
            project.write(name, f"{text}# TYPE {SCRAPED_AT} gauge\n{SCRAPED_AT} {at}\n")


@pytest.fixture
def service(project: Project) -> Project:
    project.write("perfgate.toml", POLICY)
    return project


def statuses(project: Project) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for f in json.loads(project.path("report.json").read_text())["findings"]:
        if f["method"] == "budget":
            found.setdefault(f["metric"], set()).add(f["status"])
    return found


def test_a_service_within_its_budgets_passes_from_log_and_scrapes_together(service: Project):
    write_sources(service)
    done = service.cli("check", "predictions.jsonl", "before.prom", "after.prom", "--report", "report.json")
    assert done.code == 0, done.stderr
    assert set(statuses(service)) == {
        "latency_total", "cache_hit_rate", "logging_share", "anomaly_rate", "active_models", "throughput",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "metric", "from_log"),
    [
        ({"total": 0.11}, "latency_total", True),
        ({"hits": 0.7}, "cache_hit_rate", True),
        ({"logging": 0.02}, "logging_share", True),
        ({"anomalies": 0.08}, "anomaly_rate", True),
        ({"models": 0}, "active_models", False),
        ({"seconds": 6.0}, "throughput", False),
    ],
)
def test_each_limit_fails_by_itself_from_each_source(service: Project, changes, metric, from_log):
    write_sources(service, **changes)
    assert service.cli("check", "before.prom", "after.prom", "--report", "report.json").code == 1
    over = {name for name, found in statuses(service).items() if "over-budget" in found}
    assert over == {metric}
    if from_log:
        names = [f"--budget={name}" for name in ALL[:4]]
        assert service.cli("check", "predictions.jsonl", *names, "--report", "report.json").code == 1
        assert {name for name, found in statuses(service).items() if "over-budget" in found} == {metric}


@pytest.mark.parametrize(
    ("changes", "metric"), [({"total": 0.095, "logging": 0.02}, "latency_total"), ({"seconds": 5.3}, "throughput")]
)
def test_what_lies_between_warning_and_limit_is_advisory(service: Project, changes, metric):
    write_sources(service, **changes)
    assert service.cli("check", "before.prom", "after.prom", "--report", "report.json").code == 0
    assert statuses(service)[metric] == {"advisory"}


@pytest.mark.parametrize("lines", ["shown at 0", "left out"])
def test_logging_that_was_never_timed_is_no_share_of_zero(service: Project, lines):
    write_sources(service, logging=None)
    if lines == "shown at 0":  # as a histogram without labels is, before its first observation
        for name in ("before.prom", "after.prom"):
            never = "\n".join(f"logging_latency_seconds_{end} 0.0" for end in ('bucket{le="+Inf"}', "count", "sum"))
            text = service.path(name).read_text()
            text = "\n".join(line for line in text.splitlines() if "logging_latency" not in line)
            service.write(name, f"{text}\n# TYPE logging_latency_seconds histogram\n{never}\n")
    done = service.cli("check", "before.prom", "after.prom", "--budget", "logging", "--report", "report.json")
    assert done.code == 2
    assert "time it in `with p.logging():`" in done.stderr
    assert statuses(service) == {"logging_share": {"missing"}}


LIMITS = {"latency_total", "error_rate", "cache_hit_rate", "throughput", "logging_share"}


@pytest.mark.parametrize(
    ("changes", "code", "status", "metrics"),
    [
        ({}, 0, "unchanged", LIMITS),
        ({"total": 0.095}, 0, "advisory", {"latency_total"}),
        ({"total": 0.11}, 1, "over-budget", {"latency_total"}),
        ({"errors": 0.03}, 1, "over-budget", {"error_rate"}),
        ({"hits": 0.7}, 1, "over-budget", {"cache_hit_rate"}),
        ({"seconds": 5.8}, 0, "advisory", {"throughput"}),
        ({"seconds": 6.5}, 1, "over-budget", {"throughput"}),
        ({"logging": 0.02}, 1, "over-budget", {"logging_share"}),
    ],
)
def test_the_limits_that_the_page_on_serving_shows_hold_one_by_one(project: Project, changes, code, status, metrics):
    (limits,) = (b.text for b in blocks(DOCS / "serving.md") if b.kind == "toml")
    project.write("perfgate.toml", limits)
    write_sources(project, **changes)
    assert project.cli("check", "before.prom", "after.prom", "--report", "report.json").code == code
    assert set(statuses(project)) == LIMITS
    assert {name for name, found in statuses(project).items() if status in found} == metrics


def test_a_budget_that_no_source_serves_is_exit_2_until_the_others_are_asked_for_by_name(service: Project):
    write_sources(service)
    done = service.cli("check", "predictions.jsonl")
    assert done.code == 2
    assert 'no benchmark matches "active_models"' in done.stderr
    names = ("--budget", "latency", "--budget", "hits")
    asked = service.cli("check", "predictions.jsonl", *names, "--report", "report.json")
    assert asked.code == 0, asked.stderr
    assert set(statuses(service)) == {"latency_total", "cache_hit_rate"}
    assert "--budget left out 4 of 6 budgets" in service.path("report.json").read_text()


def test_a_budget_of_an_unknown_name_is_exit_2(service: Project):
    write_sources(service)
    done = service.cli("check", "predictions.jsonl", "--budget", "latencies")
    assert done.code == 2
    assert 'there is no budget "latencies"' in done.stderr
    assert 'did you mean "latency"?' in done.stderr


def test_scrapes_that_do_not_say_when_they_were_taken_leave_the_throughput_undecided(service: Project):
    write_sources(service)
    for name in ("before.prom", "after.prom"):
        text = service.path(name).read_text()
        service.write(name, "".join(x for x in text.splitlines(keepends=True) if SCRAPED_AT not in x))
    done = service.cli("check", "before.prom", "after.prom", "--report", "report.json")
    assert done.code == 2
    assert statuses(service)["throughput"] == {"missing"}


def test_the_metrics_of_prometheus_fastapi_instrumentator_are_judged_as_they_are(project: Project):
    budget = '[[budget]]\nseries = "{}"\nmetric = "{}"\nstatistic = "{}"\nlimit = "{}"\n'
    ratio = "[[ratio]]\nname = 'errors'\npart = 'http_requests_total{status=\"5xx\"}'\n"
    ratio += "whole = 'http_requests_total{handler!=\"/metrics\"}'\nbetter = 'lower'\n"
    limits = ("http_request_duration_seconds", "duration", "p95"), ("errors", "errors", "p50")
    scrapes = [str(DATA / f"instrumentator-{name}.prom") for name in ("before", "after")]
    for time, share, code in (("< 500ms", "< 10%", 0), ("< 500ms", "< 0.01%", 1), ("< 200ms", "< 10%", 0)):
        budgets = [budget.format(*limits[0], time), budget.format(*limits[1], share)]
        project.write("perfgate.toml", "\n".join(['baselines = "none"', *budgets, ratio]))
        assert project.cli("check", *scrapes, "--report", "report.json").code == code, (time, share)
        assert "missing" not in {s for found in statuses(project).values() for s in found}
