"""Reader of what Prometheus' HTTP API answers to ``query`` and ``query_range``.

Numbers come as text. Series with ``le`` are the buckets of a histogram; values over time are
samples; one value of an expression is a value, since only the expression knows what it means.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perfgate.core.errors import warning
from perfgate.core.sessions import REST
from perfgate.core.sources.series import unit_of
from perfgate.core.text.names import left_out
from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.exposition import is_instant, is_of_runtime, titled
from perfgate.formats.parsing.histogram import describe_distribution, histogram
from perfgate.formats.parsing.record import Record, Samples, Single, Skipped
from perfgate.formats.parsing.values import items, table, text, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.exposition import Labels
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

_HINT = "ask /api/v1/query_range for an expression such as histogram_quantile(0.95, ...)"
_TOTALS = ("_total", "_count", "_sum")
_LONGEST = 200
_REMARK = "PromQL info:"
"""Begins a warning about the words of a query, of which the data lacks nothing."""
_FIRST = 1.3e9
"""Seconds since 1970: 2011, before there was a Prometheus."""
_Buckets = dict[float, list[float]]


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each series, one for each histogram of the answer.

    Raises:
        CannotDecideError: the server refused the query, or answers with something else.
    """
    document = table(source.json())
    if document.get("status") != "success":
        reason = f"{text(document.get('errorType'))}: {text(document.get('error'))}".strip(": ")[:_LONGEST]
        raise source.fault(f"the server refused the query ({reason or 'it does not say why'})", "correct the query")
    _refuse_partial(document, source)
    answer = table(document.get("data"))
    kind = text(answer.get("resultType"))
    _check_times(answer, source, is_one_moment=kind == "vector")
    if kind == "scalar":
        yield from _series("", (), [answer.get("result")], options, is_one=True)
        return
    if kind not in {"matrix", "vector"}:
        raise source.fault(f'is an answer of the type "{kind[:40]}", which holds no measurements', _HINT)
    histograms: dict[tuple[str, Labels], _Buckets] = {}
    for entry, name, stated in _entries(answer, source):
        points = _read(items(entry.get("values")), source) if kind == "matrix" else [entry.get("value")]
        bound = _number(stated.get("le")) if name.endswith("_bucket") or not name else None
        if bound is not None:
            del stated["le"]
        labels = tuple(sorted(stated.items()))
        if bound is not None:
            histograms.setdefault((name.removesuffix("_bucket"), labels), {})[bound] = _numbers(points)
        elif entry.keys() & {"histogram", "histograms"}:
            yield Skipped(benchmark=titled(name, labels), why="a native histogram is not read")
        elif not is_instant(name):
            yield from _series(name, labels, points, options, is_one=kind == "vector")
    for (name, labels), buckets in histograms.items():
        yield _histogram(name, labels, buckets, options)


def _entries(answer: dict[str, Any], source: Source) -> Iterator[tuple[dict[str, Any], str, dict[str, str]]]:
    """Yield each series of an answer with its name and its labels.

    Raises:
        CannotDecideError: one is there twice, as in two answers that were joined: which of them counts is unknown.
    """
    taken: set[tuple[str, Labels]] = set()
    for entry in map(table, items(answer.get("result"))):
        stated = {key: _escaped(text(value)) for key, value in table(entry.get("metric")).items()}
        name = stated.pop("__name__", "")
        series = name, tuple(sorted(stated.items()))
        if series in taken:
            raise source.fault(f"{titled(*series)} is there twice", "save one answer in each file")
        taken.add(series)
        yield entry, name, stated


def _read(points: list[Any], source: Source) -> list[Any]:
    """Return the points of a series that are read: those of one session, where hours without a point part them.

    Where every step takes hours, the gaps say nothing.
    """
    times = [point[0] if isinstance(point, list) and point else None for point in points]
    stated = [at for at in map(to_number, times) if at is not None]
    if min((b - a for a, b in pairwise(sorted(stated))), default=0.0) > REST * 3600:
        return points
    return [point for point, at in zip(points, times, strict=True) if source.times.keeps(at)]


def _refuse_partial(document: dict[str, Any], source: Source) -> None:
    """Return when the server warns of nothing, such as a part of the data that did not answer.

    Raises:
        CannotDecideError: it does: what it left out may be what is slow.
    """
    stated = [text(w)[:_LONGEST] for w in items(document.get("warnings")) if text(w)]
    stated = [w for w in stated if not w.startswith(_REMARK)]
    if stated:
        more = f" and {len(stated) - 1:,} more" if len(stated) > 1 else ""
        raise source.fault(f'may lack a part: the server warns: "{stated[0]}"{more}', "repeat the query without it")


