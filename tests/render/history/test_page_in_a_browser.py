"""The page of a history in Chromium: no request, no message, dark, narrow, filtered, without JavaScript."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from history_cases import Suite, creep, steady, step, write
from support import Project

pytestmark = [
    pytest.mark.tools,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
ROOT = Path(__file__).resolve().parents[3]
AXE = Path(os.environ.get("AXE_CORE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
"""The checker of accessibility: npm package axe-core, or the file that AXE_CORE names."""
NAME = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e" * 2
SHOWN = "[...document.querySelectorAll('article')].filter(card => !card.hidden).length"


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")
    levels = {"train": step(0.3, 30, 1.2), "encode": creep(0.004, 0.002), "sort": step(0.05, 20, 0.8)}
    rows = {"rows": lambda commit: 1000 if commit < 10 else 2000, "anew": {10: "twice the rows"}}
    write(folder / "made", Suite({**levels, NAME: steady(1.0), "load": steady(0.1)}, **rows), 60, tags={8: "v1.0"})
    outcome = Project(folder / "made").cli("history", "--format", "html")
    assert outcome.code == 0, str(outcome)
    (folder / "history.html").write_text(outcome.stdout, encoding="utf-8")
    return folder / "history.html"


@pytest.mark.parametrize("width", [320, 375, 840, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_asks_for_nothing_logs_nothing_and_does_not_scroll_sideways(browser, page, width, dark):
    browser.open(page, width=width, dark=dark)
    assert browser.messages == []
    assert browser.requests == [f"file://{page}"]
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("document.querySelectorAll('script').length") == 2
    assert browser.run("document.querySelectorAll('img').length") == 0


def test_pictures_are_filtered_by_name_and_by_steps(browser, page):
    browser.open(page, width=1280)
    whole = browser.run(SHOWN)
    assert whole == 6  # five benchmarks, and all together
    browser.run("document.getElementById('words').focus()")
    browser.type("TRAIN")
    assert browser.run(SHOWN) == 1
    assert browser.run("document.getElementById('shown').textContent") == "1 of 6"
    browser.run("document.getElementById('words').value = ''; document.getElementById('stepped').click()")
    assert browser.run(SHOWN) == 2


def test_arrow_keys_and_the_pointer_name_the_session_and_its_commit(browser, page):
    browser.open(page, width=1280)
    card = "document.querySelectorAll('article')[1]"
    browser.run(f"{card}.querySelector('figure').focus()")
    browser.press("ArrowLeft")
    last = browser.run(f"{card}.querySelector('output').textContent")
    assert re.fullmatch(r"[0-9.]+ m?s · 2026-01-03 11:00 · [0-9a-f]{12}", last)
    browser.press("ArrowLeft")
    assert "2026-01-03 10:00" in browser.run(f"{card}.querySelector('output').textContent")
    box = f"{card}.querySelector('svg').getBoundingClientRect()"
    left = browser.run(f"{box}.left + {box}.width * 12 / 1000")
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=left, y=browser.run(f"{box}.top + 90"))
    assert "2026-01-01 00:00" in browser.run(f"{card}.querySelector('output').textContent")
    first = browser.run(f"{card}.querySelector('.history').getAttribute('d').slice(1).split('L')[0]")
    assert browser.run(f"{card}.querySelector('.here').getAttribute('d')") == f"M{first}h0"


def test_without_javascript_every_picture_and_step_is_there(browser, page):
    browser.open(page, script=False)
    found = page.read_text(encoding="utf-8")
    assert found.count('role="img"') == 6
    assert found.count('step worse"') == 2  # a line, and its words
    assert "rows 1,000 → 2,000" in found
    shown = browser.run("document.body.innerText")
    assert "Change part 30" in shown  # the commit of the newest open step
    assert "perfgate bisect --good" in shown


def test_the_filter_finds_commits_days_and_subjects(browser, page):
    browser.open(page, width=1280)
    commit = re.search(r"(?<=· )[0-9a-f]{12}", browser.run("document.getElementById('data').textContent"))
    assert commit
    for words, least in ((commit[0], 6), (commit[0] + "0" * 28, 6), ("2026-01-02", 6), ("2030-01-01", 0)):
        browser.run(f"document.getElementById('words').value = '{words}'; document.forms[0].oninput()")
        assert browser.run(SHOWN) == least


@pytest.mark.parametrize("width", [375, 1280])
def test_each_picture_and_each_row_lies_inside_the_page(browser, page, width):
    browser.open(page, width=width)
    right = "Math.max(...[...document.querySelectorAll('{}')].map(e => e.getBoundingClientRect().right))"
    for inside in ("figure > svg", "#changes td", "figure text.end"):
        assert browser.run(right.format(inside)) <= width
    levels = "[...document.querySelectorAll('#changes tbody tr:not(.below) td:nth-child(4)')]"
    assert browser.run(f"Math.max(...{levels}.map(e => e.offsetHeight))") < 40  # one line each
    hidden = "[...document.querySelectorAll('#changes, #crept, figure')].every(e => e.scrollWidth <= e.clientWidth)"
    assert browser.run(hidden) is True


def test_noise_is_flat_and_a_gain_is_no_warning(browser, page):
    browser.open(page, width=1280)
    card = "[...document.querySelectorAll('article')].find(a => a.querySelector('h3').textContent.startsWith('load'))"

    ticks = f"[...{card}.querySelectorAll('g.end text')].map(t => parseFloat(t.textContent))"
    assert browser.run(f"Math.max(...{ticks}) / Math.min(...{ticks})") > 1.05
    warned = browser.run("[...document.querySelectorAll('article.warn h3')].map(h => h.textContent).join('|')")
    assert "train" in warned
    assert "sort" not in warned


def test_it_prints(browser, page):
    browser.open(page)
    assert browser.pdf().startswith(b"%PDF")


@pytest.mark.skipif(not AXE.is_file(), reason="the npm package axe-core is not installed; AXE_CORE can name its file")
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_has_nothing_to_report(browser, page, width, dark):
    browser.open(page, width=width, dark=dark)
    browser.run(AXE.read_text(encoding="utf-8") + "; 0")
    listed = "axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.length])))"
    assert json.loads(browser.run(listed)) == []
