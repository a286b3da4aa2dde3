"""Train the model of the example: which readings of a sensor are anomalies? Logistic regression on made readings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def make_readings(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return temperature, vibration and load, (count, 3), and whether each reading is an anomaly, (count,)."""
    readings = rng.normal([60.0, 2.0, 0.5], [8.0, 0.5, 0.2], size=(count, 3))
    is_anomaly = rng.random(count) < 0.02
    readings[is_anomaly] += rng.normal([25.0, 2.0, 0.0], [5.0, 0.5, 0.1], size=(int(is_anomaly.sum()), 3))
    return readings, is_anomaly.astype(float)


def train(steps: int = 2_000) -> dict[str, np.ndarray]:
    """Return mean, deviation and weights (intercept last) of a model that was fitted by gradient descent."""
    readings, wanted = make_readings(np.random.default_rng(7), 20_000)
    mean, deviation = readings.mean(axis=0), readings.std(axis=0)
    inputs = np.column_stack([(readings - mean) / deviation, np.ones(len(readings))])
    weights = np.zeros(inputs.shape[1])
    for _ in range(steps):
        shares = 1.0 / (1.0 + np.exp(-inputs @ weights))
        weights -= 0.5 * inputs.T @ (shares - wanted) / len(wanted)
    return {"mean": mean, "deviation": deviation, "weights": weights}


if __name__ == "__main__":
    model = train()
    np.savez(HERE / "model.npz", **model)
    readings, wanted = make_readings(np.random.default_rng(8), 5_000)
    inputs = np.column_stack([(readings - model["mean"]) / model["deviation"], np.ones(len(readings))])
    found = inputs @ model["weights"] > 0
    print(f"accuracy on new readings: {np.mean(found == wanted):.3f}")
