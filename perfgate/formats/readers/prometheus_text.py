"""Reader of Prometheus' text exposition and of OpenMetrics: one scrape, or what happened between two.

Histograms, summaries and counters are totals since the program started. Two scrapes, before
and after the load, give what the load alone did.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

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
_WORKER, _RESTART = "a second worker answered", "the program was restarted"
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

    A counter whose own start moved (``_created``) began anew: then all that it counts since
    is taken, as Prometheus does, and marked ``snapshot``. Gauges and stated quantiles are
    those of the second scrape. Ratios and throughput are skipped then: one counter that began anew means that
    the process, or one of several, did. Of the counters beside it that grew past their old value
    it is unknown what they counted, and the start may lie long before the load.

    Raises:
        CannotDecideError: a scrape is broken, they are of two processes, or in the wrong order; or a counter fell,
            whichever of these is the cause.
    """
    earlier = {(s.name, s.labels): s for s in parse_scrape(before)}
    later = {(s.name, s.labels): s for s in parse_scrape(after)}
    _check_order(after, earlier, later)
    grown: list[Series] = []
    steps: list[tuple[Series, str]] = []
    """What grew, and why that is not known."""
    anew = ""
    for key, series in later.items():
        first = earlier.get(key)
        flags: tuple[Flag, ...] = ()
        if why := _find_fault(first, series):
            yield Skipped(benchmark=series.title, why=why)
            steps += [(each, why) for each in (first, series) if each is not None]
            continue
        if first is None or first.kind != series.kind or series.kind in {"gauge", "gaugehistogram"}:
            step = series
        elif _is_created_anew(first, series):
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


def _find_fault(first: Series | None, series: Series) -> str:
    """Return why buckets say nothing: others than before, or another sum than the count; empty: they do."""
    if series.kind != "histogram":
        return ""
    if first is not None and first.points.keys() != series.points.keys():
        return _OTHER_BUCKETS
    return next((why for each in (first, series) if each is not None and (why := _find_contradiction(each))), "")


def _find_contradiction(histogram: Series) -> str:
    """Return which two counts of a scrape's histogram differ that must be equal; empty: none do."""
    last, count = histogram.points.get(math.inf), histogram.count
    if not is_amount(last) or not is_amount(count) or last == count:
        return ""
    return f'it contradicts itself: its count is {count:g}, and its bucket le="+Inf" holds {last:g}'


def _check_order(after: Source, earlier: dict[Any, Series], later: dict[Any, Series]) -> None:
    """Refuse scrapes in the wrong order, of two processes, or of which a counter fell; say what is known of the cause.

    Whoever swaps files because a message said so, and not because they are in the wrong order, gets numbers of nothing.
    """
    seconds = _time_between(earlier, later)
    if seconds is not None and seconds < 0:
        raise after.fault("was taken before the other scrape", "give the scrape from before the load first")
    numbers = {_stated(side, PROCESS) for side in (earlier, later)}
    starts = [{k: s.value for k, s in side.items() if k[0] == _START} for side in (earlier, later)]
    one, other = ([v for v in side.values() if v is not None] for side in starts)
    is_numbered = len(numbers - {None}) > 1
    if is_numbered or (one and other and starts[0] != starts[1]):
        what = f"is of another process ({PROCESS if is_numbered else _START} differs)"
        may_be_swapped = seconds is None and bool(one and other) and max(other) < max(one)
        raise after.fault(*_describe_causes(what, [_WORKER, _RESTART], is_order_open=may_be_swapped))
    fallen = [
        (first, later[key])
        for key, first in earlier.items()
        if key in later and _has_fallen(first, later[key]) and not _is_created_anew(first, later[key])
    ]
    if fallen:
        has_grown = any(key in later and _has_fallen(later[key], first) for key, first in earlier.items())
        is_same = len(numbers) == 1 and numbers != {None}
        causes = ["the program set it back"] if is_same else [_RESTART, _WORKER]
        what = _describe_fall(*fallen[0])
        raise after.fault(*_describe_causes(what, causes, is_order_open=seconds is None and not has_grown))


def _describe_causes(what: str, causes: list[str], *, is_order_open: bool) -> tuple[str, str]:
    """Return a message that names what may have happened, and a hint that is right in each of these cases."""
    hint = "scrape one process, or all workers together (multiprocess mode), and do not restart between the scrapes"
    if is_order_open:
        causes = [*causes, "the scrapes are in the wrong order"]
        hint = f"look when the files were written: only if this one is the older, give it first; else {hint}"
    return f"{what}: {', '.join(causes[:-1])}{', or ' if len(causes) > 1 else ''}{causes[-1]}", hint


def _describe_fall(first: Series, second: Series) -> str:
    was, now = next((a, b) for a, b in zip(_totals(first), _totals(second), strict=True) if _is_less(b, a))
    return f"{second.title} fell from {was:g} to {now:g}"


def _totals(series: Series) -> list[float | None]:
    """Return everything of a series that only ever grows: of one with the same buckets in the same order."""
    found = [series.value, series.count] if series.kind in {"counter", "histogram", "summary"} else []
    return found + [series.points[bound] for bound in sorted(series.points)] if series.kind == "histogram" else found


def _has_fallen(first: Series, second: Series) -> bool:
    one, other = _totals(first), _totals(second)
    return len(one) == len(other) and any(_is_less(b, a) for a, b in zip(one, other, strict=True))


def _is_less(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and one < other


def _is_created_anew(first: Series, second: Series) -> bool:
    """Does a series say that it began after the other scrape's?"""
    return _is_less(first.created, second.created)


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
    if why := _find_contradiction(series):
        return Skipped(benchmark=series.title, metric=facts["metric"], why=why)
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
