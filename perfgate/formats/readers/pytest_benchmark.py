"""Reader of pytest-benchmark: ``--benchmark-json``, ``--benchmark-save`` and ``--benchmark-autosave``.

A round's duration is divided by its calls already. Saved files hold no rounds unless
``--benchmark-save-data`` was given: then the tool's own quartiles are all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.machine import state_machine
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Skipped
from perfgate.formats.parsing.values import all_numbers, items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.run import Labels
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each benchmark; its name is the full one, ``file::class::test[param]``."""
    document = table(source.json())
    commit = text(table(document.get("commit_info")).get("id"))
    started = text(document.get("datetime"))
    machine = _machine(table(document.get("machine_info")))
    for entry in map(table, items(document.get("benchmarks"))):
        name = text(entry.get("fullname")) or text(entry.get("name"))
        yield _record(name, table(entry.get("stats")), {"commit": commit, "started_at": started, "machine": machine})


def _machine(stated: dict[str, Any]) -> Labels:
    """Return what the file states of the machine; its name, which differs from job to job, is no part of it."""
    cpu = table(stated.get("cpu"))
    return state_machine(
        "pytest-benchmark",
        system=text(stated.get("system")),
        arch=text(stated.get("machine")) or text(cpu.get("arch")),
        cpus=cpu.get("count"),
        cpu_model=text(cpu.get("brand_raw")) or text(cpu.get("brand")),
        python=text(stated.get("python_version")),
    )


def _record(name: str, stats: dict[str, Any], of_file: dict[str, Any]) -> Record | Skipped:
    rounds = number(stats.get("rounds"))
    facts: dict[str, Any] = {"benchmark": name, "metric": "time", "unit": "s", "better": "lower", "is_mean": True}
    facts |= of_file
    if data := items(stats.get("data")):
        values = all_numbers(data)
        if values is None:
            return Skipped(benchmark=name, why="a round is no number")
        return Record(**facts, payload=Samples(values=values))
    quartiles = take_quantiles([(0.25, stats.get("q1")), (0.5, stats.get("median")), (0.75, stats.get("q3"))])
    if not quartiles:
        return Skipped(benchmark=name, why="no statistics: the test failed or was not measured")
    return Record(**facts, n=int(rounds) if rounds else None, payload=Quantiles(points=quartiles))
