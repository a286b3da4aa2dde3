"""Reader of plain percentiles: ``{"benchmarks": {name: {metric: {"p50": …, "p95": …}}}}``."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from perfgate import schema
from perfgate.core.errors import CannotDecideError, Diagnostic, at, error
from perfgate.core.metrics import Direction, Metric, from_suffix
from perfgate.core.profile import MetricProfile, Profile
from perfgate.core.statistic import STATISTICS
from perfgate.core.text.strict_json import load_json
from perfgate.core.text.units import to_base
from perfgate.formats.parsing.values import number

_NO_UNIT = "unit and direction of the metric are not known from its name"
_GROUP = "_percentiles"
_MS = 1000.0  # a second
_TIME = Metric(name="time", unit="s", better="lower")
_SHAPE = "perfgate schema percentiles prints the format"
_HINT = 'state "unit" and "better" in the file, or end the metric\'s name in _sec, _ms, _mb, _bytes or _per_s'


def parse(content: bytes, origin: str) -> tuple[Profile, ...]:
    """Return the profiles of a file that holds percentiles without raw values.

    Unit and direction come from the file (``unit``, ``better``), else from the suffix
    of the metric's name. The machine is not known.

    Raises:
        CannotDecideError: it is not valid, or a metric's unit is unknown; every fault is in it.
    """
    document = load_json(content, origin, "percentiles-invalid", _SHAPE)
    if isinstance(document, dict) and "benchmarks" not in document and (staged := _groups(document)):
        return _staged(staged, origin)
    faults = [(f.pointer, f.message) for f in schema.explain("percentiles", document)]
    profiles = []
    for benchmark, metrics in [] if faults else document["benchmarks"].items():
        read = [_metric(key, stated, f"/benchmarks/{benchmark}/{key}", faults) for key, stated in metrics.items()]
        found = tuple(sorted((m for m in read if m is not None), key=lambda m: m.metric.name))
        twice = [b.metric.name for a, b in pairwise(found) if a.metric.name == b.metric.name]
        faults += [(f"/benchmarks/{benchmark}", f'two keys name the metric "{name}"') for name in twice]
        profiles.append(Profile(benchmark=benchmark, labels=(), machine_class="", sessions=(), metrics=found))
    if faults:
        raise CannotDecideError([_fault(origin, pointer, message) for pointer, message in faults])
    return tuple(sorted(profiles, key=lambda p: p.key))


def is_such(content: bytes) -> bool:
    """Does a file hold percentiles of benchmarks, valid or not? Files of other tools hold a list of benchmarks."""
    try:
        document = load_json(content, "", "percentiles-invalid", "")
    except CannotDecideError:
        return False
    if not isinstance(document, dict) or "schema" in document:
        return False
    return isinstance(document.get("benchmarks"), dict) or bool(_groups(document))


def _groups(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the groups of a summary such as ``{"stage_percentiles": {stage: {"p50": …}}}``, by key."""
    return {k: v for k, v in document.items() if k.endswith(_GROUP) and isinstance(v, dict) and v}


def _staged(groups: dict[str, dict[str, Any]], origin: str) -> tuple[Profile, ...]:
    """Return a profile for each stage: its percentiles are milliseconds; other keys of the summary are no percentiles.

    Raises:
        CannotDecideError: a stage states no percentile, or one that is no time; every fault is in it.
    """
    profiles: dict[str, Profile] = {}
    faults: list[Diagnostic] = []
    for group, stages in groups.items():
        for stage, stated in stages.items():
            pointer = f"/{group}/{stage}"
            values = {n: number(stated[n]) for n in STATISTICS if n in stated} if isinstance(stated, dict) else {}
            if not values or any(v is None or v < 0 for v in values.values()):
                faults.append(_fault(origin, pointer, "expected percentiles such as p95, in milliseconds"))
            quantiles = tuple((n, v / _MS) for n, v in values.items() if v is not None)
            if any(a[1] > b[1] for a, b in pairwise(quantiles)):
                faults.append(_fault(origin, pointer, "the percentiles do not ascend"))
            metric = MetricProfile(metric=_TIME, sources=(), samples=(), quantiles=quantiles)
            name = stage if stage not in profiles else f"{group.removesuffix(_GROUP)}:{stage}"
            profiles[name] = Profile(benchmark=name, labels=(), machine_class="", sessions=(), metrics=(metric,))
    if faults:
        raise CannotDecideError(faults)
    return tuple(profiles[name] for name in sorted(profiles))


def _fault(origin: str, pointer: str, message: str) -> Diagnostic:
    hint = _HINT if message == _NO_UNIT else _SHAPE
    return error("percentiles-invalid", message, place=at(origin, pointer), hint=hint)


def _metric(key: str, stated: dict[str, Any], pointer: str, faults: list[tuple[str, str]]) -> MetricProfile | None:
    suffix = from_suffix(key)
    unit: str = stated.get("unit") or (suffix[1] if suffix else "")
    better: Direction | None = stated.get("better") or (suffix[2] if suffix else None)
    if not unit or better is None:
        faults.append((pointer, _NO_UNIT))
        return None
    base_unit = to_base(1.0, unit)[1]
    quantiles = []
    for name in STATISTICS:
        if name in stated:
            value = to_base(float(stated[name]), unit)[0]
            if not math.isfinite(value) or value < 0:
                faults.append((f"{pointer}/{name}", "expected a number that is not negative"))
            quantiles.append((name, value))
    if any(a[1] > b[1] for a, b in pairwise(quantiles)):
        faults.append((pointer, "the percentiles do not ascend"))
    name = suffix[0] if suffix and not stated.get("unit") else key
    return MetricProfile(
        metric=Metric(name=name, unit=base_unit, better=better),
        sources=(),
        samples=(),
        quantiles=tuple(quantiles),
    )
