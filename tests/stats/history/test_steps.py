"""Steps of series: where they lie, what is none, and how often noise makes one."""

from __future__ import annotations

import math
import random

import pytest

from perfgate.stats.history.steps import LEVEL, find_steps

LEAST = math.log(1.05)


def noise(seed: int, size: int, spread: float = 0.02) -> list[float]:
    draw = random.Random(seed)
    return [draw.gauss(0.0, spread) for _ in range(size)]


def stepped(seed: int, at: int, size: int, change: float = 0.10) -> list[float]:
    return [v + (math.log1p(change) if i >= at else 0.0) for i, v in enumerate(noise(seed, size))]


@pytest.mark.parametrize("change", [0.10, -0.10, 1.0], ids=["slower", "faster", "twice"])
def test_a_step_is_found_once_at_its_place_with_its_size(change: float) -> None:
    (step,) = find_steps(stepped(1, 40, 80, change), least=LEAST)
    assert abs(step.at - 40) <= 1
    assert step.change == pytest.approx(math.log1p(change), abs=0.02)
    assert (step.before, step.after) == (30, 30)
    assert step.p <= LEVEL


def test_several_steps_are_found_each() -> None:
    values = [v + math.log(1.2) * sum(i >= at for at in (30, 60, 110)) for i, v in enumerate(noise(2, 150))]
    assert [s.at for s in find_steps(values, least=LEAST)] == [30, 60, 110]


def test_exact_values_are_divided_exactly() -> None:
    assert [s.at for s in find_steps([math.log(5)] * 50 + [math.log(6)] * 50, least=LEAST)] == [50]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="none"),
        pytest.param([0.0], id="one"),
        pytest.param([0.0, 1.0, 0.0, 1.0, 0.0], id="five"),
        pytest.param([0.0] * 200, id="all-equal"),
        pytest.param([0.0, math.log(2.0)] * 60, id="two-valued"),
        pytest.param([0.0] * 40 + [3.0] + [0.0] * 40, id="a-spike"),
        pytest.param([0.0] * 40 + [3.0, 3.0] + [0.0] * 40, id="two-outliers"),
        pytest.param([0.0] * 40 + [0.04] * 40, id="below-the-threshold"),
        pytest.param([0.0] * 40 + [0.2, 0.2], id="too-new"),
    ],
)
def test_what_is_no_step(values: list[float]) -> None:
    assert find_steps(values, least=LEAST) == []


def test_a_large_step_is_found_from_its_third_or_fourth_value_on() -> None:
    found = [[bool(find_steps(stepped(seed, 40, 40 + n, 0.5), least=LEAST)) for n in range(6)] for seed in range(20)]
    after = [sum(column) for column in zip(*found, strict=True)]
    assert after[:2] == [0, 0]
    assert after[2] <= 4  # a value of noise before it made the third
    assert after[3] >= 10
    assert min(after[4:]) >= 15


def test_reversed_and_mirrored_series_have_the_same_steps() -> None:
    values = stepped(4, 45, 90)
    (step,) = find_steps(values, least=LEAST)
    (back,) = find_steps(values[::-1], least=LEAST)
    (mirrored,) = find_steps([-v for v in values], least=LEAST)
    assert back.at == 90 - step.at
    assert (mirrored.at, mirrored.change) == (step.at, -step.change)


def test_noise_makes_few_steps() -> None:
    counts = [len(find_steps(noise(seed, 100, 0.10), least=LEAST)) for seed in range(300)]
    assert sum(counts) <= 0.08 * len(counts)  # 0.04 of them are expected; 0.05 is what is promised


def test_the_change_must_exceed_the_spread_around_it() -> None:
    wide = [v + (0.08 if i >= 60 else 0.0) for i, v in enumerate(noise(5, 120, 0.15))]
    assert find_steps(wide, least=LEAST) == []
