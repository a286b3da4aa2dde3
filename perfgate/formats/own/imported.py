"""Imported runs <-> JSON text: what `perfgate import` writes beside the run summaries, one file a benchmark."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from perfgate.core.errors import cannot_decide
from perfgate.core.measured import SERIES_SCHEMA
from perfgate.core.metrics import Metric
from perfgate.core.run import Environment, Run, Series, environment_of
from perfgate.core.statistic import Quantile
from perfgate.core.text.strict_json import has_key_twice, load_json

if TYPE_CHECKING:
    from typing import NoReturn

_MARK = re.compile(rb'"schema"\s*:\s*"' + SERIES_SCHEMA.encode() + rb'"')
_HINT = "import it again: perfgate import FILE"
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]


class _Series(msgspec.Struct, forbid_unknown_fields=True):
    unit: Annotated[str, msgspec.Meta(min_length=1)]
    better: Literal["lower", "higher"]
    source: str = ""
    values: list[float] = []
    least: float = 0.0
    quantiles: dict[str, tuple[float, float, float | None]] = {}


class _Imported(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal["perfgate/series/1"]
    run_id: _Name
    benchmark: _Name
    series: Annotated[dict[str, _Series], msgspec.Meta(min_length=1)]
    labels: dict[str, str] = {}
    started_at: str = ""
    session: str = ""
    commit: str = ""
    file: str = ""
    ended_at: str = ""
    rows_used: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    command: str = ""
    environment: dict[str, str] = {}


def is_imported(content: bytes) -> bool:
    """Was the file written by `perfgate import`?"""
    return _MARK.search(content) is not None


def encode_imported(run: Run) -> bytes:
    """Return a run as a file: the same run gives the same bytes."""
    return (json.dumps(imported_to_data(run), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def imported_to_data(run: Run) -> dict[str, Any]:
    """Return a run as JSON data."""
    return {
        "schema": SERIES_SCHEMA,
        "run_id": run.run_id,
        "benchmark": run.benchmark,
        "labels": dict(run.labels),
        "started_at": run.started_at,
        "session": run.session,
        "commit": run.commit,
        "file": run.file,
        **({"ended_at": run.ended_at} if run.ended_at else {}),
        **({"rows_used": run.rows_used} if run.rows_used else {}),
        **({"command": run.command} if run.command else {}),
        **({"environment": facts} if (facts := _facts(run.environment)) else {}),
        "series": {s.metric.name: _series_body(s) for s in run.series},
    }


def _facts(environment: Environment) -> dict[str, str]:
    machine = {"machine": environment.machine} if environment.machine else {}
    return {**dict(environment.facts), **machine}


def _series_body(s: Series) -> dict[str, Any]:
    entry: dict[str, Any] = {"unit": s.metric.unit, "better": s.metric.better}
    if s.source:
        entry["source"] = s.source
    if s.least:
        entry["least"] = s.least
    if s.values:
        return {**entry, "values": list(s.values)}
    entry["quantiles"] = {q.name: [q.value, q.low, q.high if math.isfinite(q.high) else None] for q in s.quantiles}
    return entry


def decode_imported(content: bytes, origin: str) -> Run:
    """Return the run that a file states.

    Raises:
        CannotDecideError: it is not valid.
    """
    try:
        stored = msgspec.json.decode(content, type=_Imported)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
        _refuse(origin, str(caught))
    if has_key_twice(content, msgspec.json.decode(content)):
        load_json(content, origin, "run-invalid", _HINT)
    for name, s in stored.series.items():
        numbers = (s.least, *s.values, *(v for q in s.quantiles.values() for v in q if v is not None))
        if bool(s.values) == bool(s.quantiles) or not all(map(math.isfinite, numbers)):
            _refuse(origin, f'"{name}" must hold finite values, or quantiles')
    return Run(
        run_id=stored.run_id,
        benchmark=stored.benchmark,
        labels=tuple(sorted(stored.labels.items())),
        status="ok",
        started_at=stored.started_at,
        session=stored.session,
        rows_used=stored.rows_used,
        values=(),
        memory_source="",
        environment=environment_of(stored.environment),
        commit=stored.commit,
        command=stored.command,
        origin=origin,
        series=tuple(_series(name, s) for name, s in stored.series.items()),
        file=stored.file,
        ended_at=stored.ended_at,
    )


def _series(name: str, s: _Series) -> Series:
    quantiles = (Quantile(q, v[0], v[1], math.inf if v[2] is None else v[2]) for q, v in sorted(s.quantiles.items()))
    metric = Metric(name=name, unit=s.unit, better=s.better)
    return Series(metric=metric, source=s.source, values=tuple(s.values), quantiles=tuple(quantiles), least=s.least)


def _refuse(origin: str, message: str) -> NoReturn:
    raise cannot_decide("run-invalid", message, place=origin, hint=_HINT)
