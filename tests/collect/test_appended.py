"""Files that were appended to: old values must not stand in for new ones."""

from __future__ import annotations

import pytest
from gate_cases import CALLS, profile
from msgspec.structs import replace
from records import a_run

from perfgate.collect.appended import AppendedFiles
from perfgate.core.metrics import Metric
from perfgate.core.run import Series
from perfgate.stats.cells import cells_of

TIME = Metric(name="time", unit="s", better="lower")
USER = Metric(name="user_time", unit="s", better="lower")
SIZE = Metric(name="max_rss", unit="B", better="lower")
AT = "2026-05-04T03:02:01.000000Z"


def found(base, values, **more):
    """Return the faults of one file beside a baseline."""
    series = tuple(Series(metric=m, values=tuple(v)) for m, v in values.items())
    run = replace(a_run("a", benchmark="train", values=(), series=series), labels=(), **more)
    watch = AppendedFiles([profile(base)])
    assert list(watch.watch([run])) == [run]
    return [p.slug for p in watch.problems]


@pytest.mark.parametrize(
    ("base", "now"),
    [
        ({TIME: [0.71, 0.73]}, {TIME: [0.71, 0.73, 1.9]}),
        ({TIME: {"s": [0.5, 0.6], "t": [0.71234567, 0.73]}}, {TIME: [0.712346, 0.73, 1.9, 1.8]}),
        ({TIME: [0.7], USER: [0.3], SIZE: [4096.0]}, {TIME: [0.7, 1.4], USER: [0.3, 1.1], SIZE: [4096.0, 4100.0]}),
        ({TIME: [0.71, 0.73], SIZE: [4096.0] * 2}, {TIME: [0.71, 0.73, 1.9], SIZE: [4096.0] * 3}),
    ],
    ids=["two", "of-one-of-two-sessions-rounded", "one-run-of-three-metrics", "beside-a-size-that-never-varies"],
)
def test_a_file_that_begins_with_the_values_of_the_baseline_is_refused(base, now):
    assert found(base, now) == ["file-appended"]


@pytest.mark.parametrize(
    ("base", "now"),
    [
        ({TIME: [0.71, 0.73]}, {TIME: [0.71, 0.74, 0.73]}),
        ({TIME: [0.71, 0.73]}, {TIME: [0.71, 0.73]}),
        ({TIME: [0.71]}, {TIME: [0.71, 0.73]}),
        ({TIME: [0.7, 0.7]}, {TIME: [0.7, 0.7, 0.7]}),
        ({CALLS: [5.0, 6.0]}, {CALLS: [5.0, 6.0, 5.0]}),
        ({TIME: [0.71, 0.73], SIZE: [5.0, 6.0]}, {TIME: [0.71, 0.73, 0.8], SIZE: [5.0, 7.0, 6.0]}),
    ],
    ids=["others", "the-same", "one-value", "few-digits", "counts-repeat-themselves", "another-metric-differs"],
)
def test_values_that_agree_by_chance_or_by_nature_are_no_old_ones(base, now):
    assert found(base, now) == []


@pytest.mark.parametrize(("count", "slugs"), [(3000, ["file-appended"]), (2500, [])])
def test_of_many_values_the_same_start_and_a_larger_count_say_it(count, slugs):
    base = profile({TIME: [1.0 + i / 2500 for i in range(2500)]})
    base = replace(base, sessions=tuple(replace(s, started_at=AT) for s in base.sessions))
    series = (Series(metric=TIME, cells=tuple(cells_of(sorted(1.0 + i / count for i in range(count))))),)
    run = replace(a_run("a", benchmark="train", values=(), series=series), labels=(), started_at=AT)
    watch = AppendedFiles([base])
    assert list(watch.watch([run]))
    assert [p.slug for p in watch.problems] == slugs
