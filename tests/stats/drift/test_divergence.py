from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

import pytest
import scipy.spatial.distance
import scipy.stats
from drift_cases import noise

from perfgate.stats.drift.divergence import (
    jensen_shannon,
    population_stability,
    shannon_bound,
    stability_bound,
    wasserstein,
)


def test_the_stability_index_is_the_usual_sum_where_no_bin_is_empty():
    was, now = [5000, 3000, 2000], [4000, 3000, 3000]
    expected = sum((b - a) * math.log(b / a) for a, b in zip([0.5, 0.3, 0.2], [0.4, 0.3, 0.3], strict=True))
    assert population_stability(was, now) == pytest.approx(expected, rel=0.01)
    assert math.isfinite(population_stability([10, 0], [0, 10]))
    assert population_stability(was, was) == 0.0


def test_the_distance_of_jensen_and_shannon_is_that_of_scipy_in_bits():
    was, now = [50, 30, 20, 0], [10, 0, 40, 50]
    assert jensen_shannon(was, now) == pytest.approx(scipy.spatial.distance.jensenshannon(was, now, base=2))
    assert jensen_shannon([5, 0], [0, 9]) == 1.0
    assert jensen_shannon([7], [3]) == 0.0


def known_at(sample, points):
    ordered = sorted(sample)
    below, at_most = ([f(ordered, v) / len(ordered) for v in points] for f in (bisect_left, bisect_right))
    return below, at_most


def test_the_distance_of_wasserstein_is_that_of_scipy_by_the_deviation():
    rng = noise(1)
    was, now = [rng.gauss(0, 2) for _ in range(4000)], [rng.gauss(1, 2) for _ in range(4000)]
    points = sorted(was)[::20]
    found, _ = wasserstein(points, known_at(was, points), known_at(now, points))
    assert found == pytest.approx(scipy.stats.wasserstein_distance(was, now) / scipy.stats.tstd(was), rel=0.1)


@pytest.mark.parametrize("points", [[], [3.0]])
def test_one_point_has_no_deviation(points):
    shares = ([0.2] * len(points), [0.9] * len(points))
    assert wasserstein(points, shares, shares) is None


def test_very_large_numbers_do_not_overflow():
    points = [-1e308, 0.0, 1e308]
    found = wasserstein(points, ([0.0, 0.3, 0.6], [0.3, 0.6, 1.0]), ([0.0, 0.1, 0.2], [0.1, 0.2, 1.0]))
    assert all(map(math.isfinite, found))


@pytest.mark.parametrize("n", [200, 1000])
def test_the_bounds_hold_in_99_of_100_samples_without_drift(n):
    rng, beyond = noise(3), [0, 0, 0]
    for _ in range(200):
        was, now = [rng.gauss(0, 1) for _ in range(n)], [rng.gauss(0, 1) for _ in range(n)]
        points = sorted(was)[:: n // 50]
        first, second = known_at(was, points), known_at(now, points)
        counts = [[round(n * (b - a)) for a, b in zip((0, *s[1][4::5]), (*s[1][4::5], 1.0), strict=True)]
                  for s in (first, second)]  # fmt: skip
        distance, spread = wasserstein(points, first, second)
        beyond[0] += population_stability(*counts) > stability_bound(len(counts[0]), n, n)
        beyond[1] += jensen_shannon(*counts) > shannon_bound(len(counts[0]), n, n)
        beyond[2] += distance > spread * math.sqrt(2 / n)
    assert max(beyond) <= 8  # the chance of more than 8 of 200 at 1 % is 1e-4
    assert stability_bound(1, n, n) == 0.0
