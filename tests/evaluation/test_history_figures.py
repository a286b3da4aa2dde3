"""The figures of docs/history.md, and that the page holds them."""

from __future__ import annotations

import history_figures
import pytest
from history_figures import PAGE
from page import held, stale


@pytest.mark.heavy
def test_the_page_holds_the_tables():
    tables = {name: make() for name, make in history_figures.TABLES.items()}
    assert stale(PAGE.read_text(encoding="utf-8"), tables) == []


@pytest.mark.slow
def test_the_page_holds_what_recorded_series_say():
    tables = held(PAGE.read_text(encoding="utf-8"))
    assert tables["creep"] == history_figures.creep_table()
    for name, series in history_figures.recorded().items():
        marks = [history_figures.false_marks(s) for s in (series, history_figures.shuffled(series))]
        assert f"| {name} | {len(series)} | {marks[0]:.2f} | {marks[1]:.2f} |\n" in tables["steps-false"]


def test_recorded_series_have_at_most_one_false_mark_in_a_hundred_and_shuffled_ones_none():
    for series in history_figures.recorded().values():
        assert history_figures.false_marks(series) <= 1.0
        assert history_figures.false_marks(history_figures.shuffled(series)) <= 0.05


def test_a_step_that_is_put_in_is_found_and_one_that_is_not_is_not():
    series = history_figures.recorded()["PHP, nightly on a machine of its own"]
    assert sum(after <= 10 for after in history_figures.found_after(series, 1.25)) >= 0.9 * len(series)
    assert set(history_figures.found_after(series, 1.0)) == {99}
