"""Reader of asv (airspeed velocity): a folder of results, or one result file.

A folder is a history; only the commit that was measured last is read. What a benchmark
measures is in ``benchmarks.json``; where that is missing, asv's own rule for names decides.
"""

from __future__ import annotations

import itertools
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from perfgate.formats.catalog.layouts import ASV
from perfgate.formats.parsing.machine import state_machine
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Skipped
from perfgate.formats.parsing.unit_names import symbol
from perfgate.formats.parsing.values import all_numbers, in_base, items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_METRICS = {
    "time": ("time", "s"),
    "memory": ("memory", "B"),
    "peakmemory": ("peak_memory", "B"),
    "track": ("value", ""),
}
_PREFIX = re.compile(r"(timeraw|time|peakmem|mem|track)_|(Timeraw|Time|PeakMem|Mem|Track)[A-Z_]")
_PREFIXES = {"timeraw": "time", "time": "time", "peakmem": "peakmemory", "mem": "memory", "track": "track"}
_MOST_COMBINATIONS = 100_000
_DIGITS = 12


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each benchmark and combination of its parameters."""
    yield from _read(source.json(), source, {}, options)


def parse_folder(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the records of the commit that was measured last in a folder of results, and what was passed over.

    Raises:
        CannotDecideError: there are results of several machines.
    """
    history = _history(source)
    commit = history[-1].commit if history else ""
    newest = [(e.path, table(source.inside(e.path).json())) for e in sorted(history) if e.commit == commit]
    machines = {path.replace("\\", "/").rpartition("/")[0] for path, _ in newest}
    if len(machines) > 1:
        raise source.fault(
            f"holds results of {len(machines)} machines", "give the folder of one machine: results/<machine>"
        )
    yield from _passed_over(history, commit)
    environments = {text(document.get("env_name")) for _, document in newest}
    for path, document in newest:
        environment = text(document.get("env_name")) if len(environments) > 1 else ""
        # the name of an environment that asv did not make itself holds the path of its interpreter
        suffix = f" [{environment}]" if environment and not environment.startswith("existing") else ""
        about = _benchmarks(source, path)
        yield from _read(document, source.inside(path), about, options, suffix)


class _Entry(NamedTuple):
    """A result file of a history."""

    path: str
    commit: str
    date: float
    """When the commit was made, ms since 1970; -inf when it is not stated."""
    measured: float
    """When the last of its benchmarks began, ms since 1970; `date` when it is not stated, since it was not earlier."""


def _history(source: Source) -> list[_Entry]:
    """Return the result files of a folder, those measured last at the end."""
    found = []
    for path in sorted(set(source.matching(ASV))):
        facts = table(source.inside(path).json())
        columns = items(facts.get("result_columns"))
        if not columns and not _is_outdated(facts):
            continue
        date = number(facts.get("date"))
        date = -math.inf if date is None else date
        at = columns.index("started_at") if "started_at" in columns else -1
        rows = map(items, table(facts.get("results")).values())
        began = [began for row in rows if 0 <= at < len(row) and _instant(began := number(row[at]))]
        measured = max(filter(None, began), default=date)
        found.append(_Entry(path, text(facts.get("commit_hash")), date, measured))
    return sorted(found, key=lambda e: (e.measured, e.date, e.path))


def _passed_over(history: Sequence[_Entry], commit: str) -> Iterator[Skipped]:
    """Yield what is left out of a history: a later commit may have been measured before."""
    others = {e.commit for e in history} - {commit}
    if not others:
        return
    why = f"measured before {commit[:_DIGITS]}, the only one that is read"
    newest = max(history, key=lambda e: (e.date, e.measured))
    if newest.commit != commit:
        why = f"{why}; {newest.commit[:_DIGITS]} is the later commit"
    yield Skipped(benchmark=f"{len(others)} other {'commit' if len(others) == 1 else 'commits'}", why=why)


def _is_outdated(document: dict[str, Any]) -> bool:
    """Is it a result file of an asv before 0.5, which has another layout? The newest one is an error, not left out."""
    return "result_columns" not in document and bool(table(document.get("results")))


