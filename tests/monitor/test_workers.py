"""Workers whose metrics are not added up are noticed by all that makes or states metrics, and said once."""

from __future__ import annotations

import asyncio
import os
import sys
from types import SimpleNamespace

import pytest

prometheus_client = pytest.importorskip("prometheus_client", reason="the extra `serve` is not installed")

from prometheus_client import values  # noqa: E402 - after the check for the extra

from perfgate.monitor import MetricsMiddleware, PredictionMetrics, metrics_app, workers  # noqa: E402 - likewise
from perfgate.monitor.endpoints import PROCESS  # noqa: E402 - likewise

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SEVERAL = f"set {FOLDER} to an empty folder"
LATE = f"{FOLDER} was set after prometheus_client was imported"


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """A program of one process that has warned of nothing yet."""
    monkeypatch.setattr(workers, "_given", set())
    monkeypatch.setattr(workers, "current_process", lambda: SimpleNamespace(name="MainProcess"))
    monkeypatch.setattr(sys, "argv", ["app"])
    for name in (FOLDER, FOLDER.lower(), "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def registry():
    return prometheus_client.CollectorRegistry()


@pytest.fixture
def shared(monkeypatch, tmp_path):
    """A program that started with a folder for its workers."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr(values, "ValueClass", values.MultiProcessValue())
    return tmp_path


def scrape(app):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "http", "method": "GET", "headers": []}, None, send))
    return sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("argv", "environment"),
    [
        (["uvicorn", "app:app", "--workers", "2"], {}),
        (["gunicorn", "-w", "4"], {}),
        (["uvicorn", "--workers=3"], {}),
        (["uvicorn"], {"WEB_CONCURRENCY": "2"}),
        (["gunicorn"], {"GUNICORN_CMD_ARGS": "--workers=2"}),
    ],
)
def test_workers_that_answer_in_turn_are_reported_once(argv, environment, monkeypatch, caplog, registry):
    monkeypatch.setattr(sys, "argv", argv)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    PredictionMetrics(registry=registry)
    scrape(metrics_app(registry))
    assert caplog.text.count(SEVERAL) == 1


@pytest.mark.parametrize("argv", [["uvicorn", "app:app"], ["uvicorn", "--workers", "1"], ["uvicorn", "--workers"]])
def test_one_worker_is_not_reported(argv, monkeypatch, caplog):
    monkeypatch.setattr(sys, "argv", argv)
    metrics_app()
    assert caplog.text == ""


@pytest.mark.parametrize(("name", "count", "said"), [("SpawnProcess-1", 3, 1), ("SpawnProcess-2", 3, 0), ("X-1", 1, 0)])
def test_workers_that_a_program_asked_for_are_reported_by_the_first(name, count, said, monkeypatch, caplog):
    """As after ``uvicorn.run("app:app", workers=3)``, which gives each worker the server's settings."""
    process = SimpleNamespace(name=name, _kwargs={"config": SimpleNamespace(workers=count)})
    monkeypatch.setattr(workers, "current_process", lambda: process)
    metrics_app()
    assert caplog.text.count(SEVERAL) == said


@pytest.mark.parametrize(
    "make",
    [
        lambda registry: PredictionMetrics(registry=registry),
        lambda registry: MetricsMiddleware(None, registry=registry),
        metrics_app,
    ],
)
def test_a_folder_that_is_set_too_late_is_reported_once_wherever_metrics_are_made(
    make, monkeypatch, tmp_path, caplog, registry
):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    for _ in range(2):
        make(registry)
    assert caplog.text.count(LATE) == 1


def test_a_folder_that_is_set_between_two_scrapes_is_reported_and_counts_stay_those_of_the_process(
    monkeypatch, tmp_path, caplog, registry
):
    app = metrics_app(registry)
    PredictionMetrics(registry=registry).observe(total=0.1, model_version="v1")
    scrape(app)
    assert caplog.text == ""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    text = [scrape(app), scrape(app)][-1]
    assert 'prediction_latency_seconds_count{model_version="v1"} 1.0' in text
    assert PROCESS in text, "so that `perfgate check` refuses scrapes of two workers"
    assert caplog.text.count(LATE) == 1


def test_a_folder_that_was_there_at_the_start_adds_up_and_is_not_reported(shared, monkeypatch, caplog, registry):
    monkeypatch.setattr(sys, "argv", ["uvicorn", "--workers", "2"])
    PredictionMetrics(registry=registry).observe(total=0.1, model_version="v1")
    text = scrape(metrics_app(registry))
    assert 'prediction_latency_seconds_count{model_version="v1"} 1.0' in text
    assert PROCESS not in text
    assert caplog.text == ""
    assert list(shared.glob("histogram_*.db"))


@pytest.mark.parametrize(("is_shared", "theirs", "ours"), [(False, 3.0, 2.0), (True, 3.0, 3.0)])
def test_a_fork_goes_on_from_the_counts_before_it_and_a_folder_counts_each_once(
    is_shared, theirs, ours, request, registry
):
    if is_shared:
        request.getfixturevalue("shared")
    metrics, app = PredictionMetrics(registry=registry), metrics_app(registry)

    def count():
        name = 'prediction_latency_seconds_count{model_version="v1"} '
        return float(next(x for x in scrape(app).splitlines() if x.startswith(name)).removeprefix(name))

    for _ in range(2):
        metrics.observe(total=0.1, model_version="v1")
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        metrics.observe(total=0.1, model_version="v1")
        os.write(writer, str(count()).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert (float(os.read(reader, 100)), count()) == (theirs, ours)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("folder", ["", "none", None])
@pytest.mark.parametrize("is_metric", [True, False])
def test_a_folder_that_is_none_is_refused_at_the_start(shared, folder, is_metric, monkeypatch, registry):
    if folder is None:
        monkeypatch.delenv(FOLDER)
    else:
        monkeypatch.setenv(FOLDER, folder)
    with pytest.raises(ValueError, match=r"PROMETHEUS_MULTIPROC_DIR=.*is no folder"):
        PredictionMetrics(registry=registry) if is_metric else metrics_app(registry)
