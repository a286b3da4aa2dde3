"""Order statistics of all pairs: the search finds what listing and sorting find."""

from __future__ import annotations

import itertools
import math
import random
from operator import sub, truediv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.stats import pairs
from perfgate.stats.pairs import nth_pairs

LAWS = laws(300)
WIDE = st.floats(-8e307, 8e307)
SIGNED = st.lists(st.one_of(WIDE, st.integers(-3, 3).map(float)), min_size=1, max_size=12)
POSITIVE = st.lists(st.one_of(st.floats(5e-324, 1e308), st.integers(1, 5).map(float)), min_size=1, max_size=12)


def list_all(one, other, of):
    return sorted(of(a, b) for a in one for b in other)


@pytest.fixture
def no_lists(monkeypatch):
    monkeypatch.setattr(pairs, "MOST_LISTED", 0)


@pytest.mark.usefixtures("no_lists")
@pytest.mark.parametrize(("of", "side"), [(sub, SIGNED), (truediv, POSITIVE)], ids=["differences", "ratios"])
@LAWS
@given(st.data())
def test_the_search_finds_every_place_of_the_sorted_list(of, side, data):
    one, other = data.draw(side), data.draw(side)
    expected = list_all(one, other, of)
    found = nth_pairs(sorted(one), sorted(other, reverse=True), of, range(1, len(expected) + 1))
    assert found == expected


@pytest.mark.usefixtures("no_lists")
@pytest.mark.parametrize(("n", "m"), [(1, 500), (500, 1), (90, 110), (300, 300)])
@pytest.mark.parametrize("digits", [1, 3, 17], ids=["many-ties", "ties", "no-ties"])
def test_the_search_of_large_samples_is_exact_to_the_last_bit(n, m, digits):
    noise = random.Random(n + digits)
    one, other = ([round(noise.gauss(0.0, 1.0), digits) for _ in range(size)] for size in (n, m))
    expected = list_all(one, other, sub)
    places = [1, 2, n * m // 3, n * m // 2, n * m // 2 + 1, n * m - 1, n * m]
    found = nth_pairs(sorted(one), sorted(other, reverse=True), sub, places)
    assert found == [expected[place - 1] for place in places]


@pytest.mark.usefixtures("no_lists")
@pytest.mark.parametrize(
    ("one", "other", "of"),
    [
        pytest.param([1e300] * 40, [1e-300] * 40, truediv, id="ratios-beyond-the-largest"),
        pytest.param([1e-300] * 40, [1e300] * 40, truediv, id="ratios-below-the-smallest"),
        pytest.param([1e-300, 1.0, 1e300] * 20, [1e-300, 1.0, 1e300] * 20, truediv, id="ratios-of-all-sizes"),
        pytest.param([-0.0, 0.0, 5e-324] * 20, [-0.0, 0.0, 5e-324] * 20, sub, id="around-zero"),
    ],
)
def test_the_search_ends_at_the_edges_of_floats(one, other, of):
    expected = list_all(one, other, of)
    found = nth_pairs(sorted(one), sorted(other, reverse=True), of, [1, 900, 1600])
    assert found == [expected[0], expected[899], expected[1599]]


def test_small_samples_are_listed_and_large_ones_are_not():
    calls = itertools.count()

    def counted(a, b):
        next(calls)
        return a - b

    nth_pairs([1.0] * 30, [1.0] * 50, counted, [7])
    assert next(calls) == 1500
    rising = [math.sqrt(i) for i in range(1000)]
    nth_pairs(rising, rising[::-1], counted, [300_000])
    assert next(calls) < 100_000


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [([], [1.0], [1]), ([1.0], [], [1]), ([1.0], [1.0], [0]), ([1.0, 2.0], [1.0], [1, 3])],
    ids=["nothing-rises", "nothing-falls", "before-the-first", "after-the-last"],
)
def test_a_place_outside_the_pairs_is_refused(one, other, places):
    with pytest.raises(ValueError, match="places"):
        nth_pairs(one, other, sub, places)
