"""Reader of the Bencher Metric Format: ``{benchmark: {measure: {"value": …}}}``.

The file holds no units. Bencher itself defines two measures: latency is in nanoseconds,
throughput in operations a second. Of all others only the user can say what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import number, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_BUILT_IN: dict[str, tuple[float, str, Direction]] = {
    "latency": (1e-9, "s", "lower"),
    "throughput": (1.0, "1/s", "higher"),
}
_IGNORE = "-bencher-ignore"  # an ending by which names ask Bencher to hide them; the name is what is before it


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the value of each measure; its bounds are no samples and are left out."""
    document = source.json()
    if not isinstance(document, dict):
        raise source.fault(
            "expected an object of benchmarks", 'write {"train": {"latency": {"value": 3247.5}}}, one key a benchmark'
        )
    for key, measures in document.items():
        name = key.removesuffix(_IGNORE)
        if not table(measures):
            yield Skipped(benchmark=name, why="no measures")
        for measure, stated in table(measures).items():
            value = number(table(stated).get("value"))
            if value is None:
                yield Skipped(benchmark=name, metric=measure, why="the value is no number")
                continue
            factor, unit, better = _BUILT_IN.get(measure.lower(), (1.0, None, options.direction))
            yield Record(
                benchmark=name, metric=measure, unit=unit, better=better, payload=Samples(values=[value * factor])
            )
