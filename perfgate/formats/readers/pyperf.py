"""Reader of pyperf: ``-o FILE``. Each value is a mean over the loops of a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.machine import state_machine
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import all_numbers, items, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.run import Labels
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_ARCHITECTURE = re.compile(r"x86_64|amd64|aarch64|arm64|ppc64le|s390x|riscv64", re.IGNORECASE)
_UNITS = {"second": ("time", "s"), "byte": ("peak_memory", "B"), "integer": ("value", "1")}


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each benchmark; warm-ups and runs that only calibrate are left out."""
    document = table(source.json())
    common = table(document.get("metadata"))
    for entry in map(table, items(document.get("benchmarks"))):
        yield _record(common | table(entry.get("metadata")), [table(run) for run in items(entry.get("runs"))])


def _machine(facts: dict[str, Any]) -> Labels:
    """Return what the metadata state of the machine; system and processor stand in the name of the platform."""
    platform = text(facts.get("platform"))[:200]
    arch = _ARCHITECTURE.search(platform)
    return state_machine(
        "pyperf",
        system=platform.partition("-")[0],
        arch=arch[0] if arch else "",
        cpus=facts.get("cpu_count"),
        cpu_model=text(facts.get("cpu_model_name")),
        python=text(facts.get("python_version")).partition(" ")[0],
    )


def _record(facts: dict[str, Any], runs: list[dict[str, Any]]) -> Record | Skipped:
    """Return the record of a benchmark.

    Args:
        facts: its metadata; with a single benchmark name and unit are in those of the file.
        runs: its runs, in order.
    """
    measured = [run for run in runs if items(run.get("values"))]
    first = table(measured[0].get("metadata")) if measured else {}
    facts = first | facts
    name = text(facts.get("name"))
    metric, unit = _UNITS.get(text(facts.get("unit")) or "second", ("value", text(facts.get("unit"))))
    values = all_numbers([value for run in measured for value in items(run["values"])])
    if not values:
        return Skipped(benchmark=name, why="no values" if values is not None else "a value is no number")
    return Record(
        benchmark=name,
        metric=metric,
        unit=unit,
        better="lower",
        is_mean=metric == "time",
        started_at=text(first.get("date")),
        commit=text(facts.get("commit_id")),
        machine=_machine(facts),
        payload=Samples(values=values),
    )
