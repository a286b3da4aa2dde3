"""Numbers in words. Rounding never lies: a value beyond its limit is never printed as the limit."""

from __future__ import annotations

import math

from perfgate.core.statistic import P50
from perfgate.core.text.units import display_scale

SERIES_UNITS = {"s": "seconds", "B": "bytes", "1/s": "per_second"}
"""Base unit -> the last word of the name of its series in Prometheus; other units have none."""
_DIGITS = 4
_MOST_DIGITS = 15
_MOST_DECIMALS = 12  # a change fails from 1e-12 beyond its limit
_MOST_DETECTABLE = 10.0  # a smallest detectable change beyond +1,000 % says that nothing is detected
_MOST_PERCENT = 10.0
"""A worsening beyond it, +1,000 %, reads better as a multiple."""
_MOST_MULTIPLE = 10_000.0
"""A multiple beyond it says no more than that something is wrong."""
_NO_END = "over 10×"
"""The end of an interval beyond `_MOST_PERCENT`."""
_WHOLE = 0.9995
"""Changes from this on have no decimals: they would read 100.0 %."""


def amount(value: float, unit: str, *, beside: float | None = None, apart: bool = True) -> str:
    """Return a value with its unit, in the prefix that suits the larger of it and its neighbour.

    Args:
        value: in the base unit `unit`.
        unit: base unit.
        beside: the value that stands beside it.
        apart: when the two differ, so shall their texts.
    """
    scale, name = display_scale(max(abs(value), abs(beside or 0.0)), unit)
    digits = _DIGITS
    while (
        apart
        and beside is not None
        and digits < _MOST_DIGITS
        and beside != value
        and _short(value / scale, digits) == _short(beside / scale, digits)
    ):
        digits += 1
    return f"{_short(value / scale, digits)} {name}".rstrip() if name != "1" else _short(value, digits)


def _short(value: float, digits: int) -> str:
    """Return a number with so many significant digits, thousands grouped, no exponent where it can be helped."""
    if value and not 1e-4 <= abs(value) < 1e12:  # noqa: PLR2004 - beyond these an exponent reads better
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - (math.floor(math.log10(abs(value))) if value else 0))
    grouped = f"{value:,.{decimals}f}"
    return grouped.rstrip("0").rstrip(".") if "." in grouped else grouped


def percent(change: float, *, apart_from: float | None = None) -> str:
    """Return a change as a signed percentage, or as a multiple where that is large.

    It has one decimal below 100 %, none above, and more where it would read like its limit.
    """
    decimals = 1 if abs(change) < _WHOLE else 0
    while (
        apart_from is not None
        and change != apart_from
        and decimals < _MOST_DECIMALS
        and _percent(change, decimals) == _percent(apart_from, decimals)
    ):
        decimals += 1
    return _percent(change, decimals)


def detectable(change: float) -> str:
    """Return a smallest detectable change as `percent` does; beyond +1,000 % its digits say nothing."""
    return percent(change) if change <= _MOST_DETECTABLE else f"over {percent(_MOST_DETECTABLE)}"


def _percent(change: float, decimals: int) -> str:
    """Return a signed percentage; what rounds to zero has no sign. Beyond +1,000 % it is a multiple."""
    if change > _MOST_PERCENT:
        multiple = 1.0 + change
        return f"over {_MOST_MULTIPLE:,.0f}×" if multiple > _MOST_MULTIPLE else f"{multiple:,.{max(decimals - 1, 0)}f}×"
    rounded = f"{change * 100:+,.{decimals}f}%"
    return rounded[1:] if not rounded.strip("+-0.%") else rounded


def span(interval: tuple[float, float]) -> str:
    """Return an interval of a change, in whole percent where that says enough; beyond +1,000 % it has no end."""
    low, high = interval
    decimals = 0 if high - low >= 0.02 else 1  # noqa: PLR2004 - two percent wide
    if high > _MOST_PERCENT:
        return _NO_END if low > _MOST_PERCENT else f"{_end(low, 0)} to {_NO_END}"
    return f"{_end(low, decimals).removesuffix('%')} to {_end(high, decimals)}"


def _end(change: float, decimals: int) -> str:
    """Return an end of an interval, with the decimals that distinguish it from no change: its side decides."""
    shown = (_percent(change, more) for more in range(decimals, _MOST_DECIMALS))
    return next((words for words in shown if change == 0.0 or words.strip("0.%")), _percent(change, decimals))


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def metric_name(metric: str, statistic: str) -> str:
    """Return what is judged of a metric; the median needs no name."""
    return metric if statistic == P50 else f"{metric} {statistic}"
