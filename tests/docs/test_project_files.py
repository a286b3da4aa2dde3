"""The pages below .github/, and the hooks for contributors."""

from __future__ import annotations

import re

import pytest
import yaml
from doc_blocks import ROOT

PAGES = sorted((ROOT / ".github").rglob("*.md"))
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_link_of_a_page_for_contributors_leads_to_a_file(page):
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        # GitHub shows an issue template at /OWNER/NAME/issues/new: a link into the repository passes by its main branch
        inside = re.sub(r"^\.\./blob/main/", "", target)
        there = ROOT / inside if inside != target else page.parent / target
        assert there.exists(), target


@pytest.mark.parametrize("page", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md")), ids=lambda p: p.stem)
def test_an_issue_template_has_the_head_that_github_asks_for(page):
    head = yaml.safe_load(page.read_text(encoding="utf-8").split("---\n")[1])
    assert {"name", "about"} <= set(head)
    assert all(head.values())


def test_the_hooks_for_contributors_download_nothing():
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [(repo["repo"], hook["language"]) for repo in settings["repos"] for hook in repo["hooks"]]
    assert hooks
    assert set(hooks) == {("local", "system")}


def test_the_hooks_for_contributors_run_the_linters_of_make_lint():
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {hook["entry"].partition(" --")[0] for hook in settings["repos"][0]["hooks"]} == {
        "ruff check",
        "ruff format",
        "mypy",
        "lint-imports",
    }
