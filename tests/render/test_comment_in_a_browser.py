"""The comment and the job summary in Chromium, in the measures that GitHub gives a comment: no table scrolls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from situations import SITUATIONS, named

from perfgate.render import render
from perfgate.render.comment import comment
from perfgate.report.compose import compose
from perfgate.report.verdict.rounding import round_numbers

CMARK = shutil.which("cmark-gfm")
pytestmark = [
    pytest.mark.tools,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(CMARK is None, reason="cmark-gfm is not installed"),
]
WIDTH = 840
"""Pixels of a comment on a pull request."""
MEASURES = """
.markdown-body { font: 14px/1.5 "Noto Sans", Helvetica, Arial, sans-serif; overflow-wrap: break-word }
.markdown-body table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse }
.markdown-body td, .markdown-body th { padding: 6px 13px; border: 1px solid #d1d9e0 }
.markdown-body code { font: 85% monospace; padding: .2em .4em; white-space: break-spaces }
.markdown-body pre { overflow: auto; padding: 16px; font: 85%/1.45 monospace }
.markdown-body pre code { padding: 0; white-space: pre; font-size: 100% }
"""
"""Of github-markdown-css 5: those that decide how wide a table is. GITHUB_MARKDOWN_CSS names the whole file."""
ENDS = ("tests/bench/test_index.py::TestSuite::test_case[size=10000]", "x" * 59, "load_index_" * 6)
NAMES = {
    f"{length}-{end[:1]}": [(end * 5)[: length - 1] + str(n) for n in range(3)] for end in ENDS for length in (60,)
}
MADE = {**SITUATIONS, **{kind: lambda names=names: named(names) for kind, names in NAMES.items()}}


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


def page(body):
    words = ["-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tagfilter", "-e", "tasklist"]
    drawn = subprocess.run([CMARK, "--unsafe", *words], input=body, capture_output=True, text=True, check=True).stdout
    given = os.environ.get("GITHUB_MARKDOWN_CSS")
    sheet = Path(given).read_text(encoding="utf-8") if given else MEASURES
    return (
        f'<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{sheet}'
        f'\nbody {{ margin: 0 }} .markdown-body {{ font-size: 14px }}</style><article class="markdown-body">{drawn}'
    )


def scrolling(browser, path, body):
    """Return the tables of a body that scroll sideways: pixels of their content, folds opened."""
    path.write_text(page(body), encoding="utf-8")
    browser.open(path, width=WIDTH)
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert browser.run("document.documentElement.scrollWidth") <= WIDTH
    tables = browser.run(
        "JSON.stringify([...document.querySelectorAll('table')].map(t => [t.scrollWidth, t.clientWidth]))"
    )
    return [content for content, seen in json.loads(tables) if content > seen]


def test_a_table_that_is_too_wide_is_found(browser, tmp_path):
    row = "|".join(f"`{letter * 60}`" for letter in "abc")
    assert scrolling(browser, tmp_path / "page.html", f"|a|b|c|\n|---|---|---|\n|{row}|\n")


@pytest.mark.sampled
@pytest.mark.parametrize("kind", MADE)
def test_no_table_of_a_comment_scrolls_sideways(browser, tmp_path, kind):
    found = round_numbers(MADE[kind]())
    body = comment([("", found)], ident="default", run_page="https://github.com/o/r/actions/runs/7")
    assert scrolling(browser, tmp_path / "comment.html", body) == []
    assert scrolling(browser, tmp_path / "summary.html", render(compose(found), "markdown")) == []
