"""Train a small ridge regression with cross-validation and leave a run summary behind.

Run by `perfgate demo`: `python train.py`.
"""

import os
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of the linear algebra would add noise on a busy machine

import numpy as np
from numpy.typing import NDArray

from perfgate.measure import measure_run_context

ROWS, COLUMNS, FOLDS, PENALTY = 30_000, 10, 5, 1.0
REBUILD_FEATURES = False  # the mistake to find: features built anew for every fold


Floats = NDArray[np.floating[Any]]


def build_features(raw: Floats) -> Floats:
    """Return the columns, their pairwise products and their bounded exponentials."""
    pairs = [raw[:, i] * raw[:, j] for i in range(COLUMNS) for j in range(i, COLUMNS)]
    return np.column_stack([raw, *pairs, np.exp(np.clip(raw, -3.0, 3.0))])


def fit(features: Floats, target: Floats) -> Floats:
    """Return the ridge coefficients by the normal equations."""
    gram = features.T @ features + PENALTY * np.eye(features.shape[1])
    return np.linalg.solve(gram, features.T @ target)


def main() -> None:
    """Measure one training."""
    rng = np.random.default_rng(7)
    raw = rng.normal(size=(ROWS, COLUMNS))
    target = raw[:, 0] * raw[:, 1] + 0.5 * raw[:, 2] ** 2 + rng.normal(scale=0.1, size=ROWS)
    with measure_run_context(rows_used=ROWS) as run:
        features = build_features(raw)
        errors = []
        for fold in range(FOLDS):
            if REBUILD_FEATURES:
                features = build_features(raw)
            held_out = np.arange(ROWS) % FOLDS == fold
            weights = fit(features[~held_out], target[~held_out])
            errors.append(np.mean((features[held_out] @ weights - target[held_out]) ** 2))
        run.record("rmse", float(np.sqrt(np.mean(errors))), unit="1", better="lower")


if __name__ == "__main__":
    main()
