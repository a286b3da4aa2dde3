"""The drawings of a value as SVG: its interval, every run by session, and its baseline over the sessions.

Each says in a `title` what it shows, for those who cannot see it. Colours are those of the style sheet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.html.axis import HEIGHT, MARK, WIDTH, ZERO, Axis
from perfgate.render.html.markup import element
from perfgate.report.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.render.html.axis import Placed
    from perfgate.render.html.markup import Markup
    from perfgate.report.verdict.runs import Runs, SessionRuns

_MARKS = "marks"
"""Id of the marks of all intervals."""
_WIDTH = 440
_LEFT, _RIGHT = 84, _WIDTH - 14
"""Where the plots begin and end; labels stand left of them."""
_TOP = 20
"""Below it the plots begin; the mark's label stands above."""
_BOTTOM = 22
"""For the ticks."""
_ROW = 24
"""Of a session in a strip."""
_MOST_ROWS = 10
"""Sessions of the baseline in a strip, the newest."""
_HISTORY_HEIGHT = 186
_MOST_POINTS = 30
"""Sessions from which on a line has no points."""
_ROOM = 46
"""Of the mark's label."""


def define_marks() -> Markup:
    """Return the marks of all intervals, no change and the limit, which each of them uses by name."""
    zero = element("path", class_="zero", d=f"M{ZERO} 2V{HEIGHT - 2}")
    marks = element("g", zero, element("path", class_="mark", d=f"M{MARK} 1V{HEIGHT - 1}"), id=_MARKS)
    return element("svg", element("defs", marks), class_="visually-hidden", aria_hidden="true")


def draw_interval(placed: Placed | None) -> Markup:
    """Return the interval of a value against no change and its mark; the numbers stand beside it as words."""
    parts = [
        element("use", href=f"#{_MARKS}"),
        element("path", d=placed.path if placed else ""),
        element("path", class_="dot", d=f"M{placed.dot} {HEIGHT // 2}h0" if placed else ""),
    ]
    return element("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", aria_hidden="true")


def draw_ruler(limit: str) -> Markup:
    """Return the labels above the intervals: where no change and the mark lie."""
    labels = (
        element("text", "0", class_="middle", x=ZERO, y=HEIGHT - 5),
        element("text", limit, class_="middle", x=MARK, y=HEIGHT - 5),
    )
    return element("svg", *labels, viewBox=f"0 0 {WIDTH} {HEIGHT}", aria_hidden="true")


def draw_strip(runs: Runs, unit: str, limit: str, statistic: str) -> Markup:
    """Return every run as a dot, one row a session, in the order of the runs from top to bottom.

    Args:
        runs: at least one session.
        unit: base unit of the values.
        limit: the mark in words.
        statistic: what the bar of a session marks, such as ``median``.
    """
    rows = (*runs.baseline[-_MOST_ROWS:], *runs.current)
    axis = Axis.over([s.middle for s in rows] + _marks(runs), [v for s in rows for v in s.values], _LEFT, _RIGHT, unit)
    bottom = _TOP + _ROW * len(rows)
    parts = [*_zone(runs, axis, bottom), *_ticks_below(axis, bottom), *_mark_above(runs, axis, bottom, limit)]
    parts += _rows([row for row in enumerate(rows) if not row[1].is_current], axis, "base")
    parts += _rows([row for row in enumerate(rows) if row[1].is_current], axis, "now")
    return _svg(parts, bottom + _BOTTOM, _describe_strip(runs, unit, limit, statistic, len(rows)))


def _marks(runs: Runs) -> list[float]:
    return [v for v in (runs.expected, runs.mark) if v is not None]


