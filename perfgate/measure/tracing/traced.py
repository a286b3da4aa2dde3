"""`traced`: make every call of a function a stage."""

from __future__ import annotations

from perfgate.measure.callables import enclose, is_coroutine_function, qualified_name
from perfgate.measure.tracing.tracer import get_tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")


if TYPE_CHECKING:

    @overload
    def traced(func: Callable[P, R], /) -> Callable[P, R]: ...

    @overload
    def traced(func: None = None, /, *, name: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def traced(func: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
    """Make every call of a function a span: ``@traced`` or ``@traced(name="retrieval")``.

    Args:
        func: a function or a coroutine function, when the decorator stands bare.
        name: of the stage; by default the function's qualified name.

    Raises:
        TypeError: what is decorated cannot be called, is a class, or is a generator function, whose
            body runs after the call.
    """
    if func is None:
        return lambda function: _wrap(function, name)
    return _wrap(func, name)


def _wrap(func: Callable[..., Any], name: str | None) -> Callable[..., Any]:
    from functools import partial  # only decorators need it

    if isinstance(func, (staticmethod, classmethod)):  # decorated before us: trace what is inside
        return type(func)(_wrap(func.__func__, name))
    if isinstance(func, type):
        raise TypeError(f"{func.__name__} is a class: decorate its methods, such as __init__")
    is_async = is_coroutine_function(func)
    stage = qualified_name(func) if name is None else name
    return enclose(func, partial(get_tracer().span, stage), is_async=is_async)
