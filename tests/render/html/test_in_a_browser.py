"""The HTML report as a reader meets it: in Chromium, with a mouse, with keys, narrow, dark and on paper."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from msgspec.structs import replace
from situations import SITUATIONS, many

from perfgate.render import render
from perfgate.report.compose import compose

pytestmark = [
    pytest.mark.tools,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
ROOT = Path(__file__).resolve().parents[3]
AXE = Path(os.environ.get("AXE_CORE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
"""The checker of accessibility: npm package axe-core, or the file that AXE_CORE names."""
SEEN = ("pass", "regression", "cannot-decide", "too-noisy", "suspected", "long-names")
STATUSES = "[...document.querySelectorAll('#rows td:first-child span')].map(e => e.textContent)"
NAMES = "[...document.querySelectorAll('#rows code')].map(e => e.textContent)"
SHOWN = "document.getElementById('shown').textContent"


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    verdicts = {name: SITUATIONS[name]() for name in SEEN} | {"large": many(300, 30)}
    verdicts["hostile"] = hostile(verdicts["regression"])
    for name, found in verdicts.items():
        (folder / f"{name}.html").write_text(render(compose(found), "html"), encoding="utf-8")
    return folder


def hostile(found):
    """Return a report whose names try to become markup, script and style."""
    words = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e<style>*{display:none}</style>" * 3
    findings = tuple(replace(f, unit=words, limit_text=words, message=words) for f in found.findings)
    return replace(found, findings=findings, baseline=(), current=())


@pytest.mark.parametrize("name", [*SEEN, "hostile", "large"])
def test_a_page_asks_for_nothing_and_logs_nothing(browser, pages, name):
    browser.open(pages / f"{name}.html")
    browser.run("document.querySelectorAll('th button').forEach(b => b.click())")
    assert browser.messages == []
    assert browser.requests == [f"file://{pages / f'{name}.html'}"]
    assert browser.run("document.querySelectorAll('script').length") == 2
    assert browser.run("document.querySelectorAll('img, iframe, object, embed').length") == 0


@pytest.mark.parametrize("name", [*SEEN, "hostile", "large"])
@pytest.mark.parametrize("width", [320, 375, 840, 1400])
def test_no_page_scrolls_sideways(browser, pages, name, width):
    browser.open(pages / f"{name}.html", width=width)
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_rows_of_the_script_are_those_of_the_file(browser, pages):
    browser.open(pages / "regression.html")
    drawn = browser.run("document.getElementById('rows').innerHTML")
    browser.run("document.getElementById('filter').oninput()")
    again = browser.run("document.getElementById('rows').innerHTML")
    assert again.replace("<a>", "") == drawn.replace("<a>", "")


def test_the_table_filters_by_text_and_by_status(browser, pages):
    browser.open(pages / "regression.html")
    assert browser.run(SHOWN) == "10 of 10"
    browser.run("document.getElementById('words').focus()")
    browser.type("MEMORY tok")
    assert browser.run(NAMES) == ["tokenize[size=10000]"]
    assert browser.run(SHOWN) == "1 of 10"
    browser.run("document.getElementById('words').value = ''; document.querySelector('[value=failed]').click()")
    assert browser.run(STATUSES) == ["regressed"] * 3
    browser.run("document.getElementById('words').focus()")
    browser.type("no such name")
    assert browser.run(SHOWN) == "0 of 10"


def test_the_table_sorts_and_says_how(browser, pages):
    browser.open(pages / "regression.html")
    changes = "[...document.querySelectorAll('#rows td:nth-child(6)')].map(e => e.textContent)"
    orders = "[...document.querySelectorAll('th[data-key]')].map(e => e.getAttribute('aria-sort'))"
    assert browser.run(orders) == ["none"] * 4
    browser.run("document.querySelector('[data-key=change] button').click()")
    assert browser.run(orders) == ["none", "none", "none", "descending"]
    assert browser.run(changes)[:3] == ["+124%", "+120%", "+117%"]
    browser.run("document.querySelector('[data-key=change] button').click()")
    assert browser.run(changes)[:2] == ["−20.4%", "−19.3%"]
    browser.run("document.querySelector('[data-key=name] button').click()")
    assert browser.run(orders) == ["none", "ascending", "none", "none"]
    assert browser.run(NAMES) == sorted(browser.run(NAMES))


def test_a_value_without_a_change_stands_last_however_it_is_sorted(browser, pages):
    browser.open(pages / "cannot-decide.html")
    for _ in range(2):
        browser.run("document.querySelector('[data-key=change] button').click()")
        assert browser.run(STATUSES)[-2:] == ["missing", "missing"]


def test_a_large_table_shows_more_on_request(browser, pages):
    browser.open(pages / "large.html")
    count = "document.querySelectorAll('#rows tr').length"
    total = browser.run(SHOWN).split()[-1]
    assert total == "600"
    assert browser.run(count) == 100
    assert browser.run("document.getElementById('more').textContent") == "Show 400 more"
    browser.run("document.getElementById('more').click()")
    assert browser.run(count) == 500
    assert browser.run("document.getElementById('more').textContent") == "Show 100 more"
    browser.run("document.getElementById('more').click()")
    assert browser.run(count) == 600
    assert browser.run("document.getElementById('more').hidden") is True
    first = browser.run(NAMES)
    browser.run("document.getElementById('filter').oninput()")
    assert browser.run(NAMES) == first[:100]


def test_everything_is_reached_with_keys(browser, pages):
    browser.open(pages / "regression.html")
    browser.run("document.querySelector('[name=part]').focus()")
    browser.press("ArrowRight")
    assert browser.run("document.querySelector('[name=part]:checked').value") == "failed"
    assert browser.run(STATUSES) == ["regressed"] * 3
    browser.press("Tab")
    assert browser.run("document.activeElement.id") == "words"
    browser.press("Tab")
    assert browser.run("document.activeElement.textContent") == "Status"
    browser.press("Enter", "\r")
    assert browser.run("document.activeElement.parentNode.getAttribute('aria-sort')") == "ascending"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert browser.run(outline) == "solid"


def test_without_javascript_all_that_matters_is_there(browser, pages):
    browser.open(pages / "large.html", script=False)
    nodes = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]

    def shown(selector):
        found = browser.call("DOM.querySelectorAll", nodeId=nodes, selector=selector)["nodeIds"]
        return [n for n in found if is_drawn(browser, n)]

    assert len(shown("article")) == len(shown(".pictures")) > 30
    assert len(shown("article svg")) == 2 * len(shown("article"))
    assert len(shown("#rows tr")) == 100
    assert shown("form, #more, th button") == []
    assert len(shown("noscript p")) == 1


def is_drawn(browser, node):
    try:
        browser.call("DOM.getBoxModel", nodeId=node)
    except RuntimeError:
        return False
    return True


def test_a_page_is_printed_without_its_controls(browser, pages):
    browser.open(pages / "regression.html")
    assert browser.pdf().startswith(b"%PDF-")
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run("getComputedStyle(document.getElementById('filter')).display") == "none"
    assert browser.run("document.querySelector('.folds li').getBoundingClientRect().height") > 0


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install axe-core, or AXE_CORE=FILE)")
@pytest.mark.parametrize("name", [*SEEN, "hostile", "large"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_violates_no_rule_of_accessibility(browser, pages, name, dark):
    for width in (375, 840):
        browser.open(pages / f"{name}.html", width=width, dark=dark)
        browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
        browser.run(f"{AXE.read_text(encoding='utf-8')}; 0")
        found = browser.run("axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes[0].html])))")
        assert json.loads(found) == []
