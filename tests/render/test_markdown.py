"""Markdown that no name can break: every one is shown verbatim inside a code span, and the table keeps its shape."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from gate_cases import finding, verdict
from markdown_it import MarkdownIt
from verdicts import HOSTILE, RANDOM

from perfgate.core.errors import note
from perfgate.core.finding import Compared, Status
from perfgate.render import render
from perfgate.render.markdown.spans import code
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
    if len(flat) > longest:
        flat = f"{flat[: (longest - 1) // 3]}…{flat[(longest - 1) // 3 - longest + 1 :]}"
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


KEYS = ("benchmark", "machine_class", "metric", "unit", "statistic", "limit_text", "reason", "message", "rule")
"""Keys of a finding whose words come from data."""
SHAPE = ("table", "tr", "td", "h2", "h3", "details", "ul", "li", "a", "img", "script", "sub", "em", "del", "input")


def report_of(words):
    """Return the report of findings of every status that hold some words wherever data may stand."""
    found = [finding(s, **dict.fromkeys(KEYS, words), labels=((words, words),)) for s in Status]
    facts = [note(words or "-", words, place=words, hint=words)]
    lists = dict.fromkeys(("baseline_commits", "current_commits", "machine_classes", "sessions"), (words,))
    compared = Compared(tool=words, policy=words, baselines=words, reproduce=words, **lists)
    return verdict(*found, notes=facts, problems=facts, compared=compared)


@pytest.mark.tools
@pytest.mark.parametrize("hostile", HOSTILE[:60:3], ids=repr)
def test_a_whole_report_of_hostile_words_keeps_its_shape(hostile):
    plain, evil = (drawn_by_github(render(compose(report_of(words)), "markdown")) for words in ("train-1", hostile))
    differ = {tag for tag in SHAPE if evil.tags.count(tag) != plain.tags.count(tag)}
    assert differ <= ({"ul", "li"} if not shown(hostile) else set())


@pytest.mark.parametrize("hostile", HOSTILE[:60:3], ids=repr)
def test_a_second_parser_finds_no_markup_either(hostile):
    words = render(compose(report_of(hostile)), "markdown")
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    tokens = [t for block in parser.parse(words) for t in (block, *(block.children or ()))]
    assert not {t.type for t in tokens} & {"link_open", "image", "em_open", "s_open", "heading_open_1"}
    html = [t.content for t in tokens if t.type in {"html_block", "html_inline"}]
    assert all(re.fullmatch(r"(?s)(</?(details|summary|sub|br|code)( open)?>|[^<>])*", h) for h in html), html


def cells_of(*findings):
    """Return the rows of the tables of a report, each as its cells."""
    lines = render(compose(verdict(*findings)), "markdown").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "Benchmark" not in line]


@pytest.mark.parametrize("length", [10, 46, 47, 60, 120, 200])
def test_no_line_of_a_name_is_longer_than_a_comment_has_room_for(length):
    name = ("tests/benchmarks/test_module.py::TestSuite::test_case[size=10]" * 4)[:length]
    row = next(r for r in cells_of(finding(Status.REGRESSED, benchmark=name)) if "elapsed" in "".join(r))
    pieces = re.findall("`([^`]*)`", "".join(row))
    assert "".join(pieces) == name
    assert max(map(len, pieces)) <= 46


def test_names_are_broken_where_their_parts_meet():
    name = "tests/benchmarks/test_very_long_module_name.py::TestSuite::test_case[size=10]"
    page = render(compose(verdict(finding(Status.REGRESSED, benchmark=name))), "markdown")
    assert "`tests/benchmarks/`<br>`test_very_long_module_name.py::TestSuite::`<br>`test_case[size=10]` elapsed" in page


def test_two_names_that_would_read_alike_get_a_number():
    names = ["x" * 300 + "\x00", "x" * 300 + "\x01"]
    page = render(compose(verdict(*(finding(Status.REGRESSED, benchmark=n) for n in names))), "markdown")
    assert " #1 " in page
    assert " #2 " in page


def test_a_metric_of_ours_is_a_word_and_another_one_a_name():
    own = finding(Status.REGRESSED, metric="peak_memory", unit="B")
    theirs = finding(Status.REGRESSED, metric="f1|score", statistic="p95")
    page = render(compose(verdict(own, theirs)), "markdown")
    assert "`train` peak memory |" in page
    assert "`train` `f1\\|score p95` |" in page


def test_a_metric_that_all_values_share_is_named_once():
    page = render(compose(verdict(finding(Status.REGRESSED), finding(Status.REGRESSED, benchmark="b"))), "markdown")
    assert "Metric: elapsed\n" in page
    assert "| `b` |" in page


def test_a_long_command_stands_in_a_block_that_can_be_copied():
    page = render(
        compose(verdict(finding(Status.MISSING, reason="no-runs", benchmark="b" * 60, current=None))), "markdown"
    )
    assert f"```sh\n  perfgate run -n 10 --benchmark {'b' * 60} -- CMD\n  ```" in page


def test_no_sentence_stands_in_code_font():
    told = note("runs-older", 'the runs of "train" are older than its baseline by 3 days', hint="measure again")
    page = render(compose(verdict(finding(), notes=(told,))), "markdown")
    assert 'the runs of "`train`" are older than its baseline by 3 days (`runs-older`). Hint: measure again' in page


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
        pytest.param("x" * 201, True, f"`{'x' * 66}…{'x' * 133}`", id="too-long-for-a-table"),
        pytest.param("x" * 600, False, f"`{'x' * 600}`", id="a-long-sentence"),
        pytest.param("x" * 601, False, f"`{'x' * 199}…{'x' * 400}`", id="too-long"),
    ],
)
def test_a_code_span(words, in_table, expected):
    assert code(words, in_table=in_table) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("job.py:<listcomp>", "job.py:&lt;listcomp&gt;", id="function"),
        pytest.param("</summary><img src=x onerror=1>", "&lt;/summary&gt;&lt;img src=x onerror=1&gt;", id="tag"),
        pytest.param("a\n\n# b & @team", "a # b &amp; @team", id="line breaks"),
        pytest.param("\u202ea", "\ufffda", id="controls"),
        pytest.param("x" * 201, f"{'x' * 66}…{'x' * 133}", id="too-long"),
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
