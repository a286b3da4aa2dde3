"""The service of the example: is a reading an anomaly? Measured by perfgate.monitor, with a small cache.

``SLOW_MS`` makes each prediction slower, as a bad version would; ``VERSION`` is the version that its log names.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from pathlib import Path

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

from perfgate.monitor import (
    InputSampleLog,
    MetricsMiddleware,
    PredictionLog,
    PredictionMetrics,
    RequestLog,
    health_app,
    metrics_app,
    prediction,
)

LOGS = Path(os.environ.get("LOGS", "logs"))
SLOW = float(os.environ.get("SLOW_MS", "0")) / 1_000
VERSION = os.environ.get("VERSION", "v2-slow" if SLOW else "v1")
MOST_CACHED = 2_000
MODEL = np.load(Path(__file__).with_name("model.npz"))

app = FastAPI()
app.add_middleware(MetricsMiddleware, log=RequestLog(LOGS / "requests.jsonl"))
app.add_route("/metrics", metrics_app())
app.add_route("/count", metrics_app(json=True))
app.add_route("/health", health_app())
metrics = PredictionMetrics()
metrics.set_active(1)
log = PredictionLog(LOGS / "predictions.jsonl")
log_input_sample = InputSampleLog(LOGS / "input_samples.jsonl", rate=0.1).write
cache: OrderedDict[tuple[float, ...], float] = OrderedDict()


class Reading(BaseModel):
    """What a sensor sends."""

    series_id: str
    temperature: float
    vibration: float
    load: float


async def score(key: tuple[float, ...]) -> float:
    """Return how likely a reading is an anomaly, 0.0 to 1.0."""
    await asyncio.sleep(SLOW)
    inputs = np.append((np.array(key) - MODEL["mean"]) / MODEL["deviation"], 1.0)
    return float(1.0 / (1.0 + np.exp(-inputs @ MODEL["weights"])))


@app.post("/predict")
async def predict(reading: Reading) -> dict[str, float | bool]:
    """Answer one reading; readings that are alike come from the cache."""
    key = (round(reading.temperature), round(reading.vibration, 1), round(reading.load, 1))
    with prediction(metrics, log, series_id=reading.series_id, model_version=VERSION) as p:
        p.cache_hit = key in cache
        if not p.cache_hit:
            with p.inference():
                cache[key] = await score(key)
            if len(cache) > MOST_CACHED:
                cache.popitem(last=False)
        elif SLOW:
            await asyncio.sleep(SLOW)
        likely = cache[key]
        p.anomaly = likely > 0.5
        with p.logging():
            log_input_sample(reading.model_dump())
    return {"likely": likely, "is_anomaly": p.anomaly}
