"""Reader of lm-evaluation-harness' ``results_*.json``: the quality of a model, means over the examples of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Record, Single
from perfgate.formats.parsing.requests import instant
from perfgate.formats.parsing.values import number, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Skipped
    from perfgate.formats.parsing.source import Source

_STDERR = "_stderr"
_NO_FILTER = "none"


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield each metric of each task (``acc``; with a filter ``exact_match,strict-match``); errors are not read."""
    document = table(source.json())
    ways = table(document.get("higher_is_better"))
    counts = table(document.get("n-samples"))
    commit, started = text(document.get("git_hash")), instant(number(document.get("date")))
    for task, metrics in table(document.get("results")).items():
        count = number(table(counts.get(task)).get("effective"))
        for key, value in table(metrics).items():
            metric, comma, applied = key.partition(",")
            mean = number(value)
            if not comma or metric.endswith(_STDERR) or mean is None:
                continue
            yield Record(
                benchmark=task,
                metric=metric if applied == _NO_FILTER else key,
                unit="1",
                better=_way(table(ways.get(task)).get(metric), options),
                n=None if count is None else int(count),
                commit=commit,
                started_at=started,
                payload=Single(value=mean),
            )


def _way(higher_is_better: object, options: ForeignOptions) -> Direction | None:
    if isinstance(higher_is_better, bool):
        return "higher" if higher_is_better else "lower"
    return options.direction
