"""Tables of any document: a column is data, and every renderer draws it."""

from __future__ import annotations

import pytest

from perfgate.render import render
from perfgate.report.document import Column, Document, Entry, Table, name, text


def table(column, *cells):
    columns = (Column(title="First", kind="text"), column, Column(title="Last", kind="text"))
    entries = tuple(Entry(cells=(text("a"), name(cell), text("z"))) for cell in cells)
    return Document(data={}, blocks=(Table(columns=columns, entries=entries, remarks=False),))


@pytest.mark.parametrize("kind", ["name", "value", "change", "count", "text"])
def test_numbers_stand_at_the_right_and_words_at_the_left(kind):
    document = table(Column(title="Column", kind=kind), "1", "22")
    is_number = kind in {"value", "change", "count"}
    assert render(document, "markdown").splitlines()[1] == f"| :-- | {'--:' if is_number else ':--'} | :-- |"
    row = render(document, "text").splitlines()[1]
    assert row == ("a           1  z" if is_number else "a      1       z")


def test_a_column_of_the_second_priority_is_left_out_of_a_narrow_table_only():
    document = table(Column(title="Extra", kind="text", priority=2), "x")
    assert "Extra" not in render(document, "text")
    assert "Extra" in render(document, "markdown")


@pytest.mark.parametrize(
    ("kind", "shown"), [("value", "1 s"), ("change", "1 s"), ("text", "1 s (0 … 2 s)"), ("count", "1 s (0 … 2 s)")]
)
def test_a_narrow_table_leaves_out_the_interval_of_a_number(kind, shown):
    cells = render(table(Column(title="Column", kind=kind), "1 s (0 … 2 s)"), "text").splitlines()[1]
    assert cells.removeprefix("a").removesuffix("z").strip() == shown


def test_only_a_name_is_cut_and_keeps_its_end():
    for kind in ("name", "text"):
        assert ("x" * 50 in render(table(Column(title="Column", kind=kind), "x" * 50), "text")) is (kind == "text")
    assert "xxx-last" in render(table(Column(title="Column", kind="name"), "x" * 50 + "-last"), "text")
