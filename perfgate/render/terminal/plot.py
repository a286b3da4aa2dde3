"""The interval that decides, drawn against its marks: right is worse, and a value fails right of both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.text.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.render.terminal.style import Style, Token
    from perfgate.report.verdict.value import Picture

NARROWEST, WIDEST = 12, 32
"""Columns of a plot."""
_LEFT, _RIGHT = -math.asinh(6), math.asinh(30)
"""Ends of the axis, in asinh of multiples of the mark: linear near 0, logarithmic far away."""
_FALLBACK = 0.05
"""Unit of the axis where the mark is at 0."""


def draw(picture: Picture, width: int, token: Token, style: Style) -> str:
    """Return the interval, its dot and both marks, in so many columns.

    Args:
        picture: what is drawn.
        width: columns, `NARROWEST` to `WIDEST`.
        token: colour of the interval.
        style: says colours and symbols.
    """
    unit = _unit(picture)
    line: list[tuple[str, Token]] = [(" ", "plain")] * width
    zero, mark, dot = (_place(x / unit, width) for x in (0.0, picture.mark, picture.dot))
    if picture.low is not None and picture.high is not None:
        start, end = (_place(x / unit, width) for x in (picture.low, picture.high))
        if picture.low > 0.0:  # what leaves out no change is drawn so, however coarse the columns are
            start, end, dot = (max(at, zero + 1) for at in (start, end, dot))
        if picture.high < 0.0:
            start, end, dot = (min(at, zero - 1) for at in (start, end, dot))
        for at, symbol in _interval(start, end, width):
            line[at] = (symbol, token)
    for at, free, crossed, colour in ((zero, "│", "┼", "dim"), (mark, "┃", "╂", "strong")):
        line[at] = (free if line[at][0] == " " else crossed, colour)  # type: ignore[assignment]
    if dot >= width:
        line[-1] = ("▶", token)
    line[_dot_place(dot, mark, picture, width)] = ("●", token)
    return "".join(style.paint(colour, style.spell(symbol)) if symbol != " " else " " for symbol, colour in line)


def _interval(start: int, end: int, width: int) -> Iterator[tuple[int, str]]:
    """Yield the columns of an interval that the axis has, with their symbols; an arrow leads to an end beyond it."""
    for at in range(max(start, 0), min(end, width - 1) + 1):
        yield at, "─"
    if 0 <= start < width:
        yield start, "├"
    if 0 <= end < width:
        yield end, "┤"
    if start < 0:
        yield 0, "◀"
    if end >= width:
        yield width - 1, "▶"


def _unit(picture: Picture) -> float:
    return picture.mark if 0.0 < picture.mark < math.inf else _FALLBACK


def _place(multiple: float, width: int) -> int:
    """Return the column of a multiple of the mark; outside the axis one before the first, or one behind the last."""
    if math.isinf(multiple):
        return width if multiple > 0.0 else -1
    place = round((math.asinh(multiple) - _LEFT) / (_RIGHT - _LEFT) * (width - 1))
    return min(max(place, -1), width)


def _dot_place(dot: int, mark: int, picture: Picture, width: int) -> int:
    """Return the column of the dot: never on the wrong side of the mark, however coarse the columns are.

    A dot beyond the axis, or where the arrow of its interval is, stands before the arrow.
    """
    is_open = dot >= width or (picture.high is not None and _place(picture.high / _unit(picture), width) >= width)
    place = width - 2 if is_open and dot >= width - 1 else max(dot, 0)
    is_beyond = picture.dot > picture.mark
    if is_beyond and place <= mark < width - 1:
        return mark + 1
    return min(place, mark) if not is_beyond else place


def rule(thresholds: set[str], width: int) -> str:
    """Return the labels above the plots: no change, and the threshold.

    Args:
        thresholds: of all values that are drawn, such as ``+5%``.
        width: columns of the plots.
    """
    only = next(iter(thresholds)) if len(thresholds) == 1 else ""
    share = _share(only)
    line = [" "] * width
    for multiple in (0, 1):
        label = "0" if not multiple else f"+{share * multiple:g}%" if share else "limit"
        _write(line, _place(float(multiple), width), label, is_needed=multiple == 1)
    return "".join(line).rstrip()


def _share(threshold: str) -> float:
    """Return the percentage of a threshold without its sign; 0.0 where it is none."""
    digits = threshold.strip("+-%")
    try:
        return float(digits) if threshold.endswith("%") else 0.0
    except ValueError:
        return 0.0


def _write(line: list[str], at: int, label: str, *, is_needed: bool) -> None:
    """Write a label where nothing stands beside it; one that is needed takes the place of what does."""
    end = at + columns_of(label)
    if end > len(line):
        return
    if not all(c == " " for c in line[max(at - 1, 0) : end]):
        if not is_needed:
            return
        line[:at] = [" "] * at
    line[at:end] = label