def _check_times(answer: dict[str, Any], source: Source, *, is_one_moment: bool) -> None:
    """Return when the points of an answer may be of the measurement.

    Raises:
        CannotDecideError: one was taken before there was a Prometheus, or those of one moment lie hours apart.
    """
    entries = [table(entry) for entry in items(answer.get("result")) if isinstance(entry, dict)]
    points = [point for entry in entries for point in (entry.get("value"), *items(entry.get("values")))]
    times = [at for p in points if isinstance(p, list) and p and (at := to_number(p[0])) is not None]
    if times and min(times) < _FIRST:
        message = f"holds a point that was taken {min(times):g} s after 1970, before there was a Prometheus"
        raise source.fault(message, "save the answer as the server gives it, with the time of the measurement")
    if is_one_moment and times and max(times) - min(times) > REST * 3600:
        message = (
            f"holds points that lie {(max(times) - min(times)) / 3600:.0f} h apart, and an instant query has one time"
        )
        raise source.fault(message, "save one answer in each file")


def _series(
    name: str, labels: Labels, points: list[Any], options: ForeignOptions, *, is_one: bool
) -> Iterator[Record | Skipped]:
    """Yield the values of a series, and how many of its points are none, such as the NaN of an idle service."""
    values = _numbers(points)
    odd = len(points) - len(values)
    if odd > len(values):
        title = titled(name, labels)
        why = f"{odd:,} of {len(points):,} points are NaN, more than half"
        if not values:
            why = f"no values: {odd:,} point{'s are' if odd > 1 else ' is'} NaN"
        message = warning("series-without-values", left_out(title, "value") + why)
        yield Skipped(benchmark=title, metric="value", why=why, message=message)
        return
    yield _record(name, labels, values, options, is_one=is_one)
    if odd:
        why = f"{odd:,} of {len(points):,} are NaN"
        yield Skipped(benchmark=titled(name, labels), metric="points", why=why)


def _record(
    name: str, labels: Labels, values: list[float], options: ForeignOptions, *, is_one: bool
) -> Record | Skipped:
    """Return the values of a series over time, or the one value of a series or of an expression.

    What an expression gives sums up many calls, and its unit is known to the user alone.
    """
    title = titled(name, labels)
    if name.endswith(_TOTALS):
        return Skipped(benchmark=title, why="a total since the start: ask for its rate() or increase()")
    if not values or not all(map(math.isfinite, values)):
        return Skipped(benchmark=title, metric="value", why="no values" if not values else "a value is infinite")
    factor, unit = scale_of(unit_of(name))
    scaled = [v * factor for v in values]
    return Record(
        benchmark=title,
        metric="value",
        unit=unit if name else None,
        better=options.limited.get(name) or options.direction,
        payload=Single(value=scaled[0]) if is_one and not name else Samples(values=scaled),
        is_mean=not name and not is_one,
        is_side=is_of_runtime(name),
    )


def _histogram(name: str, labels: Labels, buckets: _Buckets, options: ForeignOptions) -> Record | Skipped:
    """Return the buckets of one histogram: its counters' growth over time, or the sums of rates."""
    facts, factor = describe_distribution(titled(name, labels), unit_of(name), options)
    facts["is_side"] = is_of_runtime(name)  # whoever asks for a series wants it judged
    lengths = {len(values) for values in buckets.values()}
    if len(lengths) > 1:
        return Skipped(benchmark=facts["benchmark"], why="its buckets are not of the same points in time")
    is_one = lengths == {1}
    grown = {bound: _growth(values) if name and not is_one else sum(values) for bound, values in buckets.items()}
    flags: tuple[Flag, ...] = ("snapshot",) if name and is_one else ()
    found = histogram(facts, factor, dict(grown), flags)
    # what an expression sums up has no unit to its name, and its rates are no counts
    return replace(found, unit=None, n=None) if isinstance(found, Record) and not name else found


def _growth(values: list[float]) -> float:
    """Return by how much a counter grew; when it falls it began anew, and all it counts since is growth."""
    return sum(b - a if b >= a else b for a, b in pairwise(values))


def _numbers(pairs: list[Any]) -> list[float]:
    """Return the values of [time, "value"] pairs, without those that are not a number."""
    found = [_number(pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) > 1]
    return [v for v in found if v is not None]


def _number(value: object) -> float | None:
    """Return a number written as text, which may be infinite; None for anything else, and for NaN."""
    if not isinstance(value, str) or "_" in value:
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return None if math.isnan(found) else found


def _escaped(value: str) -> str:
    """Return a label's value as the text format writes it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
