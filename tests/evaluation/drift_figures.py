"""How `perfgate drift` does on samples of known distributions: false alarms, drift that is found, processor time.

python tests/evaluation/drift_figures.py             print every figure (some twenty minutes)
python tests/evaluation/drift_figures.py --part found --batches 50
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "builders"))

from drift_cases import CLIENT, SHAPES, Columns, draw, draw_clusters, judge_columns, noise, summary_of

from perfgate.pipeline.drift.compare import compare
from perfgate.pipeline.drift.references import load
from perfgate.stats.drift.gaps import gap_p
from perfgate.stats.multiplicity import holm
from perfgate.store.drift.reference import encode

FIELDS = 20
CLIENTS, EACH = 12, 40


def unlike(rows: int, seed: object) -> Columns:
    """Return two fields of each shape."""
    return {f"{shape}-{i}": draw(shape, rows, (seed, shape, i)) for shape in SHAPES for i in range(2)}


def alike(shape: str, rows: int, seed: object, shift: float = 0.0) -> Columns:
    """Return fields of one shape, the first of them shifted."""
    return {f"f{i:02}": draw(shape, rows, (seed, i), 0.0 if i else shift) for i in range(FIELDS)}


def share(hits: int, of: int) -> str:
    """Return a share in percent, with its counts."""
    return f"{100 * hits / of:5.1f} %  ({hits} of {of})"


def unchanged(batches: int) -> None:
    """Print how many batches without drift have any finding."""
    print(f"no drift, {FIELDS} fields of {len(SHAPES)} shapes: batches with any finding")
    for was in (200, 1000, 5000):
        for now in (200, 500, 5000):
            count = batches if max(was, now) < 5000 else batches // 2
            hits = sum(
                bool(judge_columns(unlike(was, (n, "was")), unlike(now, (n, "now"))).drifted) for n in range(count)
            )
            print(f"  {was:5,} against {now:5,} rows: {share(hits, count)}", flush=True)


def clustered(batches: int) -> None:
    """Print the same of rows that come in clusters, beside what rows of their own would give, and 1 sd."""
    print(f"{CLIENTS} clients x {EACH} rows, {FIELDS} fields: any finding; plain test; 1 sd found; insufficient")
    for spread in (0.0, 0.3, 0.5):
        for parts in (1, 3, 10):
            alarms = plain = found = undecided = 0
            for n in range(batches):
                was = draw_clusters(CLIENTS * parts, EACH, spread, (n, "was"), fields=FIELDS)
                now = draw_clusters(CLIENTS, EACH, spread, (n, "now"), fields=FIELDS)
                moved = draw_clusters(CLIENTS, EACH, spread, (n, "now"), fields=FIELDS, shift=1.0)
                verdict = judge_columns(was, now)
                alarms += bool(verdict.drifted)
                undecided += bool(verdict.problems)
                plain += is_plain_drift(was, now)
                found += any(f.name == "f00" for f in judge_columns(was, moved).drifted)
            print(
                f"  client sd {spread}, reference of {parts:2} batches: {share(alarms, batches)};"
                f" {100 * plain / batches:.0f} %; {100 * found / batches:.0f} %; {100 * undecided / batches:.0f} %",
                flush=True,
            )


def is_plain_drift(was: Columns, now: Columns) -> bool:
    """Does the usual test find anything at 1 % over all fields, as if each row stood for itself?"""
    sides = [{k: v for k, v in side.items() if k != CLIENT} for side in (was, now)]
    features = judge_columns(*sides).features
    n, m = (len(next(iter(side.values()))) for side in sides)
    return min(holm([gap_p(t.effect, n, m) for f in features for t in f.checks])) <= 0.01


def found(batches: int) -> None:
    """Print how often drift of one of the fields is found."""
    print(f"one of {FIELDS} fields shifted by 0.5 sd, 200 rows: found")
    for was in (200, 1000, 5000):
        for shape in ("normal", "lognormal", "integers"):
            hits = sum(
                any(
                    f.name == "f00"
                    for f in judge_columns(alike(shape, was, (n, "was")), alike(shape, 200, (n, "now"), 0.5)).drifted
                )
                for n in range(batches)
            )
            print(f"  against {was:5,} rows, {shape}: {share(hits, batches)}", flush=True)
    print(f"a new level of 2 % in one of {FIELDS} fields, 500 rows: found")
    for was in (1000, 2000, 5000):
        hits = sum(is_level_found(was, n) for n in range(batches))
        print(f"  against {was:5,} rows: {share(hits, batches)}", flush=True)


def is_level_found(was: int, seed: int) -> bool:
    """Is a new level found?"""
    rng, now = noise(("new", seed)), alike("levels", 500, (seed, "now"))
    now["f00"] = ["new" if rng.random() < 0.02 else level for level in now["f00"]]
    return any(f.name == "f00" for f in judge_columns(alike("levels", was, (seed, "was")), now).drifted)


def cost(batches: int) -> None:
    """Print the processor time of a comparison of 20 fields x 5,000 rows, the fastest of some."""
    print(f"{FIELDS} fields x 5,000 rows: milliseconds of processor time, with reading the samples")
    for name, columns in (
        ("each row of its own", unlike(5000, "now")),
        ("100 clients", {**unlike(5000, "now"), CLIENT: [i % 100 for i in range(5000)]}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            reference, samples = Path(folder) / "r.json", Path(folder) / "now.jsonl"
            reference.write_bytes(encode(summary_of(columns)))
            rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
            samples.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
            best = math.inf
            for _ in range(min(batches, 10)):
                began = time.process_time()
                compare(load(str(reference)), "", ([str(samples)], ""), cluster_field="", fields=(), level="warn")
                best = min(best, time.process_time() - began)
            print(f"  {name}: {best * 1000:.0f}")


PARTS = {"unchanged": unchanged, "clustered": clustered, "found": found, "cost": cost}


def main() -> None:
    """Print the figures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, help="only these figures")
    parser.add_argument("--batches", type=int, default=200)
    asked = parser.parse_args()
    for name, part in PARTS.items():
        if asked.part in {None, name}:
            part(asked.batches)


if __name__ == "__main__":
    main()
