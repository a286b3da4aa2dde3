"""A series as a line of blocks, as wide as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], *, width: int, least: float) -> str:
    """Return a line of blocks, each the median of an equal share of the values, the lowest block the least of them.

    Args:
        values: in the order of time, at least one; all finite.
        width: most blocks.
        least: the smallest difference that the whole height stands for, so that noise does not look like a mountain.
    """
    size = min(width, len(values))
    shares = [median(values[i * len(values) // size : (i + 1) * len(values) // size]) for i in range(size)]
    low, high = min(shares), max(shares)
    height = max(high - low, least)
    if height <= 0.0:
        return BLOCKS[0] * size
    top = len(BLOCKS) - 1
    low -= (height - (high - low)) / 2
    return "".join(BLOCKS[min(top, int((v - low) / height * len(BLOCKS)))] for v in shares)
