"""Reader of pytest-benchmark: ``--benchmark-json``, ``--benchmark-save`` and ``--benchmark-autosave``.

A round's duration is divided by its calls already. Saved files hold no rounds unless
``--benchmark-save-data`` was given: then the tool's own quartiles are all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.record import Quantiles, Record, Samples, Skipped
from perfgate.formats.parsing.values import all_numbers, items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each benchmark; its name is the full one, ``file::class::test[param]``."""
    document = table(source.json())
    commit = text(table(document.get("commit_info")).get("id"))
    started = text(document.get("datetime"))
    for entry in map(table, items(document.get("benchmarks"))):
        name = text(entry.get("fullname")) or text(entry.get("name"))
        yield _record(name, table(entry.get("stats")), commit, started)


def _record(name: str, stats: dict[str, Any], commit: str, started: str) -> Record | Skipped:
    rounds = number(stats.get("rounds"))
    facts: dict[str, Any] = {"benchmark": name, "metric": "time", "unit": "s", "better": "lower", "is_mean": True}
    facts |= {"commit": commit, "started_at": started}
    if data := items(stats.get("data")):
        values = all_numbers(data)
        if values is None:
            return Skipped(benchmark=name, why="a round is no number")
        return Record(**facts, payload=Samples(values=values))
    quartiles = take_quantiles([(0.25, stats.get("q1")), (0.5, stats.get("median")), (0.75, stats.get("q3"))])
    if not quartiles:
        return Skipped(benchmark=name, why="no statistics: the test failed or was not measured")
    return Record(**facts, n=int(rounds) if rounds else None, payload=Quantiles(points=quartiles))
