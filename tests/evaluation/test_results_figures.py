"""Recorded rounds of real tools: comparisons of unchanged code are hardly ever red, as the page says."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from results_figures import ROUNDS, is_red, recorded

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ab.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([\w -]+) \| (\d) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
ROWS = {row[0]: row[1:] for row in ROW.findall(PAGE)}
RECORDED = recorded()


def test_the_page_has_a_row_for_each_tool_that_was_recorded() -> None:
    assert {tool: (str(len(rows)), "60") for tool, rows in RECORDED.items()} == {t: r[:2] for t, r in ROWS.items()}
    assert len(ROWS) == 7


@pytest.mark.parametrize("tool", RECORDED)
def test_at_most_one_comparison_in_a_hundred_of_unchanged_code_is_red(tool: str) -> None:
    assert float(ROWS[tool][2]) <= 1.0
    rng = random.Random(1)
    red = sum(is_red(RECORDED[tool], rng) for _ in range(100))
    assert red <= 5  # of a share of 1 %, more happen in less than one series of a thousand
    assert len(next(iter(RECORDED[tool].values()))) >= ROUNDS * 4


def test_a_change_that_is_far_beyond_the_noise_is_red() -> None:
    rng = random.Random(2)
    assert all(is_red(RECORDED[tool], rng, slower=3.0) for tool in RECORDED for _ in range(3))
