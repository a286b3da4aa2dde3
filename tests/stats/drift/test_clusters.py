from __future__ import annotations

from collections import Counter

import pytest
from drift_cases import noise
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.stats.drift.clusters import (
    design_effect,
    intraclass_of_hits,
    intraclass_of_levels,
    intraclass_of_scores,
    mean_rows,
)

SCORED = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=30)


def test_equal_clusters_are_as_large_as_their_mean_and_unequal_ones_larger():
    assert mean_rows([40] * 12) == 40
    assert mean_rows([1, 1, 1, 97]) > 90


def test_a_row_of_its_own_costs_nothing_and_equal_rows_cost_all_but_one():
    assert design_effect(0.3, 1.0) == 1.0
    assert design_effect(1.0, 40.0) == 40.0
    assert design_effect(0.5, 0.2) == 1.0


def test_the_correlation_of_a_known_model_is_found():
    rng, scores, clusters = noise(1), [], []
    for cluster in range(400):
        mean = rng.gauss(0, 1)
        for _ in range(20):
            scores.append(round(1000 * rng.gauss(mean, 2)))
            clusters.append(cluster)
    assert intraclass_of_scores(scores, clusters) == pytest.approx(1 / 5, abs=0.03)


@pytest.mark.parametrize(
    ("scores", "clusters", "expected"),
    [
        pytest.param([1, 1, 2, 2], [0, 0, 1, 1], 1.0, id="alike"),
        pytest.param([1, 2, 1, 2], [0, 0, 1, 1], 0.0, id="unlike"),
        pytest.param([1, 2, 3], [0, 1, 2], 0.0, id="one-row-each"),
        pytest.param([1, 2, 3], [0, 0, 0], 1.0, id="one-cluster"),
        pytest.param([5, 5, 5, 5], [0, 0, 1, 1], 0.0, id="constant"),
    ],
)
def test_the_ends_of_the_scale(scores, clusters, expected):
    assert intraclass_of_scores(scores, clusters) == expected


def test_two_levels_are_a_score_and_a_hit():
    rng = noise(2)
    clusters = [i // 10 for i in range(200)]
    hits = [int(rng.random() < (0.9 if c % 2 else 0.2)) for c in clusters]
    sizes, by_cluster = Counter(clusters), Counter(c for c, hit in zip(clusters, hits, strict=True) if hit)
    expected = intraclass_of_scores(hits, clusters)
    assert intraclass_of_hits(by_cluster, sizes) == pytest.approx(expected)
    assert intraclass_of_levels(Counter(zip(clusters, hits, strict=True)), sizes) == pytest.approx(expected)


@LAWS
@given(SCORED, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_the_correlation_is_a_share(rows, rng):
    shuffled = rng.sample(rows, len(rows))
    found = intraclass_of_scores([s for _, s in rows], [c for c, _ in rows])
    assert 0.0 <= found <= 1.0
    assert intraclass_of_scores([s for _, s in shuffled], [c for c, _ in shuffled]) == found
