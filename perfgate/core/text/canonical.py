"""Write JSON and numbers in one spelling: the same content gives the same bytes in every process."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import import_module
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from hashlib import sha256
else:

    def _find_sha256() -> object:
        """Return the interpreter's own SHA-256: hashlib loads OpenSSL, a twentieth of the time of a check."""
        for home in ("_sha2", "_sha256", "hashlib"):  # since Python 3.12, before, and where it was built without
            try:
                return import_module(home).sha256
            except ImportError:
                continue
        raise ImportError("no SHA-256")

    sha256 = _find_sha256()

SIGNIFICANT = 6
"""Digits that a stored value keeps: a millionth, far below any difference that could be gated."""
DIGITS_READ = 12
"""Digits of a value that show the step in which it was written."""
_MOST_STEPS = 1e15
"""Doubles hold whole numbers exactly up to there."""
_LEAST_STEP = 1e-290
"""Below it powers of ten have fewer digits than other doubles."""
_SAME = 4e-13
"""Relative difference that twelve digits never show: half of the last one is at least 5e-13 of a value."""


def rounded(value: float, *, digits: int = SIGNIFICANT) -> float | int:
    """Return `value` with 6 significant digits, or so many; whole numbers below 10^15 come back as integers."""
    return whole(float(f"{value:.{digits}g}"))


def whole(short: float) -> float | int:
    """Return a number that is rounded already as `rounded` does: whole numbers below 10^15 as integers."""
    if short.is_integer() and abs(short) < 1e15:  # noqa: PLR2004 - doubles hold whole numbers exactly up to there
        return int(short)
    return short


def dumps(value: object) -> str:
    """Return `value` as JSON text with a final line break; insertion order is kept, a row of numbers takes one line.

    Raises:
        ValueError: a number is not finite; JSON has no word for it.
    """
    return _lay_out(value, "\n") + "\n"


def dump_line(value: object) -> str:
    """Return `value` as JSON text on one line; insertion order is kept.

    Raises:
        ValueError: a number is not finite; JSON has no word for it.
    """
    return _LINE.encode(value)


_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)  # one for all: `json.dumps` would build one for each call


def _lay_out(value: object, line: str) -> str:
    write = _WRITERS.get(value.__class__)
    if write is not None:
        return write(value)
    deeper = line + "  "
    if isinstance(value, dict) and value:
        inner = [f"{encode_basestring(str(k))}: {_lay_out(v, deeper)}" for k, v in value.items()]
        return "{" + deeper + ("," + deeper).join(inner) + line + "}"
    if isinstance(value, list) and any(issubclass(kind, dict | list) for kind in set(map(type, value))):
        return "[" + deeper + ("," + deeper).join([_lay_out(v, deeper) for v in value]) + line + "]"
    return dump_line(value)


def _write_float(value: float) -> str:
    return repr(value) if math.isfinite(value) else dump_line(value)


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    float: _write_float,
    int: repr,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}
"""How the encoder of the standard library writes a single value: a report has a hundred for each benchmark."""


def short_hash(text: str, *, digits: int = 12) -> str:
    """Return the first hexadecimal digits of the text's SHA-256."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def resolution(values: tuple[float, ...]) -> float:
    """Return the step in which the values were written: 0.001 for values with three decimals.

    A change smaller than the step of its own values cannot be distinguished from rounding.
    Computed from the digits, so that it holds for whatever tool wrote them; 12 digits
    are looked at, which leaves out the stray last bits of a unit conversion.

    Args:
        values: in one unit; zeros and values that are not finite are ignored.

    Returns:
        A power of ten in the unit of ``values``; 0.0 if no value is left.
    """
    sizes: Sequence[float] = values
    if not values or not 0.0 < min(values) <= max(values) < math.inf:
        sizes = [abs(v) for v in values if v and math.isfinite(v)]
    if not sizes:
        return 0.0
    exponent, finest = _exponents(min(sizes))
    least = exponent - DIGITS_READ + 1  # no larger value can be written in a finer step
    step = _power(finest)
    for size in sizes:
        if finest == least:
            break
        # Digits are slow to write. A whole number of steps has no digit beyond the step, and needs none.
        steps = size / step if step > _LEAST_STEP else math.inf
        if steps < _MOST_STEPS:
            part = steps % 1.0
            if part <= steps * _SAME or 1.0 - part <= steps * _SAME:
                continue
        finest = min(finest, _exponents(size)[1])
        step = _power(finest)
    return step


@lru_cache(maxsize=1024)  # there are fewer exponents
def _power(exponent: int) -> float:
    """Return ten to the power of an exponent, as a file's number is read: 0.0 below the smallest double."""
    return float(f"1e{exponent}")


@lru_cache(maxsize=1 << 16)  # a judgement asks about each value several times, an audit dozens of times
def _exponents(size: float) -> tuple[int, int]:
    """Return the decimal exponents of the first digit and of the last one that is not zero (45600000: 7 and 5)."""
    digits, _, exponent = f"{size:.{DIGITS_READ - 1}e}".partition("e")
    first = int(exponent)
    return first, first - len(digits.rstrip("0")) + len("d.")
