"""Units: tidied to base units on reading (s, B, 1/s, 1), scaled for people on printing."""

from __future__ import annotations

import math
import re
from typing import Literal

from msgspec import Struct

# unit -> (factor to the base unit, base unit). k, M, G are powers of ten for bytes too (10^6 bytes is an MB);
# the binary ones are spelled KiB, MiB, GiB.
_UNITS: dict[str, tuple[float, str]] = {
    "ns": (1e-9, "s"),
    "us": (1e-6, "s"),
    "µs": (1e-6, "s"),
    "μs": (1e-6, "s"),
    "ms": (1e-3, "s"),
    "s": (1.0, "s"),
    "sec": (1.0, "s"),
    "min": (60.0, "s"),
    "h": (3600.0, "s"),
    "B": (1.0, "B"),
    "bytes": (1.0, "B"),
    "kB": (1e3, "B"),
    "KB": (1e3, "B"),
    "MB": (1e6, "B"),
    "GB": (1e9, "B"),
    "TB": (1e12, "B"),
    "KiB": (1024.0, "B"),
    "MiB": (1024.0**2, "B"),
    "GiB": (1024.0**3, "B"),
    "/s": (1.0, "1/s"),
    "1/s": (1.0, "1/s"),
    "/min": (1 / 60, "1/s"),
    "1": (1.0, "1"),
    "": (1.0, "1"),
    "%": (0.01, "1"),
    "B/s": (1.0, "B/s"),
    "kB/s": (1e3, "B/s"),
    "MB/s": (1e6, "B/s"),
    "GB/s": (1e9, "B/s"),
}

# base unit -> the units for people, largest first
_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "s": ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "B": ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "1/s": ((1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")),
    "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")),
}

_LEAST = {"min": 120.0, "h": 7200.0}  # people say 90 seconds and 90 minutes

_NUMBER = r"(?P<number>\d+(?:\.\d+)?|\.\d+)"
_CHANGE = re.compile(rf"^(?P<sign>[+-]?)\s*{_NUMBER}\s*(?P<unit>%|[A-Za-zµμ/1]*)$")
_LIMIT = rf"^(?P<op><=|>=|<|>)\s*{_NUMBER}\s*(?P<unit>%|[A-Za-zµμ/1]*)$"

Comparison = Literal["<", "<=", ">", ">="]


def to_base(value: float, unit: str) -> tuple[float, str]:
    """Return the value and its unit in base units; a unit that is not known stays as it is.

    Args:
        value: a finite number in `unit`.
        unit: such as ``ms``, ``MB``, ``1/s``; the empty string counts as ``1``.
    """
    factor, base = scale_of(unit)
    # Scaling by a decimal power may leave a stray last bit (0.07 MB -> 70000.00000000001 B); 15
    # digits hold every value a file states.
    return (value if factor == 1.0 else float(f"{value * factor:.15g}")), base


def scale_of(unit: str) -> tuple[float, str]:
    """Return the factor to the base unit, and that unit; a unit that is not known stays as it is."""
    return _UNITS.get(unit, (1.0, unit))


def is_known_unit(unit: str) -> bool:
    """Is the unit one that perfgate can convert?"""
    return unit in _UNITS


class Change(Struct, frozen=True, kw_only=True):
    """A signed amount of change: relative (``+5%``) or absolute (``+3ms``)."""

    amount: float
    """Size, >= 0: a ratio (0.05) when relative, else in base units."""
    sign: Literal["+", "-"]
    """The direction in which it was written."""
    unit: str
    """``%`` when relative, else a base unit."""
    text: str
    """As it was written, for reports."""

    @property
    def is_relative(self) -> bool:
        """Is it a share of the baseline's value?"""
        return self.unit == "%"


