"""`performance_monitor` does what the document about inference performance shows."""

from __future__ import annotations

import asyncio
import json
import logging
import threading

import pytest

from perfgate.formats.contents import read
from perfgate.formats.detect import detect
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source
from perfgate.measure import performance_monitor

IN_A_SCRIPT = """
from perfgate.measure import performance_monitor

# Utilisation
with performance_monitor.profile():
    result = model.predict(data)

metrics = performance_monitor.get_metrics()
performance_monitor.log_metrics(metrics)
"""
IN_AN_ENDPOINT = """
from perfgate.measure import performance_monitor

# Dans les endpoints /predict et /predict_proba
with performance_monitor.profile():
    prediction = predictor.predict(patient_dict)
    # ... autres opérations

metrics = performance_monitor.get_metrics()
if metrics:
    performance_monitor.log_metrics(metrics)
"""


class Model:
    def predict(self, data):
        return sum(map(abs, data))


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="perfgate")
    return lambda: [r.getMessage() for r in caplog.records if r.name == "perfgate"]


@pytest.mark.parametrize("snippet", [IN_A_SCRIPT, IN_AN_ENDPOINT], ids=["script", "endpoint"])
@pytest.mark.parametrize(("word", "logged"), [("true", 1), ("false", 0), (None, 0)])
def test_the_snippets_of_the_document_run_and_log_only_where_monitoring_is_on(
    snippet, word, logged, lines, monkeypatch
):
    if word is not None:
        monkeypatch.setenv("ENABLE_PERFORMANCE_MONITORING", word)
    exec(snippet, {"model": Model(), "predictor": Model(), "data": [1, -2], "patient_dict": [3]})  # noqa: S102 - ours
    assert len(lines()) == logged
    for line in lines():
        metrics = json.loads(line)["performance_metrics"]
        assert metrics["function_calls"] == 2  # predict and sum
        assert "predict" in {f["function"] for f in metrics["top_functions"]}


@pytest.mark.usefixtures("on")
def test_the_metrics_are_those_of_the_thread_that_was_profiled():
    seen = []
    with performance_monitor.profile():
        Model().predict([1])
    thread = threading.Thread(target=lambda: seen.append(performance_monitor.get_metrics()))
    thread.start()
    thread.join()
    assert seen == [None]
    assert performance_monitor.get_metrics().function_calls == 2


@pytest.mark.usefixtures("on")
def test_a_block_that_was_not_profiled_leaves_no_metrics_of_an_earlier_one(monkeypatch):
    with performance_monitor.profile():
        pass
    assert performance_monitor.get_metrics() is not None
    with performance_monitor.profile(), performance_monitor.profile():
        assert performance_monitor.get_metrics() is None
    with performance_monitor.profile():
        pass
    monkeypatch.setenv("PERFGATE_PROFILE", "0")
    with performance_monitor.profile():
        pass
    assert performance_monitor.get_metrics() is None


@pytest.mark.usefixtures("on")
def test_of_requests_at_the_same_time_one_is_profiled_and_none_fails():
    async def handle():
        with performance_monitor.profile():
            await asyncio.sleep(0.01)
        return performance_monitor.get_metrics()

    async def serve():
        return await asyncio.gather(*(asyncio.create_task(handle()) for _ in range(3)))

    assert [m is not None for m in asyncio.run(serve())] == [True, False, False]


def test_no_metrics_write_no_line(lines):
    performance_monitor.log_metrics(None)
    assert lines() == []


@pytest.mark.usefixtures("on")
@pytest.mark.parametrize(
    "form", ["%(message)s", "%(asctime)s %(levelname)s [%(name)s] %(message)s"], ids=["bare", "behind a prefix"]
)
def test_what_is_logged_is_read_again(form, tmp_path):
    file = tmp_path / "service.log"
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter(form))
    logger = logging.getLogger("perfgate")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        for _ in range(3):
            with performance_monitor.profile():
                Model().predict([1, 2])
            performance_monitor.log_metrics(performance_monitor.get_metrics())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        handler.close()
    source = Source("service.log", content=file.read_bytes())
    known = detect(source)
    assert known.name == "performance-log"
    got = read(source, known, ForeignOptions())
    values = {r.metric: list(r.payload.values) for r in got.records}
    assert values["function_calls"] == [2.0] * 3
    assert values["function-calls:test_monitor.py:predict"] == [1.0] * 3
    assert len(values["inference_time"]) == len(values["latency"]) == len(values["memory"]) == 3
    assert all(v > 0 for v in values["function:test_monitor.py:predict"])
    assert got.skipped == ()
