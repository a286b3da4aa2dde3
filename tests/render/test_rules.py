"""Rules across a table, and rows that do not fit: in every form a rule is a line of its own, and no cell is empty."""

from __future__ import annotations

import pytest

from perfgate.core.text.columns import columns_of
from perfgate.render.html.blocks import draw_table
from perfgate.render.markdown.blocks import draw_block
from perfgate.render.terminal.report import render as draw
from perfgate.render.terminal.style import Style
from perfgate.report.document import BENCHMARK, Column, Document, Entry, Table, name, text

COLUMNS = (BENCHMARK, Column(title="Median", kind="value"), Column(title="Change", kind="change"))
LONG = "rows 1,000 → 2,000 " * 8


def rows(*remarks):
    """Return a table with a row before and after each rule."""
    row = Entry(cells=(name("a"), text("10 ms"), text("")))
    entries = [row]
    for remark in remarks:
        entries += [Entry(rule=(name(remark),)), row]
    return Table(columns=COLUMNS, entries=tuple(entries), remarks=False, is_whole=True)


def on_terminal(table, width=80):
    return draw(Document(data={}, blocks=(table,)), Style(width=width))


def test_a_long_rule_leaves_the_table_a_table():
    lines = on_terminal(rows(LONG)).splitlines()
    assert lines[0].split() == ["Benchmark", "Median", "Change"]
    assert [line for line in lines if line.startswith("── ")] == [lines[2]]
    assert lines[3].startswith("   rows")
    assert lines[1] == lines[-1] == "a           10 ms"
    assert all(columns_of(line) <= 80 for line in lines)


def test_rows_that_do_not_fit_have_no_empty_cells():
    assert on_terminal(rows("rows"), width=20).splitlines() == ["a", "  median 10 ms", "── rows", "a", "  median 10 ms"]


def test_markdown_has_a_row_for_a_rule():
    assert draw_block(rows("a | b")).splitlines()[3] == "| `a \\| b` | | |"


@pytest.mark.parametrize("remark", ["<b>", "x"])
def test_html_has_a_cell_across_the_table(remark):
    drawn = draw_table(rows(remark))
    assert drawn.count('<tr class="rule"><td colspan="3">') == 1
    assert "<b>" not in drawn


def test_remarks_stand_below_their_rows_or_beside_them():
    entry = Entry(cells=(name("a"), text("1"), text("-5.0%")), remark=(text("why"),))
    table = Table(columns=COLUMNS, entries=(entry,), remarks=True, remark=Column(title="Commits", kind="text"))
    assert '<th scope="col">Commits</th>' in draw_table(table)
    stacked = draw_table(table, is_stacked=True)
    assert "Commits" not in stacked
    assert '<tr class="below"><td colspan="3">why</td></tr>' in stacked
    assert "| Commits |" in draw_block(table)