def parse_change(text: str) -> Change:
    """Read a threshold such as ``+5%``, ``-5%`` or ``+3ms``.

    Raises:
        ValueError: the text is not a signed change; the message suggests one.
    """
    match = _CHANGE.match(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is not a change; write it like "+5%" or "+3ms"')
    number, unit = float(match["number"]), match["unit"]
    if not match["sign"]:
        raise ValueError(f'"{text}" has no sign; {_suggest_change(number, unit)}')
    if unit == "%":
        if _sign(match["sign"]) == "-" and number >= _WHOLE:
            raise ValueError(
                f'"{text}" accepts everything: no value falls by more than 100%; write less, such as "-5%"'
            )
        if number > _MOST_PERCENT:
            raise ValueError(f'"{text}" accepts everything; write less, such as "+5%"')
        return Change(amount=number / 100, sign=_sign(match["sign"]), unit="%", text=text.strip())
    if not unit:
        signed = f"{match['sign']}{number:g}"
        raise ValueError(
            f'"{text}" has no unit; write "{signed}%", a unit such as "ms", or "{signed} 1" for a plain number'
        )
    if not is_known_unit(unit):
        raise ValueError(f'"{text}" has an unknown unit "{unit}"; known: {", ".join(u for u in _UNITS if u)}')
    amount, base = to_base(number, unit)
    return Change(amount=amount, sign=_sign(match["sign"]), unit=base, text=text.strip())


_WHOLE = 100.0
_MOST_PERCENT = 1e6
"""A hundred thousand times slower is nobody's threshold: it would never fail."""


def _sign(text: str) -> Literal["+", "-"]:
    return "-" if text == "-" else "+"


def _suggest_change(number: float, unit: str) -> str:
    """Say what a bare number probably meant: 1.05 and 105% are ratios, 0.05 a share, 5 a percentage."""
    one, hundred = 1.0, 100.0
    if unit == "%" and number > hundred:
        return f'a threshold is a change, not a ratio: did you mean "+{number - hundred:g}%"?'
    if not unit and one < number < 2 * one:
        return f'a threshold is a change, not a ratio: did you mean "+{round((number - one) * 100, 6):g}%"?'
    if not unit and number < one:
        return f'did you mean "+{round(number * 100, 6):g}%"?'
    return f'did you mean "+{number:g}{unit or "%"}"?'


class Limit(Struct, frozen=True, kw_only=True):
    """An absolute limit such as ``< 100ms``: what a value must satisfy."""

    op: Comparison
    """How the value must stand to the amount."""
    amount: float
    """In base units."""
    unit: str
    """A base unit."""
    text: str
    """As it was written, for reports."""

    def holds(self, value: float) -> bool:
        """Does `value`, in base units, satisfy the limit?"""
        if self.op == "<":
            return value < self.amount
        if self.op == "<=":
            return value <= self.amount
        return value > self.amount if self.op == ">" else value >= self.amount


def parse_limit(text: str) -> Limit:
    """Read a budget's limit such as ``< 100ms``, ``< 1%`` or ``>= 180/s``.

    Raises:
        ValueError: the text is not a comparison with a quantity.
    """
    match = re.match(_LIMIT, text.strip())
    if match is None:
        raise ValueError(f'"{text}" is not a limit; write it like "< 100ms", "< 1%" or ">= 180/s"')
    if not is_known_unit(match["unit"]):
        raise ValueError(f'"{text}" has an unknown unit "{match["unit"]}"; known: {", ".join(u for u in _UNITS if u)}')
    amount, unit = to_base(float(match["number"]), match["unit"])
    op: Comparison = match["op"]  # type: ignore[assignment] # the pattern allows no other
    return Limit(op=op, amount=amount, unit=unit, text=text.strip())


_TIME = r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(s|m|min|h|d)"
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


def parse_time(text: str) -> float:
    """Read a time such as ``90m`` or ``2h``, in seconds.

    Raises:
        ValueError: the text is no time.
    """
    found = re.fullmatch(_TIME, text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no time; write it like "90m" or "2h"')
    return float(found[1]) * _SECONDS[found[2]]


def describe_time(seconds: float) -> str:
    """Return a time as people say it, such as ``2 h`` or ``1 h 20 min``; below a minute in seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts) or f"{rest} s"


def display_scale(magnitude: float, unit: str) -> tuple[float, str]:
    """Return the factor and the unit that print `magnitude` (in base `unit`) with few digits.

    One scale serves a whole row, so that its numbers can be compared by eye.
    """
    scales = _SCALES.get(unit)
    if not scales or not math.isfinite(magnitude) or magnitude == 0:
        return (1.0, "/s" if unit == "1/s" else unit)
    for factor, name in scales:
        if abs(magnitude) >= _LEAST.get(name, factor):
            return (factor, name)
    return scales[-1]
