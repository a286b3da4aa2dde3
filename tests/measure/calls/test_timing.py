"""Samples are long enough for the clock, and as many as fit into the time."""

from __future__ import annotations

import gc

import pytest

from perfgate.measure.calls.fixture import Benchmark, BenchmarkError, Stats
from perfgate.measure.calls.series import LONGEST_NAME, shorten_name
from perfgate.measure.calls.table import draw_table
from perfgate.measure.calls.timing import FEWEST, LEAST_SAMPLE, MOST, Timed, time_calls


class Work:
    """A function whose calls take a fixed time by a clock of its own."""

    def __init__(self, nanoseconds: int) -> None:
        self.now = 0
        self.calls = 0
        self.each = nanoseconds

    def __call__(self) -> int:
        self.calls += 1
        self.now += self.each
        return self.calls

    def clock(self) -> int:
        return self.now


@pytest.mark.parametrize(
    ("each", "loops", "samples"),
    [
        pytest.param(100, 10_000, 300, id="short: calls are repeated"),
        pytest.param(LEAST_SAMPLE, 1, 300, id="as long as a sample"),
        pytest.param(30_000_000, 1, 10, id="long"),
        pytest.param(100_000_000, 1, FEWEST, id="longer than the time allows: five all the same"),
        pytest.param(2_000_000_000, 1, 1, id="so long that five would take ten times the time"),
        pytest.param(60_000_000_000, 1, 1, id="a minute"),
    ],
)
def test_a_sample_is_long_enough_and_samples_fill_the_time(each: int, loops: int, samples: int) -> None:
    work = Work(each)
    timed = time_calls(work, 0.3, work.clock)
    assert timed.loops * each >= LEAST_SAMPLE
    assert timed.loops <= loops * 1.2
    assert abs(len(timed.values) - samples) <= samples * 0.2
    assert timed.values == pytest.approx([each / 1e9] * len(timed.values))
    assert len(timed.values) <= MOST


def test_a_call_that_is_held_up_once_makes_no_sample_too_short() -> None:
    work = Work(1000)

    def call() -> None:
        work()
        if work.calls == 2:
            work.now += LEAST_SAMPLE

    timed = time_calls(call, 0.1, work.clock)
    assert timed.loops * work.each >= LEAST_SAMPLE


def test_a_clock_that_stands_still_ends_with_an_error() -> None:
    with pytest.raises(ValueError, match="the clock stands still"):
        time_calls(lambda: None, 0.01, lambda: 7)


def test_no_garbage_is_collected_meanwhile_and_the_collector_is_as_before() -> None:
    seen = set()
    work = Work(LEAST_SAMPLE)

    def call() -> None:
        seen.add(gc.isenabled())
        work()

    assert gc.isenabled()
    time_calls(call, 0.01, work.clock)
    assert seen == {False}
    assert gc.isenabled()
    gc.disable()
    try:
        time_calls(call, 0.01, work.clock)
        assert not gc.isenabled()
    finally:
        gc.enable()


def fixture(**options: object) -> Benchmark:
    return Benchmark("test_x", is_measuring=True, seconds=0.001, options=options)


def test_the_result_is_that_of_the_function_and_the_numbers_have_the_names_of_pytest_benchmark() -> None:
    benchmark = fixture(group="g")
    assert benchmark(sorted, [3, 1, 2], key=lambda v: -v) == [3, 2, 1]
    stats = benchmark.stats
    assert stats is not None
    assert stats["min"] <= stats.median <= stats.get("max")
    assert stats.stats.mean == stats["mean"]
    assert set(stats.as_dict()) >= {
        "min",
        "max",
        "mean",
        "stddev",
        "median",
        "rounds",
        "iqr",
        "q1",
        "q3",
        "ops",
        "total",
    }
    assert "mean" in set(stats)
    assert stats.get("nothing", 7) == 7
    assert (benchmark.group, benchmark.enabled, benchmark.disabled) == ("g", True, False)


def test_statistics_of_known_values() -> None:
    stats = Stats(Timed((4.0, 1.0, 2.0, 3.0), 1))
    assert (stats.min, stats.max, stats.mean, stats.median, stats.rounds) == (1.0, 4.0, 2.5, 2.5, 4)
    assert (stats.q1, stats.q3, stats.iqr, stats.ops) == (1.75, 3.25, 1.5, 0.4)
    assert stats.stddev == pytest.approx(1.2909944)
    assert Stats(Timed((1.0,), 1)).stddev == 0.0


def test_a_decorated_function_is_measured() -> None:
    benchmark = fixture()

    @benchmark
    def result() -> int:
        return 7

    assert result == 7
    assert benchmark.timed is not None


def test_pedantic_makes_the_rounds_that_it_is_asked_for() -> None:
    calls, prepared, torn = [], [], []
    benchmark = fixture()
    result = benchmark.pedantic(
        lambda *args, **kwargs: calls.append((args, kwargs)) or len(calls),
        setup=lambda: prepared.append(1) or ((len(prepared),), {"k": 2}),
        teardown=lambda *args, **_: torn.append(args),
        rounds=3,
        warmup_rounds=2,
    )
    assert result == 5
    assert calls == [((i,), {"k": 2}) for i in range(1, 6)]
    assert torn == [(i,) for i in range(1, 6)]
    assert benchmark.timed is not None
    assert len(benchmark.timed.values) == 3


@pytest.mark.parametrize(
    "options", [{"rounds": 0}, {"iterations": 0}, {"warmup_rounds": -1}, {"setup": dict, "iterations": 2}]
)
def test_impossible_rounds_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(BenchmarkError):
        fixture().pedantic(lambda: None, **options)


def test_what_would_measure_nothing_is_refused() -> None:
    async def work() -> None: ...

    for call in (lambda b: b(work), lambda b: b(work), lambda b: b.pedantic(work)):
        with pytest.raises(BenchmarkError, match=r"asyncio\.run"):
            call(fixture())
    twice = fixture()
    twice(int)
    with pytest.raises(BenchmarkError, match="a test measures one thing"):
        twice(int)


def test_without_measuring_a_function_runs_once() -> None:
    calls: list[int] = []
    benchmark = Benchmark("x", is_measuring=False, seconds=1.0, options={})
    benchmark(calls.append, 1)
    assert calls == [1]
    assert benchmark.stats is None
    other = Benchmark("x", is_measuring=False, seconds=1.0, options={})
    other.pedantic(calls.append, args=(2,), rounds=50, warmup_rounds=3, iterations=4)
    assert calls == [1, 2]


def test_a_long_name_is_cut_and_two_stay_two() -> None:
    long = "test_a.py::test[" + "x" * 700
    assert shorten_name("short") == "short"
    assert len(shorten_name(long)) == LONGEST_NAME
    assert shorten_name(long + "1") != shorten_name(long + "2")


@pytest.mark.parametrize("width", [20, 80, 400])
def test_the_table_fits_names_of_any_kind(width: int) -> None:
    rows = [(f"tests/{'long' * 30}.py::test_{i}\n\x1b[31m", Timed((1e-6, 2e-6, 3e-6), 100)) for i in range(30)]
    lines = list(draw_table(rows, most=20, width=width))
    assert len(lines) == 22
    assert lines[-1] == "and 10 more"
    assert not any("\x1b" in line or "\n" in line for line in lines)
    assert max(map(len, lines)) <= max(width, 60)
    assert "2 µs" in lines[1]
