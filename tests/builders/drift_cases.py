"""Input samples of known distributions, and what `perfgate drift` says of them, without files."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from perfgate.collect.samples.columns import Rows, to_batch
from perfgate.collect.samples.counts import count_against
from perfgate.collect.samples.summary import summarize
from perfgate.gate.drift.judge import judge_drift

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.collect.samples.columns import Batch
    from perfgate.core.finding import Level
    from perfgate.core.rollout.drift import Compared, DriftVerdict, Reference

CLIENT = "client"
Columns = dict[str, list[Any]]

SHAPES: dict[str, Callable[[random.Random, float], Any]] = {
    "normal": lambda rng, shift: rng.gauss(shift, 1),
    "lognormal": lambda rng, shift: rng.lognormvariate(0.5 * shift, 0.5),
    "integers": lambda rng, shift: round(40 + 10 * rng.gauss(shift, 1)),
    "ties": lambda rng, shift: round(2 * rng.gauss(shift, 1)),
    "bimodal": lambda rng, shift: rng.gauss(shift + (5 if rng.random() < 0.5 else 0), 1),
    "zero-inflated": lambda rng, shift: 0 if rng.random() < 0.6 else rng.expovariate(1) + shift,
    "missing": lambda rng, shift: None if rng.random() < 0.2 else rng.gauss(shift, 1),
    "boolean": lambda rng, _: rng.random() < 0.1,
    "levels": lambda rng, _: rng.choices("abcdefgh", [30, 20, 15, 10, 10, 5, 5, 5])[0],
    "many-levels": lambda rng, _: f"u{int(rng.paretovariate(0.7))}",
}
"""Name -> draws one value; a shift is in standard deviations, as far as there is one."""


def noise(seed: object) -> random.Random:
    """Return a source of noise, the same for the same seed."""
    return random.Random(repr(seed))


def draw(shape: str, rows: int, seed: object, shift: float = 0.0) -> list[Any]:
    """Return a column of a shape."""
    rng = noise(seed)
    return [SHAPES[shape](rng, shift) for _ in range(rows)]


def draw_clusters(clusters: int, rows: int, spread: float, seed: object, *, fields: int, shift: float = 0.0) -> Columns:
    """Return columns of normal values whose clusters differ, and the field of the clusters; the first is shifted."""
    rng = noise(seed)
    first = rng.randrange(10**9)
    columns: Columns = {CLIENT: [f"c{first + i}" for i in range(clusters) for _ in range(rows)]}
    for field in range(fields):
        means = [rng.gauss(0, spread) + (0 if field else shift) for _ in range(clusters)]
        columns[f"f{field:02}"] = [rng.gauss(mean, 1) for mean in means for _ in range(rows)]
    return columns


def batch_of(columns: Columns, fields: Sequence[str] = ()) -> Batch:
    """Return columns as samples; a column `CLIENT` says which belong together."""
    rows = Rows()
    rows.extend(columns, len(next(iter(columns.values()))))
    return to_batch(rows, CLIENT if CLIENT in columns else "", fields)


def summary_of(columns: Columns, least_rows: int = 10, fields: Sequence[str] = ()) -> Reference:
    """Return the reference of columns."""
    return summarize(batch_of(columns, fields), least_rows=least_rows, fields=fields)


def judge_columns(
    was: Columns | Reference, now: Columns, *, level: Level = "warn", fields: Sequence[str] = ()
) -> DriftVerdict:
    """Return the verdict on columns, or a reference, and current columns."""
    reference = summary_of(was) if isinstance(was, dict) else was
    return judge_drift(reference, count_against(reference, batch_of(now), fields), level=level)


def judge_one(was: list[Any], now: list[Any]) -> Compared:
    """Return what is found of a single field."""
    (found,) = judge_columns({"x": was}, {"x": now}).features
    return found


def all_kinds(rows: int = 300, seed: object = 0) -> Columns:
    """Return a column of each shape, and of what is not compared."""
    columns: Columns = {shape: draw(shape, rows, (seed, shape)) for shape in SHAPES}
    return {
        **columns,
        "constant": [7] * rows,
        "nothing": [None] * rows,
        "id": [f"id-{i}" for i in range(rows)],
        "at": ["2026-01-31T10:00:00Z"] * rows,
        "tags": [["a"]] * rows,
        "mixed": [1, "one"] * (rows // 2),
    }
