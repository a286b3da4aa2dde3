"""The HTML report: what stands on it, within which size, and that it fetches nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from gate_cases import ELAPSED, finding, verdict
from html_page import Page
from hypothesis import given
from laws import laws
from msgspec.structs import replace
from situations import SITUATIONS, _pair, _verdict, many
from verdicts import HOSTILE, RICH, VERDICTS

from perfgate.core.errors import error, note
from perfgate.core.finding import Compared, ExitCode, Status, Suite
from perfgate.render import render
from perfgate.render.html.cards import MOST
from perfgate.render.html.script import SCRIPT
from perfgate.render.html.values import FIRST, STEP
from perfgate.report.codec import from_data
from perfgate.report.compose import compose
from perfgate.report.document import Bullets, Column, Document, Entry, Fold, Heading, Paragraph, Table, name, text

DATA = Path(__file__).resolve().parents[2] / "data" / "v0.1.0"
OLD_REPORTS = [
    p for p in sorted(DATA.rglob("*.json")) if '"perfgate/report/1"' in p.read_text(encoding="utf-8")[:4_000]
]
KEYS = ("benchmark", "machine_class", "metric", "unit", "statistic", "limit_text", "reason", "message", "rule")
FEW = [n for n in SITUATIONS if n != "many"]


def page_of(found):
    return Page(render(compose(found), "html"))


def table_rows(page):
    return [e for e in page.all("tr") if any(p.attributes.get("id") == "rows" for p in e.parents)]


@pytest.fixture(scope="module")
def large():
    return Page(render(compose(many(2_500, 62)), "html"))


@pytest.mark.parametrize("situation", FEW)
def test_the_verdict_stands_first_and_every_value_in_the_table(situation):
    found = SITUATIONS[situation]()
    page = page_of(found)
    (title,) = page.all("h1")
    word = {
        ExitCode.PASS: "pass" if "noisy" in situation else "regression",
        ExitCode.REGRESSION: "regression",
        ExitCode.CANNOT_DECIDE: "Cannot decide",
    }
    assert word[found.exit_code].lower() in title.words.lower()
    assert title.words[0] == ("?" if situation == "suspected" else "✓✗!"[found.exit_code])
    assert len(table_rows(page)) == len(page.data["rows"]) == len(found.findings)
    assert page.all("title")[0].words == f"{title.words[0]} perfgate: {title.words[2].lower()}{title.words[3:]}"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_value_that_fails_has_its_dot_beyond_the_mark_and_its_interval_beyond_no_change(situation):
    from perfgate.render.html.axis import MARK, ZERO, place_picture
    from perfgate.report.verdict.value import value_of

    seen = 0
    for f in SITUATIONS[situation]().findings:
        picture = value_of(f).picture
        if picture is None or picture.low is None:
            continue
        placed = place_picture(picture)
        seen += 1
        assert (placed.dot > MARK and placed.low > ZERO) == (picture.dot > picture.mark and picture.low > 0)
        if f.status is Status.REGRESSED:
            assert placed.dot > MARK
            assert placed.low > ZERO
        assert placed.low <= placed.dot <= placed.high
    assert seen


def test_a_card_shows_every_run_by_session_and_the_baseline_over_its_sessions():
    page = page_of(SITUATIONS["regression"]())
    cards = page.all("article")
    assert [c.attributes["id"] for c in cards] == ["v0", "v1", "v2", "v3", "v4"]
    first = [e for e in page.all("svg", role="img") if cards[0] in e.parents]
    strip, history = first
    dots = [e for e in page.all("path", class_="dots") if strip in e.parents]
    assert [e.attributes["d"].count("h0") for e in dots] == [50, 10]
    assert [e.attributes["d"].count("h0") for e in page.all("path", class_="dots") if history in e.parents] == [5]
    assert "session 1" in strip.words
    assert "now" in strip.words
    assert "5 baseline sessions: median 8" in strip.words
    assert "limit +5%" in strip.words
    assert [e.words for e in page.all("text", class_="limit")][:2] == ["+5%", "+5%"]
    links = [e.attributes.get("href") for e in page.all("a")]
    assert links[:6] == ["#v0", "#v1", "#v2", "#v3", "#v4", None]


def test_every_drawing_says_what_it_shows_or_is_hidden():
    page = page_of(SITUATIONS["regression"]())
    for svg in page.all("svg"):
        titles = [e.words for e in page.all("title") if svg in e.parents]
        assert svg.attributes.get("aria-hidden") == "true" or (svg.attributes["role"] == "img" and titles[0])


def test_what_a_side_of_two_versions_is_called():
    page = page_of(SITUATIONS["suspected"]())
    assert [e.words for e in page.all("th")][3:5] == ["Base", "Head"]
    labels = {e.words for e in page.all("text")}
    assert labels >= {"base", "head"}
    assert "now" not in labels


def test_a_session_is_called_by_its_day_where_that_is_known():
    found = SITUATIONS["regression"]()
    days = ("2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z", "2026-11-21T09:30:00Z", "2026-12-01", "bad")

    def dated(profile, when):
        sessions = [replace(s, started_at=w) for s, w in zip(profile.sessions, when, strict=True)]
        return replace(profile, sessions=tuple(sessions))

    now = tuple(dated(p, ["2027-01-02T00:00:00Z"]) for p in found.current)
    page = page_of(replace(found, baseline=tuple(dated(p, days) for p in found.baseline), current=now))
    labels = [e.words for e in page.all("text", x="76")]
    assert labels[:6] == ["20 Nov", "21 Nov 08:00", "21 Nov 09:30", "1 Dec", "session 5", "now"]
    (meta,) = page.all("p", class_="meta")
    assert meta.words.endswith("2 Jan 2027")


def test_large_reports_draw_the_worst_and_hold_the_others_as_data(large):
    assert len(large.all("article")) == MOST
    assert len(table_rows(large)) == FIRST
    assert len(large.data["rows"]) == 5_000
    (more,) = large.all("button", id="more")
    assert more.words == f"Show {STEP} more"
    assert "hidden" in more.attributes
    assert "4,900 values are in report.json" in large.all("noscript")[0].words
    (heading,) = large.all("h2", id="part-failed")
    assert heading.words == "Regressed (62; the 60 worst, the others in the table)"
    assert f"STEP = {STEP}" in SCRIPT
    assert f"FIRST = {FIRST}" in SCRIPT


def of_twenty(*factors):
    """Return a report of twenty rows: ten benchmarks, of each its median and a tail."""
    pairs = [
        _pair(f"tests/bench/test_parser.py::test_sort[size={n}]", {ELAPSED: (0.02 * n, factors[n % len(factors)])}, n)
        for n in range(1, 11)
    ]
    return _verdict(pairs)


def test_a_page_is_small(large):
    found = of_twenty(1.0, 1.4, 0.7, 1.0)
    assert len(found.findings) == 21
    page = page_of(found)
    assert len(page.all("article")) >= 5
    assert len(page.source.encode()) <= 60_000
    assert len(large.source.encode()) <= 1_500_000
    assert len(SCRIPT.encode()) <= 4_096


def test_the_policy_allows_our_style_and_our_script_and_nothing_else(large):
    (policy,) = [e.attributes["content"] for e in large.all("meta", http_equiv="Content-Security-Policy")]
    given = dict(part.split(" ", 1) for part in policy.split("; "))
    styles = large.all("style")
    (script,) = [e for e in large.all("script") if "type" not in e.attributes]

    def digest(words):
        return f"'sha256-{base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()}'"

    assert given == {
        "default-src": "'none'", "img-src": "data:", "style-src": digest(styles[0].words),
        "script-src": digest(script.words), "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert len(styles) == 1
    assert not [e for e in large.elements if "style" in e.attributes or any(k.startswith("on") for k in e.attributes)]
    (icon,) = large.all("link")
    assert icon.attributes["href"].startswith("data:")
    assert not [e for e in large.elements if "src" in e.attributes]
    assert {e.attributes["href"][0] for e in large.elements if "href" in e.attributes and e is not icon} == {"#"}
    for word in ("innerHTML", "insertAdjacent", "document.write", "eval(", "fetch(", "XMLHttp", "import("):
        assert word not in SCRIPT


def allowed_markup():
    """Return the elements and attributes of pages whose names are plain."""
    found = [hostile_verdict("plain"), RICH, *(SITUATIONS[n]() for n in FEW)]
    return {(e.tag, key) for v in found for e in page_of(v).elements for key in (*e.attributes, "")}


def hostile_verdict(words):
    """Return a verdict in which every word that comes from data is the same."""
    keys = dict.fromkeys(KEYS, words)
    suite = Suite(
        gated=1, accepted=0.01, false_alarms=1.0, failed_runs=0, baseline_runs=0, superseded_runs=0, excluded=(words,)
    )
    lists = dict.fromkeys(("baseline_commits", "current_commits", "machine_classes", "sessions"), (words,))
    compared = Compared(tool=words, policy=words, baselines=words, reproduce=words, **lists)
    fault = error(words, words, place=words, hint=words)
    remark = note("base-unknown", words, place=words, hint=words)
    findings = [finding(s, labels=((words, words),), **keys) for s in Status]
    findings += [finding(s, **{**keys, "machine_class": f"{words}2"}) for s in Status]
    return verdict(*findings, problems=(fault,), notes=(fault, remark), suite=suite, compared=compared)


def test_no_name_becomes_markup():
    allowed = allowed_markup()
    for words in HOSTILE:
        page = page_of(hostile_verdict(words))
        assert {(e.tag, key) for e in page.elements for key in (*e.attributes, "")} <= allowed, words
        assert len(page.all("script")) == 2
        assert "<" not in json.dumps(page.data) or "<" in words
        (block,) = re.findall(r'id="data">(.*?)</script>', page.source)
        assert "<" not in block
        assert "##[" not in block


@pytest.mark.parametrize("key", KEYS)
def test_each_name_by_itself_becomes_no_markup(key):
    words = "</code></script><img src=x onerror=alert(1)>\"'&amp;"
    page = page_of(verdict(*(finding(s, **{key: words}) for s in Status)))
    assert page.all("img") == []
    assert len(page.all("script")) == 2
    assert "<img" not in page.source


def test_no_name_in_a_drawing_becomes_markup():
    found = SITUATIONS["regression"]()
    words = "</title></svg><img src=x onerror=alert(1)>"
    hostile = tuple(replace(f, unit=words, limit_text=words) for f in found.findings)
    page = page_of(replace(found, findings=hostile))
    assert page.all("img") == []
    assert len(page.all("svg", role="img")) == 10


@laws(30)
@given(found=VERDICTS)
def test_whatever_a_report_holds_its_page_is_well_formed(found):
    page = page_of(found)
    assert len(page.all("h1")) == 1
    assert len({e.attributes["id"] for e in page.elements if "id" in e.attributes}) == len(
        [e for e in page.elements if "id" in e.attributes]
    )


@pytest.mark.parametrize("path", OLD_REPORTS, ids=lambda p: p.relative_to(DATA).as_posix())
def test_a_report_of_version_1_is_drawn(path):
    found = from_data(json.loads(path.read_text(encoding="utf-8")), str(path))
    page = page_of(found)
    assert len(page.all("h1")) == 1
    assert page.data["rows"]


def test_there_are_old_reports():
    assert len(OLD_REPORTS) >= 8


def test_without_values_the_page_has_no_table_and_no_script():
    page = page_of(verdict())
    assert page.all("script") == []
    assert page.all("article") == []
    assert "script-src" not in page.source
    assert "Nothing was measured" in page.source


def test_long_names_are_cut_in_the_middle_and_told_apart():
    names = [f"begin{'x' * 10_000}{n}{'y' * 190}" for n in range(2)]
    page = page_of(verdict(*(finding(Status.REGRESSED, benchmark=n) for n in names)))
    shown = [n[0] for n in page.data["names"]]
    assert [len(n) for n in shown] == [204, 204]
    assert shown[0].endswith("y #1")
    assert shown[1].endswith("y #2")
    assert all("…" in n and n.startswith("begin") for n in shown)


def test_of_a_value_with_a_long_unit_the_number_is_whole():
    page = page_of(verdict(finding(unit="widgets of the larger kind", baseline=12.5, current=12.75)))
    assert page.data["rows"][0][4:6] == ["12.5 widgets of the lar…", "12.75 widgets of the la…"]


def test_machine_classes_are_named_where_there_are_several():
    one, two = finding(machine_class="a"), finding(machine_class="b")
    assert page_of(verdict(one, two)).data["names"] == [["train", "a"], ["train", "b"]]
    assert page_of(verdict(one)).data["names"] == [["train"]]
    assert [e.words for e in page_of(verdict(one, two)).all("small") if e.words] == ["(2)", "a", "b"]


def test_errors_notes_and_measurement_stand_behind_their_summaries():
    page = page_of(RICH)
    summaries = [e.words for e in page.all("summary")]
    assert summaries[0] == f"{len(RICH.problems)} errors"
    assert summaries[-2:] == ["How to read this", "How this was measured"]
    assert "Notes" in summaries
    assert "open" in page.all("details")[0].attributes


def test_a_budget_has_its_limit_in_place_of_a_change():
    page = page_of(RICH)
    (card,) = [e.words for e in page.all("article") if "over budget" in e.words]
    assert "100.01 ms budget < 100ms" in card
    assert "→" not in card


def test_an_error_alone_is_said_so():
    page = page_of(verdict(problems=(error("no-runs", "no run files were found"),)))
    assert page.all("summary")[0].words == "1 error"


def test_a_document_of_another_kind_is_a_page_without_a_script():
    column = Column(title="Name", kind="name")
    change = Column(title="Change", kind="change")
    entry = Entry(cells=(name("<a>"), text("-5%")), remark=(text("why"),))
    table = Table(columns=(column, change), entries=(entry,), remarks=True)
    blocks = (
        Heading(line=(text("One"),)), Paragraph(line=(name("two"),)), Bullets(lines=((text("three"),),)), table,
        Fold(summary=(text("more"),), blocks=(Paragraph(line=(text("four"),)),)),
    )  # fmt: skip
    page = Page(render(Document(data={}, blocks=blocks), "html"))
    assert page.all("script") == []
    assert [e.words for e in page.all("td")] == ["<a>", "−5%", "why"]
    assert page.all("details")[0].words == "morefour"


def test_a_block_that_only_a_check_has_is_refused_elsewhere():
    from perfgate.render.html.blocks import draw_block

    (values,) = [b for b in compose(verdict(finding())).blocks if type(b).__name__ == "Values"]
    with pytest.raises(TypeError, match="Values"):
        draw_block(values)
