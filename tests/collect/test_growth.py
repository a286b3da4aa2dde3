"""Work grows with what is collected, not with its square: counted, never timed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from records import a_run

from perfgate.collect import collect, drop_baseline_runs, merge
from perfgate.core.metrics import Metric
from perfgate.core.run import Series

if TYPE_CHECKING:
    from collections.abc import Callable

TIME = Metric(name="time", unit="s", better="lower")


def lines_of(function: Callable[[Any], object], argument: object) -> int:
    """Return how many lines of perfgate run in a call; each step of a comprehension is a line."""
    lines = 0

    def trace(frame, event, _argument):
        nonlocal lines
        if "perfgate" not in frame.f_code.co_filename or "tests" in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(argument)
    finally:
        sys.settrace(before)
    return lines


def sessions(count: int, **facts: object) -> list:
    return [a_run(f"r{i:05}", session=f"s{i:05}", **facts) for i in range(count)]


def benchmarks(count: int) -> list:
    return [a_run(f"r{i:05}", session="s", benchmark=f"b{i:05}") for i in range(count)]


def stated(count: int) -> list:
    series = (Series(metric=TIME, source="", values=(1.0, 2.0)),)
    return sessions(count, values=(), series=series)


def many_metrics(count: int) -> tuple:
    return tuple((Metric(name=f"m{i}", unit="1", better="lower"), 1.0) for i in range(count))


CASES = {
    "runs of a session": (lambda n: [a_run(f"r{i:05}") for i in range(n)], collect),
    "sessions": (sessions, collect),
    "sessions of a foreign tool": (stated, collect),
    "benchmarks": (benchmarks, collect),
    "profiles of a file": (lambda n: collect(benchmarks(n)).profiles, lambda found: drop_baseline_runs(found, {}, ())),
    "profiles of two shards": (
        lambda n: collect(benchmarks(n)).profiles,
        lambda found: merge([("a", found[::2]), ("b", found[1::2])]),
    ),
    "metrics of two shards": (
        lambda n: [p for i in "ab" for p in collect([a_run(i, session=i, values=many_metrics(n))]).profiles],
        lambda found: merge([("a", found[:1]), ("b", found[1:])]),
    ),
}


@pytest.mark.parametrize(("prepare", "work"), CASES.values(), ids=CASES)
def test_ten_times_as_much_takes_ten_times_the_steps(prepare, work):
    few, many = (lines_of(work, prepare(n)) for n in (30, 300))
    assert few < many < 12 * few
