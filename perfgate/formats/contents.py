"""One input -> its records, checked: whatever a reader yields from here on is fit to be used."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.formats.parsing.record import Histogram, Quantiles, Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.values import MOST_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.catalog.format import Format
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NAME = 500
_TIMES = (
    "write ISO 8601 (2026-01-31T15:00:00Z) or seconds, ms, us or ns since 1970; in a map, correct time, or leave it out"
)
_ONCE = "remove the copy; a logger with two handlers writes each line twice: propagate = False on one of them"
_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Contents(Struct, frozen=True, kw_only=True):
    """What one input says."""

    format: Format
    """The format it was read as."""
    records: tuple[Record, ...]
    """Every measurement, its names unique."""
    skipped: tuple[Skipped, ...]
    """What is named without a usable measurement."""
    digest: str
    """12 hex digits of the hash of its bytes."""


def read(source: Source, known: Format, options: ForeignOptions, *, before: Source | None = None) -> Contents:
    """Read an input as a format.

    Args:
        source: the input.
        known: its format.
        options: what the user says about it.
        before: an earlier snapshot of the same counters; None: the input is read alone.

    Raises:
        CannotDecideError: it is not what it looked like, or holds no measurement at all.
    """
    records: list[Record] = []
    skipped: list[Skipped] = []
    try:
        found_in = known.load_between()(before, source, options) if before else known.load()(source, options)
        for found in _make_names_unique(found_in, source.name):
            if isinstance(found, Skipped):
                skipped.append(found)
            elif (why := _unfit(found)) is not None:
                skipped.append(Skipped(benchmark=found.benchmark, metric=found.metric, why=why))
            else:
                records.append(found)
    except CannotDecideError:
        raise
    except _FAULTS as caught:
        message = f"does not look like {known.tool} inside ({type(caught).__name__}: {str(caught)[:100]})"
        raise source.fault(message, known.hint or "measure again") from None
    if fault := source.times.fault(options.tolerance):
        raise source.fault(fault, _TIMES)
    if fault := source.doubles.fault():
        raise source.fault(fault, _ONCE)
    if not records:
        names = ", ".join(f'"{s.benchmark}" ({s.why})' for s in skipped[:3])
        message = f"holds nothing that was measured{f': {names}' if names else ''}"
        raise source.fault(message, known.hint or "measure again")
    return Contents(format=known, records=tuple(records), skipped=tuple(skipped), digest=source.digest())


def _make_names_unique(found: Iterator[Record | Skipped], stem: str) -> Iterator[Record | Skipped]:
    """Yield what was found under unique names: a second one of the same name in a file is ``name#2``."""
    seen: dict[tuple[object, str, str], int] = {}
    for entry in found:
        name, metric = _clean(entry.benchmark) or stem, _clean(entry.metric)
        labels = entry.labels if isinstance(entry, Record) else ()
        same = seen.get((labels, name, metric), 0)
        earlier = same + (seen.get((labels, name, ""), 0) if metric else 0)
        seen[labels, name, metric] = same + 1
        name = f"{name}#{earlier + 1}" if earlier else name
        # nearly all keep their names, and a copy costs more than all else here
        yield (
            entry
            if name == entry.benchmark and metric == entry.metric
            else replace(entry, benchmark=name, metric=metric)
        )


def _clean(name: str) -> str:
    """Return a name that can be written, cut to a length that a message can hold."""
    return (name if name.isascii() else _SURROGATE.sub("\ufffd", name))[:_LONGEST_NAME]


def _unfit(record: Record) -> str | None:
    """Return why a record cannot be used, None when it can."""
    match record.payload:
        case Samples(values=values, cells=cells):
            is_finite = all(map(math.isfinite, values)) and all(math.isfinite(c.low + c.high) for c in cells)
            return "no values" if not values and not cells else None if is_finite else "a value is not finite"
        case Single(value=value):
            return None if math.isfinite(value) else "a value is not finite"
        case Share(hits=hits, of=of):
            return None if 0 <= hits <= of and 1 <= of <= MOST_COUNT else "counts that cannot be"
        case Quantiles(points=points):
            return None if points and all(math.isfinite(v) for _, v in points) else "no quantiles"
        case Histogram(buckets=buckets):
            if not buckets or buckets[-1][1] <= 0:
                return "no counts"
            is_ascending = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(buckets))
            return None if is_ascending else "counts that fall from bucket to bucket"
