"""The fixtures `perfgate` and `benchmark` of pytest: what a test calls to have a function measured."""

from __future__ import annotations

import math
import time
from typing import Any, TypeVar

from perfgate.measure.calls.timing import Timed, bind, time_calls, time_rounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perfgate.measure.regions.functions import Regions

T = TypeVar("T")
_NOTHING: Any = object()
"""Stands for a function that was not given."""
_ASYNC = "give a function that runs it to its end: benchmark(lambda: asyncio.run(function()))"


class BenchmarkError(Exception):
    """A test uses the fixture in a way that measures nothing, or twice."""


class Stats:
    """What was measured, under the names that suites of pytest-benchmark read; times in seconds of one call."""

    def __init__(self, timed: Timed) -> None:
        """Compute all of them.

        Args:
            timed: at least one value.
        """
        self.data = list(timed.values)
        ordered = sorted(self.data)
        n = len(ordered)
        self.iterations = timed.loops
        self.rounds = n
        self.total = math.fsum(ordered)
        self.min, self.max, self.mean = ordered[0], ordered[-1], self.total / n
        self.stddev = math.sqrt(math.fsum((v - self.mean) ** 2 for v in ordered) / (n - 1)) if n > 1 else 0.0
        self.median, self.q1, self.q3 = (_quantile(ordered, q) for q in (0.5, 0.25, 0.75))
        self.iqr = self.q3 - self.q1
        self.ops = 1.0 / self.mean if self.mean else math.inf

    @property
    def stats(self) -> Stats:
        """Itself: some suites read ``benchmark.stats.stats.mean``."""
        return self

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers by their names."""
        return dict(vars(self))

    def __getitem__(self, name: str) -> float:
        """Return one of the numbers.

        Raises:
            KeyError: there is no such number.
        """
        found: float = vars(self)[name]
        return found

    def get(self, name: str, default: object = None) -> object:
        """Return one of them, or a default."""
        return vars(self).get(name, default)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(vars(self))


def _quantile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


class Benchmark:
    """The fixture of one test. It measures one call, or one `pedantic` one."""

    def __init__(
        self,
        name: str,
        *,
        is_measuring: bool,
        seconds: float,
        options: Mapping[str, Any],
        regions: Regions | None = None,
    ) -> None:
        """Begin a test.

        Args:
            name: of the test.
            is_measuring: are calls measured? Else each is made once.
            seconds: wanted time of all samples, > 0.
            options: of its mark `benchmark`.
            regions: counts instructions in place of time; None: time is measured.
        """
        self.name = self.fullname = name
        self.group: str | None = options.get("group")
        self.extra_info: dict[str, Any] = dict(options.get("extra_info") or {})
        self.enabled, self.disabled = is_measuring, not is_measuring
        self.stats: Stats | None = None
        self.timed: Timed | None = None
        """What was measured; None: nothing yet."""
        self.began_ns = 0
        """When, in nanoseconds since 1970."""
        self.is_used = False
        """Was it called at all?"""
        self._seconds = float(options.get("max_time") or seconds)
        self._regions = regions

    def __call__(self, function: Callable[..., T] = _NOTHING, /, *args: object, **kwargs: object) -> T:
        """Measure a function and return what its first call returned.

        Raises:
            BenchmarkError: it is none, or asynchronous, or something was measured before.
        """
        self._begin(function)
        result = function(*args, **kwargs)
        _refuse_unfinished(result)
        if self.enabled:
            call = bind(function, args, kwargs)
            if self._regions is None:
                self._end(time_calls(call, self._seconds))
            else:
                call()  # a second call runs what the first one only prepared: specialised bytecode, caches
                self._end(Timed((self._regions.count(call),), 1))
        return result

    def pedantic(
        self,
        target: Callable[..., T],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        *,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> T:
        """Measure a function in a fixed number of rounds and return what its last call returned.

        Args:
            target: what is measured.
            args: its arguments.
            kwargs: its arguments by name.
            setup: called before each round, untimed; it may return the arguments, ``(args, kwargs)``.
            teardown: called after each round with the arguments, untimed.
            rounds: samples, >= 1.
            warmup_rounds: rounds before them that do not count, >= 0.
            iterations: calls of a round, >= 1; 1 where there is a set-up.

        Raises:
            BenchmarkError: the numbers are not valid, the target is no function or asynchronous, or something was
                measured before.
        """
        if rounds < 1 or iterations < 1 or warmup_rounds < 0:
            raise BenchmarkError("rounds and iterations must be 1 or more, warmup_rounds 0 or more")
        if setup is not None and iterations != 1:
            raise BenchmarkError("with setup there is one call a round: leave iterations out")
        self._begin(target)
        given: list[Any] = [tuple(args), dict(kwargs or {})]

        def before() -> None:
            prepared = setup() if setup is not None else None
            if prepared is not None:
                given[:] = prepared

        def after() -> None:
            if teardown is not None:
                teardown(*given[0], **given[1])

        def call() -> T:
            return target(*given[0], **given[1])

        timed, result = self._take(call, before, after, rounds=rounds, loops=iterations, warmups=warmup_rounds)
        _refuse_unfinished(result)
        if self.enabled:
            self._end(timed)
        return result

    def _take(
        self,
        call: Callable[[], T],
        before: Callable[[], object],
        after: Callable[[], object],
        *,
        rounds: int,
        loops: int,
        warmups: int,
    ) -> tuple[Timed, T]:
        """Return what rounds took, or the instructions of one after another, and what the last call returned."""
        if self.enabled and self._regions is None:
            return time_rounds(call, rounds=rounds, loops=loops, warmups=warmups, before=before, after=after)
        timed, result = time_rounds(call, rounds=1, loops=1, warmups=int(self.enabled), before=before, after=after)
        if self.enabled and self._regions is not None:
            before()
            timed = Timed((self._regions.count_once(call),), 1)
            after()
        return timed, result

    def _begin(self, function: object) -> None:
        from inspect import iscoroutinefunction  # for tests that measure

        if self.is_used:
            raise BenchmarkError("a test measures one thing: write a test for each")
        if not callable(function):
            given = "nothing" if function is _NOTHING else f"{function!r:.60}"
            raise BenchmarkError(f"give a function, and then its arguments: benchmark(function, 1, key=2); not {given}")
        if iscoroutinefunction(function):
            raise BenchmarkError(f"{_named(function)} is asynchronous, and calling it runs nothing: {_ASYNC}")
        self.is_used = True
        self.began_ns = time.time_ns()

    def _end(self, timed: Timed) -> None:
        self.timed = timed
        self.stats = Stats(timed)


def _named(function: object) -> str:
    return getattr(function, "__qualname__", "") or repr(function)


def _refuse_unfinished(result: object) -> None:
    """Refuse a result whose work is still to be done.

    Raises:
        BenchmarkError: it is a coroutine, another awaitable or a generator.
    """
    from inspect import isasyncgen, isawaitable, iscoroutine, isgenerator  # for tests that measure

    if iscoroutine(result):
        result.close()
    if isgenerator(result):
        raise BenchmarkError("the function returned a generator, and nothing of it ran: benchmark(lambda: list(f()))")
    if isawaitable(result) or isasyncgen(result):
        raise BenchmarkError(f"the function returned something to be awaited, and calling it runs nothing: {_ASYNC}")
