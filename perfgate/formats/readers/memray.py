"""Reader of ``memray stats --json``: what one run of a program allocated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import number, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield peak memory, bytes and number of allocations, named after the file.

    `metadata.total_allocations` counts what was freed, too, and is not read.
    """
    document = table(source.json())
    metadata = table(document.get("metadata"))
    stated = (
        ("peak_memory", "B", metadata.get("peak_memory")),
        ("total_bytes_allocated", "B", document.get("total_bytes_allocated")),
        ("allocations", "1", document.get("total_num_allocations")),
    )
    for metric, unit, value in stated:
        known = number(value)
        if known is None or known < 0:
            yield Skipped(benchmark=source.name, metric=metric, why="no number")
        else:
            yield Record(
                benchmark=source.name,
                metric=metric,
                unit=unit,
                better="lower",
                started_at=text(metadata.get("start_time")),
                payload=Samples(values=[known]),
            )
