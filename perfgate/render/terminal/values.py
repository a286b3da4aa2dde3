"""The values of one part, drawn as a table: one line each where names are short, else the name above its metrics."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import plain
from perfgate.core.text.columns import columns_of, cut_middle, front, pad
from perfgate.render.terminal.lines import is_right_to_left, wrap
from perfgate.render.terminal.plot import NARROWEST, WIDEST, draw, rule
from perfgate.render.terminal.style import MARKS
from perfgate.report.verdict.value import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.render.terminal.style import Style
    from perfgate.report.document import Line
    from perfgate.report.verdict.value import Value

_INDENT = 4
_GAP = 2
_ROOM = 16
"""Columns of a plot beside which a name may stand on the same line."""
_MOST_LINES = 3
"""Lines of one name; a longer one is cut in the middle."""
_LONGEST_METRIC = 24
_ARROW = "→"
_SHARED = 4
"""Values from which on a remark that they share is made once."""


class Layout(Struct, frozen=True, kw_only=True):
    """The columns of all values of a report, so that its parts line up."""

    name: int
    """Columns of the names beside the metrics; 0: each name has a line of its own."""
    metric: int
    """Columns of the metrics."""
    baseline: int
    """Columns of the values compared with; 0: there is no room for values."""
    current: int
    """Columns of the values compared."""
    change: int
    """Columns of the changes."""
    interval: int
    """Columns of the intervals; 0: there is no room, or none."""
    plot: int
    """Columns of the plots; 0: there is no room, or none."""
    sides: tuple[str, str]
    """What the two sides are called."""
    thresholds: frozenset[str]
    """Of all values that are drawn."""
    labels: Mapping[tuple[str, str], str]
    """Benchmark and machine class -> the name as it is drawn."""

    @classmethod
    def of(cls, values: Sequence[Value], sides: tuple[str, str], width: int) -> Layout:
        """Return the columns that some values need, within a width. The plot goes first, then the interval."""
        metric = min(max(columns_of(plain(v.metric)) for v in values), _LONGEST_METRIC)
        baseline = max(columns_of(sides[0]), *(columns_of(plain(v.baseline.text)) for v in values))
        current = max(columns_of(sides[1]), *(columns_of(plain(v.current.text)) for v in values))
        change = max(len("change"), *(columns_of(v.change) for v in values))
        interval = max(columns_of(v.interval) for v in values)
        interval = max(interval, len("interval")) if interval else 0
        fixed = _INDENT + metric + _GAP + baseline + columns_of(f" {_ARROW} ") + current + _GAP + change
        if fixed > width:  # so narrow that only the change is shown
            metric = max(min(metric, width - _INDENT - _GAP - change), 1)
            baseline = current = interval = 0
            fixed = _INDENT + metric + _GAP + change
        has_plots = any(v.picture for v in values)
        if interval and fixed + _GAP + interval > width:
            interval = 0
        fixed += _GAP + interval if interval else 0
        labels = _label(values, width)
        longest = max(map(columns_of, labels.values()))
        needed = fixed + longest + _GAP + (_GAP + _ROOM if has_plots and interval else 0)
        is_one_line = needed <= width and not any(map(is_right_to_left, labels.values()))
        left = width - fixed - (longest + _GAP if is_one_line else 0) - _GAP
        plot = min(left, WIDEST) if has_plots and interval and left >= NARROWEST else 0
        return cls(
            name=longest if is_one_line else 0,
            metric=metric,
            baseline=baseline,
            current=current,
            change=change,
            interval=interval,
            plot=plot,
            sides=sides,
            thresholds=frozenset(v.limit.lstrip("+-") for v in values if v.picture),
            labels=labels,
        )

    def head(self) -> str:
        """Return the titles above the columns."""
        start = " " * (_INDENT + (self.name + _GAP if self.name else 0) + self.metric + _GAP)
        titles = start
        if self.baseline:
            titles += pad(self.sides[0], self.baseline, right=True) + " " * columns_of(f" {_ARROW} ")
            titles += pad(self.sides[1], self.current, right=True) + " " * _GAP
        titles += pad("change", self.change, right=True)
        titles += " " * _GAP + pad("interval", self.interval, right=True) if self.interval else ""
        titles += " " * _GAP + rule(set(self.thresholds), self.plot) if self.plot else ""
        return titles.rstrip()


def draw_values(values: Sequence[Value], layout: Layout, style: Style) -> list[str]:
    """Return the lines of some values.

    Args:
        values: of one part.
        layout: of all parts.
        style: says width, colours and symbols.
    """
    times = Counter(v.remark for v in values if v.remark)
    shared = [remark for remark, number in times.items() if number >= _SHARED]  # no set: it has no order of its own
    indent = " " * (_INDENT + _GAP)
    lines = [line for remark in shared for line in _remark(remark, f"  all {times[remark]}: ", style)]
    last = ""
    for value in values:
        name = layout.labels[_key(value)]
        if not layout.name and name != last:
            lines += map(style.spell, _fold(name, style.width))
        lines.append(_row(value, name, layout, style))
        last = name
        if value.remark and value.remark not in shared:
            lines += _remark(value.remark, indent, style)
    return lines


def _remark(remark: Line, first: str, style: Style) -> list[str]:
    """Return what is remarked about a value, on lines of its own."""
    words = plain("".join(span.text for span in remark)).strip()
    lines = wrap(words, style.width, first=first, rest=" " * (_INDENT + _GAP))
    return [style.paint("dim", style.spell(line)) for line in lines]


def _row(value: Value, name: str, layout: Layout, style: Style) -> str:
    """Return the line of a value."""
    token = MARKS[value.status].token
    own = f"{style.paint('strong', style.spell(pad(name, layout.name)))}{' ' * _GAP}" if layout.name else ""
    start = f"  {style.mark(value.status)} {own}{pad(cut_middle(plain(value.metric), layout.metric), layout.metric)}  "
    was, now = (plain(side.text) for side in (value.baseline, value.current))
    if value.instead:
        shown = ""
        if layout.baseline:
            shown = pad(was, layout.baseline, right=True)
            shown += f"   {pad(now, layout.current, right=True)}  " if now != NONE else "    "
        used = _INDENT + (layout.name + _GAP if layout.name else 0) + layout.metric + _GAP + columns_of(shown)
        return style.spell(
            f"{start}{shown}{cut_middle(plain(value.instead.text), max(style.width - used, 1))}".rstrip()
        )
    arrow = style.paint("dim", _ARROW)
    line = start
    if layout.baseline:
        line += f"{pad(was, layout.baseline, right=True)} {arrow} {pad(now, layout.current, right=True)}  "
    line += style.paint(token, pad(_minus(value.change), layout.change, right=True))
    if layout.interval:
        line += "  " + style.paint("dim", pad(_minus(value.interval), layout.interval, right=True))
    line = style.spell(line)
    if layout.plot and value.picture:
        line += "  " + draw(value.picture, layout.plot, token, style)
    return line.rstrip()


def _minus(words: str) -> str:
    return words.replace("-", "−")


def _label(values: Sequence[Value], width: int) -> dict[tuple[str, str], str]:
    """Return benchmark and machine class -> the name as it is drawn; no two read alike.

    Args:
        values: of the whole report.
        width: of the terminal; a name takes `_MOST_LINES` lines of it at most.
    """
    keys = dict.fromkeys(_key(v) for v in values)
    has_classes = len({machine for _, machine in keys}) > 1
    most = (width - _GAP) * _MOST_LINES - len(" #9999")
    labels = {}
    for benchmark, machine in keys:
        shown = cut_middle(plain(benchmark), most)
        labels[benchmark, machine] = f"{shown} ({plain(machine) or 'no class'})" if has_classes else shown
    times = Counter(labels.values())
    numbers: Counter[str] = Counter()
    for key, shown in labels.items():
        if times[shown] > 1:
            numbers[shown] += 1
            labels[key] = f"{shown} #{numbers[shown]}"
    return labels


def _key(value: Value) -> tuple[str, str]:
    return value.benchmark, value.key[2]


def _fold(name: str, width: int) -> list[str]:
    """Return a name in lines of a width, broken where it does not fit."""
    lines = []
    while columns_of(name) > width - _GAP:
        piece = front(name, width - _GAP)
        lines.append("  " + piece)
        name = name[len(piece) :]
    return [*lines, "  " + name]
