"""The comment on a pull request: it says the verdict at a glance, and is within the size that GitHub takes."""

from __future__ import annotations

import re

import pytest
import situations
from gate_cases import finding, verdict
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from msgspec.structs import replace
from support import ROOT

from perfgate.core.errors import error, note, warning
from perfgate.core.finding import Status
from perfgate.core.text import origin
from perfgate.render.comment import BYTES, CHARACTERS, comment
from perfgate.report.verdict.rounding import round_numbers

LAWS = laws(60)
RUN = "https://github.com/o/r/actions/runs/7"


def drawn(found, run_page=RUN):
    return comment([("", found)], ident="default", run_page=run_page)


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (Status.UNCHANGED, "report.md"),
        (Status.SUSPECTED, "what-now.md#a-value-is-suspected"),
        (Status.REGRESSED, "what-now.md#the-check-failed"),
        (Status.MISSING, "what-now.md#exit-code-2"),
    ],
)
def test_the_comment_links_the_page_about_its_verdict_once_the_repository_is_known(monkeypatch, status, page):
    found = verdict(*rows(1, status))
    assert "What now?" not in drawn(found)
    monkeypatch.setattr(origin, "REPOSITORY", "https://host.test/perfgate")
    assert f"[What now?](https://host.test/perfgate/blob/v{origin.VERSION}/docs/{page})" in drawn(found)
    name, _, anchor = page.partition("#")
    headings = re.findall(r"^## (.*)$", (ROOT / "docs" / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert not anchor or anchor in {h.lower().replace(" ", "-") for h in headings}


def rows(number, status=Status.UNCHANGED, name="suite.bench", **more):
    keys = {
        "baseline": 1.0,
        "current": 1.3,
        "change": 0.3,
        "limit": 0.05,
        "limit_text": "+5%",
        "reason": "worse",
        "message": "",
        **more,
    }
    return [finding(status, benchmark=f"{name}_{i:06}", **keys) for i in range(number)]


def tables(body):
    """Return the tables of a body, each as rows of cells."""
    found, table = [], []
    for line in [*body.splitlines(), ""]:
        if line.startswith("| "):
            table.append(len(re.findall(r"(?<!\\)\|", line)) - 1)
        elif table:
            found.append(table)
            table = []
    return found


def assert_well_formed(body):
    assert len(body) <= CHARACTERS
    assert len(body.encode()) <= BYTES
    lines = body.splitlines()
    assert lines[0] == "<!-- perfgate:v1 id=default -->"
    assert re.match(r"## (✅|❌|⛔|⚠️) perfgate: ", lines[1])
    assert re.search(r"^<sub>.*\[CI run\]\(.*</sub>$", lines[-1])
    assert body.count("<details>") == body.count("</details>")
    for table in tables(body):
        assert len(set(table)) == 1
        assert len(table) >= 3


def unfolded(body):
    """Return the lines that stand there without a click."""
    return [line for line in re.sub(r"(?s)<details>.*?</details>", "<fold>", body).splitlines() if line]


def test_a_small_report_is_whole():
    body = drawn(verdict(*rows(3, Status.REGRESSED), *rows(4, name="b")))
    assert_well_formed(body)
    assert body.count("suite.bench_") == 3
    assert "<summary>4 values within the threshold</summary>" in body
    assert f"[CI run]({RUN})" in body.splitlines()[-1]


def test_a_regression_of_three_values_takes_25_lines():
    assert len(unfolded(comment([("", round_numbers(situations.regression()))], ident="default", run_page=RUN))) <= 25


def test_no_table_has_more_than_five_columns():
    for made in (situations.regression, situations.undecided, situations.suspected, situations.passing):
        body = drawn(round_numbers(made()))
        assert {columns for table in tables(body) for columns in table} == {5}


def test_without_a_page_the_run_is_not_linked():
    assert "run](" not in drawn(verdict(*rows(1)), run_page="")


def test_a_suite_beside_others_is_named_in_the_heading():
    body = comment([("", verdict(*rows(1)))], ident="nightly", run_page=RUN, html_page=f"{RUN}/artifacts/2")
    assert body.splitlines()[1] == "## ✅ perfgate (nightly): no performance regressions"
    assert f"[HTML report]({RUN}/artifacts/2)" in body.splitlines()[-1]


def test_several_suites_are_one_comment_with_a_heading_that_sums_them_up():
    suites = [("unit", verdict(*rows(2))), ("nightly `x`", verdict(*rows(3, Status.REGRESSED)))]
    body = comment(suites, ident="default", run_page=RUN)
    headings = [line for line in body.splitlines() if line.startswith("#")]
    assert headings == [
        "## ❌ perfgate: 1 of 2 suites regressed",
        "### ✅ `unit`: no performance regressions",
        "### ❌ `` nightly `x` ``: 3 performance regressions",
    ]
    assert body.count("<!-- perfgate:v1") == 1
    many = [(f"suite-{i}", verdict(*rows(200, Status.REGRESSED, name="x" * 150))) for i in range(60)]
    crowded = comment(many, ident="default", run_page=RUN)
    assert len(crowded) <= CHARACTERS
    assert "60 of 60 suites regressed" in crowded


def test_a_suite_that_regressed_is_shown_among_so_many_that_not_all_fit():
    suites = [(f"a-{i:03}", verdict(*rows(200, name="x" * 150))) for i in range(120)]
    body = comment([*suites, ("z", verdict(*rows(3, Status.REGRESSED)))], ident="default", run_page=RUN)
    headings = [line for line in body.splitlines() if line.startswith("#")]
    assert headings[:2] == [
        "## ❌ perfgate: 1 of 121 suites regressed",
        "### ❌ `z`: 3 performance regressions",
    ]
    assert len(body) <= CHARACTERS
    assert body.rstrip().endswith(f"… and {121 - len(headings) + 1} suites more, none of them worse.")


@pytest.mark.parametrize("words", ["<img src=x> [a](https://b.example) @c", "p95`", "p95|p99"])
def test_a_statistic_that_no_check_writes_is_shown_as_a_name(words):
    body = drawn(verdict(*rows(1, Status.REGRESSED, metric="elapsed", statistic=words)))
    assert "<img" not in body.replace("`", "")[: body.index("What to do")] or f"`elapsed {words}`" in body
    assert f"elapsed {words} |" not in body


@pytest.mark.parametrize("number", [400, 900, 5_000])
@pytest.mark.parametrize("name", ["suite.bench", "🐌" * 40, "`|" * 60, "x" * 190])
def test_a_large_report_shows_the_worst_of_each_part_and_counts_the_rest(number, name):
    found = verdict(*rows(number, name=name), *rows(25, Status.REGRESSED, name="slow"))
    body = drawn(found)
    assert_well_formed(body)
    assert body.count("slow_") == 20
    assert "… and 5 more in [the run]" in body
    assert f"<summary>{number:,} values within the threshold</summary>" in body
    assert f"… and {number - 20:,} more in" in body


def test_a_report_of_5000_values_takes_30_kilobytes():
    body = drawn(round_numbers(situations.many()))
    assert_well_formed(body)
    assert len(body.encode()) <= 30_000


def test_of_rows_that_got_worse_the_worst_stay():
    found = verdict(*rows(2_000, Status.REGRESSED, message="x" * 150), *rows(2_000))
    kept = [int(n) for n in re.findall(r"\| `suite\.bench_(\d+)", drawn(found).split("<details>")[0])]
    assert kept == list(range(20))


def test_where_twenty_long_names_are_too_much_fewer_are_shown():
    names = [f"{'🐌' * 199}{i}" for i in range(400)]
    found = [finding(s, benchmark=n, message=n * 3) for i, n in enumerate(names) for s in [list(Status)[i % 14]]]
    body = drawn(verdict(*found))
    assert_well_formed(body)
    assert "🐌" in body


FINDINGS = st.lists(
    st.builds(
        lambda status, name, message, times: rows(times, status, name=name, message=message, level="fail"),
        st.sampled_from(sorted(Status)), st.text(max_size=210), st.text(max_size=300), st.integers(1, 120),
    ),
    max_size=10,
).map(lambda groups: [f for group in groups for f in group])  # fmt: skip
DIAGNOSTICS = st.lists(st.tuples(st.sampled_from([error, warning, note]), st.text(max_size=700)), max_size=40)


@pytest.mark.slow
@LAWS
@given(found=FINDINGS, told=DIAGNOSTICS, copies=st.integers(1, 12))
def test_whatever_a_report_holds_its_comment_is_well_formed_and_small_enough(found, told, copies):
    made = [make(f"slug-{i}", text, place=text, hint=text) for i, (make, text) in enumerate(told * copies)]
    found = verdict(
        *found,
        problems=tuple(d for d in made if d.level == "error"),
        notes=tuple(d for d in made if d.level != "error"),
    )
    assert_well_formed(drawn(found))


def test_when_the_gate_itself_is_too_long_to_report_the_verdict_stays():
    long = tuple(warning("gate-edited", "🐌" * 600, hint="🐌" * 600) for _ in range(20))
    body = drawn(replace(verdict(*rows(5, Status.REGRESSED)), notes=long))
    assert_well_formed(body)
    assert "5 performance regressions" in body
