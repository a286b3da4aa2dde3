"""Reader of github-action-benchmark's custom JSON: ``[{"name": …, "unit": …, "value": …}]``.

Whether smaller or bigger is better is an option of that action, not in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.unit_names import symbol
from perfgate.formats.parsing.values import in_base, table, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one value for each entry; its direction is the user's."""
    entries = source.json()
    if not isinstance(entries, list):
        raise source.fault(
            "expected a list of objects", 'write [{"name": "train", "unit": "ms", "value": 41.5}], one object a value'
        )
    for entry in map(table, entries):
        name = _written(entry.get("name"))
        value = to_number(entry.get("value"))
        if value is None:
            yield Skipped(benchmark=name, why="the value is no number")
            continue
        unit_text = entry.get("unit")
        unit: str | None = None
        if unit_text is not None:
            (value,), unit = in_base([value], symbol(_written(unit_text)))
        yield Record(
            benchmark=name, metric="value", unit=unit, better=options.direction, payload=Samples(values=[value])
        )


def _written(value: object) -> str:
    """Return a text; a number counts as its text, as the action takes it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)[:100] if isinstance(value, float) or abs(value) < 10**100 else ""
    return value if isinstance(value, str) else ""
