"""Reader of criterion.rs: the folder ``target/criterion``, or one benchmark's folder.

Only ``new/`` is read: ``base/`` is the run before, ``change/`` the difference of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.catalog.layouts import CRITERION
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import all_numbers, items, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the time of one iteration for each benchmark; a sample is the mean over a batch of them."""
    for path in sorted(set(source.matching(CRITERION))):
        folder = path.replace("\\", "/").removesuffix("new/sample.json").rstrip("/")
        name, unit = folder, "ns"
        if source.holds(f"{folder}/new/benchmark.json".lstrip("/")):
            name = text(table(source.inside(folder, "new", "benchmark.json").json()).get("full_id")) or folder
        if source.holds(f"{folder}/new/raw.csv".lstrip("/")):
            unit = _unit(source.inside(folder, "new", "raw.csv"))
        sample = table(source.inside(path).json())
        times, calls = (all_numbers(items(sample.get(key))) for key in ("times", "iters"))
        if not times or not calls or len(times) != len(calls) or min(calls) <= 0:
            yield Skipped(benchmark=name, why="no samples, or not as many as counts")
            continue
        factor = 1e-9 if unit == "ns" else 1.0
        yield Record(
            benchmark=name,
            metric="time" if unit == "ns" else "value",
            unit="s" if unit == "ns" else unit,
            better="lower" if unit == "ns" else options.direction,
            is_mean=True,
            payload=Samples(values=[time / count * factor for time, count in zip(times, calls, strict=True)]),
        )


def _unit(raw: Source) -> str:
    """Return the unit that ``raw.csv`` states: a custom measurement counts other things than nanoseconds."""
    lines = raw.lines()
    header, row = next(lines, "").split(","), next(lines, "").split(",")
    # names in front may hold commas, the columns behind the unit may not
    behind = len(header) - header.index("unit") if "unit" in header else 0
    return row[-behind] if 0 < behind <= len(row) else "ns"
