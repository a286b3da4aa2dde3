"""What a process measured of functions, as lines of text."""

from __future__ import annotations

from perfgate.stats.quantiles import MAD_TO_SIGMA, mad, median

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.measure.calls.timing import Timed

_PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_NUMBERS = 40
"""Columns of the numbers."""
_LEAST_NAME = 20


def draw_table(rows: Sequence[tuple[str, Timed]], *, most: int, width: int, counts: bool = False) -> Iterator[str]:
    """Yield a heading and a line for each benchmark, and how many are not shown.

    Args:
        rows: the name and the values of each.
        most: how many are shown, >= 1.
        width: columns of the terminal.
        counts: are the values instructions, one a benchmark, and no times?
    """
    room = max(_LEAST_NAME, width - _NUMBERS)
    shown = rows[:most]
    names = [_cut(name, room) for name, _ in shown]
    column = max(map(len, names), default=0)
    if counts:
        yield f"{'':{column}}  {'instructions':>18}"
        for name, (_, timed) in zip(names, shown, strict=True):
            yield f"{name:{column}}  {timed.values[0]:>18,.0f}"
    else:
        yield from _times(names, [timed for _, timed in shown], column)
    if len(rows) > most:
        yield f"and {len(rows) - most:,} more"


def _times(names: Sequence[str], found: Sequence[Timed], column: int) -> Iterator[str]:
    """Yield a heading and a line for each benchmark that was timed."""
    yield f"{'':{column}}  {'median':>10}  {'spread':>7}  {'samples':>7} x calls"
    for name, timed in zip(names, found, strict=True):
        ordered = sorted(timed.values)
        middle = median(ordered)
        spread = MAD_TO_SIGMA * mad(ordered) / middle if middle else 0.0
        count = f"{len(ordered):>7,} x {timed.loops:,}"
        yield f"{name:{column}}  {_words(middle):>10}  {f'±{spread:.1%}':>7}  {count}"


def _words(seconds: float) -> str:
    factor, unit = next((p for p in _PREFIXES if seconds >= p[0]), _PREFIXES[-1])
    return f"{seconds / factor:.4g} {unit}"


def _cut(name: str, room: int) -> str:
    """Return a name on one line, cut in the middle where it is too long."""
    flat = "".join(c if c.isprintable() else "?" for c in name)
    if len(flat) <= room:
        return flat
    half = (room - 1) // 2
    return f"{flat[: room - 1 - half]}…{flat[len(flat) - half :]}"
