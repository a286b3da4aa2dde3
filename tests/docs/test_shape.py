"""Pages that can be read in a minute: short, or with a summary on top; guides of one shape."""

from __future__ import annotations

import re

import pytest
from doc_blocks import DOCS, PAGES, blocks

GUIDES = [p for p in PAGES if p.parent.name == "guides" and p.stem != "faq"]
SUMMARY = "> **In short:** "
MOST_WORDS, MOST_LINES, LONGEST_LINE = 900, 5, 160


def summary(text: str) -> list[str]:
    """Return the lines between the title and the first empty line, where they are a summary."""
    lines = text.splitlines()[2:]
    end = next((i for i, line in enumerate(lines) if not line.startswith("> ")), len(lines))
    return lines[:end] if lines and lines[0].startswith(SUMMARY) else []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_long_page_has_a_summary_of_at_most_five_lines_on_top(page):
    text = page.read_text(encoding="utf-8")
    lines = summary(text)
    assert lines or len(text.split()) <= MOST_WORDS
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= LONGEST_LINE for line in lines)
    assert text.count(SUMMARY) == bool(lines)


def test_the_quick_start_is_quick():
    assert len((DOCS / "getting-started.md").read_text(encoding="utf-8").split()) <= 500


@pytest.mark.parametrize("page", GUIDES, ids=lambda p: p.stem)
def test_a_guide_has_goal_prerequisites_steps_a_result_and_a_way_out(page):
    text = page.read_text(encoding="utf-8")
    assert re.search(r"^# .+\n\n\*\*Goal:\*\* [^\n]+\.\n\n\*\*You need:\*\* ", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Steps", "What you see", "If it fails"]
    steps = text.split("## Steps\n")[1].split("## What you see")[0]
    assert 3 <= len(re.findall(r"^\d\. ", steps, re.MULTILINE)) <= 6
    seen = text.index("## What you see")
    assert any(b.kind == "console" and text.index(b.text) > seen for b in blocks(page))
