from __future__ import annotations

import asyncio
import functools
import types
from unittest import mock

import pytest
from measured_programs import summaries

from perfgate.measure import measure_and_run, measured


class Model:
    def fit(self, rows):
        return rows + 1

    async def fetch(self, rows):
        await asyncio.sleep(0.005)
        return rows + 2

    def __call__(self, rows):
        return rows + 3


class AsyncModel:
    async def __call__(self, rows):
        await asyncio.sleep(0.005)
        return rows + 4


def double(rows):
    """Say it twice."""
    return rows * 2


async def slow_double(rows):
    await asyncio.sleep(0.005)
    return rows * 2


@pytest.mark.parametrize(
    ("func", "outcome"),
    [(double, 20), (Model().fit, 11), (Model(), 13), (functools.partial(double), 20), (str, "10"), (abs, 10)],
    ids=["function", "method", "instance", "partial", "class", "builtin"],
)
def test_one_call_gives_its_outcome_and_its_run(func, outcome):
    got, run = measure_and_run(func, 10)
    assert got == outcome
    assert run.to_dict()["status"] == "ok"
    assert [s["run_id"] for s in summaries()] == [run.run_id]


@pytest.mark.parametrize(
    ("func", "outcome"),
    [
        (slow_double, 20),
        (Model().fetch, 12),
        (AsyncModel(), 14),
        (functools.partial(slow_double), 20),
        (functools.partial(functools.partial(Model().fetch)), 12),
    ],
    ids=["function", "method", "instance", "partial", "partial-of-partial"],
)
def test_one_call_of_a_coroutine_function_is_measured_to_the_end_of_its_await(func, outcome):
    async def main():
        return await measure_and_run(func, 10)

    got, run = asyncio.run(main())
    assert got == outcome
    assert run.to_dict()["elapsed_ns"] >= 5_000_000
    assert len(summaries()) == 1


def test_stand_ins_of_a_test_can_be_measured():
    assert measure_and_run(mock.Mock(return_value=5))[0] == 5
    assert asyncio.run(measure_and_run(mock.AsyncMock(return_value=6)))[0] == 6


def test_arguments_of_any_name_go_to_the_function():
    got, _ = measure_and_run(dict, func=1, benchmark=2, args=3)
    assert got == {"func": 1, "benchmark": 2, "args": 3}


def test_a_call_that_raises_leaves_a_failed_run():
    error = ZeroDivisionError()

    def fail():
        raise error

    async def fail_later():
        raise error

    with pytest.raises(ZeroDivisionError) as caught:
        measure_and_run(fail)
    assert caught.value is error
    with pytest.raises(ZeroDivisionError):
        asyncio.run(measure_and_run(fail_later))
    assert [s["status"] for s in summaries()] == ["failed", "failed"]


def test_a_decorated_function_is_a_run_per_call_under_its_own_name(monkeypatch):
    monkeypatch.setenv("PERFGATE_BENCHMARK", "of-the-command")
    decorated = measured(double)
    assert [decorated(1), decorated(rows=2)] == [2, 4]
    assert [s["benchmark"] for s in summaries()] == ["double", "double"]


def test_a_decorated_coroutine_function_stays_one():
    decorated = measured(slow_double)

    async def main():
        return await decorated(4)

    assert asyncio.iscoroutinefunction(decorated)
    assert asyncio.run(main()) == 8
    assert summaries()[0]["elapsed_ns"] >= 5_000_000
    assert summaries()[0]["benchmark"] == "slow_double"


def test_the_decorator_takes_benchmark_labels_and_rows():
    @measured(benchmark="train", labels={"depth": 3}, rows_used=9)
    def job():
        return "done"

    assert job() == "done"
    (summary,) = summaries()
    assert (summary["benchmark"], summary["labels"], summary["rows_used"]) == ("train", {"depth": "3"}, 9)


def test_a_decorated_function_keeps_its_name_and_text():
    decorated = measured(double)
    assert (decorated.__name__, decorated.__doc__, decorated.__wrapped__) == (
        "double",
        "Say it twice.",
        double,
    )


def test_methods_can_be_decorated():
    class Job:
        @measured
        def run(self, rows):
            return self, rows

        @staticmethod
        @measured
        def plain(rows):
            return rows

        @measured
        @staticmethod
        def inner(rows):
            return rows

        @measured
        @classmethod
        def of_class(cls, rows):
            return cls, rows

    job = Job()
    assert job.run(1) == (job, 1)
    assert Job.plain(2) == 2
    assert job.inner(3) == 3
    assert Job.inner(3) == 3
    assert job.of_class(4) == (Job, 4)
    names = {s["benchmark"].rpartition(".")[2] for s in summaries()}
    assert names == {"run", "plain", "inner", "of_class"}


def test_a_partial_and_a_callable_object_are_named_after_what_they_call():
    measured(functools.partial(double, 1))()
    measured(Model())(1)
    assert {s["benchmark"] for s in summaries()} == {"double", "Model.__call__"}


def generator():
    yield 1


async def async_generator():
    yield 1


@pytest.mark.parametrize("func", [generator, async_generator, functools.partial(generator)])
def test_a_generator_function_is_refused_since_its_body_runs_later(func):
    with pytest.raises(TypeError, match="generator function"):
        measured(func)
    with pytest.raises(TypeError, match="generator function"):
        measure_and_run(func)
    assert summaries() == []


def test_an_old_style_coroutine_is_awaited_too():
    @types.coroutine
    def old():
        yield from asyncio.sleep(0.005).__await__()
        return 5

    async def main():
        return await measure_and_run(old)

    got, run = asyncio.run(main())
    assert got == 5
    assert run.to_dict()["elapsed_ns"] >= 5_000_000


@pytest.mark.parametrize("thing", [3, "name"])
def test_what_cannot_be_called_is_refused(thing):
    with pytest.raises(TypeError, match="can be called"):
        measured(thing)
    with pytest.raises(TypeError, match="can be called"):
        measure_and_run(thing)


@pytest.mark.parametrize(
    "options",
    [{"benchmark": ""}, {"labels": {"": "x"}}, {"rows_used": -1}, {"benchmark": "\ud800"}],
    ids=ascii,
)
def test_a_wrong_option_is_refused_when_decorating(options):
    with pytest.raises(ValueError, match=r"empty|rows_used|surrogate"):
        measured(**options)


def test_switched_off_the_decorator_gives_the_function_back(python):
    done = python(
        """
        import asyncio
        from perfgate.measure import measure_and_run, measured
        def job(): return 5
        async def slow(): return 6
        print(measured(job) is job, measured(benchmark="x")(slow) is slow)
        print(measure_and_run(job)[0], measure_and_run(job)[1].to_dict())
        print(asyncio.run(measure_and_run(slow))[0])
        """,
        PERFGATE_ENABLED="0",
    )
    assert done.stdout.splitlines() == [
        "True True",
        "5 {'run_id': None, 'elapsed_sec': None, 'rows_used': None, 'peak_memory_mb': None}",
        "6",
    ]
