from __future__ import annotations

import math

import pytest

from perfgate.stats.cells import Cell
from perfgate.stats.large_samples.distribution import Distribution, of_buckets, of_values, rank_of


def test_equal_values_are_one_cell_and_ranks_find_their_value():
    sample = of_values([3.0, 1.0, 2.0, 2.0])
    assert sample.cells == (Cell(1, 1, 1), Cell(2, 2, 2), Cell(3, 3, 1))
    assert [sample.at(rank).low for rank in (1, 2, 3, 4)] == [1, 2, 2, 3]
    assert len(sample) == 4


@pytest.mark.parametrize(
    ("q", "count", "rank"), [(0.95, 100, 95), (0.95, 59, 57), (0.5, 4, 2), (0.95, 1, 1), (0.95, 20, 19), (0.999, 3, 3)]
)
def test_the_rank_of_a_quantile_is_the_least_with_so_much_at_or_below_it(q, count, rank):
    assert rank_of(q, count) == rank


def test_values_at_a_limit_count_only_where_that_is_asked():
    sample = of_values([1.0, 2.0, 3.0])
    assert sample.above(2.0, at_limit=False) == (1, 1)
    assert sample.above(2.0, at_limit=True) == (2, 2)


def test_of_a_bucket_around_a_limit_only_the_bounds_are_known():
    sample = of_buckets([(0.05, 10), (0.2, 30), (math.inf, 31)])
    assert sample.above(0.1, at_limit=False) == (1, 21)
    assert sample.above(0.2, at_limit=False) == sample.above(0.2, at_limit=True) == (1, 1)


def test_buckets_without_counts_are_no_cells_and_the_last_has_no_end():
    sample = of_buckets([(0.05, 0), (0.1, 4), (0.2, 4), (math.inf, 5)])
    assert sample.cells == (Cell(0.05, 0.1, 4), Cell(0.2, math.inf, 1))
    assert sample.quantile(0.5) == pytest.approx(0.075)
    assert sample.quantile(1.0) == 0.2


def test_points_stand_for_equal_shares_and_few_values_are_whole():
    sample = of_values(range(1, 1001))
    assert sample.points(10) == [51, 151, 251, 351, 451, 551, 651, 751, 851, 951]
    assert of_values([2.0, 1.0, 2.0]).points(10) == [1, 2, 2]
    assert Distribution([Cell(1.0, 2.0, 3)]).points(10) == [1.5, 1.5, 1.5]
