"""Measure whole functions: `measure_and_run` for one call, `measured` for all calls."""

from __future__ import annotations

from perfgate.measure.callables import enclose, is_coroutine_function, qualified_name
from perfgate.measure.inside.context import measure_run_context
from perfgate.measure.inside.handle import check_rows
from perfgate.measure.summary import check_labels, check_text
from perfgate.measure.variables import ENABLED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any, ParamSpec, SupportsIndex, TypeVar, overload

    from perfgate.measure.inside.handle import RunHandle

    P = ParamSpec("P")
    R = TypeVar("R")


if TYPE_CHECKING:

    @overload
    def measure_and_run(  # type: ignore[overload-overlap]  # a coroutine function is a function, too
        func: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, tuple[R, RunHandle]]: ...

    @overload
    def measure_and_run(func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> tuple[R, RunHandle]: ...


def measure_and_run(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function once, measured, and return its outcome together with the run.

    ``outcome, run = measure_and_run(train, table, depth=3)``; of a coroutine function
    the same pair is awaited: ``outcome, run = await measure_and_run(fetch, url)``.
    The benchmark's name comes from ``PERFGATE_BENCHMARK``, if from anywhere.

    Args:
        func: any callable but a generator function, whose body runs only later.
        args: what it is called with.
        kwargs: what it is called with.

    Raises:
        TypeError: `func` cannot be called, or is a generator function.
    """
    if is_coroutine_function(func):
        return _measure_and_await(func, args, kwargs)
    with measure_run_context() as run:
        outcome = func(*args, **kwargs)
    return outcome, run


async def _measure_and_await(
    func: Callable[..., Coroutine[Any, Any, object]], args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[object, RunHandle]:
    with measure_run_context() as run:
        outcome = await func(*args, **kwargs)
    return outcome, run


if TYPE_CHECKING:

    @overload
    def measured(func: Callable[P, R], /) -> Callable[P, R]: ...

    @overload
    def measured(
        *,
        benchmark: str | None = None,
        labels: Mapping[str, str | int] | None = None,
        rows_used: SupportsIndex | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def measured(
    func: Callable[..., Any] | None = None,
    /,
    *,
    benchmark: str | None = None,
    labels: Mapping[str, str | int] | None = None,
    rows_used: SupportsIndex | None = None,
) -> Any:
    """Make every call of a function a run of its own: ``@measured`` or ``@measured(benchmark="train")``.

    Where measuring is switched off, the function is given back as it is.

    Args:
        func: the function, when the decorator stands bare.
        benchmark: what is measured; by default the function's qualified name.
        labels: the benchmark's parameters, texts or ints by name.
        rows_used: how many rows every call has, >= 0.

    Raises:
        TypeError: an argument is of the wrong kind, or what is decorated cannot be
            called or is a generator function, whose body runs only after the call.
        ValueError: the benchmark or a label cannot be written, or the rows are negative.
    """
    options = {
        "benchmark": None if benchmark is None else check_text("benchmark", benchmark),
        "labels": check_labels(labels),
        "rows_used": None if rows_used is None else check_rows(rows_used),
    }
    if func is None:
        return lambda function: _wrap(function, options)
    return _wrap(func, options)


def _wrap(func: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    from functools import partial  # only decorators need it

    if isinstance(func, (staticmethod, classmethod)):  # decorated before us: measure what is inside
        return type(func)(_wrap(func.__func__, options))
    is_async = is_coroutine_function(func)
    if not ENABLED:
        return func
    if options["benchmark"] is None:
        options = {**options, "benchmark": qualified_name(func)}
    return enclose(func, partial(measure_run_context, **options), is_async=is_async)
