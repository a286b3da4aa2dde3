"""Values from foreign files, taken for what they are: nothing is guessed, and nothing odd gets through."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from perfgate.core.text.units import scale_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


MOST_COUNT = 2**53
"""Largest count that is taken: beyond it whole numbers are not exact in JSON."""


def number(value: object) -> float | None:
    """Return a finite number, None for anything else: text, NaN, booleans, whole numbers beyond doubles."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def to_number(value: object) -> float | None:
    """Return a finite number that may be written as text, as in CSV or in int64 of protobuf; else None."""
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return found if math.isfinite(found) and "_" not in value else None
    return number(value)


def table(value: object) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return a JSON list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text, an empty one for anything else."""
    return value if isinstance(value, str) else ""


def in_base(values: Iterable[float], unit: str) -> tuple[list[float], str]:
    """Return values and their unit in base units; a unit that is not known stays as it is."""
    factor, base = scale_of(unit)
    return ([v * factor for v in values] if factor != 1.0 else list(values)), base


def take_quantiles(quantiles: Iterable[tuple[float, object]], factor: float = 1.0) -> tuple[tuple[float, float], ...]:
    """Return the quantiles that a file states, ascending by share; what is no number is left out.

    Args:
        quantiles: share, such as 0.95, and what the file says.
        factor: from the file's unit to the base unit.
    """
    return tuple(sorted((share, v * factor) for share, value in quantiles if (v := number(value)) is not None))


def all_numbers(values: Sequence[object]) -> list[float] | None:
    """Return a list of finite numbers; None when one is anything else."""
    if set(map(type, values)) == {float} and all(map(math.isfinite, values)):  # type: ignore[arg-type]
        return list(values)  # type: ignore[arg-type]
    found = [number(v) for v in values]
    return None if None in found else found  # type: ignore[return-value]
