"""Rows of samples become columns: nested fields, cells of CSV, bounded memory."""

from __future__ import annotations

import math

import pytest
from drift_cases import batch_of
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.collect.samples import columns
from perfgate.collect.samples.columns import Rows, TooManyFieldsError, to_batch, typed
from perfgate.collect.samples.values import count_levels, read_values


def taken(*rows, **options):
    found = Rows()
    found.add(list(rows))
    return to_batch(found, **options)


def test_a_field_that_begins_late_is_missing_before():
    found = Rows()
    found.add([{"a": 1}])
    found.add([{"b": 2}, {"a": 3, "b": 4}])
    assert to_batch(found).columns == {"a": [1, None, 3], "b": [None, 2, 4]}


def test_fields_inside_fields_have_dotted_names():
    batch = taken({"a": {"b": {"c": 1}, "d": 2}}, {"a": {"d": 3}}, {"a": 4}, {"x": {}})
    assert batch.columns["a.b.c"] == [1, None, None, None]
    assert batch.columns["a.d"] == [2, 3, None, None]
    assert batch.columns["a"] == [{"b": {"c": 1}, "d": 2}, {"d": 3}, 4, None]
    assert batch.columns["x"] == [None, None, None, {}]


def test_a_key_with_a_dot_and_a_field_inside_another_of_that_name_are_one():
    batch = taken({"a.b": 1}, {"a": {"b": 2}})
    assert batch.columns == {"a.b": [1, 2]}


def test_what_is_nested_without_end_is_cut_off():
    deep: object = 1
    for _ in range(50):
        deep = {"a": deep}
    (name,) = taken({"a": deep}).columns
    assert name.count(".") < 10


def test_only_the_fields_that_are_asked_for_are_kept_with_all_inside_of_them():
    row = {"age": 1, "address": {"zip": 2, "city": 3}, "aged": 4}
    assert set(taken(row, fields=["age", "address"]).columns) == {"age", "address.zip", "address.city"}


def test_the_field_of_the_clusters_is_no_field_of_the_input():
    batch = taken({"client": "a", "x": 1}, {"client": "a", "x": 2}, {"x": 3}, cluster_field="client")
    assert batch.columns == {"x": [1, 2, 3]}
    assert (batch.clusters.count, batch.numbers) == (2, [0, 0, 1])
    assert taken({"x": 1}, cluster_field="client").hides_clusters


def test_too_many_fields_are_refused(monkeypatch):
    monkeypatch.setattr(columns, "MOST_FIELDS", 3)
    with pytest.raises(TooManyFieldsError):
        taken({f"f{i}": 1 for i in range(4)})
    with pytest.raises(TooManyFieldsError):
        taken({"a": {f"f{i}": 1 for i in range(4)}})


@LAWS
@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_of_many_rows_every_second_every_fourth_is_kept_however_they_arrive(parts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "MOST_ROWS", 20)
        found, number = Rows(), 0
        for size in parts:
            found.add([{"x": number + i} for i in range(size)])
            number += size
        assert found.columns["x"] == list(range(0, number, found.step))
        assert (found.seen, found.kept) == (number, len(found.columns["x"]))
        assert found.kept <= 20


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param(["1", "2.5"], [1.0, 2.5], id="numbers"),
        pytest.param(["1", "", "2"], [1.0, None, 2.0], id="empty"),
        pytest.param(["true", "False", ""], [True, False, None], id="booleans"),
        pytest.param(["a", "1", ""], ["a", "1", None], id="text"),
        pytest.param(["1"] * 9 + ["n/a"], [1.0] * 9 + ["n/a"], id="mostly-numbers"),
        pytest.param(["1_0", "2_0"], ["1_0", "2_0"], id="separated"),
        pytest.param(["", ""], [None, None], id="nothing"),
        pytest.param([], [], id="no-rows"),
    ],
)
def test_cells_of_csv_are_what_most_of_them_are(cells, expected):
    assert typed(cells) == expected


@pytest.mark.parametrize(
    ("column", "kind", "count", "missing", "odd"),
    [
        pytest.param([1, 2.5, None], "number", 2, 1, 0, id="numbers"),
        pytest.param([1.0, math.nan, math.inf, -math.inf], "number", 1, 3, 0, id="not-finite"),
        pytest.param([10**400, 1], "number", 1, 1, 0, id="too-large"),
        pytest.param([1e308, 1e308], "number", 2, 0, 0, id="large-sum"),
        pytest.param([True, False, None], "boolean", 2, 1, 0, id="booleans"),
        pytest.param(["a", "b"], "text", 2, 0, 0, id="text"),
        pytest.param([1] * 19 + ["n/a"], "number", 19, 0, 1, id="a-few-of-another-kind"),
        pytest.param([1, "one"] * 5, "mixed", 10, 0, 0, id="mixed"),
        pytest.param([[1], [2, 3]], "structure", 2, 0, 0, id="lists"),
        pytest.param(["2026-01-31", "2026-01-31T10:00:00Z"], "time", 2, 0, 0, id="times"),
        pytest.param(["2026-01-31", "soon"], "text", 2, 0, 0, id="some-times"),
        pytest.param([None, None], "nothing", 0, 2, 0, id="nothing"),
    ],
)
def test_a_column_is_what_most_of_its_values_are(column, kind, count, missing, odd):
    found = read_values(column)
    assert (found.kind, len(found.values), len(found.missing), len(found.odd)) == (kind, count, missing, odd)


def test_a_number_and_the_text_of_it_are_two_levels_of_a_mixed_field():
    assert set(read_values([1, "1"] * 3).values) == {"1", '"1"'}


def test_long_texts_that_begin_alike_are_one_level_and_half_characters_are_replaced():
    found = read_values(["x" * 500 + "a", "x" * 500 + "b", "\ud800"]).values
    assert count_levels(found) == {"x" * 200: 2, "?": 1}
    assert batch_of({"\ud800": [1]}).columns == {"?": [1]}
