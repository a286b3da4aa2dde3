"""Reader of Google Benchmark: ``--benchmark_format=json``. Each repetition is a mean over its iterations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.machine import state_machine
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.values import in_base, items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag, Kind, Payload
    from perfgate.formats.parsing.source import Source

_Row = dict[str, Any]

_BOOKKEEPING = frozenset((
    "name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
    "threads", "iterations", "time_unit", "label", "error_occurred", "error_message", "skipped", "skip_message",
    "aggregate_name", "aggregate_unit",
))  # fmt: skip
_RATES: dict[str, tuple[str, Direction]] = {
    "bytes_per_second": ("B/s", "higher"),
    "items_per_second": ("1/s", "higher"),
}
_UNNAMED = "unnamed"
_AGGREGATE = re.compile(r"(.*)_(mean|median|stddev|cv|BigO|RMS)", re.DOTALL)


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield real and CPU time of each benchmark, and beside them the counters of its own."""
    document = table(source.json())
    context = table(document.get("context"))
    flags: list[Flag] = ["cpu-scaling"] if context.get("cpu_scaling_enabled") is True else []
    if context.get("library_build_type") == "debug":
        flags.append("debug-build")
    fixed: dict[str, Any] = {"is_mean": True, "flags": tuple(flags), "started_at": text(context.get("date"))}
    fixed["machine"] = state_machine("google-benchmark", cpus=context.get("num_cpus"))
    groups: dict[tuple[object, ...], list[_Row]] = {}
    for row in map(table, items(document.get("benchmarks"))):
        # two registered under one name differ by index alone; random interleaving mixes their rows
        name, aggregate = _names_of(row)
        key = (name, number(row.get("family_index")), number(row.get("per_family_instance_index")))
        groups.setdefault(key, []).append(row | {"run_name": name, "aggregate_name": aggregate})
    for rows in groups.values():
        yield from _benchmark(rows, fixed, options)


def _names_of(row: _Row) -> tuple[str, str]:
    """Return name of the benchmark and of the aggregate that a row is; files before 1.5 hold both in ``name`` alone."""
    name = text(row.get("name"))
    aggregate, kind = text(row.get("aggregate_name")), row.get("run_type", "aggregate")
    if not aggregate and kind == "aggregate":
        if (match := _AGGREGATE.fullmatch(name)) and row.get("run_name", match[1]) == match[1]:
            return match[1], match[2]
        aggregate = _UNNAMED if "run_type" in row else ""  # of what is unknown: no repetition in any case
    return text(row.get("run_name")) or name, aggregate


def _benchmark(rows: list[_Row], fixed: dict[str, Any], options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the records of the rows of one benchmark; failed ones have a time of zero and are left out."""
    name = rows[0]["run_name"]
    repetitions = [row for row in rows if not row["aggregate_name"]]
    failed = [row for row in repetitions if row.get("error_occurred") or row.get("skipped")]
    good = [row for row in repetitions if not (row.get("error_occurred") or row.get("skipped"))]
    aggregates = {row["aggregate_name"]: row for row in rows if row["aggregate_name"]}
    errors = sum(bool(row.get("error_occurred")) for row in failed)
    if errors and errors == len(repetitions):
        why = f"every repetition failed: {text(failed[0].get('error_message'))[:100]}"
        yield from all_failed(name, "real_time", errors, why, fixed["started_at"])
        return
    if good:
        yield from _records(name, good, "samples", fixed, options)
        share = Share(hits=errors, of=len(good) + errors)
        about = {"started_at": fixed["started_at"], "machine": fixed["machine"], "is_derived": True}
        yield Record(benchmark=name, metric="error_rate", unit="1", better="lower", payload=share, **about)
    elif not failed and (row := aggregates.get("median") or aggregates.get("mean")):
        yield from _records(name, [row], "quantiles" if "median" in aggregates else "value", fixed, options)
    elif not failed and not aggregates.keys() <= {"BigO", "RMS"}:
        yield Skipped(benchmark=name, why="neither repetitions nor a median")
    if failed:
        message = text(failed[0].get("error_message")) or text(failed[0].get("skip_message"))
        why = f"{len(failed)} of {len(repetitions)} repetitions failed" if good else "failed or skipped"
        yield Skipped(benchmark=name, why=f"{why}: {message[:100]}" if message else why)


def _records(
    name: str, rows: list[_Row], kind: Kind, fixed: dict[str, Any], options: ForeignOptions
) -> Iterator[Record | Skipped]:
    """Yield a record for each metric that the rows hold.

    Args:
        name: of the benchmark.
        rows: repetitions, or the one row of an aggregate.
        kind: of the records.
        fixed: what is the same for all of the file.
        options: what the user says about the file.
    """
    # with manual time the CPU only waits: what it spends says nothing of the benchmark
    is_manual = "/manual_time" in name
    for metric in dict.fromkeys(key for row in rows for key in row if key not in _BOOKKEEPING):
        is_time = metric in {"real_time", "cpu_time"}
        values, unit = [], "1"
        for row in rows:
            if (value := number(row.get(metric))) is not None:
                (scaled,), unit = in_base([value], text(row.get("time_unit")) or "ns") if is_time else ([value], "1")
                values.append(scaled)
        if len(values) < len(rows):
            if is_time:
                yield Skipped(benchmark=name, metric=metric, why="a time is no number")
            continue
        rate = _RATES.get(metric)
        n = number(rows[0].get("repetitions")) or number(rows[0].get("iterations"))
        yield Record(
            **fixed,
            benchmark=name,
            metric=metric,
            unit=rate[0] if rate else unit,
            better="lower" if is_time else rate[1] if rate else options.direction,
            payload=_payload(kind, values),
            n=int(n) if n and kind != "samples" else None,
            is_side=not is_time or (is_manual and metric == "cpu_time"),
        )


def _payload(kind: Kind, values: list[float]) -> Payload:
    """Return the values of repetitions, or the one value of an aggregate as what it is."""
    if kind == "samples":
        return Samples(values=values)
    return Quantiles(points=take_quantiles([(0.5, values[0])])) if kind == "quantiles" else Single(value=values[0])
