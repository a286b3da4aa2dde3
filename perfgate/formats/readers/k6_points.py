"""Reader of k6's ``--out json``: every single value, one a line."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.formats.parsing.csv_rows import Tally
from perfgate.formats.parsing.record import Record, Samples, Share, Skipped
from perfgate.formats.parsing.values import number, table, text
from perfgate.formats.readers.k6 import OWN_TIMES, SIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source
    from perfgate.formats.parsing.timestamps import Times

_MS = 1000  # a second
_FAILED = "http_req_failed"
_UNITS = {"time": "s", "data": "B"}


class _Trend(Struct):
    """The values of one trend."""

    contains: str
    """``time``, ``data``, ``default``."""
    values: array[float] = field(default_factory=lambda: array("d"))
    left_out: int = 0
    """How many belong to failed requests."""


class _Points:
    """What the lines hold."""

    def __init__(self, times: Times) -> None:
        self._times = times
        times.field = "data.time"
        self.trends: dict[str, _Trend] = {}
        self.requests = 0
        self.failed = 0
        self.started_at = ""
        self._others: set[str] = {_FAILED}

    def take(self, entry: dict[str, Any]) -> bool:
        """Take what a line says; False: it is no definition of a metric, and no value of a known one."""
        name, data = text(entry.get("metric")), table(entry.get("data"))
        if entry.get("type") == "Metric":
            if data.get("type") == "trend":
                self.trends.setdefault(name, _Trend(text(data.get("contains"))))
            else:
                self._others.add(name)
            return bool(name)
        value = number(data.get("value"))
        if entry.get("type") != "Point" or value is None:
            return False
        if not self._times.keeps(data.get("time")):
            return True
        self.started_at = self.started_at or text(data.get("time"))
        trend = self.trends.get(name)
        if trend is None and name in OWN_TIMES:  # a file whose beginning was cut off
            trend = self.trends[name] = _Trend("time")
        if name == _FAILED:
            self.requests += 1
            self.failed += value != 0
        elif trend is not None:
            is_failed = name.startswith("http_req_") and table(data.get("tags")).get("expected_response") == "false"
            if is_failed:
                trend.left_out += 1
            else:
                trend.values.append(value)
        return trend is not None or name in self._others


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the values of each trend; those of failed requests are left out, and their share is a record.

    Raises:
        CannotDecideError: more lines are broken than is tolerated.
    """
    points = _Points(source.times)
    tally = Tally(source, options)
    for line, content in enumerate(source.lines(), 1):
        if not content.strip():
            continue
        tally.total += 1
        try:
            is_fit = points.take(table(json.loads(content)))
        except (ValueError, RecursionError):
            is_fit = False
        if not is_fit:
            tally.add_broken(line)
    for name, trend in points.trends.items():
        if trend.values or trend.left_out:
            yield _record(name, trend, points, options)
    if points.requests:
        yield Record(
            benchmark=_FAILED,
            metric="error_rate",
            unit="1",
            better="lower",
            started_at=points.started_at,
            is_derived=not points.failed,
            payload=Share(hits=points.failed, of=points.requests),
        )
    yield from tally.skipped("points", "k6 run --out json=points.ndjson script.js")


def _record(name: str, trend: _Trend, points: _Points, options: ForeignOptions) -> Record | Skipped:
    if not trend.values:
        return Skipped(benchmark=name, why="every request failed")
    is_time = trend.contains == "time"
    if is_time:
        trend.values = array("d", (v / _MS for v in trend.values))
    return Record(
        benchmark=name,
        metric="duration" if is_time else "value",
        unit=_UNITS.get(trend.contains, "1"),
        better="lower" if is_time else options.direction,
        is_side=name in SIDE,
        started_at=points.started_at,
        flags=("failures-mixed",) if points.failed and not name.startswith("http_req_") else (),
        payload=Samples(values=trend.values),
    )
