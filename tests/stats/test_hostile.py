"""Samples that nobody hopes for: each function of the wing answers them, or refuses them in words."""

from __future__ import annotations

import itertools
import math
import random
from operator import sub

import pytest

from perfgate.stats.distributions import (
    clopper_pearson,
    incomplete_beta,
    normal_quantile,
    normal_tail,
    t_cdf,
    t_quantile,
)
from perfgate.stats.medians import median_interval, median_ratio_interval
from perfgate.stats.multiplicity import benjamini_hochberg, holm
from perfgate.stats.pairs import nth_pairs
from perfgate.stats.quantiles import mad, median, quantile
from perfgate.stats.ranks import critical_u, mann_whitney, runs_needed, smallest_flagged_factor, smallest_p
from perfgate.stats.sessions import compare_sessions, log_interval
from perfgate.stats.shifts import hodges_lehmann
from perfgate.stats.tails import log_quantile_error, quantile_bounds, tail_share_p

_NOISE = random.Random(5)
MANY = [_NOISE.lognormvariate(0.0, 0.1) for _ in range(10_000)]
SAMPLES = {
    "one-value": [1.5],
    "identical-values": [1.5] * 20,
    "ties-everywhere": [1.0, 2.0] * 10,
    "one-stray-value": [1.0] * 19 + [2.0],
    "heavy-outliers": [1.0, 1.1, 1.2, 1.3, 1e9, 1e12] * 5,
    "tiny": [1e-300, 1.5e-300, 2e-300] * 7,
    "huge": [1e300, 1.5e300, 2e300] * 7,
    "all-sizes": [1e-300, 1.0, 1e300] * 7,
    "ten-thousand-runs": MANY,
    "ten-thousand-identical-runs": [0.1] * 10_000,
}
ZEROS = {"all-zeros": [0.0] * 20, "a-zero-among-others": [0.0, 1.0, 2.0] * 7}
EACH = pytest.mark.parametrize("values", [pytest.param(v, id=k) for k, v in {**SAMPLES, **ZEROS}.items()])
POSITIVE = pytest.mark.parametrize("values", [pytest.param(v, id=k) for k, v in SAMPLES.items()])
PAIRS = [
    pytest.param(SAMPLES[a], SAMPLES[b], id=f"{a}-against-{b}")
    for a, b in itertools.product(SAMPLES, SAMPLES)
    if a == b or "ten-thousand-identical-runs" not in (a, b)
]


def logs_of(values):
    return [math.log(value) for value in values]


