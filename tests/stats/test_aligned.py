"""Ranks within the blocks of an interleaved measurement: by counting every assignment, and their laws."""

from __future__ import annotations

import itertools
import math
import random

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.aligned import aligned_ranks, aligned_shift, does_drift, smallest_aligned_shift, split_blocks
from perfgate.stats.quantiles import median
from perfgate.stats.ranks import mann_whitney

LAWS = laws(60)
COARSE = st.integers(-6, 6).map(lambda n: n / 4)  # binary fractions: sums and differences are exact


def sides():
    """Return two sides of as many runs, with ties."""
    return st.integers(10, 13).flatmap(lambda n: st.tuples(*[st.lists(COARSE, min_size=n, max_size=n)] * 2))


def simulated(seed, rounds, *, drift, effect=0.0, noise=0.02):
    """Return interleaved sides on a machine whose speed walks by ``drift`` from round to round."""
    dice = random.Random(seed)
    speed, base, current = 0.0, [], []
    for _ in range(rounds):
        speed += dice.gauss(0.0, drift)
        for side in ("abba", "baab")[dice.random() < 0.5]:
            (base if side == "a" else current).append(speed + dice.gauss(0.0, noise) + effect * (side == "b"))
    return base, current


def test_the_share_of_all_assignments_within_blocks_is_counted():
    dice = random.Random(5)
    base, current = ([dice.choice([0.0, 0.5, 1.0, 2.0]) for _ in range(11)] for _ in range(2))
    blocks = split_blocks(base, current)
    aligned = [[v - median([*b, *c]) for v in (*b, *c)] for b, c in blocks]
    ranks = scipy.stats.rankdata([v for block in aligned for v in block])
    by_block, place = [], 0
    for block in aligned:
        by_block.append(ranks[place : place + len(block)])
        place += len(block)
    seen = sum(sum(block[len(block) // 2 :]) for block in by_block)
    sums = [[sum(of) for of in itertools.combinations(block, len(block) // 2)] for block in by_block]
    every = [sum(chosen) for chosen in itertools.product(*sums)]
    found = aligned_ranks(base, current)
    assert (found.u, found.exact) == (seen, True)
    assert found.p == pytest.approx(sum(total >= seen for total in every) / len(every), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_beyond_ten_blocks_the_normal_law_is_near_the_exact_one(seed):
    base, current = simulated(seed, 10, drift=0.1, effect=0.01)
    wider, further = simulated(seed, 11, drift=0.1, effect=0.01)
    exact, normal = aligned_ranks(base, current), aligned_ranks(wider, further)
    assert (exact.exact, normal.exact) == (True, False)
    # Eleven blocks, of which ten are the same draws: the exact p of ten and the normal one of eleven are alike.
    assert math.log10(normal.p) == pytest.approx(math.log10(exact.p), abs=1.2)


@LAWS
@given(sides(), st.lists(COARSE, min_size=7, max_size=7))
def test_what_moves_a_whole_block_changes_nothing(drawn, moves):
    moved = [[v + 8 * moves[i // 2] for i, v in enumerate(side)] for side in drawn]
    assert aligned_ranks(*moved) == aligned_ranks(*drawn)


@LAWS
@given(sides())
def test_swapping_the_sides_mirrors_the_test_and_does_not_change_its_choice(drawn):
    base, current = drawn
    together = aligned_ranks(base, current).p + aligned_ranks(current, base).p
    assert together >= 1.0 - 1e-12  # what is as extreme both ways counts twice
    assert does_drift(base, current) == does_drift(current, base)
    swapped = [list(side) for side in drawn]
    swapped[0][0], swapped[1][0] = swapped[1][0], swapped[0][0]
    assert does_drift(*swapped) == does_drift(base, current)


@LAWS
@given(st.integers(0, 10**6), st.integers(5, 8), st.floats(0.0, 0.5))
def test_slower_never_helps_where_no_two_runs_are_equal(seed, rounds, delay):
    base, current = simulated(seed, rounds, drift=0.05)
    slower = [v + delay for v in current]
    assert aligned_ranks(base, slower).u >= aligned_ranks(base, current).u


@LAWS
@given(sides(), st.sampled_from([0.05, 0.01, 0.001]))
def test_the_smallest_shift_is_negative_exactly_when_the_runs_are_significant_as_they_are(drawn, level):
    base, current = drawn
    shift = smallest_aligned_shift(base, current, level)
    assert (shift < 0.0) == (aligned_ranks(base, current).p <= level)


@pytest.mark.parametrize("seed", range(10))
def test_runs_are_significant_beyond_the_smallest_shift_and_not_before(seed):
    base, current = simulated(seed, 7, drift=0.1)
    shift = smallest_aligned_shift(base, current, 0.001)
    assert aligned_ranks(base, [v + shift + 1e-9 for v in current]).p <= 0.001
    assert aligned_ranks(base, [v + shift - 1e-9 for v in current]).p > 0.001


@pytest.mark.parametrize("effect", [0.0, 0.02, 0.1, 1.0, 10.0])
def test_a_slower_side_hardly_changes_the_choice(effect):
    drifting = [simulated(seed, 10, drift=0.1, effect=effect) for seed in range(60)]
    quiet = [simulated(seed, 10, drift=0.0, effect=effect) for seed in range(60)]
    assert sum(does_drift(*drawn) for drawn in drifting) >= 54
    assert sum(does_drift(*drawn) for drawn in quiet) <= 3


def test_few_blocks_can_never_be_significant_at_a_strict_level():
    base = [float(i) for i in range(10)]
    assert smallest_aligned_shift(base, base, 1e-5) is None
    assert smallest_aligned_shift(base, base, 2e-4) is not None


def test_the_interval_holds_the_shift_and_leaves_out_nothing_where_the_test_is_significant():
    base, current = simulated(3, 10, drift=0.2, effect=0.05)
    shift, (low, high) = aligned_shift(base, current)
    assert 0.0 < low < shift < high
    assert low < 0.05 < high
    assert aligned_ranks(base, current).p <= 0.025
    mirrored, (other_low, other_high) = aligned_shift(current, base)
    assert (mirrored, other_low, other_high) == pytest.approx((-shift, -high, -low), abs=1e-9)


def test_on_a_machine_that_drifts_more_is_found_than_by_the_ranks_of_all_runs():
    drifting = [simulated(seed, 10, drift=0.1, effect=0.05) for seed in range(100)]
    found = sum(aligned_ranks(*drawn).p <= 0.01 for drawn in drifting if does_drift(*drawn))
    by_ranks = sum(mann_whitney(*drawn).p <= 0.01 for drawn in drifting)
    assert found > 80
    assert by_ranks < 40


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [5, 10, 20])
def test_of_unchanged_series_on_a_drifting_machine_one_in_a_hundred_is_significant_at_one_percent(rounds):
    drawn = [simulated(1000 * rounds + seed, rounds, drift=0.1) for seed in range(3000)]
    chosen = [d for d in drawn if does_drift(*d)]
    assert len(chosen) > 1500
    share = sum(aligned_ranks(*d).p <= 0.01 for d in chosen) / len(chosen)
    assert share <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / len(chosen))


@pytest.mark.parametrize(
    ("base", "current"),
    [
        pytest.param([0.0] * 9, [0.0] * 9, id="too-few"),
        pytest.param([0.0] * 12, [0.0] * 10, id="of-other-lengths"),
    ],
)
def test_what_has_no_blocks_is_refused_and_never_chosen(base, current):
    assert split_blocks(base, current) is None
    assert not does_drift(base, current)
    with pytest.raises(ValueError, match="blocks"):
        aligned_ranks(base, current)


def test_the_least_p_that_so_many_blocks_can_have_is_significant_at_that_level():
    base, current = ([k + v / 100 for k in range(5) for v in side] for side in ((0, 1), (50, 51)))
    level = aligned_ranks(base, current).p
    assert level == 6**-5
    assert -0.5 < smallest_aligned_shift(base, current, level) < 0.0
    assert smallest_aligned_shift(base, current, math.nextafter(level, 0.0)) is None
