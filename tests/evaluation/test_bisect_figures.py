"""The page of `perfgate bisect` shows a row for each simulated case, and each meets its target."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bisect_figures import CASES, Case, describe

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bisect.md").read_text(encoding="utf-8")
TARGETS = {Case(cv=cv): 95.0 for cv in (0.01, 0.02, 0.03)}
"""Right for 64 commits and +10 %, while the machine drifts by 3 %."""


def rows() -> dict[str, list[float]]:
    """Return the rows of the page: what is simulated, and the numbers."""
    found = re.findall(r"^\| (\d+.*?%) \| ([\d. |]+) \|$", PAGE, re.MULTILINE)
    return {what: [float(cell) for cell in cells.split(" | ")] for what, cells in found}


def test_the_page_has_a_row_for_each_case() -> None:
    assert list(rows()) == [describe(case) for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=describe)
def test_the_row_meets_its_target(case: Case) -> None:
    right, wrong, group, unsure, none, _, _ = rows()[describe(case)]
    assert right + wrong + group + unsure + none == pytest.approx(100.0, abs=0.3)
    assert wrong <= 1.0
    assert right >= TARGETS.get(case, 0.0)
    assert case.slower or none == 100.0


def test_the_script_prints_the_table(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "evaluation" / "bisect_figures.py", "1"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [line.count("|") for line in done.stdout.splitlines()] == [12] * (len(CASES) + 2)
