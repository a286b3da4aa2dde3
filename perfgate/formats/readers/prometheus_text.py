"""Reader of Prometheus' text exposition and of OpenMetrics: one scrape, or what happened between two.

Histograms, summaries and counters are totals since the program started. Two scrapes, before
and after the load, give what the load alone did.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perfgate.core.metrics import THROUGHPUT
from perfgate.core.sources.exposed import PROCESS, SCRAPED_AT
from perfgate.core.sources.series import Counted, describe_unused, divide
from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.exposition import is_instant, is_of_runtime, parse_scrape
from perfgate.formats.parsing.histogram import NOTHING, describe_distribution, histogram, is_amount, mean, share_of
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Single, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.exposition import Series
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

_START = "process_start_time_seconds"
_ALONE = "a total since the start: give a scrape before it, too"
_GONE = "it is not in the second scrape"
_OTHER_BUCKETS = "its buckets are not those of the first scrape"


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the series of one scrape; a counter, or a ratio of some, says nothing alone, and is skipped by name."""
    for series in parse_scrape(source):
        if series.kind == "counter":
            yield Skipped(benchmark=series.title, metric="total", why=_ALONE)
        else:
            yield from _records(series, options, ("snapshot",))
    yield from _ratios([], options, _ALONE)


def between(before: Source, after: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield what was counted between two scrapes.

    A counter that fell, or whose own start moved, began anew: then all that it counts since
    is taken, as Prometheus does, and marked ``snapshot``. Gauges and stated quantiles are
    those of the second scrape. Ratios and throughput are skipped then: one counter that began anew means that
    the process, or one of several, did. Of the counters beside it that grew past their old value
    it is unknown what they counted, and the start may lie long before the load.

    Raises:
        CannotDecideError: a scrape is broken, they are of two processes, or in the wrong order.
    """
    earlier = {(s.name, s.labels): s for s in parse_scrape(before)}
    later = {(s.name, s.labels): s for s in parse_scrape(after)}
    starts = [{k: s.value for k, s in side.items() if k[0] == _START} for side in (earlier, later)]
    _check_order(after, earlier, later, starts)
    grown: list[Series] = []
    steps: list[tuple[Series, str]] = []
    """What grew, and why that is not known."""
    anew = ""
    for key, series in later.items():
        first = earlier.get(key)
        flags: tuple[Flag, ...] = ()
        if series.kind == "histogram" and first is not None and first.points.keys() != series.points.keys():
            yield Skipped(benchmark=series.title, why=_OTHER_BUCKETS)
            steps += [(first, _OTHER_BUCKETS), (series, _OTHER_BUCKETS)]
            continue
        if first is None or first.kind != series.kind or series.kind in {"gauge", "gaugehistogram"}:
            step = series
        elif _has_begun_anew(first, series):
            step, flags = series, ("snapshot",)
            anew = anew or f"{series.title} began anew between the scrapes: a program was restarted"
        else:
            step = _difference(first, series)
        grown.append(step)
        steps.append((step, ""))
        for found in _take_counter(step, options, flags):
            yield replace(found, remark=anew) if flags and isinstance(found, Record) else found
    for key, series in earlier.items():
        if key not in later and series.kind in {"counter", "histogram", "summary"}:
            yield Skipped(benchmark=series.title, why=_GONE)
            steps.append((series, _GONE))
    yield from _ratios(steps, options, anew)
    yield from _throughput(grown, _time_between(earlier, later), anew)


def _check_order(
    after: Source,
    earlier: dict[Any, Series],
    later: dict[Any, Series],
    starts: list[dict[Any, float | None]],
) -> None:
    """Refuse scrapes in the wrong order, by when they were taken, or one process whose counters fall."""
    one, other = ([v for v in side.values() if v is not None] for side in starts)
    has_fallen = any(
        _has_fallen(first, later[key]) for key, first in earlier.items() if key in later and first.kind != "gauge"
    )
    is_earlier = (_time_between(earlier, later) or 0.0) < 0
    if is_earlier or (one and other and (max(other) < max(one) or (starts[0] == starts[1] and has_fallen))):
        raise after.fault("was taken before the other scrape", "give the scrape from before the load first")
    numbers = {_stated(side, PROCESS) for side in (earlier, later)} - {None}
    is_numbered = len(numbers) > 1
    if is_numbered or (one and other and starts[0] != starts[1]):
        differs = PROCESS if is_numbered else _START
        message = f"is of another process ({differs} differs): a second worker answered, or the program was restarted"
        hint = "scrape one process, or all workers together (multiprocess mode), and do not restart between the scrapes"
        raise after.fault(message, hint)


def _totals(series: Series) -> list[float]:
    """Return everything of a series that only ever grows."""
    found = [series.value, series.count] if series.kind in {"counter", "histogram", "summary"} else []
    points = series.points.values() if series.kind == "histogram" else ()
    return [v if v is not None else 0.0 for v in (*found, *points)]


def _has_fallen(first: Series, second: Series) -> bool:
    one, other = _totals(first), _totals(second)
    return len(one) == len(other) and any(b < a for a, b in zip(one, other, strict=True))


def _has_begun_anew(first: Series, second: Series) -> bool:
    moved = first.created is not None and second.created is not None and first.created != second.created
    return moved or _has_fallen(first, second)


def _difference(first: Series, second: Series) -> Series:
    """Return a series of what came between two scrapes; a summary keeps the second one's quantiles."""
    points = second.points
    if second.kind == "histogram":
        points = {bound: count - first.points[bound] for bound, count in points.items()}
    return type(second)(
        second.name,
        second.labels,
        second.kind,
        second.unit,
        points,
        _less(second.value, first.value),
        _less(second.sum, first.sum),
        _less(second.count, first.count),
    )


def _less(second: float | None, first: float | None) -> float | None:
    return None if second is None else second - (first or 0.0)


def _take_counter(series: Series, options: ForeignOptions, flags: tuple[Flag, ...]) -> Iterator[Record | Skipped]:
    """Yield what a series says of the time between two scrapes."""
    if series.kind != "counter":
        yield from _records(series, options, flags)
        return
    factor, unit = scale_of(series.unit)
    if not is_amount(series.value):
        yield Skipped(benchmark=series.title, metric="total", why="no number")
        return
    yield Record(
        benchmark=series.title,
        metric="total",
        unit=unit,
        better=options.direction,
        flags=flags,
        is_side=options.direction is None or is_of_runtime(series.name),
        payload=Single(value=series.value * factor),
    )


def _records(series: Series, options: ForeignOptions, flags: tuple[Flag, ...]) -> Iterator[Record | Skipped]:
    """Yield a gauge, a histogram or a summary."""
    if series.kind == "histogram":
        yield _histogram(series, options, flags)
    elif series.kind == "summary":
        yield _summary(series, options, flags)
    elif series.kind == "gaugehistogram":
        yield Skipped(benchmark=series.title, why="a gauge histogram: it is of one moment")
    elif not is_instant(series.name):
        factor, unit = scale_of(series.unit)
        if series.value is None or not math.isfinite(series.value):
            yield Skipped(benchmark=series.title, metric="value", why="no number")
            return
        better = options.limited.get(series.name)
        yield Record(
            benchmark=series.title,
            metric="value",
            unit=unit,
            better=better or options.direction,
            is_side=better is None,
            payload=Samples(values=[series.value * factor]),
        )


def _counted(series: Series, fault: str = "") -> Iterator[Counted]:
    """Yield the counters of a series that grew between two scrapes.

    Args:
        series: by how much it grew.
        fault: why that is unknown; empty: it is known, except where a number is none.
    """
    labels = dict(series.labels)
    parts: list[tuple[str, Mapping[str, str], float | None]] = []
    if series.kind == "counter":
        parts = [("", labels, series.value)]
    elif series.kind in {"histogram", "summary"}:
        parts = [("_sum", labels, series.sum), ("_count", labels, series.count)]
    for bound, count in series.points.items() if series.kind == "histogram" else ():
        parts.append(("_bucket", {**labels, "le": f"{bound:g}"}, count))
    for part, stated, value in parts:
        name = f"{series.name}{part}"
        if value is None:
            continue
        if is_amount(value) and not fault:
            yield Counted(name, stated, value)
        else:
            yield Counted(name, stated, 0.0, fault or f"it grew by {value:g}, which is no amount")


def _ratios(steps: Sequence[tuple[Series, str]], options: ForeignOptions, why_none: str) -> Iterator[Record | Skipped]:
    """Yield the ratios that the configuration asks for.

    Args:
        steps: all series between two scrapes, each with why it is not known; empty: it is.
        options: hold the ratios.
        why_none: why counters cannot be divided; empty: they can.
    """
    counted = [each for series, fault in steps for each in _counted(series, fault)] if options.ratios else []
    for ratio in options.ratios:
        found, why = ([], why_none) if why_none else divide(ratio, counted)
        if why:
            yield Skipped(benchmark=ratio.benchmark, metric=ratio.name, why=why)
        remark = describe_unused(ratio, counted) if found else ""
        for each in found:
            record = share_of(ratio, each)
            if remark and isinstance(record, Record):
                record, remark = replace(record, remark=f"{ratio.name}: {remark}"), ""
            yield record


def _time_between(earlier: dict[Any, Series], later: dict[Any, Series]) -> float | None:
    """Return the seconds between two scrapes; None: they do not say when they were taken."""
    first, second = _stated(earlier, SCRAPED_AT), _stated(later, SCRAPED_AT)
    return None if first is None or second is None else second - first


def _stated(side: dict[Any, Series], name: str) -> float | None:
    """Return the value of a gauge without labels; None: it is not there."""
    found = side.get((name, ()))
    return None if found is None else found.value


def _throughput(grown: list[Series], seconds: float | None, why_none: str) -> Iterator[Record | Skipped]:
    """Yield what each counter counted in a second, all its series together; or why that is unknown."""
    if seconds is None or not 0 < seconds < math.inf:
        return
    totals: dict[str, float] = {}
    for series in grown:
        if (
            series.kind == "counter"
            and series.unit == "1"
            and not is_of_runtime(series.name)
            and is_amount(series.value)
        ):
            totals[series.name] = totals.get(series.name, 0.0) + series.value
    for name, total in totals.items():
        if why_none:
            yield Skipped(benchmark=name, metric=THROUGHPUT.name, why=why_none)
            continue
        rate = Single(value=total / seconds)
        yield Record(
            benchmark=name, metric=THROUGHPUT.name, unit=THROUGHPUT.unit, better="higher", is_derived=True, payload=rate
        )


def _describe(series: Series, options: ForeignOptions) -> tuple[dict[str, Any], float]:
    return describe_distribution(series.title, series.unit, options, is_side=is_of_runtime(series.name))


def _histogram(series: Series, options: ForeignOptions, flags: tuple[Flag, ...]) -> Record | Skipped:
    facts, factor = _describe(series, options)
    buckets: dict[float, float | None] = dict(series.points)
    if series.count is not None:
        buckets.setdefault(math.inf, series.count)
    if len(buckets) == 1 and math.inf in buckets:
        return mean(facts, factor, series.sum, series.count, flags)
    return histogram(facts, factor, buckets, flags)


def _summary(series: Series, options: ForeignOptions, flags: tuple[Flag, ...]) -> Record | Skipped:
    """Return the quantiles that the program states, since they cannot be subtracted; else the mean."""
    facts, factor = _describe(series, options)
    found = sorted((q, v * factor) for q, v in series.points.items() if 0 <= q <= 1 and math.isfinite(v))
    if series.count == 0:
        return Skipped(benchmark=series.title, metric=facts["metric"], why=NOTHING)
    if not found:
        return mean(facts, factor, series.sum, series.count, flags)
    n = round(series.count) if is_amount(series.count) else None
    return Record(**facts, n=n, flags=("snapshot",), payload=Quantiles(points=tuple(found)))
