"""Reader of the text of libtest's benchmarks, which criterion's ``--output-format bencher`` writes as well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.record import Quantiles, Record, Skipped
from perfgate.formats.parsing.values import to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_BEGIN = "test "
_BENCH = re.compile(r"\s*bench:\s+([0-9][0-9,]*(?:\.[0-9]+)?) ([^\s/]+)/iter")


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the median of each benchmark: it is all that is written, beside a spread that is no quantile."""
    name = ""
    for line in source.lines():
        rest = line
        # a name may hold dots itself; warnings may be between a name and its time
        end = max(line.rfind(" ... bench:"), line.find(" ... "))
        if line.startswith(_BEGIN) and end > len(_BEGIN):
            name, rest = line[len(_BEGIN) : end].strip(), line[end + len(" ... ") :]
        if name and (bench := _BENCH.match(rest)):
            yield _record(name, bench[1], bench[2], options)
            name = ""
        elif name and rest.startswith("FAILED"):
            yield Skipped(benchmark=name, why="failed")
            name = ""


def _record(name: str, written: str, unit_text: str, options: ForeignOptions) -> Record | Skipped:
    value = to_number(written.replace(",", ""))
    factor, unit = scale_of(unit_text)
    if value is None:
        return Skipped(benchmark=name, why="the time is no number")
    is_time = unit == "s"
    return Record(
        benchmark=name,
        metric="time" if is_time else "value",
        unit="s" if is_time else f"{unit_text}/iter",
        better="lower" if is_time else options.direction,
        is_mean=True,
        flags=("rounded",),
        payload=Quantiles(points=((0.5, value * factor if is_time else value),)),
    )
