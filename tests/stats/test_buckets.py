"""Quantiles of counts by bucket follow Prometheus, and say how far they can be trusted."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.stats.buckets import bucket_quantile

INF = math.inf


@st.composite
def histograms(draw: st.DrawFn) -> list[tuple[float, float]]:
    bounds = sorted(draw(st.sets(st.floats(0.001, 1e6), min_size=1, max_size=12)))
    counts = draw(st.lists(st.integers(0, 50), min_size=len(bounds) + 1, max_size=len(bounds) + 1).filter(any))
    return list(zip([*bounds, INF], map(float, accumulate(counts)), strict=True))


def by_prometheus(buckets: list[tuple[float, float]], q: float) -> float:
    """Return the quantile step by step as the documentation of histogram_quantile has it, for q > 0."""
    rank = q * buckets[-1][1]
    index = next((i for i, (_, count) in enumerate(buckets[:-1]) if count >= rank), len(buckets) - 1)
    if index == len(buckets) - 1:
        return buckets[-2][0]
    if index == 0 and buckets[0][0] <= 0:
        return buckets[0][0]
    start, before = buckets[index - 1] if index else (0.0, 0.0)
    bound, count = buckets[index]
    return start + (bound - start) * ((rank - before) / (count - before))


@pytest.mark.parametrize(
    ("buckets", "q", "want"),
    [
        pytest.param([(1.0, 10.0), (2.0, 20.0), (INF, 20.0)], 0.5, (1.0, 0.0, 1.0), id="at-the-edge-of-a-bucket"),
        pytest.param([(1.0, 10.0), (2.0, 20.0), (INF, 20.0)], 0.75, (1.5, 1.0, 2.0), id="halfway-through-a-bucket"),
        pytest.param([(1.0, 4.0), (INF, 4.0)], 0.25, (0.25, 0.0, 1.0), id="the-first-bucket-begins-at-zero"),
        pytest.param([(-1.0, 4.0), (INF, 4.0)], 0.5, (-1.0, -INF, -1.0), id="below-zero-nothing-bounds-the-first"),
        pytest.param([(0.0, 4.0), (INF, 4.0)], 0.5, (0.0, 0.0, 0.0), id="zero-is-zero"),
        pytest.param([(-2.0, 0.0), (-1.0, 4.0), (INF, 4.0)], 0.5, (-1.5, -2.0, -1.0), id="a-later-one-below-zero"),
        pytest.param([(0.1, 0.0), (0.2, 5.0), (INF, 100.0)], 0.95, (0.2, 0.2, INF), id="beyond-the-last-bound"),
        pytest.param([(1.0, 0.0), (2.0, 0.0), (3.0, 8.0), (INF, 8.0)], 0.5, (2.5, 2.0, 3.0), id="empty-ones-in-front"),
        pytest.param([(1.0, 4.0), (2.0, 4.0), (3.0, 8.0), (INF, 8.0)], 0.75, (2.5, 2.0, 3.0), id="an-empty-one-inside"),
        pytest.param([(1.0, 0.0), (2.0, 8.0), (INF, 8.0)], 0.0, (1.0, 1.0, 2.0), id="the-least"),
        pytest.param([(1.0, 0.3), (2.0, 0.6), (INF, 0.6)], 0.75, (1.5, 1.0, 2.0), id="rates-instead-of-counts"),
    ],
)
def test_a_worked_example_comes_out(
    buckets: list[tuple[float, float]], q: float, want: tuple[float, float, float]
) -> None:
    assert bucket_quantile(buckets, q) == pytest.approx(want, rel=1e-12)


def test_a_live_prometheus_answers_the_same() -> None:
    bounds, counts = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, INF), (0, 61, 266, 375, 392, 392, 392)
    buckets = list(zip(bounds, map(float, counts), strict=True))
    answers = {
        0.01: 0.010963934426229508,
        0.5: 0.041463414634146344,
        0.95: 0.09880733944954129,
        0.99: 0.21541176470588222,
    }
    assert {q: bucket_quantile(buckets, q)[0] for q in answers} == pytest.approx(answers, rel=1e-12)


@given(histograms(), st.floats(0.001, 1.0))
def test_every_quantile_is_that_of_prometheus(buckets: list[tuple[float, float]], q: float) -> None:
    assert bucket_quantile(buckets, q)[0] == pytest.approx(by_prometheus(buckets, q), rel=1e-9)


@given(histograms(), st.floats(0.0, 1.0))
def test_a_quantile_lies_inside_its_bucket(buckets: list[tuple[float, float]], q: float) -> None:
    value, low, high = bucket_quantile(buckets, q)
    assert low <= value <= high or math.isclose(value, high, rel_tol=1e-12)
    assert high in {bound for bound, _ in buckets}


@given(histograms(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_higher_share_is_never_a_lower_value(buckets: list[tuple[float, float]], a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert bucket_quantile(buckets, low)[0] <= bucket_quantile(buckets, high)[0] * (1 + 1e-12)


@pytest.mark.parametrize("buckets", [[(1.0, 0.0), (INF, 0.0)], [(INF, 5.0)]], ids=["nothing-counted", "no-bound"])
def test_without_counts_or_bounds_there_is_no_quantile(buckets: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="no counts"):
        bucket_quantile(buckets, 0.5)
