"""Reader of JMH: ``-rf json``. Each value is an iteration's mean, in mode ``sample`` one call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.record import Quantiles, Record, Samples, Single, Skipped
from perfgate.formats.parsing.values import items, number, table, take_quantiles, text, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "hr": 3600.0, "day": 86400.0}
_RATE = re.compile(r"ops/(\w+)")
_TIME = re.compile(r"(\w+)/op")
_MOST_CALLS = 1_000_000
"""Calls of a histogram that are written out one by one; of more only the tool's own percentiles are taken."""


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the score of each benchmark, and beside it what profilers measured."""
    for entry in map(table, items(source.json())):
        mode = text(entry.get("mode"))
        parameters = ", ".join(f"{key}={value}" for key, value in table(entry.get("params")).items())
        name = text(entry.get("benchmark")) + (f"({parameters})" if parameters else "") + (f":{mode}" if mode else "")
        primary = table(entry.get("primaryMetric"))
        unit_text = text(primary.get("scoreUnit"))
        metric, factor, unit, better = _unit(unit_text)
        fixed: dict[str, Any] = {"benchmark": name, "is_mean": mode not in {"sample", "ss"}}
        about = {"metric": metric, "unit": unit, "better": better or options.direction}
        yield _record(fixed | about, primary, factor)
        for other, stated_metric in table(entry.get("secondaryMetrics")).items():
            score = table(stated_metric)
            unit = text(score.get("scoreUnit")) or None
            found = _record(
                fixed | {"metric": other, "unit": unit, "better": options.direction, "is_side": True}, score, 1.0
            )
            if isinstance(found, Record):
                yield found


def _unit(unit_text: str) -> tuple[str, float, str | None, Direction | None]:
    """Return metric, factor, base unit and direction of a score, by its unit."""
    if (rate := _RATE.fullmatch(unit_text)) and rate[1] in _SECONDS:
        return "throughput", 1 / _SECONDS[rate[1]], "1/s", "higher"
    if (time := _TIME.fullmatch(unit_text)) and time[1] in _SECONDS:
        return "time", _SECONDS[time[1]], "s", "lower"
    return "value", 1.0, unit_text or None, None


def _record(facts: dict[str, Any], score: dict[str, Any], factor: float) -> Record | Skipped:
    """Return the record of one metric: raw values, else calls from a histogram, else what JMH states."""
    skipped = Skipped(benchmark=facts["benchmark"], metric=facts["metric"], why="a value is no number")
    raw = [value for fork in items(score.get("rawData")) for value in items(fork)]
    if raw:
        values = [number(value) for value in raw]
        return _samples(facts, [v * factor for v in values if v is not None]) if None not in values else skipped
    pairs = [
        (number((items(pair) + [None] * 2)[0]), number((items(pair) + [None] * 2)[1]))
        for fork in items(score.get("rawDataHistogram"))
        for iteration in items(fork)
        for pair in items(iteration)
    ]
    if any(value is None or count is None or count < 0 for value, count in pairs):
        return skipped
    counted = [(value * factor, int(count)) for value, count in pairs if value is not None and count]
    calls = sum(count for _, count in counted)
    if 0 < calls <= _MOST_CALLS:
        return _samples(facts, [value for value, count in counted for _ in range(count)])
    percentiles = table(score.get("scorePercentiles"))
    shares = [(share / 100, value) for key, value in percentiles.items() if (share := to_number(key)) is not None]
    quantiles = take_quantiles([(share, value) for share, value in shares if 0 < share < 1], factor)
    if quantiles:
        return Record(**facts, n=calls or None, payload=Quantiles(points=quantiles))
    mean = number(score.get("score"))
    return Record(**facts, payload=Single(value=mean * factor)) if mean is not None else skipped


def _samples(facts: dict[str, Any], values: list[float]) -> Record:
    return Record(**facts, payload=Samples(values=values))
