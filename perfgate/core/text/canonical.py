"""Write JSON and numbers in one spelling: the same content gives the same bytes in every process."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def rounded(value: float) -> float | int:
    """Return `value` with 6 significant digits; whole numbers below 10^15 come back as integers."""
    short = float(f"{value:.{SIGNIFICANT}g}")
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
    deeper = line + "  "
    if isinstance(value, dict) and value:
        inner = (f"{dump_line(str(k))}: {_lay_out(v, deeper)}" for k, v in value.items())
        return "{" + deeper + ("," + deeper).join(inner) + line + "}"
    if isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        return "[" + deeper + ("," + deeper).join(_lay_out(v, deeper) for v in value) + line + "]"
    return dump_line(value)


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
    sizes = [abs(v) for v in values if v and math.isfinite(v)]
    if not sizes:
        return 0.0
    exponent, finest = _exponents(min(sizes))
    least = exponent - DIGITS_READ + 1  # no larger value can be written in a finer step
    for size in sizes:
        if finest == least:
            break
        finest = min(finest, _exponents(size)[1])
    return float(f"1e{finest}")


@lru_cache(maxsize=1 << 16)  # a judgement asks about each value several times, an audit dozens of times
def _exponents(size: float) -> tuple[int, int]:
    """Return the decimal exponents of the first digit and of the last one that is not zero (45600000: 7 and 5)."""
    digits, _, exponent = f"{size:.{DIGITS_READ - 1}e}".partition("e")
    first = int(exponent)
    return first, first - len(digits.rstrip("0")) + len("d.")
