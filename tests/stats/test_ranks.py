"""The rank test against scipy, published critical values, brute force and its laws."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats.ranks import (
    RankTest,
    critical_u,
    mann_whitney,
    runs_needed,
    smallest_flagged_factor,
    smallest_p,
)

LAWS = laws(200)
TIED = st.lists(st.integers(0, 9), min_size=1, max_size=25)


def draw(n, seed, *, coarse=False):
    noise = random.Random(seed)
    values = [noise.lognormvariate(0.0, 0.1) for _ in range(n)]
    return [round(value, 1) for value in values] if coarse else values


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 20), (5, 5), (5, 7), (7, 4), (10, 10), (20, 3), (20, 20)])
def test_without_ties_p_is_exact_as_in_scipy(n, m):
    for seed in range(5):
        base, current = draw(n, seed), [1.02 * value for value in draw(m, seed + 100)]
        found = mann_whitney(base, current)
        oracle = scipy.stats.mannwhitneyu(current, base, alternative="greater", method="exact")
        assert found.exact
        assert found.u == oracle.statistic
        assert found.p == pytest.approx(oracle.pvalue, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (5, 5), (20, 20), (21, 5), (5, 21), (40, 60), (1000, 1500)])
@pytest.mark.parametrize("coarse", [True, False], ids=["ties", "no-ties"])
def test_of_many_runs_p_is_asymptotic_as_in_scipy(n, m, coarse):
    base, current = draw(n, 1, coarse=coarse), draw(m, 2, coarse=coarse)
    base[0] = current[0] if coarse else base[0]
    found = mann_whitney(base, current)
    assert found.exact == (max(n, m) <= 20)
    if found.exact:
        return
    oracle = scipy.stats.mannwhitneyu(current, base, alternative="greater", method="asymptotic")
    assert found.u == oracle.statistic
    assert found.p == pytest.approx(oracle.pvalue, rel=1e-12, abs=0.0)


def test_no_tie_lets_p_undercut_the_smallest_exact_one():
    found = mann_whitney([1.0] * 5, [2.0] * 5)
    assert found.exact
    assert found.p == smallest_p(5, 5) == mann_whitney(range(5), range(5, 10)).p


@pytest.mark.parametrize(("n", "exact"), [(20, True), (21, False)])
def test_twenty_a_side_is_the_last_exact_size(n, exact):
    assert mann_whitney(draw(n, 1), draw(n, 2)).exact is exact


def test_a_textbook_case():
    # Five treated against four controls; of the 126 splits, 4 give U >= 18.
    found = mann_whitney([1, 2, 3, 6], [4, 5, 7, 8, 9])
    assert found == RankTest(u=18.0, p=4 / 126, exact=True)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 5), (30, 30)])
def test_all_values_equal_give_no_evidence_at_all(n, m):
    assert mann_whitney([1.5] * n, [1.5] * m) == RankTest(u=n * m / 2, p=1.0, exact=n <= 20)


@LAWS
@given(TIED, TIED)
def test_the_two_directions_share_all_pairs(base, current):
    there, back = mann_whitney(base, current), mann_whitney(current, base)
    assert there.u + back.u == len(base) * len(current)
    assert there.u == sum((c > b) + 0.5 * (c == b) for b in base for c in current)


@LAWS
@given(TIED, TIED, st.integers(1, 1000), st.randoms(use_true_random=False))
def test_unit_and_order_change_nothing(base, current, factor, shuffler):
    scaled = [[value * factor for value in side] for side in (base, current)]
    for side in scaled:
        shuffler.shuffle(side)
    assert mann_whitney(*scaled) == mann_whitney(base, current)


@LAWS
@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=25, unique=True),
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), min_size=1, max_size=25),
)
def test_slower_never_gives_a_larger_p(base, steps):
    # Even numbers against odd ones, each side distinct: no ties before or after.
    current = [2 * total + 1 for total in itertools.accumulate(gap for gap, _ in steps)]
    delays = itertools.accumulate(extra for _, extra in steps)
    slower = [value + 2 * delay for value, delay in zip(current, delays, strict=True)]
    evens = [2 * value for value in base]
    assert mann_whitney(evens, slower).p <= mann_whitney(evens, current).p


@pytest.mark.parametrize(
    ("n", "m", "level", "expected"),
    [
        pytest.param(5, 5, 0.05, 21, id="5-5-at-5-%"),
        pytest.param(5, 5, 0.01, 24, id="5-5-at-1-%"),
        pytest.param(7, 7, 0.01, 43, id="7-7-at-1-%"),
        pytest.param(8, 8, 0.05, 49, id="8-8-at-5-%"),
        pytest.param(10, 10, 0.05, 73, id="10-10-at-5-%"),
        pytest.param(10, 10, 0.01, 81, id="10-10-at-1-%"),
        pytest.param(20, 20, 0.05, 262, id="20-20-at-5-%"),
        pytest.param(20, 20, 0.01, 286, id="20-20-at-1-%"),
        pytest.param(3, 3, 0.05, 9, id="only-complete-separation"),
        pytest.param(3, 3, 0.0499, None, id="just-too-few"),
        pytest.param(1, 30, 0.01, None, id="just-too-few-for-the-normal-law"),
    ],
)
def test_critical_values_are_those_of_the_tables(n, m, level, expected):
    assert critical_u(n, m, level) == expected
    assert critical_u(m, n, level) == expected


@pytest.mark.parametrize(("n", "m"), [(6, 9), (20, 20), (21, 20), (30, 40), (200, 100)])
@pytest.mark.parametrize("level", [1e-6, 0.001, 0.01, 0.05, 0.5, 0.999])
def test_the_critical_value_is_the_first_that_is_significant(n, m, level):
    exact = max(n, m) <= 20

    def p_of(u):
        if exact:
            below = [i + 0.5 for i in range(n)]  # current runs placed so that exactly u pairs count
            full, part = divmod(u, n)
            current = [n + 1 + i / 100 for i in range(full)] + ([part + 0.01] if full < m else [])
            current += [-1.0 - i for i in range(m - len(current))]
            test = mann_whitney(below, current)
            assert test.u == u
            return test.p
        return scipy.stats.norm.sf((u - n * m / 2 - 0.5) / math.sqrt(n * m * (n + m + 1) / 12))

    found = critical_u(n, m, level)
    if found is None:
        assert p_of(n * m) > level
    else:
        assert p_of(found) <= level < p_of(found - 1)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 4), (5, 5), (20, 20)])
def test_the_smallest_p_is_that_of_complete_separation(n, m):
    found = mann_whitney(range(n), range(n, n + m))
    assert found.p == smallest_p(n, m) == smallest_p(m, n)


def test_smallest_p_of_five_and_five():
    assert smallest_p(5, 5) == 1 / 252


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        pytest.param(0.5, 1, id="met-by-one"),
        pytest.param(0.05, 3, id="met-exactly"),
        pytest.param(0.01, 5, id="one-benchmark"),
        pytest.param(0.004, 5, id="five-benchmarks-at-2-%"),
        pytest.param(0.001, 7, id="twenty-benchmarks-at-2-%"),
        pytest.param(1e-12, 34, id="beyond-the-exact-law"),
    ],
)
def test_runs_needed_before_anything_can_be_significant(level, expected):
    assert runs_needed(level) == expected
    assert critical_u(expected, expected, level) is not None
    assert expected == 1 or critical_u(expected - 1, expected - 1, level) is None


@pytest.mark.parametrize(("n", "m"), [(3, 3), (5, 5), (4, 9), (10, 10), (20, 20), (1, 19)])
@pytest.mark.parametrize("level", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("coarse", [True, False], ids=["ties", "no-ties"])
def test_the_smallest_flagged_factor_is_where_brute_force_finds_it(n, m, level, coarse):
    base, current = draw(n, 5, coarse=coarse), draw(m, 6, coarse=coarse)
    found = smallest_flagged_factor(base, current, level)
    needed = critical_u(n, m, level)
    if needed is None:
        assert found is None
        return

    def pairs(factor):
        return sum((factor * c > b) + 0.5 * (factor * c == b) for b in base for c in current)

    ratios = sorted({b / c for b in base for c in current})
    gaps = [ratios[0] / 2, *(math.sqrt(a * b) for a, b in itertools.pairwise(ratios)), ratios[-1] * 2]
    first = next(i for i, factor in enumerate(gaps) if pairs(factor) >= needed)
    assert found is not None
    assert gaps[first - 1] < found < gaps[first]
    assert found == pytest.approx(ratios[first - 1], rel=1e-15)
    if not coarse:
        assert mann_whitney(base, [1.000001 * found * value for value in current]).p <= level
        assert mann_whitney(base, [0.999999 * found * value for value in current]).p > level


@pytest.mark.parametrize(("n", "m"), [(101, 100), (150, 333)])
@pytest.mark.parametrize("coarse", [True, False], ids=["ties", "no-ties"])
def test_many_ratios_are_searched_for_the_same_one_to_the_last_bit(n, m, coarse):
    base, current = draw(n, 1, coarse=coarse), draw(m, 2, coarse=coarse)
    for level in (1e-6, 0.01, 0.5):
        needed = critical_u(n, m, level)
        assert needed is not None
        listed = sorted(b / c for b in base for c in current)[needed - 1]
        assert smallest_flagged_factor(base, current, level) == listed


def test_a_sample_that_is_flagged_already_has_a_factor_below_one():
    found = smallest_flagged_factor([1.0, 1.1, 1.2, 1.3, 1.4], [2.0, 2.1, 2.2, 2.3, 2.4], 0.01)
    assert found is not None
    assert found < 1.0


def test_a_seeded_null_keeps_the_promised_level():
    noise = np.random.default_rng(7)
    alarms = sum(mann_whitney(*noise.standard_t(2, (2, 10)).tolist()).p <= 0.05 for _ in range(4000))
    assert 0.035 * 4000 < alarms < 0.05 * 4000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda: mann_whitney([], [1.0]), "at least one run", id="no-baseline"),
        pytest.param(lambda: mann_whitney([1.0], []), "at least one run", id="no-current"),
        pytest.param(lambda: smallest_p(0, 1), "at least one run", id="no-runs"),
        pytest.param(lambda: critical_u(1, 0, 0.05), "at least one run", id="no-runs-for-u"),
        pytest.param(lambda: critical_u(5, 5, 0.0), "level", id="level-zero"),
        pytest.param(lambda: runs_needed(1.0), "level", id="level-one"),
        pytest.param(lambda: smallest_flagged_factor([0.0], [1.0], 0.05), "positive", id="a-zero"),
        pytest.param(lambda: smallest_flagged_factor([1.0], [math.inf], 0.05), "finite", id="infinite"),
    ],
)
def test_impossible_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_smallest_u_that_is_significant_is_one_where_the_level_is_nearly_certain():
    assert [critical_u(1, 30, level) for level in (0.9, 0.95, 0.99)] == [5, 1, 1]
