"""The worked examples: files that real tools wrote, each with what a correct reader yields."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from perfgate.core.measured import CALLS, OWN, STAGE
from perfgate.core.text.units import scale_of
from perfgate.formats.contents import Contents, read
from perfgate.formats.detect import detect, named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.record import Record, Samples, Share, Single, describe
from perfgate.formats.parsing.source import Source

DATA = Path(__file__).parent / "data"

KEYS = ("benchmark", "metric", "unit", "direction", "kind", "n", "p50", "p95")


def contents(path: Path | str, *, given: str = "", options: ForeignOptions | None = None) -> Contents:
    """Read a file as `perfgate import` does: by its content, or as the format given."""
    source = Source(str(path))
    known = named(given) if given else detect(source)
    assert known is not None, f"{path} was not recognised"
    return read(source, known, options or ForeignOptions())


def values_of(record: Record) -> list[float]:
    """Return the samples of a record, or its one value."""
    payload = record.payload
    assert isinstance(payload, Samples | Share | Single), payload
    return list(payload.values) if isinstance(payload, Samples) else [payload.value]


def expected(path: Path) -> dict[str, Any]:
    return json.loads(Path(f"{path}.expected.json").read_text())


def wanted(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an expected record, its unit scaled to base."""
    factor, unit = scale_of(entry["unit"]) if entry["unit"] is not None else (1.0, None)
    reported = {key: entry.get(key) for key in KEYS} | {"unit": unit}
    for key in ("p50", "p95", "value"):
        if entry.get(key) is not None:
            reported[key] = entry[key] * factor
    for key in ("quantiles", "saturated"):
        if key in entry:
            reported[key] = entry[key]
    return reported


def assert_alike(found: dict[str, Any], want: dict[str, Any]) -> None:
    for key, value in want.items():
        if isinstance(value, dict):
            assert {float(q) for q in found[key]} == {float(q) for q in value}, (want["benchmark"], key)
            for q, v in value.items():
                got = next(x for k, x in found[key].items() if float(k) == float(q))
                assert math.isclose(got, v, rel_tol=1e-9, abs_tol=1e-15), (want["benchmark"], key, q)
        elif isinstance(value, float) and isinstance(found[key], (int, float)):
            assert math.isclose(found[key], value, rel_tol=1e-9, abs_tol=1e-15), (want, found)
        else:
            assert found[key] == value, (want["benchmark"], want["metric"], key, found[key], value)


def assert_case(path: Path, given: str = "", options: ForeignOptions | None = None) -> None:
    """Hold a file against what a correct reader yields: all of it, and nothing else."""
    case = expected(path)
    got = contents(path, given=given, options=options)
    reported = [r for r in got.records if not r.is_derived and not r.metric.startswith((STAGE, CALLS, OWN))]
    found = {(r.benchmark, r.metric): describe(r) for r in reported}
    assert len(found) == len(reported), "a name is there twice"
    for entry in case["results"]:
        place = (entry["benchmark"], entry["metric"])
        if entry.get("optional") and place not in found:
            continue
        assert place in found, f"{place} is missing; there are {sorted(found)[:20]}"
        assert_alike(found.pop(place), wanted(entry))
    assert not found, f"not expected: {sorted(found)}"
    skip = {tuple(s) if isinstance(s, list) else (s, None) for s in case.get("must_skip", ())}
    for benchmark, metric in skip:
        assert not [r for r in got.records if r.benchmark == benchmark and metric in {None, r.metric}]
    if case.get("commit"):
        assert {r.commit for r in got.records} == {case["commit"]}
