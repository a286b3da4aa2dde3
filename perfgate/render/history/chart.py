"""The median of each session over time as SVG: sections, levels, and where they changed.

Lines are drawn on a plane that is stretched to the width of the card, words keep their size: a picture is as
readable on a telephone as on paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.html.axis import Axis
from perfgate.render.html.markup import Markup, element, minus_signs, shorten
from perfgate.report.history.common import find_common
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.history.trends import Mark, SuiteTrend, Trend

WIDTH, _HEIGHT = 1000, 200
ENDS = (12, WIDTH - 12)
"""Where the first and the last session lie."""
_TOP, BOTTOM = 42, _HEIGHT - 24
_LONGEST_CAUSE = 24
_FEW_POINTS = 60
"""Sessions up to which each is a dot."""
_LEAST = 0.05
"""The axis shows at least this share of the level above and below it, so that noise does not look like a mountain."""
_ROWS = (30, 14)
"""Where the words of rules stand; the second is for those that would lie over others."""
_ROOM = 0.2 * WIDTH
"""Of the words of a rule."""
_TURN = 0.4 * WIDTH
"""Words stand right of rules that are left of it, and left of others, where the axis leaves room as well."""
_DATES = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw_trend(trend: Trend, suites: Sequence[SuiteTrend]) -> Markup:
    """Return the picture of a series.

    Args:
        trend: what it did.
        suites: what all benchmarks did together.
    """
    series = trend.series
    values = [p.reading.p50 for p in series.points]
    axis = Axis.over([*_central(values), *_around(trend)], values, BOTTOM, _TOP, series.metric.unit)
    days = [p.past.when[:10] for p in series.points]
    chart = _Chart(values, axis, days)
    common = find_common(trend, suites)
    levels = _slope(trend)
    chart.lines += [chart.levels(levels), *(chart.line(s.start, s.end) for s in series.sections)]
    rules = [(place, f"all {percent(m.change)}", "common") for place, m in common.items()]
    rules += [(s.start, shorten(s.cause, _LONGEST_CAUSE), "break") for s in series.sections[1:]]
    for mark in trend.marks:
        words = percent(mark.change) if series.is_ratio else f"{mark.change:+.3g}"
        rules.append((mark.at, words, _kind(mark)))
    chart.add_rules(rules)
    ends = f"{amount(values[0], series.metric.unit)} to {amount(values[-1], series.metric.unit)}"
    title = f"{series.metric.name} of {series.titled}: {count(len(values), 'session')}, {ends}"
    title += f", {count(len(trend.marks), 'step')}" if trend.marks else ", no step"
    return chart.draw(shorten(title))


def draw_suite(suite: SuiteTrend) -> Markup:
    """Return the picture of what all benchmarks did together."""
    percents = [100.0 * s for s in suite.shifts]
    around = [-100.0 * _LEAST, 100.0 * _LEAST]
    axis = Axis.over([*_central(percents), *around], percents, BOTTOM, _TOP, "%")
    days = [s.when[:10] for s in suite.sessions]
    chart = _Chart(percents, axis, days)
    chart.lines.append(chart.line(0, len(percents)))
    chart.add_rules((m.at, percent(m.change), _kind(m)) for m in suite.marks)
    title = f"{suite.metric} of all benchmarks together: {count(len(percents), 'session')}, "
    return chart.draw(title + (count(len(suite.marks), "step") if suite.marks else "no step"))


def _kind(mark: Mark) -> str:
    return "step worse" if mark.is_worse else "step better"


def _central(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    tenth = len(ordered) // 20
    return [ordered[tenth], ordered[-1 - tenth]]


def _around(trend: Trend) -> list[float]:
    """Return what the axis shows at least: the newest level with the threshold, or 5 %, below and above it."""
    level = trend.levels[-1][2]
    share = max(trend.series.threshold.amount if trend.series.threshold.is_relative else 0.0, _LEAST)
    reach = max(abs(level) * share, 0.0 if trend.series.is_ratio else trend.series.least)
    return [level - reach, level + reach]


def _slope(trend: Trend) -> Iterator[tuple[int, int, float, float]]:
    """Yield levels with where each begins and ends: in a slow change it rises or falls."""
    for start, end, level in trend.levels:
        slow = next((s for s in trend.slow if s.start <= start and end <= s.end), None)
        share = (end - start) / slow.sessions / 2 if slow else 0.0
        if slow is None or not trend.series.is_ratio:
            half = share * slow.change if slow else 0.0
            yield start, end, level - half, level + half
        else:
            factor = (1 + slow.change) ** share
            yield start, end, level / factor, level * factor


class _Chart:
    """A picture in the making: where sessions and values lie."""

    def __init__(self, values: Sequence[float], axis: Axis, days: Sequence[str]) -> None:
        self._values = values
        self._axis = axis
        self._days = days
        self._step = (ENDS[1] - ENDS[0]) / max(len(values) - 1, 1)
        self.lines: list[Markup] = []
        """Of the plane that is stretched."""
        self._words: list[Markup] = []

    def _x(self, place: float) -> int:
        first = ENDS[0] if len(self._values) > 1 else WIDTH / 2
        return round(first + place * self._step)

    def line(self, start: int, end: int) -> Markup:
        """Return the values of a section, joined; few of them as dots as well."""
        places = [(self._x(i), self._axis.at(self._values[i])) for i in range(start, end)]
        joined = "M" + "L".join(f"{x} {y}" for x, y in places)
        dots = "".join(f"M{x} {y}h0" for x, y in places) if len(self._values) <= _FEW_POINTS or len(places) == 1 else ""
        parts = [element("path", class_="history", d=joined)]
        return element("g", *parts, *([element("path", class_="dots base", d=dots)] if dots else []))

    def levels(self, levels: Iterable[tuple[int, int, float, float]]) -> Markup:
        """Return a line for each level: its first place, the one behind its last, and where it begins and ends."""
        path = ""
        for start, end, first, last in levels:
            left = self._x(start - 0.4 if start else 0)
            right = self._x(end - 0.6 if end < len(self._values) else end - 1)
            path += f"M{left} {self._axis.at(first)}L{right} {self._axis.at(last)}"
        return element("path", class_="level", d=path)

    def add_rules(self, rules: Iterable[tuple[int, str, str]]) -> None:
        """Add vertical lines before sessions: place, words above it, kind."""
        taken = dict.fromkeys(_ROWS, -_ROOM)
        for place, words, kind in sorted(rules):
            x = self._x(place - 0.5)
            anchor = "start" if x < _TURN else "end"
            left = x if anchor == "start" else x - _ROOM
            y = next((row for row in _ROWS if taken[row] <= left), _ROWS[-1])
            taken[y] = left + _ROOM
            self.lines.append(element("path", class_=kind, d=f"M{x} {y - 10}V{BOTTOM}"))
            shown = [minus_signs(words)]
            if kind != "break":
                shown.append(element("tspan", f" {self._days[place]}", class_="minor"))
            shift = 4 if anchor == "start" else -4
            self._words.append(element("text", *shown, class_=f"{anchor} {kind}", x=_share(x), y=y, dx=shift))

    def draw(self, title: str) -> Markup:
        """Return the picture."""
        ticks = self._axis.ticks()
        frame = element("path", class_="frame", d="".join(f"M0 {y}H{WIDTH}" for y, _ in ticks))
        plane = element(
            "svg", frame, *self.lines, viewBox=f"0 0 {WIDTH} {_HEIGHT}", preserveAspectRatio="none", aria_hidden="true"
        )
        # The style sheet leaves room on the left for the words of the axis.
        values = element("g", *(element("text", words, x=-8, y=y + 4) for y, words in ticks), class_="end")
        return element("svg", element("title", title), values, plane, *self._dates(), *self._words, role="img")

    def _dates(self) -> Iterator[Markup]:
        last = len(self._days) - 1
        shown = ""
        for share in _DATES:
            place = round(share * last)
            if self._days[place] == shown:
                continue
            shown = self._days[place]
            anchor = "start" if share == 0.0 else "end" if share == 1.0 else "middle"
            kind = f"{anchor} minor" if share in {0.25, 0.75} else anchor
            x = 0 if share == 0.0 else WIDTH if share == 1.0 else self._x(place)
            yield element("text", shown, class_=kind, x=_share(x), y=_HEIGHT - 6)


def _share(x: float) -> str:
    return f"{100 * x / WIDTH:.3g}%"
