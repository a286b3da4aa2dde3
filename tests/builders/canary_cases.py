"""Arms of a canary, as records and as prediction logs."""

from __future__ import annotations

import json
import math
import random

from perfgate.core.metrics import Metric
from perfgate.core.policy import Budget
from perfgate.core.rollout.canary import Canary
from perfgate.core.text.units import parse_limit
from perfgate.gate.canary.analyses import plan_analysis
from perfgate.gate.canary.arms import Arm, Measure
from perfgate.gate.canary.decide import Rollout
from perfgate.stats.large_samples.distribution import of_values

LATENCY = Metric(name="latency_total", unit="s", better="lower")
ERROR_RATE = Metric(name="error_rate", unit="1", better="lower")
START = 1_764_400_000.0
"""Seconds since 1970 of the first row of a log."""


def latencies(count, *, factor=1.0, slow=0.02, seed=0):
    """Return lognormal latencies in seconds, some of them five times as long."""
    rng = random.Random(seed)
    return [factor * 0.05 * math.exp(rng.gauss(0, 0.5)) * (5 if rng.random() < slow else 1) for _ in range(count)]


def arm(values, *, failed=0, name="canary", instances=(), benchmark="m"):
    """Return an arm of one benchmark."""
    latency = Measure(metric=LATENCY, whole=of_values(values), instances=tuple(map(of_values, instances)))
    errors = Measure(metric=ERROR_RATE, share=(failed, len(values) + failed))
    return Arm(name=name, measures={(benchmark, "latency_total"): latency, (benchmark, "error_rate"): errors})


def rollout(baseline, canary, *, settings=None, budgets=(), phase=None, age=None, analysis=None):
    """Return a case for `decide`; the only analysis has the whole level."""
    settings = settings or Canary()
    return Rollout(
        baseline=baseline,
        canary=canary,
        settings=settings,
        budgets=tuple(budgets),
        phase=phase,
        age=age,
        analysis=analysis or plan_analysis(1, 1, settings.level, 1),
    )


def budget(limit, *, metric="latency_total", statistic="p95", benchmark="*", level="fail", name=""):
    """Return a budget as the configuration would give it."""
    return Budget(
        origin="budget 1 (perfgate.toml)",
        benchmark=benchmark,
        metric=metric,
        statistic=statistic,
        limit=parse_limit(limit),
        level=level,
        name=name,
    )


def rows(values, *, version="v1", failed=0, series="s", instances=0, start=START, gap=1.0):
    """Yield the lines of a prediction log; the failed requests stand last."""
    for i, seconds in enumerate([*values, *[0.01] * failed]):
        row = {
            "event": "prediction_metrics",
            "timestamp": start + i * gap,
            "series_id": series,
            "model_version": version,
            "latency_inference_ms": seconds * 800,
            "latency_logging_ms": seconds * 100,
            "latency_total_ms": seconds * 1000,
            "cache_hit": True,
            "anomaly": False,
            "ok": i < len(values),
        }
        if instances:
            row["instance"] = f"host-{i % instances}"
        yield json.dumps(row)


def write_log(path, *parts):
    """Write logs one after the other."""
    path.write_text("".join(f"{line}\n" for part in parts for line in part))
    return str(path)
