"""Slow changes are no steps, and steps in their middle are not lost."""

from __future__ import annotations

import math
import random

import pytest

from perfgate.stats.history.slow import Slow, find_changes
from perfgate.stats.history.steps import find_steps

LEAST = math.log(1.05)
RATE = math.log(1.003)


def noise(seed: int, size: int, spread: float = 0.01) -> list[float]:
    draw = random.Random(seed)
    return [draw.gauss(0.0, spread) for _ in range(size)]


def rising(seed: int, size: int, begins: int = 0, ends: int = 10_000, rate: float = RATE) -> list[float]:
    return [v + rate * (min(max(i, begins), ends) - begins) for i, v in enumerate(noise(seed, size))]


@pytest.mark.parametrize("rate", [RATE, -RATE], ids=["slower", "faster"])
def test_a_series_that_creeps_has_no_step_and_one_slow_change(rate: float) -> None:
    for seed in range(20):
        values = rising(seed, 66, rate=rate)
        assert find_steps(values, least=LEAST)
        steps, (slow,) = find_changes(values, least=LEAST)
        assert steps == []
        assert slow.start <= 8
        assert slow.end >= 58
        assert slow.change == pytest.approx(65 * rate, abs=0.04)


@pytest.mark.parametrize(
    "places", [pytest.param((40,), id="one"), pytest.param((25, 50), id="two"), pytest.param((20, 40, 60), id="three")]
)
@pytest.mark.parametrize("size", [1.08, 1.12, 1.5])
def test_true_steps_stay_and_are_no_slow_change(places: tuple[int, ...], size: float) -> None:
    for seed in range(20):
        values = [v + math.log(size) * sum(i >= at for at in places) for i, v in enumerate(noise(seed, 80))]
        found = find_changes(values, least=LEAST)
        assert found.slow == []
        assert found.steps == find_steps(values, least=LEAST)
        assert [abs(s.at - at) <= 1 for s, at in zip(found.steps, places, strict=True)] == [True] * len(places)


def test_a_step_in_a_slow_rise_is_found_with_its_own_size() -> None:
    changes = []
    for seed in range(20):
        values = [v + (math.log(1.12) if i >= 50 else 0.0) for i, v in enumerate(rising(seed, 100))]
        found = find_changes(values, least=LEAST)
        assert found.slow
        step = min(found.steps, key=lambda s: abs(s.at - 50))
        assert abs(step.at - 50) <= 1
        assert step.slope == pytest.approx(RATE, abs=0.001)
        changes.append(math.expm1(step.change))
        assert all(s.end <= step.at or s.start >= step.at for s in found.slow)
    assert sum(changes) / len(changes) == pytest.approx(0.12, abs=0.01)


@pytest.mark.parametrize("rate", [1.005, 1.008])
def test_a_step_in_a_steep_rise_stays_though_a_line_fits_better_than_two_levels(rate: float) -> None:
    for seed in range(20):
        values = rising(seed, 100, rate=math.log(rate))
        stepped = [v + (math.log(1.12) if i >= 50 else 0.0) for i, v in enumerate(values)]
        assert any(abs(s.at - 50) <= 1 for s in find_changes(stepped, least=LEAST).steps)


def test_steps_that_noise_almost_hides_stay() -> None:
    found = kept = 0
    for seed in range(60):
        values = [v + math.log(1.08) * ((i >= 20) + (i >= 45)) for i, v in enumerate(noise(seed, 66, 0.03))]
        found += len(find_steps(values, least=LEAST))
        kept += len(find_changes(values, least=LEAST).steps)
    assert kept >= 0.96 * found


def test_a_rise_that_begins_late_begins_there() -> None:
    for seed in range(20):
        (slow,) = find_changes(rising(seed, 160, begins=100), least=LEAST).slow
        assert slow.start == pytest.approx(100, abs=15)
        assert slow.end >= 150


def test_a_rise_that_began_a_few_sessions_ago_is_no_step() -> None:
    for seed in range(20):
        values = [v + math.log(1.004) * max(0, i - 100) for i, v in enumerate(noise(seed, 124, 0.004))]
        assert find_steps(values, least=LEAST)
        steps, (slow,) = find_changes(values, least=LEAST)
        assert steps == []
        assert slow.start == pytest.approx(100, abs=8)


def test_a_rise_that_ended_ends_there() -> None:
    for seed in range(20):
        (slow,) = find_changes(rising(seed, 160, ends=60), least=LEAST).slow
        assert slow.start <= 8
        assert slow.end == pytest.approx(61, abs=15)


def test_a_saw_has_a_step_back_between_two_rises() -> None:
    values = [v - (0.25 if i >= 70 else 0.0) for i, v in enumerate(rising(3, 140))]
    steps, slow = find_changes(values, least=LEAST)
    assert [s.at for s in steps] == [70]
    assert steps[0].change == pytest.approx(-0.25, abs=0.02)
    assert [s.end <= 70 for s in slow] == [True, False]


@pytest.mark.parametrize(
    "values", [[], [0.0], [0.0] * 200, [0.0, math.log(2.0)] * 60], ids=["none", "one", "flat", "two"]
)
def test_what_has_no_step_has_no_slow_change(values: list[float]) -> None:
    assert find_changes(values, least=LEAST) == ([], [])


def test_what_changed_can_be_taken_off() -> None:
    exact = [RATE * i + (0.2 if i >= 40 else 0.0) for i in range(80)]
    found = find_changes([v + e for v, e in zip(exact, noise(2, 80, 0.002), strict=True)], least=LEAST)
    rest = [v - h for v, h in zip(exact, found.heights(80), strict=True)]
    assert max(rest) - min(rest) < 0.02


def test_the_change_of_a_slow_rise_is_from_its_first_to_its_last_value() -> None:
    assert Slow(10, 21, 0.01).change == pytest.approx(0.1)
