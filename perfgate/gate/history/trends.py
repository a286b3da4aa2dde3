"""Series -> trends: steps with the commits between which they lie, and what crept away from an anchor."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.history.trends import Crept, Mark, SuiteTrend, Trend
from perfgate.gate.history.shift import Shifts
from perfgate.stats.history.creep import OF_ANCHOR, OF_NOW, compare_with_anchor
from perfgate.stats.history.steps import MOST_COMPARED, find_steps
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Section, Series
    from perfgate.stats.history.steps import Step

_AROUND = 2
"""Sessions on each side of a step among which its place is not certain: 98 % lie within (3 % of noise, +10 %)."""
_LEAST_SHIFT = math.log(1.05)


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
    for (machine_class, metric), members in groups.items():
        past = {p.session: p.past for s in members for p in s.points}
        names = sorted(past, key=lambda name: (past[name].when, name))
        shifts = Shifts(members, names)
        trends += [_judge(s, shifts, is_anchor) for s in members]
        first, common = shifts.newest()
        if common:
            sessions = [past[n] for n in names[first:]]
            heights = [common.get(first + number, 0.0) for number in range(len(sessions))]
            suites.append(_judge_suite(machine_class, metric, sessions, heights, is_anchor(sessions)))
    return trends, suites


def _judge(series: Series, shifts: Shifts, is_anchor: Callable[[Sequence[Past]], int]) -> Trend:
    heights = series.heights()
    marks: list[Mark] = []
    for section in series.sections:
        places = [shifts.place(p.session) for p in series.points[section.start : section.end]]
        common = shifts.between(places[0], places[-1]) if series.is_ratio else {}
        inside = [h - common.get(at, 0.0) for h, at in zip(heights[section.start : section.end], places, strict=True)]
        steps = find_steps(inside, least=series.least)
        marks += _marks(steps, inside, series, section)
    return Trend(
        series=series,
        marks=tuple(marks),
        levels=tuple(_levels(series, marks)),
        crept=find_creep(series, is_anchor),
    )


def _levels(series: Series, marks: Sequence[Mark]) -> Iterator[tuple[int, int, float]]:
    values = [p.reading.p50 for p in series.points]
    bounds = sorted({0, len(values), *(m.at for m in marks), *(s.start for s in series.sections)})
    yield from ((start, end, median(values[start:end])) for start, end in pairwise(bounds))


def _marks(steps: Sequence[Step], heights: Sequence[float], series: Series, section: Section) -> Iterator[Mark]:
    """Yield the steps of a section, as values of its series."""
    sign = 1.0 if series.metric.better == "lower" else -1.0
    newest = median(heights[max(steps[-1].at, len(heights) - MOST_COMPARED) :]) if steps else 0.0
    sessions = [p.past for p in series.points[section.start : section.end]]
    for step in steps:
        mark = _mark(step, heights, sessions, is_ratio=series.is_ratio, sign=sign)
        rise = sign * (newest - _before(step, heights))
        yield replace(
            mark,
            at=section.start + mark.at,
            first=section.start + mark.first,
            last=section.start + mark.last,
            is_open=mark.is_worse and rise > series.least,
        )


def _before(step: Step, heights: Sequence[float]) -> float:
    """Return the level before a step."""
    return median(heights[step.at - step.before : step.at])


def _mark(
    step: Step, heights: Sequence[float], sessions: Sequence[Past], *, is_ratio: bool = True, sign: float = 1.0
) -> Mark:
    """Return a step as a mark that is not open, its places those in `heights`.

    Args:
        step: one of `heights`.
        heights: of all sessions.
        sessions: as many.
        is_ratio: are heights logs?
        sign: -1.0 where higher is better.
    """
    first, last = max(step.at - _AROUND, 1), min(step.at + _AROUND, len(heights) - 1)
    before = _before(step, heights)
    after = before + step.change
    return Mark(
        at=step.at,
        before=math.exp(before) if is_ratio else before,
        after=math.exp(after) if is_ratio else after,
        change=math.expm1(step.change) if is_ratio else step.change,
        p=step.p,
        n_before=step.before,
        n_after=step.after,
        first=first,
        last=last,
        is_worse=sign * step.change > 0.0,
        is_open=False,
        environment=tuple(_changed(sessions[first - 1 : last + 1])),
    )


def _changed(sessions: Sequence[Past]) -> Iterator[str]:
    """Yield the facts in which the first and the last of some sessions differ, as far as both state them."""
    was, now = dict(sessions[0].environment), dict(sessions[-1].environment)
    yield from (f"{fact} {was[fact]} → {now[fact]}" for fact in was if now.get(fact, was[fact]) != was[fact])


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
    sign = 1.0 if series.metric.better == "lower" else -1.0
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


def _judge_suite(
    machine_class: str, metric: str, sessions: Sequence[Past], heights: Sequence[float], anchor: int
) -> SuiteTrend:
    return SuiteTrend(
        machine_class=machine_class,
        metric=metric,
        sessions=tuple(sessions),
        shifts=tuple(map(math.expm1, heights)),
        marks=tuple(_mark(step, heights, sessions) for step in find_steps(heights, least=_LEAST_SHIFT)),
        since_anchor=_since(heights, anchor),
    )


def _since(heights: Sequence[float], anchor: int) -> float | None:
    if anchor < OF_ANCHOR or len(heights) - anchor < OF_NOW:
        return None
    return math.expm1(compare_with_anchor(heights[anchor - OF_ANCHOR : anchor], heights[-OF_NOW:]).change)
