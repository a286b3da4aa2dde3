"""JSON in one spelling: the same content gives the same bytes in every process."""

from __future__ import annotations

import hashlib
import json
import math
from functools import lru_cache

SIGNIFICANT = 6
"""Digits that a stored value keeps: a millionth, far below any difference that could be gated."""


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
    return _laid_out(value, "\n") + "\n"


def _laid_out(value: object, line: str) -> str:
    deeper = line + "  "
    if isinstance(value, dict) and value:
        inner = (f"{_flat(str(k))}: {_laid_out(v, deeper)}" for k, v in value.items())
        return "{" + deeper + ("," + deeper).join(inner) + line + "}"
    if isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        return "[" + deeper + ("," + deeper).join(_laid_out(v, deeper) for v in value) + line + "]"
    return _flat(value)


def _flat(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def short_hash(text: str, *, digits: int = 12) -> str:
    """Return the first hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def resolution(values: tuple[float, ...]) -> float:
    """Return the step in which the values were written: 0.001 for values with three decimals.

    A change smaller than the step of its own values cannot be distinguished from rounding.
    Computed from the digits, so that it holds for whatever tool wrote them; 12 digits
    are looked at, which leaves out the stray last bits of a unit conversion.
    """
    steps = [_step(v) for v in values if v and math.isfinite(v)]
    return min(steps, default=0.0)


@lru_cache(maxsize=1 << 16)  # a judgement asks about each value several times, an audit dozens of times
def _step(value: float) -> float:
    """Return the weight of the last digit that is not zero (45600000 -> 100000)."""
    mantissa, exponent = f"{value:.11e}".split("e")
    digits = mantissa.lstrip("-").replace(".", "").rstrip("0")
    return float(f"1e{int(exponent) - len(digits) + 1}")
