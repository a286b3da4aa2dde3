"""Reader of flat JSON counters, ``{"request_count": 12}``: what was counted between two snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.metrics import from_suffix
from perfgate.core.sources.series import Counted, divide
from perfgate.core.text.units import scale_of
from perfgate.formats.parsing.histogram import share_of
from perfgate.formats.parsing.record import Record, Single, Skipped
from perfgate.formats.parsing.values import table, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

BENCHMARK = "counters"
"""Name of the benchmark: the two files are called differently each time."""


def parse(source: Source, options: ForeignOptions) -> NoReturn:
    """Ask for the second snapshot: a total since the start says nothing of what is judged.

    Raises:
        CannotDecideError: always.
    """
    raise source.fault("is one snapshot of counters, totals since the start", "give two: before.json after.json")


def between(before: Source, after: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield for each counter by how much it grew.

    Raises:
        CannotDecideError: a snapshot is no flat JSON object, or nothing was counted between the two.
    """
    earlier, later = _counters(before), _counters(after)
    found = [_difference(key, earlier.get(key), later.get(key), options) for key in {**earlier, **later}]
    if not any(isinstance(f, Record) and f.payload != Single(value=0.0) for f in found):
        skipped = "".join(f"; {f.metric}: {f.why}" for f in found[:3] if isinstance(f, Skipped))
        raise after.fault(
            f"nothing was counted since {before.path}{skipped}", "take the snapshots before and after the load"
        )
    yield from found
    if not options.ratios:
        return
    counted = [
        Counted(key, {}, later_value - earlier_value)
        for key in earlier.keys() & later.keys()
        if (earlier_value := to_number(earlier[key])) is not None
        and (later_value := to_number(later[key])) is not None
        and later_value >= earlier_value
    ]
    for ratio in options.ratios:
        for divided in divide(ratio, counted)[0]:
            yield share_of(ratio, divided._replace(benchmark=BENCHMARK))


def _counters(source: Source) -> dict[str, object]:
    """Return what a snapshot holds.

    Raises:
        CannotDecideError: it is no JSON object, or an empty one.
    """
    found = table(source.json())
    if not found:
        raise source.fault("holds no counters", 'write a flat JSON object, such as {"request_count": 12}')
    return found


def _difference(key: str, first: object, second: object, options: ForeignOptions) -> Record | Skipped:
    """Return by how much a counter grew, or why that is unknown."""
    name, unit, better = from_suffix(key) or (key, "1", None)
    one, other = to_number(first), to_number(second)
    if one is None or other is None:
        place = "first" if first is None else "second" if second is None else ""
        why = f"is not in the {place} snapshot" if place else "is no number"
        return Skipped(benchmark=BENCHMARK, metric=name, why=why)
    if other < one:
        why = f"fell from {one:g} to {other:g}: it began anew between the snapshots, or they are in the wrong order"
        return Skipped(benchmark=BENCHMARK, metric=name, why=why)
    factor, base = scale_of(unit)
    return Record(
        benchmark=BENCHMARK,
        metric=name,
        unit=base,
        better=better or options.direction,
        payload=Single(value=(other - one) * factor),
    )