def _benchmarks(source: Source, path: str) -> dict[str, Any]:
    """Return what ``benchmarks.json``, beside the folder of the machine, says of each benchmark."""
    parts = path.replace("\\", "/").split("/")[:-2]
    beside = "/".join([*parts, "benchmarks.json"])
    return table(source.inside(beside).json()) if path.count("/") and source.holds(beside) else {}


def _read(
    document: object, source: Source, about: dict[str, Any], options: ForeignOptions, suffix: str = ""
) -> Iterator[Record | Skipped]:
    """Yield what one result file says; `suffix` goes behind each name."""
    facts = table(document)
    columns = [text(column) for column in items(facts.get("result_columns"))]
    if not columns:
        raise source.fault("holds no result_columns: it is of an asv before 0.5", "asv update, or measure again")
    stated = table(facts.get("params"))
    system, arch, model = (text(stated.get(name)) for name in ("os", "arch", "cpu"))
    machine = state_machine("asv", system=system, arch=arch, cpus=stated.get("num_cpu"), cpu_model=model)
    for name, row in table(facts.get("results")).items():
        # columns that nothing is written in are cut off at the end of a row
        cells = dict(zip(columns, items(row), strict=False))
        described = table(about.get(name))
        metric, unit = _metric(name, described)
        fixed: dict[str, Any] = {
            "machine": machine,
            "metric": metric,
            "unit": unit,
            "better": "lower" if metric != "value" else options.direction,
            "commit": text(facts.get("commit_hash")),
            "started_at": _instant(cells.get("started_at")),
        }
        for i, full in _combinations(name, cells):
            yield _record(f"{full}{suffix}", cells, i, fixed)


def _metric(name: str, described: dict[str, Any]) -> tuple[str, str | None]:
    """Return metric and unit of a benchmark, by its description or else by its name."""
    kind = text(described.get("type"))
    if kind not in _METRICS:
        prefix = _PREFIX.match(name.rpartition(".")[2])
        kind = _PREFIXES[(prefix[1] or prefix[2]).lower()] if prefix else ""
    metric, unit = _METRICS.get(kind, ("value", ""))
    return metric, unit or symbol(text(described.get("unit"))) or None


def _combinations(name: str, cells: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield position and full name of each combination of parameters, the last one changing first."""
    lists = [[str(value)[:200] for value in items(values)] for values in items(cells.get("params"))]
    if not lists:
        yield 0, name
        return
    count = math.prod(map(len, lists))
    results = cells.get("result")
    if count > _MOST_COMBINATIONS or (isinstance(results, list) and len(results) != count):
        yield -1, name
        return
    for i, values in enumerate(itertools.product(*lists)):
        yield i, f"{name}({', '.join(values)})"


def _record(name: str, cells: dict[str, Any], i: int, fixed: dict[str, Any]) -> Record | Skipped:
    if i < 0:
        return Skipped(benchmark=name, why="its values do not fit its parameters")
    value = number(_cell(cells.get("result"), i))
    if value is None:
        return Skipped(benchmark=name, why="failed or skipped")
    repeat = number(_cell(cells.get("stats_repeat"), i))
    quartiles = take_quantiles(
        [(0.25, _cell(cells.get("stats_q_25"), i)), (0.5, value), (0.75, _cell(cells.get("stats_q_75"), i))]
    )
    samples = items(_cell(cells.get("samples"), i))
    if not samples and len(quartiles) > 1:
        n = int(repeat) if repeat else None
        return Record(**fixed, benchmark=name, n=n, is_mean=True, payload=Quantiles(points=quartiles))
    values = all_numbers(samples or [value])
    if values is None:
        return Skipped(benchmark=name, why="a sample is no number")
    unit = fixed["unit"]
    if unit is not None:
        values, unit = in_base(values, unit)
    return Record(
        **fixed | {"unit": unit}, benchmark=name, is_mean=fixed["metric"] == "time", payload=Samples(values=values)
    )


def _cell(column: object, i: int) -> object:
    """Return one entry of a column; None where there is none."""
    entries: Sequence[object] = items(column)
    return entries[i] if i < len(entries) else None


def _instant(milliseconds: object) -> str:
    """Return a point in time that asv writes as milliseconds since 1970; empty when it is none."""
    value = number(milliseconds)
    if value is None or not 0 < value < 4e12:  # noqa: PLR2004 - year 2096
        return ""
    return datetime.fromtimestamp(value / 1000, UTC).isoformat()
