"""The median of each session over time as SVG: sections, levels, and where they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.html.axis import Axis
from perfgate.render.html.markup import Markup, element, minus, shorten
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.trends import SuiteTrend, Trend

WIDTH, _HEIGHT = 920, 190
_LEFT, _RIGHT = 84, WIDTH - 14
ENDS = (_LEFT + 8, _RIGHT - 8)
"""Where the first and the last session lie."""
_TOP, _BOTTOM = 22, _HEIGHT - 26
_LONGEST_CAUSE = 28
_FEW_POINTS = 60
"""Sessions up to which each is a dot."""


def draw_trend(trend: Trend) -> Markup:
    """Return the picture of a series."""
    series = trend.series
    values = [p.reading.p50 for p in series.points]
    axis = Axis.over(_central(values), values, _BOTTOM, _TOP, series.metric.unit)
    chart = _Chart(values, axis, [p.past.when[:10] for p in series.points])
    parts = [*chart.ticks(), *chart.levels(trend)]
    parts += [chart.line(s.start, s.end) for s in series.sections]
    parts += [p for s in series.sections[1:] for p in chart.rule(s.start, shorten(s.cause, _LONGEST_CAUSE), "break")]
    for mark in trend.marks:
        token = "worse" if mark.is_worse else "better"
        words = percent(mark.change) if series.is_ratio else f"{mark.change:+.3g}"
        parts += chart.rule(mark.at, minus(words), f"step {token}")
    ends = f"{amount(values[0], series.metric.unit)} to {amount(values[-1], series.metric.unit)}"
    title = f"{series.metric.name} of {series.titled}: {count(len(values), 'session')}, {ends}"
    title += f", {count(len(trend.marks), 'step')}" if trend.marks else ", no step"
    return _svg(parts, shorten(title))


def draw_suite(suite: SuiteTrend) -> Markup:
    """Return the picture of what all benchmarks did together."""
    percents = [100.0 * s for s in suite.shifts]
    axis = Axis.over(_central([*percents, 0.0]), percents, _BOTTOM, _TOP, "%")
    chart = _Chart(percents, axis, [s.when[:10] for s in suite.sessions])
    parts = [*chart.ticks(), chart.line(0, len(percents))]
    for mark in suite.marks:
        parts += chart.rule(mark.at, minus(percent(mark.change)), f"step {'worse' if mark.is_worse else 'better'}")
    title = f"{suite.metric} of all benchmarks together: {count(len(percents), 'session')}, "
    return _svg(parts, title + (count(len(suite.marks), "step") if suite.marks else "no step"))


def _central(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    tenth = len(ordered) // 20
    return [ordered[tenth], ordered[-1 - tenth]]


class _Chart:
    """A picture in the making: where sessions and values lie."""

    def __init__(self, values: Sequence[float], axis: Axis, days: Sequence[str]) -> None:
        self._values = values
        self._axis = axis
        self._days = days
        self._step = (ENDS[1] - ENDS[0]) / max(len(values) - 1, 1)

    def _x(self, place: float) -> int:
        return round(ENDS[0] + place * self._step)

    def ticks(self) -> Iterator[Markup]:
        ticks = self._axis.ticks()
        yield element("path", class_="frame", d="".join(f"M{_LEFT} {y}H{_RIGHT}" for y, _ in ticks))
        yield element("g", *(element("text", words, x=_LEFT - 8, y=y + 4) for y, words in ticks), class_="end")
        yield element("text", self._days[0], class_="start", x=_LEFT, y=_HEIGHT - 6)
        if self._days[-1] != self._days[0]:
            yield element("text", self._days[-1], class_="end", x=_RIGHT, y=_HEIGHT - 6)

    def line(self, start: int, end: int) -> Markup:
        """Return the values of a section, joined; few of them as dots as well."""
        places = [(self._x(i), self._axis.at(self._values[i])) for i in range(start, end)]
        joined = "M" + "L".join(f"{x} {y}" for x, y in places)
        dots = "".join(f"M{x} {y}h0" for x, y in places) if len(self._values) <= _FEW_POINTS or len(places) == 1 else ""
        parts = [element("path", class_="history", d=joined)]
        return element("g", *parts, *([element("path", class_="dots base", d=dots)] if dots else []))

    def levels(self, trend: Trend) -> Iterator[Markup]:
        """Yield the median of the values between two steps, as a line each."""
        path = ""
        for start, end, level in trend.levels:
            left = self._x(start - 0.4 if start else 0)
            right = self._x(end - 0.6 if end < len(self._values) else end - 1)
            path += f"M{left} {self._axis.at(level)}H{right}"
        yield element("path", class_="level", d=path)

    def rule(self, place: int, words: str, kind: str) -> Iterator[Markup]:
        """Yield a vertical line before a session, with its words above it."""
        x = self._x(place - 0.5)
        anchor = "start" if x < WIDTH / 2 else "end"
        yield element("path", class_=kind, d=f"M{x} {_TOP - 6}V{_BOTTOM}")
        yield element("text", words, class_=f"{anchor} {kind}", x=x + (4 if anchor == "start" else -4), y=_TOP - 8)


def _svg(parts: Sequence[Markup], title: str) -> Markup:
    return element("svg", element("title", title), *parts, role="img", viewBox=f"0 0 {WIDTH} {_HEIGHT}")
