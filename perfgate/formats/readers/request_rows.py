"""Readers of hey (``-o csv``) and of ApacheBench (``-g``, ``-e``): rows without a name of the benchmark."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from perfgate.formats.parsing.csv_rows import Tally, rows
from perfgate.formats.parsing.record import Quantiles, Record, Samples
from perfgate.formats.parsing.requests import Requests, is_good_code
from perfgate.formats.parsing.values import take_quantiles, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Skipped
    from perfgate.formats.parsing.source import Source

_MS = 1000  # a second
_HEY = "hey -o csv URL > load.csv"
_AB_TSV = "ab -n 1000 -g load.tsv URL"
_AB_CSV = "ab -n 1000 -e load.csv URL"


def parse_hey(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield response time, error rate and throughput of the requests that were answered."""
    tally = Tally(source, options)
    found = Requests()
    for line, row in _named(source, tally, ",", "response-time", _HEY):
        time = to_number(row.get("response-time"))
        if time is None or time < 0:
            tally.add_broken(line)
        else:
            found.add(time, is_good=is_good_code(row.get("status-code", "")), begun=to_number(row.get("offset")))
    if found.times or found.failed:
        yield from found.records(source.name)
    yield from tally.skipped("requests", _HEY)


def parse_ab_tsv(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the total time of each request; which of them failed is not in the file."""
    tally = Tally(source, options)
    times = array("d")
    source.times.field = "seconds"
    for line, row in _named(source, tally, "\t", "ttime", _AB_TSV):
        time = to_number(row.get("ttime"))
        if time is None or time < 0:
            tally.add_broken(line)
        elif source.times.keeps(row.get("seconds")):
            times.append(time / _MS)
    yield Record(
        benchmark=source.name,
        metric="response_time",
        unit="s",
        better="lower",
        flags=("rounded",),
        payload=Samples(values=times),
    )
    yield from tally.skipped("requests", _AB_TSV)


def parse_ab_csv(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the percentiles of the response time, 0 to 100."""
    tally = Tally(source, options)
    found: dict[float, float] = {}
    for line, row in _named(source, tally, ",", "Percentage served", _AB_CSV):
        share, time = to_number(row.get("Percentage served")), to_number(row.get("Time in ms"))
        if share is None or time is None or not 0 <= share <= 100 or time < 0:  # noqa: PLR2004 - percent
            tally.add_broken(line)
        else:
            found[round(share / 100, 9)] = time
    yield Record(
        benchmark=source.name,
        metric="response_time",
        unit="s",
        better="lower",
        payload=Quantiles(points=take_quantiles(found.items(), 1 / _MS)),
    )
    yield from tally.skipped("percentiles", _AB_CSV)


def _named(
    source: Source, tally: Tally, delimiter: str, column: str, hint: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of the line and the fields by the names in the header; rows of another length are broken."""
    header: list[str] = []
    for line, row in rows(source, tally, delimiter):
        if not header:
            header = [name.strip() for name in row]
            if column not in header:
                raise source.fault(f'no column "{column}"', hint, f"line {line}")
        elif len(row) != len(header):
            tally.add_broken(line)
        elif row != header:
            yield line, dict(zip(header, row, strict=True))
