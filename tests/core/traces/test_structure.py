"""The structure of a trace: what it keeps, and what changes nothing."""

from __future__ import annotations

import pytest
from trace_cases import traces

from perfgate.core.traces.structure import MOST_ROWS, TooManyRowsError, structures_of


def rows(tree, *attributes):
    """Return the rows of a tree, as in a golden file."""
    (structure,) = structures_of(traces(tree)[0], attributes)
    return [(row.depth, row.label, row.calls) for row in structure]


def test_equal_calls_are_one_row_and_times_and_order_change_nothing():
    one = ("top", 0, 9, ("b", 1, 2), ("a", 3, 4, ("in", 3, 4)), ("b", 5, 6))
    other = ("top", 0, 50, ("a", 1, 40, ("in", 2, 3)), ("b", 20, 30), ("b", 20, 31))
    assert rows(one) == rows(other) == [(0, "top", 1), (1, "a", 1), (2, "in", 1), (1, "b", 2)]


def test_siblings_with_different_parts_are_different_rows():
    tree = ("top", 0, 9, ("a", 1, 2, ("in", 1, 2)), ("a", 3, 4))
    assert rows(tree) != rows(("top", 0, 9, ("a", 1, 2), ("a", 3, 4), ("in", 5, 6)))
    assert sorted(r for r in rows(tree) if r[0] == 1) == [(1, "a", 1), (1, "a", 1)]


def test_only_chosen_attributes_belong_to_the_structure():
    tree = ("top", 0, 9, ("q", {"table": "x", "id": "1"}, 1, 2), ("q", {"table": "y", "id": "2"}, 3, 4))
    assert rows(tree) == [(0, "top", 1), (1, "q", 2)]
    assert rows(tree, "table") == [(0, "top", 1), (1, "q{table=x}", 1), (1, "q{table=y}", 1)]


def test_more_different_calls_than_anybody_reads_are_refused():
    tree = ("top", 0, 9, *((f"part {i}", 1, 2) for i in range(MOST_ROWS)))
    with pytest.raises(TooManyRowsError):
        rows(tree)
