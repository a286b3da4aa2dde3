"""Where numbers lie on a drawing: the axis of changes, which all values share, and axes of measured values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.text.units import display_scale
from perfgate.render.html.markup import minus, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.report.verdict.value import Picture

WIDTH, HEIGHT = 160, 20
"""Of the drawing of an interval, in units of the drawing."""
_LEFT, _RIGHT = 4, WIDTH - 4
_SCALE = 2.0
_LOW, _HIGH = -math.asinh(4 * _SCALE), math.asinh(25 * _SCALE)
"""Ends of the axis of changes, 4 marks better and 25 worse: linear up to half a mark, logarithmic far away."""
_FALLBACK = 0.05
"""Unit of that axis where the mark is at 0."""
_REACH = 1.5
"""How far a run may lie outside of what matters, in spreads of it, before it is drawn at the edge."""
_TICKS = 4
"""Round values on an axis, at most."""
_LONGEST_UNIT = 10
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def place(multiple: float) -> int:
    """Return where a multiple of the mark lies on the axis of changes; what is beyond it lies on its edge."""
    if math.isnan(multiple):
        return ZERO
    bounded = min(max(math.asinh(multiple * _SCALE), _LOW), _HIGH)
    return round(_LEFT + (bounded - _LOW) / (_HIGH - _LOW) * (_RIGHT - _LEFT))


ZERO, MARK = place(0.0), place(1.0)
"""Where no change and the mark lie, the same for all values."""


class Placed(Struct, frozen=True):
    """An interval on the axis of changes."""

    dot: int
    """Where the change lies: right of `MARK` when and only when it is beyond its mark."""
    low: int | None = None
    """Left end: right of `ZERO` when and only when it is worse than no change; None: there is no interval."""
    high: int | None = None
    """Right end."""

    @property
    def path(self) -> str:
        """The interval as a path: a line between two ends, or an arrow where it goes on; empty: there is none."""
        if self.low is None or self.high is None:
            return ""
        y = HEIGHT // 2
        left = f"M{_LEFT + 4} {y - 4}l-4 4l4 4" if self.low <= _LEFT else f"M{self.low} {y - 4}v8"
        right = f"M{_RIGHT - 4} {y - 4}l4 4l-4 4" if self.high >= _RIGHT else f"M{self.high} {y - 4}v8"
        return f"M{self.low} {y}H{self.high}{left}{right}"


def place_picture(picture: Picture) -> Placed:
    """Return where the parts of a picture lie; rounding carries none of them across a mark."""
    unit = picture.mark if 0.0 < picture.mark < math.inf else _FALLBACK
    at = place(picture.dot / unit)
    dot = max(at, MARK + 2) if picture.dot > picture.mark else min(at, MARK)
    if picture.low is None or picture.high is None:
        return Placed(dot)
    low = place(picture.low / unit)
    low = max(low, ZERO + 1) if picture.low > 0.0 else min(low, ZERO)
    return Placed(dot, min(low, dot), max(place(picture.high / unit), dot))


class Axis(Struct, frozen=True):
    """Measured values along a line of a drawing."""

    low: float
    """The value at its start, in the base unit."""
    high: float
    """The value at its end, > `low`."""
    start: float
    """Where it starts on the drawing."""
    end: float
    """Where it ends; before `start` on an axis that points up."""
    unit: str
    """Base unit."""

    @classmethod
    def over(cls, central: Sequence[float], runs: Iterable[float], start: float, end: float, unit: str) -> Axis:
        """Return an axis that shows what is central, and as many of the runs as do not squeeze it.

        Args:
            central: finite, at least one.
            runs: finite.
            start: see `Axis`.
            end: see `Axis`.
            unit: see `Axis`.
        """
        ordered = sorted([*runs, *central])
        low, high = min(central), max(central)
        tenth = len(ordered) // 10
        spread = max(high - low, ordered[-1 - tenth] - ordered[tenth])
        low, high = max(ordered[0], low - _REACH * spread), min(ordered[-1], high + _REACH * spread)
        pad = (high - low) * 0.06 or abs(high) * 0.02 or 1.0
        if not math.isfinite(high - low + pad) or high + pad == low - pad:
            return cls(-1.0, 1.0, start, end, unit)
        return cls(low - pad, high + pad, start, end, unit)

    def at(self, value: float) -> int:
        """Return where a value lies; one outside lies on the edge."""
        share = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return round(self.start + share * (self.end - self.start))

    def holds(self, value: float) -> bool:
        """Does a value lie on the axis?"""
        return self.low <= value <= self.high

    def ticks(self) -> tuple[tuple[int, str], ...]:
        """Return a few round values: where each lies, and its words, all in one prefix."""
        scale, name = display_scale(max(abs(self.low), abs(self.high)), self.unit)
        low, high = self.low / scale, self.high / scale
        rough = (high - low) / _TICKS
        power = 10.0 ** math.floor(math.log10(rough)) if rough > 0.0 else 0.0
        step = next((s * power for s in _STEPS if s * power >= rough * (1 - 1e-9)), 0.0)
        if not step or not math.isfinite(step):
            return ()
        first = math.ceil(low / step)
        numbers = (n * step for n in range(first, first + 2 * _TICKS) if n * step <= high)
        name = "" if name == "1" else f" {shorten(name, _LONGEST_UNIT)}"
        return tuple((self.at(n * scale), minus(f"{float(f'{n:.6g}'):,.12g}{name}")) for n in numbers)
