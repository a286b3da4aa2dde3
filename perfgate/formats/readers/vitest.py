"""Reader of ``vitest bench --outputJson``: percentiles in milliseconds; its list of samples is always empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Quantiles, Record, Skipped
from perfgate.formats.parsing.values import items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_SHARES = ((0.5, "median"), (0.75, "p75"), (0.99, "p99"), (0.995, "p995"), (0.999, "p999"))


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the time of each benchmark, named ``file > group > name``; there is no p95."""
    for file in map(table, items(table(source.json()).get("files"))):
        for group in map(table, items(file.get("groups"))):
            for entry in map(table, items(group.get("benchmarks"))):
                name = " > ".join(filter(None, (text(group.get("fullName")), text(entry.get("name")))))
                count = number(entry.get("sampleCount"))
                quantiles = take_quantiles(((share, entry.get(key)) for share, key in _SHARES), 1e-3)
                if not count or not quantiles:
                    yield Skipped(benchmark=name, why="no statistics: it failed or did not run")
                    continue
                yield Record(
                    benchmark=name,
                    metric="time",
                    unit="s",
                    better="lower",
                    n=int(count),
                    payload=Quantiles(points=quantiles),
                )
