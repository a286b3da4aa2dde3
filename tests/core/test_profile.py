"""Samples of several parts: each counts by what it measured."""

from __future__ import annotations

import pytest

from perfgate.core.metrics import ELAPSED
from perfgate.core.profile import MetricProfile, Sample, join_samples
from perfgate.stats.cells import STEPS
from perfgate.stats.quantiles import quantile

BUSY = Sample(session="a", values=tuple(0.020 + i * 1e-7 for i in range(STEPS + 1)), stands_for=300_000)
QUIET = Sample(session="b", values=tuple(0.080 + i * 1e-7 for i in range(500)))


def test_few_values_are_joined_in_their_order():
    parts = [Sample(session="a", values=(3.0, 1.0)), Sample(session="b", values=(2.0,))]
    assert join_samples("c", parts) == Sample(session="c", values=(3.0, 1.0, 2.0))


def test_a_large_part_outweighs_a_small_one_in_any_order():
    for parts in ([BUSY, QUIET], [QUIET, BUSY]):
        joined = join_samples("c", parts)
        assert (joined.count, len(joined.values)) == (300_500, STEPS + 1)
        assert quantile(joined.values, 0.5) == pytest.approx(0.0201, rel=0.001)
        assert quantile(joined.values, 0.99) == pytest.approx(0.0202, rel=0.001)
        assert joined.values[-1] == pytest.approx(0.08005, rel=0.001)


def test_all_sessions_together_count_by_what_they_measured():
    both = MetricProfile(metric=ELAPSED, sources=(), samples=(BUSY, QUIET))
    assert both.count == 300_500
    assert quantile(both.pooled(), 0.95) == pytest.approx(0.02019, rel=0.001)


def test_the_counts_of_a_share_add_up():
    parts = [
        Sample(session="a", values=(0.01,), stands_for=100_000, hits=1_000),
        Sample(session="b", values=(0.5,), stands_for=2_000, hits=1_000),
    ]
    joined = join_samples("c", parts)
    assert (joined.hits, joined.count, joined.values) == (2_000, 102_000, (2_000 / 102_000,))
    assert MetricProfile(metric=ELAPSED, sources=(), samples=tuple(parts)).share == (2_000, 102_000)


def test_a_share_beside_one_that_nobody_counted_is_a_value_like_it():
    parts = [Sample(session="a", values=(0.01,), stands_for=100, hits=1), Sample(session="b", values=(0.5,))]
    assert join_samples("c", parts) == Sample(session="c", values=(0.01, 0.5))
    assert MetricProfile(metric=ELAPSED, sources=(), samples=tuple(parts)).share is None
