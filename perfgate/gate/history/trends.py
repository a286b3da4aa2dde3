"""Series -> trends: steps with the commits between which they lie, and what crept away from an anchor."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.history.trends import Commits, Crept, Mark, SlowChange, SuiteTrend, Trend
from perfgate.gate.history.shift import FEWEST as FEWEST_OF_SUITE
from perfgate.gate.history.shift import Shifts
from perfgate.stats.history.creep import OF_ANCHOR, OF_NOW, compare_with_anchor
from perfgate.stats.history.slow import find_changes
from perfgate.stats.history.steps import FEWEST, MOST_COMPARED
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Series
    from perfgate.stats.history.slow import Changes
    from perfgate.stats.history.steps import Step

_AROUND = 2
"""Sessions on each side of a step among which its place is not sure: 98 % lie within (3 % of noise, +10 %)."""
_LEAST_SHIFT = math.log(1.05)
_MOST_SEARCHES = 3
"""Times that a suite is searched in which many benchmarks change by themselves."""
_MANY_MOVE = 0.15
"""Share of the benchmarks that may do so without moving the median of the rest by more than a fifth of the noise."""
_AT_END = 10
"""Values at an end of a slow change that make the level there."""


class _Part(Struct, frozen=True, kw_only=True):
    """Values that can be compared with each other: a section of a series, or what all did together."""

    start: int
    """Place of its first value in the series."""
    heights: list[float]
    """What is searched: less what the others did."""
    measured: list[float]
    """The same with it."""
    sessions: Sequence[Past]
    """Theirs."""
    least: float
    """The smallest change that counts."""
    is_ratio: bool
    """Are heights logs?"""
    sign: float
    """-1.0 where higher is better."""
    is_ended: bool
    """Does a break follow it?"""

    def change(self, height: float) -> float:
        """Return a change of height as people read it."""
        return math.expm1(height) if self.is_ratio else height

    def levels(self, before: float, after: float, change: float) -> dict[str, float]:
        """Return two measured levels, and what the others did from one to the other."""
        if not self.is_ratio:
            return {"before": before, "after": after, "shift": 0.0}
        of_others = after - before - change if self.heights != self.measured else 0.0
        return {"before": math.exp(before), "after": math.exp(after), "shift": math.expm1(of_others)}


def judge_trends(
    series: Sequence[Series], is_anchor: Callable[[Sequence[Past]], int]
) -> tuple[list[Trend], list[SuiteTrend]]:
    """Return what each series did, and what all of them did together.

    Args:
        series: in any order.
        is_anchor: returns how many of some sessions, oldest first, belong to the anchor or lie before it.
    """
    groups: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for s in series:
        groups[s.benchmark.machine_class, s.metric.name].append(s)
    trends: list[Trend] = []
    suites: list[SuiteTrend] = []
    for members in groups.values():
        past = {p.session: p.past for s in members for p in s.points}
        names = sorted(past, key=lambda name: (past[name].when, name))
        shifts = Shifts(members, names)
        searched = _search(members, shifts)
        common = shifts.newest()
        cuts: list[int] = []
        if common:
            known = sorted(common)  # a session that measured other benchmarks alone says nothing of these
            sessions, heights = [past[names[place]] for place in known], [common[place] for place in known]
            suites.append(_judge_suite(members[0], sessions, heights, is_anchor(sessions)))
            cuts = [known[mark.at] for mark in suites[-1].marks]
        for s, parts in zip(members, searched, strict=True):
            places = [shifts.place(p.session) for p in s.points]
            trends.append(_judge(s, parts, [bisect_left(places, cut) for cut in cuts], is_anchor))
    return trends, suites


def _search(members: Sequence[Series], shifts: Shifts) -> list[list[tuple[_Part, Changes]]]:
    """Return the sections of each series with what it did there by itself.

    What one did by itself is a part of the common shift at first; where many do much, what they did is taken off it
    and all are searched once more.
    """
    known: dict[int, dict[int, float]] = {}
    for _ in range(_MOST_SEARCHES):
        searched = [list(_search_sections(s, number, shifts)) for number, s in enumerate(members)]
        moved = {
            number: dict(zip((shifts.place(p.session) for p in s.points), _own_heights(parts), strict=True))
            for number, (s, parts) in enumerate(zip(members, searched, strict=True))
            if any(found.steps or found.slow for _, found in parts)
        }
        if len(moved) <= _MANY_MOVE * len(members) or len(members) < FEWEST_OF_SUITE or moved.keys() == known.keys():
            break
        known = moved
        shifts.leave_out(moved)
    return searched


def _own_heights(parts: Sequence[tuple[_Part, Changes]]) -> list[float]:
    return [height for part, found in parts for height in found.heights(len(part.heights))]


def _search_sections(series: Series, number: int, shifts: Shifts) -> Iterator[tuple[_Part, Changes]]:
    places = [shifts.place(p.session) for p in series.points]
    heights = series.heights()
    for section in series.sections:
        inside = slice(section.start, section.end)
        ends = min(places[inside]), max(places[inside])  # sessions that overlap are not in one order everywhere
        common = shifts.of_others(number, *ends) if series.is_ratio else {}
        known = sorted(common)
        part = _Part(
            start=section.start,
            heights=[
                h - common[known[max(bisect_right(known, at) - 1, 0)]] if known else h
                for h, at in zip(heights[inside], places[inside], strict=True)
            ],
            measured=heights[inside],
            sessions=[p.past for p in series.points[inside]],
            least=series.least,
            is_ratio=series.is_ratio,
            sign=_sign(series),
            is_ended=section is not series.sections[-1],
        )
        yield part, find_changes(part.heights, least=part.least)


def _judge(
    series: Series,
    parts: Sequence[tuple[_Part, Changes]],
    cuts: Sequence[int],
    is_anchor: Callable[[Sequence[Past]], int],
) -> Trend:
    marks = [mark for part, found in parts for mark in _marks(found, part, cuts)]
    slow = [change for part, found in parts for change in _slow(found, part, cuts)]
    return Trend(
        series=series,
        marks=tuple(marks),
        slow=tuple(slow),
        levels=tuple(_levels(series, marks, slow, cuts)),
        crept=find_creep(series, is_anchor),
    )


def _sign(series: Series) -> float:
    return 1.0 if series.metric.better == "lower" else -1.0


def _levels(
    series: Series, marks: Sequence[Mark], slow: Sequence[SlowChange], cuts: Sequence[int]
) -> Iterator[tuple[int, int, float]]:
    values = [p.reading.p50 for p in series.points]
    bounds = {0, len(values), *(m.at for m in marks), *(s.start for s in series.sections), *cuts}
    bounds |= {place for s in slow for place in (s.start, s.end)}
    yield from ((start, end, median(values[start:end])) for start, end in pairwise(sorted(bounds)))


def _marks(found: Changes, part: _Part, cuts: Sequence[int]) -> Iterator[Mark]:
    """Yield the steps of a part.

    Args:
        found: its changes.
        part: of a series.
        cuts: places of the series at which the level of all together changed.
    """
    newest = _newest(found, part)
    bounds = sorted({0, len(part.heights), *(cut - part.start for cut in cuts), *(s.at for s in found.steps)})
    for step in found.steps:
        is_worse = part.sign * step.change > 0.0
        start = max((b for b in bounds if b <= step.at - FEWEST), default=0)
        end = min((b for b in bounds if b >= step.at + FEWEST), default=len(part.heights))
        before = _height_before(part.measured, step, start)
        after = _height_after(part.measured, step, end)
        if not is_worse and part.sign * (after - before) > -part.least / 2:  # others got worse: that is no gain here
            continue
        around = max(step.at - _AROUND, 1), min(step.at + _AROUND, len(part.heights) - 1)
        pair = part.sessions[step.at - 1], part.sessions[step.at]
        ends = part.sessions[around[0] - 1], part.sessions[around[1]]
        right_there = list(_changed(*pair))
        risen = part.sign * (newest - _height_before(part.heights, step, step.at - step.before))
        yield Mark(
            at=part.start + step.at,
            **part.levels(before, after, step.change),
            change=part.change(step.change),
            p=step.p,
            n_before=step.before,
            n_after=step.after,
            first=part.start + around[0],
            last=part.start + around[1],
            is_worse=is_worse,
            is_open=is_worse and risen > part.least and not part.is_ended,
            is_ended=part.is_ended,
            likely=Commits(older=pair[0].commit, newer=pair[1].commit),
            widest=Commits(older=ends[0].commit, newer=ends[1].commit),
            environment=tuple(right_there),
            nearby=tuple(fact for fact in _changed(*ends) if fact not in right_there),
        )


def _newest(found: Changes, part: _Part) -> float:
    """Return the newest level of a part."""
    begin = found.steps[-1].at if found.steps else 0
    return median(part.heights[max(begin, len(part.heights) - MOST_COMPARED) :])


def _height_before(heights: Sequence[float], step: Step, start: int) -> float:
    """Return the level right before a step, of the values from some place on that were compared."""
    places = range(max(start, step.at - MOST_COMPARED), step.at)
    return median([heights[i] + step.slope * (step.at - 1 - i) for i in places])


def _height_after(heights: Sequence[float], step: Step, end: int) -> float:
    """Return the level right after a step, of the values up to some place that were compared."""
    return median([heights[i] - step.slope * (i - step.at) for i in range(step.at, min(end, step.at + MOST_COMPARED))])


def _slow(found: Changes, part: _Part, cuts: Sequence[int]) -> Iterator[SlowChange]:
    """Yield the slow changes of a part.

    Args:
        found: its changes.
        part: of a series.
        cuts: as in `_marks`.
    """
    newest = _newest(found, part)
    for s in found.slow:
        few = max(1, min(_AT_END, (s.end - s.start) // 2))
        inside = [cut - part.start for cut in cuts if s.start < cut - part.start < s.end]
        starts = range(s.start, min(s.start + few, *inside, s.end))
        ends = range(max(s.end - few, *inside, s.start), s.end)
        before = median([part.measured[i] - s.slope * (i - s.start) for i in starts])
        after = median([part.measured[i] + s.slope * (s.end - 1 - i) for i in ends])
        risen = part.sign * (newest - median([part.heights[i] - s.slope * (i - s.start) for i in starts]))
        is_worse = part.sign * s.slope > 0.0
        yield SlowChange(
            start=part.start + s.start,
            end=part.start + s.end,
            **part.levels(before, after, s.change),
            change=part.change(s.change),
            is_worse=is_worse,
            is_open=is_worse and risen > part.least and not part.is_ended,
            is_ended=part.is_ended,
        )


def _changed(was: Past, now: Past) -> Iterator[str]:
    """Yield the facts in which two sessions differ, as far as both state them."""
    before, after = dict(was.environment), dict(now.environment)
    yield from (f"{fact} {one} → {after[fact]}" for fact, one in before.items() if after.get(fact, one) != one)


def find_creep(series: Series, is_anchor: Callable[[Sequence[Past]], int]) -> Crept | None:
    """Return how the newest values compare with those of the anchor, if they can be compared.

    Args:
        series: one value.
        is_anchor: as in `judge_trends`.
    """
    section = series.sections[-1]
    points = series.points[section.start : section.end]
    end = is_anchor([p.past for p in points])
    if end < OF_ANCHOR or not series.is_ratio or len(points) - end < OF_NOW:
        return None
    sign = _sign(series)
    inside = [sign * h for h in series.heights()[section.start : section.end]]
    anchor, now = inside[end - OF_ANCHOR : end], inside[-OF_NOW:]
    found = compare_with_anchor(anchor, now)
    return Crept(
        anchor=points[end - 1].past,
        before=math.exp(sign * median(anchor)),
        after=math.exp(sign * median(now)),
        change=math.expm1(sign * found.change),
        is_worse=found.is_above(series.least),
    )


def _judge_suite(one: Series, sessions: Sequence[Past], heights: list[float], anchor: int) -> SuiteTrend:
    """Return what all did together.

    Args:
        one: a series of the suite.
        sessions: all of them, oldest first.
        heights: the shift of each.
        anchor: sessions up to the anchor.
    """
    part = _Part(
        start=0,
        heights=heights,
        measured=heights,
        sessions=sessions,
        least=_LEAST_SHIFT,
        is_ratio=True,
        sign=_sign(one),
        is_ended=False,
    )
    found = find_changes(heights, least=part.least)
    return SuiteTrend(
        machine_class=one.benchmark.machine_class,
        metric=one.metric.name,
        better=one.metric.better,
        sessions=tuple(sessions),
        shifts=tuple(map(math.expm1, heights)),
        marks=tuple(_marks(found, part, ())),
        slow=tuple(_slow(found, part, ())),
        since_anchor=_since(heights, anchor),
    )


def _since(heights: Sequence[float], anchor: int) -> float | None:
    if anchor < OF_ANCHOR or len(heights) - anchor < OF_NOW:
        return None
    return math.expm1(compare_with_anchor(heights[anchor - OF_ANCHOR : anchor], heights[-OF_NOW:]).change)
