"""What a decorator needs of the function that it wraps: is it a coroutine function, its name, and a wrapper."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

# The flags of a code object, as the inspect module names them; importing inspect would cost 14 ms.
_GENERATOR = 0x20
_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100  # types.coroutine
_ASYNC_GENERATOR = 0x200


def is_coroutine_function(func: object) -> bool:
    """Does calling `func` return a coroutine?

    Raises:
        TypeError: it cannot be called, or its call runs nothing of its body yet.
    """
    if not callable(func):
        raise TypeError(f"only something that can be called can be measured, not {type(func).__name__}")
    code = getattr(_unwrap(func), "__code__", None)
    flags = getattr(code, "co_flags", 0)
    if flags & _ASYNC_GENERATOR or (flags & _GENERATOR and not flags & _ITERABLE_COROUTINE):
        raise TypeError(f"{qualified_name(func)} is a generator function: measure the loop that uses it instead")
    return bool(flags & (_COROUTINE | _ITERABLE_COROUTINE))


def enclose(
    func: Callable[..., Any], open_block: Callable[[], AbstractContextManager[object]], *, is_async: bool
) -> Callable[..., Any]:
    """Return a function of which each call runs in a block of its own.

    Args:
        func: what is called.
        open_block: returns the block for one call.
        is_async: what `is_coroutine_function` says of it.
    """
    from functools import wraps  # only decorators need it

    @wraps(func)
    def run(*args: object, **kwargs: object) -> object:
        with open_block():
            return func(*args, **kwargs)

    @wraps(func)
    async def _run_awaited(*args: object, **kwargs: object) -> object:
        with open_block():
            return await func(*args, **kwargs)

    return _run_awaited if is_async else run


def _unwrap(func: Any) -> Any:  # noqa: ANN401 - any callable
    """Return the callable that has the code object: behind partials, and the ``__call__`` of objects."""
    from functools import partial  # only measured functions need it

    while isinstance(func, partial):
        func = func.func
    if not hasattr(func, "__code__") and hasattr(type(func).__call__, "__code__"):
        return type(func).__call__
    return func


def qualified_name(func: object) -> str:
    """Return what a callable is called in its module, with the class that it is in."""
    inner = _unwrap(func)
    return str(getattr(inner, "__qualname__", type(inner).__qualname__))
