"""Alert rules -> their unit tests for promtool: each alert fires beyond its limit, and is silent where it must be."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from perfgate.render.monitoring.examples import find_labels
from perfgate.render.monitoring.expressions import SHARES, duration, number
from perfgate.render.monitoring.rules import SHOWN, count_fewest, list_alarms
from perfgate.render.promql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.render.monitoring.expressions import Bound, Watched
    from perfgate.render.monitoring.rules import Alarm, Settings

_LONGEST_STEP = 60  # seconds; Prometheus forgets a sample after 300
_FEWEST_STEPS = 5
_SETTLED = 600  # seconds
_BURST = 240
"""Seconds before the end at which three events come: longer than a burn rate holds, shorter than its windows."""
_THREE = 3
_FINE = 1_000
"""Events in a step of time: one more is a thousandth."""
_GAUGE_STEPS = 100
"""A gauge just beyond its limit lies a hundredth of the limit's last digit beyond it."""


class _Grid(Struct, frozen=True, kw_only=True):
    """Times of a test, in seconds."""

    step: int
    """Between two samples, and between two evaluations."""
    window: int
    """Of the rules."""
    end: int
    """When all is settled."""

    @property
    def steps(self) -> int:
        """Steps in a window."""
        return self.window // self.step

    def counter(self, in_window: Fraction | int) -> str:
        """Return the values of a counter that counts so many in each window, evenly."""
        samples, steps = self.end // self.step, self.steps
        each = Fraction(in_window) / steps
        if each.denominator == 1:
            return f"0+{each}x{samples}"
        return " ".join(str(at * in_window // steps) for at in range(samples + 1))

    def burst(self, count: Fraction) -> str:
        """Return the values of a counter that counts so many in all, a few steps before the end."""
        first = (self.end - _BURST) // self.step
        return " ".join(str(min(max(at - first, 0), int(count))) for at in range(self.end // self.step + 1))

    def gauge(self, value: Fraction, samples: int = 0) -> str:
        """Return the values of a gauge that stays as it is."""
        return f"{number(value)}x{(samples or self.end // self.step) - 1}"


class _Load(NamedTuple):
    """What happens in each window of a test."""

    whole: Fraction
    """Events, or the divisor of a quotient."""
    part: Fraction
    """What of it makes the value: slow ones, hits, all requests; of a gauge its value."""
    is_three: bool = False
    """Are there three events in each window, for a burn rate in all, or three samples of a gauge?"""


class _Loads(NamedTuple):
    """Loads on both sides of where an alert begins to fire."""

    far: _Load
    """Far beyond."""
    beyond: _Load
    """As little beyond as can be counted."""
    inside: _Load
    """At the limit."""
    calm: _Load
    """Far inside."""


def to_tests(watched: Sequence[Watched], settings: Settings, *, rules: str) -> dict[str, Any]:
    """Return the file of tests.

    Args:
        watched: the budgets, as the rules have them.
        settings: as the rules have them.
        rules: path of the file of rules, from the folder of the tests.
    """
    step = min(_LONGEST_STEP, settings.window // _FEWEST_STEPS)
    end = math.ceil((settings.age + settings.window + settings.hold + _SETTLED) / step) * step
    grid = _Grid(step=step, window=settings.window, end=end)
    tests = [
        test
        for each, alarms in list_alarms(watched, settings)
        if is_testable(each)
        for alarm in alarms
        for test in _tests(alarm, settings, grid)
    ]
    return {"rule_files": [rules], "evaluation_interval": duration(step), "tests": tests}


def is_testable(watched: Watched) -> bool:
    """Are there series that the selectors of a budget separate?"""
    return _labels(watched) is not None


def _tests(alarm: Alarm, settings: Settings, grid: _Grid) -> Iterator[dict[str, Any]]:
    """Yield the tests of one alert."""
    watched, fewest = alarm.watched, count_fewest(alarm.watched, settings)
    loads, three = _loads(alarm, fewest, grid), _three(alarm)
    is_gauge = watched.kind == "gauge"
    in_three = "three samples" if is_gauge else "three requests"
    soon = 2 * grid.step if is_gauge else grid.end

    def test(name: str, series: Mapping[str, str], at: int, fired: _Load | None = None) -> dict[str, Any]:
        expected = [] if fired is None else [_expected(alarm, fired, grid)]
        return {
            "name": f"{alarm.name} {name}",
            "interval": duration(grid.step),
            "input_series": [{"series": key, "values": values} for key, values in series.items()],
            "alert_rule_test": [{"eval_time": duration(at), "alertname": alarm.name, "exp_alerts": expected}],
        }

    def series(load: _Load) -> dict[str, str]:
        return _series(alarm, load, grid)

    if alarm.role == "missing":
        yield test("fires without data", {}, grid.end, loads.calm)
        if watched.kind == "slow":
            counts = {key: values for key, values in series(loads.calm).items() if "_bucket{" not in key}
            yield test("fires when no bucket ends at the limit", counts, grid.end, loads.calm)
        if watched.kind == "rate":
            yield test(
                "fires when nothing is counted", series(_Load(loads.calm.whole, Fraction(0))), grid.end, loads.calm
            )
        yield test("is silent with data", series(loads.calm), grid.end)
        yield test(f"is silent with {in_three}", series(three), soon)
        return
    yield test("fires beyond its limit", series(loads.far), grid.end, loads.far)
    yield test("fires just beyond its limit", series(loads.beyond), grid.end, loads.beyond)
    if watched.kind == "share" and alarm.role == "over" and alarm.bound.op == "<":
        none = _Load(loads.far.whole, Fraction(0))
        alone = dict(list(series(none).items())[1:])
        yield test("fires when nothing was ever counted as its part", alone, grid.end, none)
    yield test("is silent at its limit", series(loads.inside), grid.end)
    yield test("is silent within its limit", series(loads.calm), grid.end)
    yield test("is silent while its series are young", series(loads.far), settings.age + alarm.hold - grid.step)
    yield test(f"is silent with {in_three}", series(three), soon)
    yield test("is silent without data", {}, grid.end)


def _expected(alarm: Alarm, load: _Load, grid: _Grid) -> dict[str, Any]:
    """Return the alert that is expected."""
    watched = alarm.watched
    value = load.part / (load.whole if watched.kind in {*SHARES, "quotient"} else 1)
    value = value / grid.window if watched.kind == "rate" else value
    shown = f"{float(value) * 100:.4g}%" if watched.kind in SHARES else f"{float(value):.4g}"
    labels = dict(alarm.labels)
    if alarm.role != "missing":
        labels["window"] = duration(alarm.window)
        part = (_labels(watched) or ({}, {}))[0]
        labels |= {label: part[label] for label in watched.by if label in part}
    return {
        "exp_labels": labels,
        "exp_annotations": {
            key: text.replace(SHOWN, shown) if key == "description" else text for key, text in alarm.annotations.items()
        },
    }


def _loads(alarm: Alarm, fewest: int, grid: _Grid) -> _Loads:
    """Return the loads around the bound of an alert."""
    watched, bound = alarm.watched, alarm.bound
    cap = watched.bound(watched.budget.limit).at if alarm.role == "near" and watched.kind != "slow" else None
    whole, unit = _scale(watched, [bound.at, *([cap] if cap is not None else [])], fewest, grid)
    size = whole if watched.kind in {*SHARES, "quotient"} else Fraction(grid.window if watched.kind == "rate" else 1)
    inside, beyond = _around(bound, bound.at * size / unit)
    is_up = bound.op[0] == ">"
    largest = whole / unit if watched.kind in SHARES else 2 * max(Fraction(beyond), Fraction(inside), Fraction(1))
    if cap is not None:
        far = (beyond + cap * size / unit) / 2
    elif is_up:
        far = (beyond + largest) / 2
    else:
        far = max(Fraction(beyond, 2), fewest / unit if watched.kind == "rate" else Fraction(0))
    calm = Fraction(inside, 2) if is_up else (inside + largest) / 2
    rounded = math.floor if is_up else math.ceil
    parts = (rounded(far), beyond, inside, rounded(calm))
    return _Loads(*(_Load(whole, part * unit) for part in parts))


def _scale(watched: Watched, bounds: list[Fraction], fewest: int, grid: _Grid) -> tuple[Fraction, Fraction]:
    """Return how much is counted in a window, and the smallest step of what is counted of it.

    A share of exactly the bound must be a whole number in each step of time, and that of each bound another.
    """
    steps = Fraction(grid.steps)
    denominator = math.lcm(*(at.denominator for at in bounds))
    if watched.kind == "gauge":
        return Fraction(1), Fraction(1, denominator * _GAUGE_STEPS)
    if watched.kind == "rate":
        edges = [at * grid.window for at in bounds]
        gaps = [*edges, *(a - b for a, b in pairwise(edges))]
        is_coarse = all(gap > 2 * steps for gap in gaps)
        return Fraction(1), steps if is_coarse else Fraction(1)
    apart = abs(bounds[0] - bounds[-1])
    each = max(_FINE, math.ceil(fewest / steps), math.ceil(4 / apart) if apart else 0)
    return math.ceil(Fraction(each, denominator)) * denominator * steps, steps


def _around(bound: Bound, edge: Fraction) -> tuple[int, int]:
    """Return the whole numbers on both sides of a bound: the last one that holds, and the first one beyond."""
    if bound.op == ">":
        return math.floor(edge), math.floor(edge) + 1
    if bound.op == ">=":
        return math.ceil(edge) - 1, math.ceil(edge)
    if bound.op == "<":
        return math.ceil(edge), math.ceil(edge) - 1
    return math.floor(edge) + 1, math.floor(edge)


def _three(alarm: Alarm) -> _Load:
    """Return three events, of which as few as possible are beyond the bound: one slow one, one failure, one miss."""
    size = Fraction(_THREE)
    if alarm.watched.kind == "rate":
        return _Load(size, size, is_three=True)
    if alarm.watched.kind == "gauge":
        part = alarm.bound.at + (1 if alarm.bound.op[0] == ">" else -1)
        return _Load(Fraction(1), part, is_three=True)
    return _Load(size, Fraction(_around(alarm.bound, alarm.bound.at * size)[1]), is_three=True)


@lru_cache(maxsize=1024)  # a search, whose answer each test of a budget needs again and again
def _labels(watched: Watched) -> tuple[dict[str, str], dict[str, str]] | None:
    """Return labels of what is counted and of all else, both of the whole; None: none were found."""
    part = find_labels(watched.part, given=dict.fromkeys(watched.by, ""))
    if part is None or watched.kind in {"slow", "rate", "gauge"}:
        return None if part is None else (part, part)
    fixed = {label: part.get(label, "") for label in watched.by}
    avoided = watched.part if watched.part.name == watched.whole.name else None
    rest = find_labels(watched.whole, avoided=avoided, given=fixed)
    return None if rest is None else (part, rest)


def _series(alarm: Alarm, load: _Load, grid: _Grid) -> dict[str, str]:
    """Return the series of a test and their values."""
    watched, budget = alarm.watched, alarm.watched.budget
    part, rest = _labels(watched) or ({}, {})
    count = grid.burst if alarm.role == "burn" and load.is_three else grid.counter
    if watched.kind == "gauge":
        return {_titled(watched.part.name, part): grid.gauge(load.part, _THREE if load.is_three else 0)}
    if watched.kind == "rate":
        return {_titled(watched.part.name, part): count(load.part)}
    if watched.kind == "slow":
        found = {_titled(watched.whole.name, part): count(load.whole)}
        for limit in (each for each in (budget.warn, budget.limit) if each):
            edge = find_labels(watched.bucket(limit)) or {}
            is_within = alarm.role == "near" and limit is budget.limit
            found[_titled(watched.part.name, edge)] = count(load.whole - (0 if is_within else load.part))
        return found
    is_in_whole = watched.whole.selects(watched.part.name, part)
    found = {_titled(watched.part.name, part): count(load.part)}
    found[_titled(watched.whole.name, rest)] = count(load.whole - (load.part if is_in_whole else 0))
    if watched.counted and watched.counted != watched.whole:
        found[_titled(watched.counted.name, rest)] = count(load.whole)
    return found


def _titled(name: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f"{label}={quoted(value)}" for label, value in labels.items())
    return f"{name}{{{inside}}}" if inside else name
