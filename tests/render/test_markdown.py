"""Markdown that no name can break: every one is shown verbatim inside a code span, and the table keeps its shape."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from gate_cases import finding, verdict
from verdicts import HOSTILE, RANDOM

from perfgate.core.finding import Status
from perfgate.render import markdown, render
from perfgate.report.compose import compose
from perfgate.report.document import (
    BENCHMARK,
    Bullets,
    Column,
    Document,
    Entry,
    Fold,
    Heading,
    Paragraph,
    Table,
    name,
    strong,
    text,
)

COLUMNS = (BENCHMARK, Column(title="n", kind="count"))
STRAY = {"a", "img", "em", "del", "script", "b", "strong", "h1", "h2", "h3", "ul", "ol", "pre", "input", "blockquote"}


def shown(words, longest=200):
    """Return what a reader must see of a name: the rule, written a second time."""
    flat = re.sub(r"\s+", " ", words)
    flat = "".join(c if c.isprintable() else "\ufffd" for c in flat).strip()
    flat = flat if len(flat) <= longest else flat[: longest - 1] + "…"
    return re.sub("`{40,}", "`" * 39 + "…", flat)


class Page(HTMLParser):
    """Counts tags and keeps what stands in code."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.codes, self.is_code = [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.is_code = tag == "code"
        if self.is_code:
            self.codes.append("")

    def handle_endtag(self, tag):
        self.is_code = self.is_code and tag != "code"

    def handle_data(self, data):
        if self.is_code:
            self.codes[-1] += data


def drawn_by_github(words):
    """Return the page that GitHub's own renderer makes of markdown."""
    program = shutil.which("cmark-gfm")
    if program is None:
        pytest.skip("cmark-gfm is not installed")
    extensions = [a for e in ("table", "autolink", "strikethrough", "tagfilter", "tasklist") for a in ("-e", e)]
    done = subprocess.run(
        [program, "--unsafe", *extensions], input=words.encode(), capture_output=True, check=True, timeout=60
    )
    page = Page()
    page.feed(done.stdout.decode())
    page.close()
    return page


def table_of(names, *, remarks):
    """Return a document with a table of two columns: each name, and a number."""
    entries = tuple(Entry(cells=(name(n), text("1")), remark=(text("why: "), name(n))) for n in names)
    return Document(data={}, blocks=(Table(columns=COLUMNS, entries=entries, remarks=remarks),))


@pytest.mark.tools
@pytest.mark.parametrize("names", [HOSTILE, RANDOM], ids=["hostile", "random"])
def test_a_table_keeps_its_shape_and_shows_every_name_verbatim(names):
    page = drawn_by_github(render(table_of(names, remarks=True), "markdown"))
    assert page.tags.count("table") == 1
    assert page.tags.count("tr") == len(names) + 1
    assert page.tags.count("td") == 3 * len(names)
    expected = [shown(n) for n in names if shown(n)]
    assert page.codes[::2] == expected
    assert page.codes[1::2] == expected
    assert not STRAY & set(page.tags)


@pytest.mark.tools
@pytest.mark.parametrize("names", [HOSTILE, RANDOM], ids=["hostile", "random"])
def test_a_list_keeps_its_shape_and_shows_every_name_verbatim(names):
    lines = tuple((name(n), text(" and "), name(n)) for n in names)
    page = drawn_by_github(render(Document(data={}, blocks=(Bullets(lines=lines),)), "markdown"))
    assert page.tags.count("ul") == 1
    assert page.tags.count("li") == len(names)
    assert page.codes[::2] == [shown(n, 600) for n in names if shown(n)]
    assert set(page.tags) <= {"ul", "li", "code", "p"}


@pytest.mark.tools
@pytest.mark.parametrize("hostile", HOSTILE[:60:3], ids=repr)
def test_a_whole_report_of_a_hostile_benchmark_keeps_its_shape(hostile):
    plain, evil = (
        drawn_by_github(
            render(compose(verdict(*(finding(s, benchmark=n, metric=n, message=n) for s in Status))), "markdown")
        )
        for n in ("train", hostile)
    )
    for tag in ("table", "tr", "td", "h3", "details", "ul", "li", "a", "img", "script"):
        assert evil.tags.count(tag) == plain.tags.count(tag)


@pytest.mark.parametrize(
    ("words", "in_table", "expected"),
    [
        pytest.param("a", False, "`a`", id="plain"),
        pytest.param("a|b", True, "`a\\|b`", id="pipe-in-a-table"),
        pytest.param("a|b", False, "`a|b`", id="pipe-elsewhere"),
        pytest.param("a`b", False, "``a`b``", id="backtick"),
        pytest.param("a``b`", False, "``` a``b` ```", id="backticks-at-the-end"),
        pytest.param("`", False, "`` ` ``", id="backtick-alone"),
        pytest.param("  a \n b ", False, "`a b`", id="white-space"),
        pytest.param("a\x1bb\u202e", False, "`a\ufffdb\ufffd`", id="controls"),
        pytest.param(" \n ", False, "–", id="nothing"),
        pytest.param("x" * 201, True, f"`{'x' * 199}…`", id="too-long-for-a-table"),
        pytest.param("x" * 600, False, f"`{'x' * 600}`", id="a-long-sentence"),
        pytest.param("x" * 601, False, f"`{'x' * 599}…`", id="too-long"),
    ],
)
def test_a_code_span(words, in_table, expected):
    assert markdown.code(words, in_table=in_table) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("job.py:<listcomp>", "job.py:&lt;listcomp&gt;", id="function"),
        pytest.param("</summary><img src=x onerror=1>", "&lt;/summary&gt;&lt;img src=x onerror=1&gt;", id="tag"),
        pytest.param("a\n\n# b & @team", "a # b &amp; @team", id="line breaks"),
        pytest.param("\u202ea", "\ufffda", id="controls"),
        pytest.param("x" * 201, f"{'x' * 199}…", id="too-long"),
        pytest.param(" ", "–", id="nothing"),
    ],
)
def test_a_name_in_a_summary_is_no_tag_and_no_line_of_its_own(words, expected):
    fold = Fold(summary=(text("Of "), name(words), text(":")), blocks=())
    drawn = render(Document(data={}, blocks=(fold,)), "markdown")
    assert drawn.startswith(f"<details><summary>Of <code>{expected}</code>:</summary>\n")


def test_every_block_has_its_form():
    table = Table(columns=COLUMNS, entries=(Entry(cells=(name("a"), text("1"))),), remarks=False)
    blocks = (
        Heading(line=(text("Head"),)),
        Paragraph(line=(strong("Pass"), text(": fine"))),
        Fold(summary=(text("More"),), blocks=(Bullets(lines=((text("one"),), (name("two"),))), table)),
    )
    assert render(Document(data={}, blocks=blocks), "markdown") == (
        "### Head\n\n**Pass**: fine\n\n<details><summary>More</summary>\n\n- one\n- `two`\n\n"
        "| Benchmark | n |\n| :-- | --: |\n| `a` | 1 |\n\n</details>\n"
    )