@EACH
@pytest.mark.parametrize("q", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_a_quantile_and_the_spread_stay_within_the_sample(values, q):
    ordered = sorted(values)
    assert ordered[0] <= quantile(ordered, q) <= ordered[-1]
    assert ordered[0] <= median(values) <= ordered[-1]
    assert 0.0 <= mad(values) <= ordered[-1] - ordered[0]


@EACH
@pytest.mark.parametrize("confidence", [1e-9, 0.5, 0.95, 1 - 1e-12])
def test_the_interval_of_a_median_encloses_it_within_the_sample(values, confidence):
    ordered = sorted(values)
    low, high = median_interval(ordered, confidence)
    assert ordered[0] <= low <= median(values) <= high <= ordered[-1]


@EACH
def test_the_bounds_of_a_tail_are_runs_or_absent(values):
    bounds = quantile_bounds(values, 0.95)
    assert all(bound is None or bound in values for bound in bounds)
    assert (bounds[1] is None) == (len(values) < 59)


@POSITIVE
def test_the_error_of_a_tail_is_a_number_or_absent(values):
    error = log_quantile_error(logs_of(values), 0.95)
    assert (error is None) == (len(values) < 59)
    assert error is None or 0.0 <= error < math.inf
    assert error is None or (error == 0.0) == (len(set(values)) == 1)


@pytest.mark.parametrize(("base", "current"), PAIRS)
def test_the_rank_test_gives_a_probability_both_ways(base, current):
    there, back = mann_whitney(base, current), mann_whitney(current, base)
    assert there.u + back.u == len(base) * len(current)
    assert 0.0 <= there.p <= 1.0
    assert 0.0 <= back.p <= 1.0
    assert there.p + back.p >= 1.0
    if base is current:
        assert there.p >= 0.5


@EACH
def test_zeros_are_ranked_like_any_other_value(values):
    assert mann_whitney(values, values).p >= 0.5


@pytest.mark.parametrize(("base", "current"), PAIRS)
def test_the_interval_of_a_ratio_encloses_it(base, current):
    ratio = median(current) / median(base)
    low, high = median_ratio_interval(base, current)
    assert 0.0 <= low <= ratio <= high
    assert math.isfinite(high) or max(current) / min(base) > 1e308


@pytest.mark.parametrize("values", [pytest.param(v, id=k) for k, v in ZEROS.items()])
def test_zeros_have_no_ratio(values):
    for sides in ((values, [1.0]), ([1.0], values)):
        with pytest.raises(ValueError, match="positive"):
            median_ratio_interval(*sides)
        with pytest.raises(ValueError, match="positive"):
            smallest_flagged_factor(*sides, 0.01)


@pytest.mark.parametrize(("base", "current"), PAIRS)
def test_the_smallest_flagged_factor_is_one_of_the_ratios(base, current):
    factor = smallest_flagged_factor(base, current, 0.01)
    assert (factor is None) == (critical_u(len(base), len(current), 0.01) is None)
    assert factor is None or min(base) / max(current) <= factor <= max(base) / min(current)


@pytest.mark.parametrize(("base", "current"), PAIRS)
def test_the_shift_lies_within_its_ends_and_the_range(base, current):
    base, current = logs_of(base), logs_of(current)
    least, most = min(current) - max(base), max(current) - min(base)
    shift, ends = hodges_lehmann(base, current)
    low, high = ends or (least, most)
    assert least <= low <= shift <= high <= most
    assert (ends is None) == (critical_u(len(base), len(current), 0.025) is None)


@EACH
def test_differences_of_the_values_themselves_are_found_too(values):
    assert hodges_lehmann(values, values)[0] == 0.0
    ordered = sorted(values)
    extremes = nth_pairs(ordered, ordered[::-1], sub, [1, len(values) ** 2])
    assert extremes == [ordered[0] - ordered[-1], ordered[-1] - ordered[0]]


@POSITIVE
@pytest.mark.parametrize("sessions", [1, 2, 10])
def test_sessions_of_any_sample_have_a_finite_model(values, sessions):
    logs = logs_of(values)
    model = compare_sessions([logs] * sessions, logs, prior=0.02)
    ends = log_interval(model, 0.95)
    assert model.d == 0.0
    assert 0.0 < model.se < math.inf
    assert ends[0] <= 0.0 <= ends[1]
    assert all(map(math.isfinite, ends))


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize(
    ("ps", "expected"),
    [
        pytest.param([], [], id="no-tests"),
        pytest.param([0.3], [0.3], id="one"),
        pytest.param([0.0] * 1000, [0.0] * 1000, id="all-impossible"),
        pytest.param([1.0] * 1000, [1.0] * 1000, id="all-certain"),
    ],
)
def test_families_without_anything_to_share_stay_as_they_are(adjust, ps, expected):
    assert adjust(ps) == expected


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("p", [5e-324, 1e-300, 1.0 - 2**-53])
def test_the_smallest_and_largest_p_are_not_lost_among_ten_thousand(adjust, p):
    adjusted = adjust([p] + [1.0] * 9_999)
    assert p <= adjusted[0] <= min(1.0, 10_000 * p)
    assert adjusted[1:] == [1.0] * 9_999


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 10_000), (10_000, 1), (10_000, 10_000)])
@pytest.mark.parametrize("level", [1e-300, 0.01, 1 - 1e-12])
def test_a_critical_value_is_possible_or_absent(n, m, level):
    u = critical_u(n, m, level)
    assert u is None or 1 <= u <= n * m


@pytest.mark.parametrize("level", [1e-300, 1e-30, 1 - 1e-12])
def test_even_an_absurd_level_needs_a_whole_number_of_runs(level):
    assert runs_needed(level) >= 1


def test_the_smallest_p_of_many_runs_is_zero_and_not_an_error():
    assert smallest_p(10_000, 10_000) == 0.0


@pytest.mark.parametrize("n", [1, 10_000, 1_000_000])
def test_laws_of_many_trials_stay_probabilities(n):
    for k in (0, n // 2, n):
        low, high = clopper_pearson(k, n, 0.95)
        assert 0.0 <= low <= k / n <= high <= 1.0
        assert 0.0 <= tail_share_p(k, n, 0.05) <= 1.0
        assert 0.0 <= incomplete_beta(k + 1.0, n - k + 1.0, 0.5) <= 1.0


@pytest.mark.parametrize("z", [-math.inf, -1e300, -1e-300, 0.0, 1e-300, 1e300, math.inf])
def test_tails_of_any_number_are_probabilities(z):
    assert 0.0 <= normal_tail(z) <= 1.0
    assert normal_tail(z) + normal_tail(-z) == 1.0
    assert 0.0 <= t_cdf(z, 1e-3) <= 1.0
    assert 0.0 <= t_cdf(z, 1e8) <= 1.0


@pytest.mark.parametrize("p", [1e-300, 0.5, 1 - 2**-53])
def test_quantiles_of_any_probability_are_finite(p):
    assert math.isfinite(normal_quantile(p))
    assert math.isfinite(t_quantile(p, 3))
    assert t_quantile(p, 1e6) == pytest.approx(normal_quantile(p), rel=1e-3)
