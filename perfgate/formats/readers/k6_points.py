"""Reader of k6's ``--out json``: every single value, one a line."""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct, field
from msgspec.structs import astuple

from perfgate.formats.parsing.csv_rows import Tally
from perfgate.formats.parsing.logs.column import Column
from perfgate.formats.parsing.logs.typed import decode_lines
from perfgate.formats.parsing.record import Record, Samples, Share, Skipped
from perfgate.formats.parsing.values import number, table, text
from perfgate.formats.readers.k6 import OWN_TIMES, SIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source
    from perfgate.formats.parsing.timestamps import Times

_MS = 1000  # a second
_REQUEST = "http_req_"
_FAILED = "http_req_failed"
_FALSE = "false"
_UNITS = {"time": "s", "data": "B"}


class _Trend(Struct):
    """The values of one trend."""

    contains: str
    """``time``, ``data``, ``default``."""
    values: array[float] | Column = field(default_factory=lambda: array("d"))
    """In seconds where they are times. Those of requests are many: only their counts are kept."""
    left_out: int = 0
    """How many belong to failed requests."""

    def take(self, values: Sequence[float]) -> None:
        """Take values as the file states them."""
        self.values.extend([v / _MS for v in values] if self.contains == "time" else values)


class _Tags(Struct, frozen=True, gc=False):
    expected_response: str | None = None


class _Value(Struct, frozen=True, gc=False):
    time: str
    value: int | float
    tags: _Tags = _Tags()


class _Point(Struct, frozen=True, gc=False):
    """What nearly all lines are."""

    type: Literal["Point"]
    metric: str
    data: _Value


_DECODE = msgspec.json.Decoder(_Point).decode


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
                self._trend_of(name, text(data.get("contains")))
            else:
                self._others.add(name)
            return bool(name)
        value = number(data.get("value"))
        if entry.get("type") != "Point" or value is None:
            return False
        if not self._times.keeps(data.get("time")):
            return True
        self.started_at = self.started_at or text(data.get("time"))
        return self._add(name, (value,), failed=table(data.get("tags")).get("expected_response") == _FALSE)

    def take_points(self, points: Sequence[_Point]) -> list[int]:
        """Take what `take` would take one by one; return the positions of those whose metric is not known.

        Raises:
            OverflowError: a whole number is no double; nothing was taken.
        """
        times, stated, tags = map(list, zip(*[astuple(point.data) for point in points], strict=True))
        values = list(map(float, stated))
        names = [point.metric for point in points]
        expected = [tag.expected_response for tag in tags]
        kept = self._times.keep_each(times)
        places: Sequence[int] = range(len(points))
        if not all(kept):
            columns = (places, times, values, names, expected)
            places, times, values, names, expected = (list(compress(column, kept)) for column in columns)
        self.started_at = self.started_at or next(filter(None, times), "")
        unknown = {
            name
            for name, failed, found in _groups(names, expected, values)
            if not self._add(name, found, failed=failed)
        }
        return [at for at, name in zip(places, names, strict=True) if name in unknown] if unknown else []

    def _add(self, name: str, values: Sequence[float], *, failed: bool) -> bool:
        """Take values of a metric; False: it is not known.

        Args:
            name: of the metric.
            values: at least one.
            failed: does the tag ``expected_response`` say of all of them that their requests failed?
        """
        trend = self.trends.get(name)
        if trend is None and name in OWN_TIMES:  # a file whose beginning was cut off
            trend = self._trend_of(name, "time")
        if name == _FAILED:
            self.requests += len(values)
            self.failed += len(values) - values.count(0)
        elif trend is not None:
            if failed and name.startswith(_REQUEST):
                trend.left_out += len(values)
            else:
                trend.take(values)
        return trend is not None or name in self._others

    def _trend_of(self, name: str, contains: str) -> _Trend:
        """Return the trend of that name, a new one where there is none."""
        if name not in self.trends:
            # of others, the fastest are left out later where requests failed, and all values are needed for it
            self.trends[name] = _Trend(contains, Column()) if name.startswith(_REQUEST) else _Trend(contains)
        return self.trends[name]


def _groups(
    names: Sequence[str], expected: Sequence[str | None], values: Sequence[float]
) -> Iterator[tuple[str, bool, list[float]]]:
    """Yield the values of each metric in their order, those of failed requests apart: name, did they fail, values.

    Args:
        names: of the metric of each value.
        expected: what the tag ``expected_response`` says of each.
        values: of many points.
    """
    if _FALSE not in expected:
        groups: defaultdict[str, list[float]] = defaultdict(list)
        for name, value in zip(names, values, strict=True):
            groups[name].append(value)
        yield from ((name, False, found) for name, found in groups.items())
        return
    divided: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for name, tag, value in zip(names, expected, values, strict=True):
        divided[name, tag == _FALSE and name.startswith(_REQUEST)].append(value)
    yield from ((name, failed, found) for (name, failed), found in divided.items())


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the values of each trend; those of failed requests are left out, and their share is a record.

    Raises:
        CannotDecideError: more lines are broken than is tolerated.
    """
    points = _Points(source.times)
    tally = Tally(source, options)
    before = 0
    for lines in source.line_batches():
        found, gaps = decode_lines(_DECODE, lines)
        begin = 0
        for gap in (*gaps, len(lines)):
            if begin < gap:
                _take(points, tally, found[begin:gap], lines[begin:gap], before + begin)
            _take_whole(points, tally, lines[gap : gap + 1], before + gap)
            begin = gap + 1
        before += len(lines)
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


def _take(points: _Points, tally: Tally, some: Sequence[_Point], lines: Sequence[bytes], before: int) -> None:
    """Take points with their lines, of which `before` come before them."""
    try:
        for at in points.take_points(some):
            tally.add_broken(before + at + 1)
        tally.total += len(some)
    except OverflowError:
        _take_whole(points, tally, lines, before)


def _take_whole(points: _Points, tally: Tally, lines: Sequence[bytes], before: int) -> None:
    """Take any lines, of which `before` come before them, one by one."""
    for place, line in enumerate(lines, before + 1):
        content = line.decode()
        if not content.strip():
            continue
        tally.total += 1
        try:
            is_fit = points.take(table(json.loads(content)))
        except (ValueError, RecursionError):
            is_fit = False
        if not is_fit:
            tally.add_broken(place)


def _record(name: str, trend: _Trend, points: _Points, options: ForeignOptions) -> Record | Skipped:
    if not trend.values:
        return Skipped(benchmark=name, why="every request failed")
    is_time = trend.contains == "time"
    values: Sequence[float] = trend.values if isinstance(trend.values, array) else trend.values.finish()
    cells = () if isinstance(trend.values, array) else tuple(trend.values.cells)
    return Record(
        benchmark=name,
        metric="duration" if is_time else "value",
        unit=_UNITS.get(trend.contains, "1"),
        better="lower" if is_time else options.direction,
        is_side=name in SIDE,
        started_at=points.started_at,
        flags=("failures-mixed",) if points.failed and not name.startswith(_REQUEST) else (),
        payload=Samples(values=values, cells=cells),
    )
