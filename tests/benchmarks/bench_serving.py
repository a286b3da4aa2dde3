"""What measuring a service costs a request and a prediction, as ratios in one run: CPU time, the minimum of repeats.

Run it by hand: `python tests/benchmarks/bench_serving.py`. It needs fastapi and prometheus-client;
prometheus-fastapi-instrumentator is compared where it is installed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from fastapi import FastAPI  # noqa: E402 - after the path
from prometheus_client import CollectorRegistry  # noqa: E402 - after the path

from perfgate.monitor import (  # noqa: E402 - from this checkout
    InputSampleLog,
    MetricsMiddleware,
    PredictionLog,
    PredictionMetrics,
    RequestLog,
    prediction,
)

CALLS = 2_000
REPEATS = 31
RECORD = {
    "event": "prediction_metrics",
    "series_id": "sensor_123",
    "model_version": "v1",
    "latency_inference_ms": 45.2,
    "latency_logging_ms": 12.3,
    "latency_total_ms": 58.7,
    "cache_hit": True,
    "anomaly": False,
}
SCOPE = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
    "path": "/users/1", "raw_path": b"/users/1", "root_path": "", "query_string": b"", "headers": [],
    "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
}  # fmt: skip


def service() -> FastAPI:
    """Return an application with one route that does next to nothing."""
    app = FastAPI()

    @app.get("/users/{uid}")
    async def user(uid: str) -> dict[str, str]:
        return {"uid": uid}

    return app


def instrumented() -> FastAPI | None:
    """Return the same with prometheus-fastapi-instrumentator; None: it is not installed."""
    try:
        from prometheus_fastapi_instrumentator import Instrumentator
    except ImportError:
        return None
    app = service()
    Instrumentator(registry=CollectorRegistry()).instrument(app)
    return app


def requests_ns(apps: dict[str, FastAPI]) -> dict[str, float]:
    """Return nanoseconds of CPU time a request of each application; they take turns, since the machine drifts."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        return

    async def load(app: FastAPI) -> float:
        begin = time.process_time_ns()
        for _ in range(CALLS):
            await app({**SCOPE}, receive, send)
        return (time.process_time_ns() - begin) / CALLS

    best = dict.fromkeys(apps, float("inf"))
    for _ in range(REPEATS):
        for name, app in apps.items():
            best[name] = min(best[name], asyncio.run(load(app)))
    return best


def cpu(*loops: Callable[[], object]) -> list[float]:
    """Return nanoseconds of CPU time a call of each, in turns."""
    best = [float("inf")] * len(loops)
    for _ in range(REPEATS):
        for at, call in enumerate(loops):
            begin = time.process_time_ns()
            for _ in range(CALLS * 5):
                call()
            best[at] = min(best[at], (time.process_time_ns() - begin) / CALLS / 5)
    return best


def bench_requests(folder: Path) -> None:
    """Print what each way of measuring adds to a request."""
    plain, ours, logged = service(), service(), service()
    ours.add_middleware(MetricsMiddleware, registry=CollectorRegistry())
    logged.add_middleware(MetricsMiddleware, registry=CollectorRegistry(), log=RequestLog(folder / "requests.jsonl"))
    apps = {"bare": plain, "middleware": ours, "middleware and log": logged}
    other = instrumented()
    if other is not None:
        apps["instrumentator"] = other
    found = requests_ns(apps)
    bare = found.pop("bare")
    print(f"request of a bare service         {bare / 1e3:8.1f} µs")
    for name, ns in found.items():
        share = f"   {(ns - bare) / (found['instrumentator'] - bare):5.2f} x instrumentator" if other else ""
        print(f"  added by {name:23s}{(ns - bare) / 1e3:8.1f} µs{share}")


def bench_predictions(folder: Path) -> None:
    """Print what each way of keeping a prediction costs."""
    log = PredictionLog(folder / "predictions.jsonl")
    samples = InputSampleLog(folder / "samples.jsonl", max_bytes=None)
    metrics = PredictionMetrics(registry=CollectorRegistry())
    payload = {"age": 30, "limit": 2000, "history": "good", "income": 1234.5}

    def write() -> None:
        log.write(
            latency_total_ms=58.7,
            latency_inference_ms=45.2,
            latency_logging_ms=12.3,
            series_id="sensor_123",
            model_version="v1",
            cache_hit=True,
            anomaly=False,
        )

    def observe() -> None:
        metrics.observe(total=0.0587, inference=0.0452, logging=0.0123, model_version="v1", cache_hit=True)

    def whole() -> None:
        with prediction(metrics, log, model_version="v1") as p:
            with p.inference():
                pass
            with p.logging():
                pass

    dumps, line, five, both, sample = cpu(
        lambda: json.dumps(RECORD), write, observe, whole, lambda: samples.write(payload)
    )
    print(f"json.dumps of a prediction record {dumps / 1e3:8.2f} µs")
    print(f"  PredictionLog.write             {line / 1e3:8.2f} µs   {line / dumps:5.2f} x")
    print(f"  PredictionMetrics.observe       {five / 1e3:8.2f} µs   {five / dumps:5.2f} x")
    print(f"  with prediction(metrics, log)   {both / 1e3:8.2f} µs   {both / dumps:5.2f} x")
    print(f"  InputSampleLog.write            {sample / 1e3:8.2f} µs   {sample / dumps:5.2f} x")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        bench_requests(Path(name))
        bench_predictions(Path(name))
