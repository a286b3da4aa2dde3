"""Which of many are chosen: a sequence that is exact over any part of them and follows no period of a program."""

from __future__ import annotations

GOLDEN = 0.6180339887498949
"""(sqrt(5) - 1) / 2: the fractional parts of its multiples fill the unit interval most evenly, wherever one begins.

The n-th of many is chosen where ``n * GOLDEN % 1.0`` is below the share: of any hundred that follow each other the
chosen ones are the share to one in a hundred."""


def check_rate(name: str, rate: object) -> float:
    """Return a share of what is chosen, 0.0 to 1.0.

    Args:
        name: of the argument, for messages.
        rate: what a caller gave.

    Raises:
        TypeError: it is no number.
        ValueError: it is outside 0.0 to 1.0, or NaN.
    """
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(rate).__name__}")
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{name} must be between 0.0 and 1.0, not {rate}")
    return float(rate)
