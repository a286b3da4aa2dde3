"""The newest values against an anchor."""

from __future__ import annotations

import math
import random

from perfgate.stats.history.creep import OF_ANCHOR, OF_NOW, compare_with_anchor

LEAST = math.log(1.05)


def sides(seed: int, change: float, spread: float = 0.01) -> tuple[list[float], list[float]]:
    draw = random.Random(seed)
    anchor = [draw.gauss(0.0, spread) for _ in range(OF_ANCHOR)]
    return anchor, [math.log1p(change) + draw.gauss(0.0, spread) for _ in range(OF_NOW)]


def test_a_creep_of_ten_percent_is_above_and_equal_values_are_not() -> None:
    assert all(compare_with_anchor(*sides(seed, 0.10)).is_above(LEAST) for seed in range(50))
    assert not any(compare_with_anchor(*sides(seed, 0.0)).is_above(LEAST) for seed in range(50))


def test_a_gain_is_not_above() -> None:
    assert not compare_with_anchor(*sides(1, -0.5)).is_above(LEAST)


def test_less_than_the_threshold_is_not_above_however_certain() -> None:
    assert not compare_with_anchor([0.0] * 10, [0.04] * 5).is_above(LEAST)
    assert compare_with_anchor([0.0] * 10, [0.06] * 5).is_above(LEAST)


def test_noisy_sessions_need_a_larger_change() -> None:
    found = [compare_with_anchor(*sides(seed, 0.10, spread=0.10)) for seed in range(50)]
    assert sum(f.is_above(LEAST) for f in found) <= 5


def test_few_equal_values_do_not_claim_to_be_exact() -> None:
    assert compare_with_anchor([0.0, 0.0], [0.0, 0.0]).error > 0.005