def _rows(sessions: Sequence[tuple[int, SessionRuns]], axis: Axis, side: str) -> Iterator[Markup]:
    """Yield the labels, the runs and the middles of the sessions of a side, each with the number of its row."""
    labels, dots, outside, middles = [], "", "", ""
    for number, session in sessions:
        top, most = _TOP + _ROW * number, max(len(session.values) - 1, 1)
        labels.append(element("text", session.label, x=_LEFT - 8, y=top + _ROW // 2 + 4))
        middles += f"M{axis.at(session.middle)} {top + 3}v{_ROW - 6}"
        for i, v in enumerate(session.values):
            y = top + 4 + round((_ROW - 8) * (i / most if len(session.values) > 1 else 0.5))
            if axis.holds(v):
                dots += f"M{axis.at(v)} {y}h0"
            else:
                outside += f"M{_RIGHT} {y}l-6-3v6z" if v > axis.high else f"M{_LEFT} {y}l6-3v6z"
    if sessions:
        yield element("g", *labels, class_=f"end {side}")
        yield element("path", class_=f"dots {side}", d=dots)
        yield element("path", class_="middles", d=middles)
    if outside:
        yield element("path", class_=f"out {side}", d=outside)


def _zone(runs: Runs, axis: Axis, bottom: int) -> Iterator[Markup]:
    """Yield what is allowed, from no change to the mark, as an area."""
    if runs.expected is not None and runs.mark is not None:
        near, far = sorted((axis.at(runs.expected), axis.at(runs.mark)))
        yield element("rect", class_="zone", x=near, y=_TOP, width=far - near, height=bottom - _TOP)
    if runs.expected is not None:
        yield element("path", class_="zero", d=f"M{axis.at(runs.expected)} {_TOP}V{bottom}")


def _mark_above(runs: Runs, axis: Axis, bottom: int, limit: str) -> Iterator[Markup]:
    if runs.mark is None:
        return
    x = axis.at(runs.mark)
    yield element("path", class_="mark", d=f"M{x} {_TOP - 4}V{bottom}")
    anchor = "middle" if _LEFT + _ROOM < x < _RIGHT - _ROOM else "start" if x < _WIDTH / 2 else "end"
    yield element("text", limit[:24], class_=f"{anchor} limit", x=x, y=_TOP - 8)


def _ticks_below(axis: Axis, bottom: int) -> Iterator[Markup]:
    ticks = axis.ticks()
    frame = "".join(f"M{x} {bottom}v4" for x, _ in ticks)
    yield element("path", class_="frame", d=f"M{_LEFT} {bottom}H{_RIGHT}{frame}")
    labels = (element("text", words, x=min(max(x, _LEFT), _RIGHT - 12), y=bottom + 17) for x, words in ticks)
    yield element("g", *labels, class_="middle")


def draw_history(runs: Runs, unit: str, limit: str, statistic: str) -> Markup:
    """Return the middles of the baseline's sessions as a line, with those that are judged as dots.

    Args:
        runs: at least two sessions of a baseline.
        unit: base unit of the values.
        limit: the mark in words.
        statistic: what is drawn of a session, such as ``median``.
    """
    baseline = runs.baseline
    bottom = _HISTORY_HEIGHT - _BOTTOM
    axis = Axis.over([s.middle for s in runs.sessions] + _marks(runs), (), bottom, _TOP - 8, unit)
    step = (_RIGHT - 12 - _LEFT - 12) / max(len(runs.sessions) - 1, 1)
    at = [(round(_LEFT + 12 + i * step), axis.at(s.middle)) for i, s in enumerate(runs.sessions)]
    old, new = at[: len(baseline)], at[len(baseline) :]
    parts = [*_ticks_left(axis), *_band(runs, axis, limit)]
    parts.append(element("path", class_="history", d="M" + "L".join(f"{x} {y}" for x, y in old)))
    if len(old) <= _MOST_POINTS:
        parts.append(element("path", class_="dots base", d=_dots(old)))
    parts.append(element("text", baseline[0].label, class_="start", x=_LEFT, y=bottom + 17))
    last = runs.sessions[-1]
    if new:
        parts.append(element("path", class_="point now", d=_dots(new)))
    parts.append(element("text", last.label, class_="end now" if new else "end", x=_RIGHT, y=bottom + 17))
    return _svg(parts, _HISTORY_HEIGHT, _describe_history(runs, unit, statistic))


def _dots(places: Sequence[tuple[int, int]]) -> str:
    return "".join(f"M{x} {y}h0" for x, y in places)


def _band(runs: Runs, axis: Axis, limit: str) -> Iterator[Markup]:
    """Yield what is allowed as a band, with the mark's label where the band ends."""
    if runs.expected is not None and runs.mark is not None:
        near, far = sorted((axis.at(runs.expected), axis.at(runs.mark)))
        yield element("rect", class_="zone", x=_LEFT, y=near, width=_RIGHT - _LEFT, height=far - near)
    if runs.mark is not None:
        y = axis.at(runs.mark)
        below = runs.expected is not None and runs.mark < runs.expected
        yield element("path", class_="mark", d=f"M{_LEFT} {y}H{_RIGHT}")
        yield element("text", limit[:24], class_="start limit", x=_LEFT + 4, y=y + 13 if below else y - 5)


def _ticks_left(axis: Axis) -> Iterator[Markup]:
    ticks = axis.ticks()
    yield element("path", class_="frame", d="".join(f"M{_LEFT} {y}H{_RIGHT}" for y, _ in ticks))
    yield element("g", *(element("text", words, x=_LEFT - 8, y=y + 4) for y, words in ticks), class_="end")


def _svg(parts: Sequence[Markup], height: int, title: str) -> Markup:
    return element("svg", element("title", title), *parts, role="img", viewBox=f"0 0 {_WIDTH} {height}")


def _describe_strip(runs: Runs, unit: str, limit: str, statistic: str, rows: int) -> str:
    """Return in words what a strip shows."""
    shown = rows - len(runs.current)
    of_all = f" of {len(runs.baseline)}" if shown < len(runs.baseline) else ""
    parts = [f"{count(shown, 'baseline session')}{of_all}: {statistic} {_range(runs.baseline, unit)}"] if shown else []
    parts += [f"now: {statistic} {_range(runs.current, unit)}"] if runs.current else ["now: not measured"]
    parts += [f"limit {limit}: {amount(runs.mark, unit)}"] if runs.mark is not None else []
    thinned = next((f" {len(s.values)} of {s.count:,} runs are drawn." for s in runs.sessions if _is_thinned(s)), "")
    return f"Every run, by session. {'; '.join(parts)}.{thinned}"


def _is_thinned(session: SessionRuns) -> bool:
    return 0 < len(session.values) < session.count


def _describe_history(runs: Runs, unit: str, statistic: str) -> str:
    """Return in words what a line shows."""
    first, last = runs.baseline[0], runs.baseline[-1]
    ends = f"from {amount(first.middle, unit)} ({first.label}) to {amount(last.middle, unit)} ({last.label})"
    now = f"; now {_range(runs.current, unit)}" if runs.current else ""
    return f"The {statistic} of {count(len(runs.baseline), 'baseline session')}, {ends}{now}."


def _range(sessions: Sequence[SessionRuns], unit: str) -> str:
    low, high = min(s.middle for s in sessions), max(s.middle for s in sessions)
    return amount(low, unit) if low == high else f"{amount(low, unit, beside=high)} to {amount(high, unit, beside=low)}"
