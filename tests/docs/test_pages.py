from __future__ import annotations

import json
import math
import re

import pytest
from doc_blocks import DOCS, PAGES, ROOT, blocks

from perfgate import config, schema
from perfgate.core.finding import Status
from perfgate.core.metrics import METRICS, spread_of
from perfgate.report.verdict.meanings import MEANINGS
from perfgate.stats.sessions import compare_sessions, session_limit
from perfgate.store import waivers

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """Return the anchors that a renderer makes of the headings."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if path:
            assert there.exists(), f"{page.name} links to {target}"
            assert there.is_relative_to(DOCS), f"{page.name} links out of what the site holds: {target}"
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{page.name} links to {target}"


def test_the_index_names_every_page_once():
    links = _LINK.findall((DOCS / "README.md").read_text(encoding="utf-8"))
    linked = [link for link in links if not link.startswith("images/")]
    assert sorted(linked) == sorted(p.relative_to(DOCS).as_posix() for p in PAGES if p != DOCS / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_configurations_and_files_that_a_page_shows_are_valid(page):
    for block in blocks(page):
        if block.kind == "toml" and block.info == "waivers":
            assert waivers.parse(block.text.encode(), block.place)
        elif block.kind == "toml":
            config.parse(block.text, "pyproject.toml" if "[tool.perfgate" in block.text else "perfgate.toml")
        elif block.kind == "json":
            document = json.loads(block.text)
            if block.info:
                assert schema.explain(block.info, document) == [], block.place


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_says_nothing_of_the_machine_that_it_was_written_on(page):
    assert not re.search(r"/(work|root|home|tmp)/", page.read_text(encoding="utf-8"))


def test_every_status_has_its_line_on_the_page_of_exit_codes():
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d) \|", text, re.MULTILINE)
    wanted = {s.value: 0 for s in Status} | {"regressed": 1, "over-budget": 1}
    wanted |= {"missing": 2, "not-comparable": 2, "invalid": 2}
    assert {name: int(code) for name, code in rows} == wanted
    assert {s.value: int(MEANINGS[s].code[0]) for s in Status} == wanted


def test_every_variable_that_the_source_reads_is_in_the_table_of_variables():
    named = set()
    for path in (ROOT / "perfgate").rglob("*.py"):
        named |= set(re.findall(r"_?PERFGATE_[A-Z]+", path.read_text(encoding="utf-8")))
    text = (DOCS / "measuring.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(_?PERFGATE_[A-Z]+)` \|", text, re.MULTILINE)) == named


def both_priors(metric):
    """Return what sessions of a metric are expected to differ by: on one machine, and on others of the class."""
    return spread_of(metric).one_machine, spread_of(metric).one_class


def test_the_smallest_visible_changes_on_the_page_of_the_decision_are_computed():
    text = (DOCS / "decision.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \+(\d+) % \| \+(\d+) % \| \+(\d+) % \| \+(\d+) % \|$", text, re.MULTILINE)
    assert len(rows) >= 3
    for sessions, *shown in rows:
        m = int(sessions)
        priors = (p for of in (METRICS["elapsed"], METRICS["peak_memory"]) for p in both_priors(of))
        for prior, percent in zip(priors, shown, strict=True):
            se = compare_sessions([[0.0]] * m, [0.0], prior=prior).se
            limit = max(math.log(1.05), session_limit(m, 1, family=2, false_alarms=0.01) * se)
            assert round(math.expm1(limit) * 100) == int(percent), (sessions, prior)
