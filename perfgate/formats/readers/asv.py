"""Reader of asv (airspeed velocity): a folder of results, or one result file.

A folder is a history; only its newest commit is read. What a benchmark measures is in
``benchmarks.json``; where that is missing, asv's own rule for names decides.
"""

from __future__ import annotations

import itertools
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perfgate.formats.catalog.layouts import ASV
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


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each benchmark and combination of its parameters."""
    yield from _read(source.json(), source, {}, options)


def parse_folder(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the records of the newest commit in a folder of results.

    Raises:
        CannotDecideError: there are results of several machines.
    """
    newest = _newest(source)
    machines = {path.replace("\\", "/").rpartition("/")[0] for path, _ in newest}
    if len(machines) > 1:
        raise source.fault(
            f"holds results of {len(machines)} machines", "give the folder of one machine: results/<machine>"
        )
    environments = {text(document.get("env_name")) for _, document in newest}
    for path, document in newest:
        environment = text(document.get("env_name")) if len(environments) > 1 else ""
        # the name of an environment that asv did not make itself holds the path of its interpreter
        suffix = f" [{environment}]" if environment and not environment.startswith("existing") else ""
        about = _benchmarks(source, path)
        yield from _read(document, source.inside(path), about, options, suffix)


def _newest(source: Source) -> list[tuple[str, dict[str, Any]]]:
    """Return path and content of the result files of the newest commit, by path."""
    newest: list[tuple[str, dict[str, Any]]] = []
    latest = -math.inf
    for path in sorted(set(source.matching(ASV))):
        document = table(source.inside(path).json())
        if not items(document.get("result_columns")) and not _is_outdated(document):
            continue
        date = number(document.get("date"))
        date = -math.inf if date is None else date
        same = bool(newest) and text(document.get("commit_hash")) == text(newest[0][1].get("commit_hash"))
        if newest and not same:
            if date <= latest:
                continue
            newest = []
        latest = max(date, latest)
        newest.append((path, document))
    return newest


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
    for name, row in table(facts.get("results")).items():
        # columns that nothing is written in are cut off at the end of a row
        cells = dict(zip(columns, items(row), strict=False))
        described = table(about.get(name))
        metric, unit = _metric(name, described)
        fixed: dict[str, Any] = {
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
