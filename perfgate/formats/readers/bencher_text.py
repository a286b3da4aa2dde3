"""Reader of the text of libtest's benchmarks, which criterion's ``--output-format bencher`` writes as well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.core.units import scale_of
from perfgate.formats.record import Record, Skipped
from perfgate.formats.values import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.record import Options
    from perfgate.formats.source import Source

_BEGIN = re.compile(r"test (.+?)\s+\.\.\. ?")
_BENCH = re.compile(r"bench:\s+([0-9][0-9,]*(?:\.[0-9]+)?) ([^\s/]+)/iter")


def parse(source: Source, options: Options) -> Iterator[Record | Skipped]:
    """Yield the median of each benchmark: it is all that is written, beside a spread that is no quantile."""
    name = ""
    for line in source.lines():
        begin = _BEGIN.match(line)
        if begin:
            name = begin[1]
        bench = _BENCH.match(line.lstrip(), 0) if not begin else _BENCH.search(line, begin.end())
        if bench and name:
            yield _record(name, bench[1], bench[2], options)
            name = ""
        elif begin and line[begin.end() :].startswith("FAILED"):
            yield Skipped(benchmark=name, why="failed")
            name = ""


def _record(name: str, written: str, told: str, options: Options) -> Record | Skipped:
    value = parsed(written.replace(",", ""))
    factor, unit = scale_of(told)
    if value is None:
        return Skipped(benchmark=name, why="the time is no number")
    is_time = unit == "s"
    return Record(
        benchmark=name, metric="time" if is_time else "value", unit="s" if is_time else f"{told}/iter",
        better="lower" if is_time else options.better, kind="quantiles", is_mean=True, flags=("rounded",),
        quantiles=((0.5, value * factor if is_time else value),),
    )  # fmt: skip
