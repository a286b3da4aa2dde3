"""The table of docs/history.md that says how many sessions a step needs, and that the page holds it."""

from __future__ import annotations

import re

import history_early_figures
import pytest
from history_early_figures import BEFORE, CASES, PAGE, WANTED, share
from page import held


def rows() -> dict[int, tuple[int, int]]:
    text = held(PAGE.read_text(encoding="utf-8"))["steps-early"]
    return {int(b): (int(one), int(two)) for b, one, two in re.findall(r"\| (\d+) \| (\d+) \| (\d+) \|", text)}


@pytest.mark.heavy
def test_the_page_holds_the_table():
    assert held(PAGE.read_text(encoding="utf-8"))["steps-early"] == history_early_figures.table()


def test_a_clear_step_is_found_after_so_many_sessions_as_the_page_says_and_not_one_before():
    assert tuple(rows()) == BEFORE
    for before in (6, 10):
        after = rows()[before][0]
        assert share(before, after, *CASES[0]) >= WANTED > share(before, after - 1, *CASES[0])
