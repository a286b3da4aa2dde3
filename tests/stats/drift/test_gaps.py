from __future__ import annotations

import pytest
import scipy.stats
from drift_cases import noise

from perfgate.stats.drift.gaps import differs_p, gap_p, largest_gap, more_p


def test_the_gap_is_the_largest_difference_of_cumulative_shares():
    assert largest_gap([0.1, 0.5, 0.9], [0.1, 0.2, 1.0]) == pytest.approx(0.3)
    assert largest_gap([], []) == 0.0


@pytest.mark.parametrize(("n", "m", "gap"), [(200, 1000, 0.15), (500, 500, 0.1), (5000, 5000, 0.04)])
def test_the_chance_of_a_gap_is_that_of_kolmogorov_and_never_less(n, m, gap):
    exact = scipy.stats.kstwobign.sf(gap * (n * m / (n + m)) ** 0.5)
    assert exact <= gap_p(gap, n, m) <= 1.05 * exact


def test_the_chance_of_a_gap_is_no_less_than_that_of_the_exact_law_of_two_samples():
    for n, m in ((50, 60), (200, 200), (200, 1000)):
        for gap in (0.1, 0.2, 0.3):
            rng = noise(n)
            was = [rng.random() for _ in range(n)]
            statistic = scipy.stats.distributions.kstwo.sf(gap, n * m // (n + m))
            assert gap_p(gap, n, m) >= 0.8 * statistic
            assert gap_p(gap, len(was), m) <= 1.0


def test_without_clusters_the_chance_of_a_share_is_fishers():
    expected = scipy.stats.fisher_exact([[9, 491], [2, 998]], alternative="greater")[1]
    assert more_p((2, 1000), (9, 500)) == pytest.approx(expected)


def test_rows_of_clusters_count_for_less_and_an_effect_never_makes_a_share_surer():
    plain = more_p((2, 1000), (9, 500))
    assert more_p((2, 1000), (9, 500), (2.0, 2.0)) > plain
    assert more_p((0, 10), (5, 10), (20.0, 1.0)) == 1.0


def test_a_share_differs_in_both_directions():
    assert differs_p((2, 1000), (20, 500)) == pytest.approx(differs_p((20, 500), (2, 1000)))
    assert differs_p((5, 100), (5, 100)) == 1.0
