"""Counts by cell: parts of any size give the whole."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import LAWS

from perfgate.stats.cells import (
    STEPS,
    Cell,
    Pool,
    cells_of,
    count_of_cells,
    merge_cells,
    spread,
    weigh,
)
from perfgate.stats.quantiles import quantile

VALUES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=200)
CUTS = st.lists(st.integers(0, 200), max_size=6)


def divide(values, cuts):
    """Return the values in parts, in the order of the cuts."""
    ends = sorted(min(c, len(values)) for c in cuts)
    return [values[a:b] for a, b in zip([0, *ends], [*ends, len(values)], strict=True)]


@LAWS
@given(VALUES, CUTS, st.randoms(use_true_random=False))
def test_parts_in_any_order_have_the_cells_of_the_whole(values, cuts, rng):
    parts = [cells_of(sorted(part)) for part in divide(values, cuts)]
    rng.shuffle(parts)
    assert merge_cells(parts) == cells_of(sorted(values))


@LAWS
@given(VALUES)
def test_cells_ascend_hold_every_value_and_are_narrower_than_a_tenth_of_a_percent(values):
    cells = cells_of(sorted(values))
    assert count_of_cells(cells) == len(values)
    assert all(a.high < b.low for a, b in pairwise(cells))
    assert {c.low for c in cells} | {c.high for c in cells} <= set(values)
    for low, high, count in cells:
        assert count >= 1
        assert 0 <= high - low <= max(0.001 * abs(low), 1e-300)


@LAWS
@given(VALUES)
def test_few_values_keep_their_quantiles_to_within_a_tenth_of_a_percent(values):
    ordered, spreaded = sorted(values), spread(cells_of(sorted(values)))
    assert len(spreaded) == len(values)
    for one, other in zip(spreaded, ordered, strict=True):
        assert one == pytest.approx(other, rel=0.001, abs=1e-300)


@settings(LAWS, max_examples=25)
@given(st.integers(0, 10**6), st.integers(STEPS + 2, 8 * STEPS), st.sampled_from([0.05, 0.4, 2.0]))
def test_many_values_keep_the_named_quantiles_to_within_a_tenth_of_a_percent(seed, count, sigma):
    rng = Random(seed)
    ordered = sorted(rng.lognormvariate(0, sigma) for _ in range(count))
    kept = spread(cells_of(ordered))
    assert len(kept) == STEPS + 1
    assert list(kept) == sorted(kept)
    for q in (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0):
        assert quantile(kept, q) == pytest.approx(quantile(ordered, q), rel=0.001)


def test_values_that_a_tool_rounds_stay_what_they_are():
    ordered = sorted([0.02] * 5000 + [0.03] * 4000 + [0.25] * 1001)
    assert cells_of(ordered) == [(0.02, 0.02, 5000), (0.03, 0.03, 4000), (0.25, 0.25, 1001)]
    assert set(spread(cells_of(ordered))) == {0.02, 0.03, 0.25}


def test_a_small_part_does_not_weigh_more_than_it_is():
    cells = merge_cells([[Cell(0.020, 0.020, 100_000)], [Cell(0.060, 0.060, 2_000)]])
    assert [quantile(spread(cells), q) for q in (0.5, 0.95, 0.99)] == [0.020, 0.020, 0.060]


@LAWS
@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=50), st.integers(0, 10**12))
def test_the_values_of_a_spread_stand_for_all_of_it(values, more):
    ordered = sorted(values)
    cells = weigh(ordered, len(ordered) + more)
    assert count_of_cells(cells) == len(ordered) + more
    assert (cells[0].low, cells[-1].high) == (ordered[0], ordered[-1])
    fewest = (len(ordered) + more) // len(ordered)
    assert all(cell.size >= fewest for cell in cells)


@settings(LAWS, max_examples=25)
@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=50), st.integers(0, 10**12))
def test_one_part_alone_keeps_its_quantiles(values, more):
    ordered = sorted(values)
    pool = Pool([(ordered, len(ordered) + more)])
    kept = pool.spread()
    assert (pool.count, len(kept)) == (len(ordered) + more, pool.steps + 1)
    assert list(kept) == sorted(kept)
    assert (kept[0], kept[-1]) == (ordered[0], ordered[-1])
    for step, value in enumerate(kept):
        assert value == pytest.approx(quantile(ordered, step / max(pool.steps, 1)), rel=1e-6, abs=1e-6)


@settings(LAWS, max_examples=25)
@given(
    st.lists(
        st.tuples(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.integers(0, 10**9)),
        min_size=1,
        max_size=3,
    ),
    st.randoms(use_true_random=False),
)
def test_a_pool_ascends_between_its_ends_in_any_order_of_its_parts_and_gives_each_value_alone(parts, rng):
    held = [(sorted(values), len(values) + more) for values, more in parts]
    pool = Pool(held)
    kept = pool.spread()
    assert list(kept) == sorted(kept)
    assert (kept[0], kept[-1]) == (min(v[0] for v, _ in held), max(v[-1] for v, _ in held))
    for step in {0, pool.steps // 2, round(pool.steps * 0.95), pool.steps}:
        assert pool.at(step) == kept[step]
    rng.shuffle(held)
    assert Pool(held).at(pool.steps // 2) == pytest.approx(kept[pool.steps // 2], rel=1e-9, abs=1e-300)


def test_values_that_many_have_stay_what_they_are_in_a_pool():
    pool = Pool([([0.02] * 1500 + [0.03] * 500, 10**6), ([0.03] * 1000 + [0.25] * 1000, 10**6)])
    assert [pool.at(s) for s in (0, 1000, 1400, 1900, 2000)] == [0.02, 0.03, 0.03, 0.25, 0.25]


@pytest.mark.sampled
@pytest.mark.parametrize(("sigma", "at_p99"), [(0.1, 0.001), (0.8, 0.002), (1.5, 0.004)])
@pytest.mark.parametrize("seed", range(3))
def test_spreads_of_unequal_parts_together_have_the_quantiles_of_all_values(seed, sigma, at_p99):
    rng = Random(seed)
    parts = []
    for _ in range(16):
        middle = rng.uniform(0.8, 1.3)
        parts.append(sorted(middle * rng.lognormvariate(0, sigma) for _ in range(rng.choice([500, 3_000, 20_000]))))
    together = Pool((spread(cells_of(part)), len(part)) for part in parts).spread()
    ordered = sorted(value for part in parts for value in part)
    for q, precision in ((0.5, 0.001), (0.9, 0.001), (0.95, 0.001), (0.99, at_p99)):
        assert quantile(together, q) == pytest.approx(quantile(ordered, q), rel=precision)


@pytest.mark.parametrize(
    "values",
    [(0.0,), (-0.0, 0.0), (5e-324, 5e-324), (-5e-324, 0.0, 5e-324), (1.7e308, 1.79e308), (-1.79e308, 1.79e308)],
    ids=str,
)
def test_the_ends_of_the_numbers_are_numbers_too(values):
    cells = cells_of(values)
    assert count_of_cells(cells) == len(values)
    assert all(map(math.isfinite, spread(cells)))


def test_the_smallest_number_that_has_a_cell_of_its_own_ends_that_of_zero():
    least = math.ldexp(1.0, -1000)
    below = math.nextafter(least, 0.0)
    assert cells_of([-below, 0.0, below, least, least]) == [Cell(-below, below, 3), Cell(least, least, 2)]
