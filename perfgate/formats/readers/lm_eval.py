"""Reader of lm-evaluation-harness' ``results_*.json``: the quality of a model, means over the examples of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.record import Record, Single
from perfgate.formats.parsing.requests import instant
from perfgate.formats.parsing.values import items, number, table, text

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
                better=_direction(document, task, metric) or options.direction,
                n=None if count is None else int(count),
                rows=0 if count is None else max(0, int(count)),
                commit=commit,
                started_at=started,
                payload=Single(value=mean),
            )


def _direction(document: dict[str, Any], task: str, metric: str) -> Direction | None:
    """Return which direction of a metric is better, None when the file does not say.

    Files of 0.4.0 to 0.4.2 say it in the configuration of each task alone; of a group of tasks it is known
    when its tasks agree.
    """
    ways, configs, groups = (table(document.get(key)) for key in ("higher_is_better", "configs", "group_subtasks"))
    stated: set[bool] = set()
    tasks, seen = [task], {task}
    while tasks:
        name = tasks.pop()
        way = table(ways.get(name)).get(metric)
        entries = map(table, items(table(configs.get(name)).get("metric_list")))
        of_task = {w for e in entries if e.get("metric") == metric and isinstance(w := e.get("higher_is_better"), bool)}
        if isinstance(way, bool):
            of_task = {way}
        stated |= of_task
        members = [m for m in items(groups.get(name)) if isinstance(m, str) and m not in seen] if not of_task else []
        seen.update(members)
        tasks += members
    return None if len(stated) != 1 else "higher" if stated.pop() else "lower"
