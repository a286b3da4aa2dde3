"""Lists in hand-written pages that follow a table of the code."""

from __future__ import annotations

import pytest
from doc_blocks import DOCS

from perfgate.core.statistic import STATISTICS
from perfgate.render.registry import RENDERERS


def lines_with(page: str, start: str) -> str:
    """Return the lines of a page that begin so."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith(start))


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize(
    ("page", "start"),
    [("commands.md", "| `--statistic "), ("waivers.md", "| `statistic` "), ("glossary.md", "| statistic ")],
)
def test_a_page_that_lists_the_statistics_lists_each(page, start, statistic):
    assert statistic in lines_with(page, start).replace("`", " ").replace(",", " ").split()


@pytest.mark.parametrize("renderer", RENDERERS, ids=lambda r: r.format)
def test_the_reference_of_the_commands_lists_every_output_format(renderer):
    for line in lines_with("commands.md", "| `--format FORMAT`").splitlines():
        assert f"`{renderer.name}`" in line
    for line in lines_with("commands.md", "| `--report FILE`").splitlines():
        assert not renderer.suffixes or any(f"`{suffix}`" in line for suffix in renderer.suffixes)


def test_the_reference_has_both_options_of_check_compare_ab_and_report():
    assert len(lines_with("commands.md", "| `--format FORMAT`").splitlines()) == 4
    assert len(lines_with("commands.md", "| `--report FILE`").splitlines()) == 3
