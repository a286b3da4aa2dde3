"""The comment on a pull request: within the size that GitHub takes, the most important rows last to go."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from gate_cases import finding, verdict
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.core.errors import error, note, warning
from perfgate.core.finding import Status
from perfgate.render.comment import BYTES, CHARACTERS, comment
from perfgate.render.markdown import draw
from perfgate.report.compose import PARTS, blocks_of, sizes_of

LAWS = laws(60)
RUN = "https://github.com/o/r/actions/runs/7"
FAILED = {Status.REGRESSED, Status.OVER_BUDGET}


def drawn(found, run_page=RUN):
    return comment(found, ident="default", run_page=run_page)


def rows(number, status=Status.UNCHANGED, name="suite.bench", **more):
    keys = {
        "baseline": 1.0,
        "current": 1.3,
        "change": 0.3,
        "limit": 0.05,
        "limit_text": "+5%",
        "reason": "worse",
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
    assert re.match(r"\*\*(Pass|Regression|Cannot decide)\*\*: ", lines[1])
    assert re.search(r"^(More in|… and [\d,]+ more, see) \[the run\]", lines[-1])
    assert body.count("<details>") == body.count("</details>")
    for table in tables(body):
        assert len(set(table)) == 1
        assert len(table) >= 3


def test_a_small_report_is_whole():
    body = drawn(verdict(*rows(3, Status.REGRESSED), *rows(4, name="b")))
    assert_well_formed(body)
    assert body.endswith(f"More in [the run]({RUN}).\n")
    assert body.count("suite.bench_") == 3
    assert "Unchanged: 4 values" in body


def test_without_a_page_the_run_is_named_and_not_linked():
    assert drawn(verdict(*rows(1)), run_page="").endswith("More in the run.\n")


@pytest.mark.parametrize("number", [400, 545, 900, 5_000])
@pytest.mark.parametrize("name", ["suite.bench", "🐌" * 40, "`|" * 60, "x" * 190])
def test_a_large_report_keeps_what_fits_and_counts_the_rest(number, name):
    found = verdict(*rows(number, name=name), *rows(3, Status.REGRESSED, name="slow"))
    body = drawn(found)
    assert_well_formed(body)
    assert body.count("slow_") == 3
    assert f"Unchanged: {number:,} values" in body
    shown = sum(len(t) - 2 for t in tables(body))
    gone = re.search(r"… and ([\d,]+) more", body)
    assert shown + (int(gone[1].replace(",", "")) if gone else 0) == number + 3
    assert len(body) > CHARACTERS * 0.9 or len(body.encode()) > BYTES * 0.9 or not gone


def test_of_rows_that_got_worse_the_worst_stay():
    found = verdict(
        *rows(2_000, Status.REGRESSED, message="x" * 150), *rows(2_000), *rows(50, Status.IMPROVED, name="i")
    )
    body = drawn(found)
    assert_well_formed(body)
    kept = [int(n) for n in re.findall(r"suite\.bench_(\d+)", body)]
    assert kept == list(range(len(kept)))
    assert len(kept) > 100
    assert "i_0" not in body
    assert "Unchanged" not in body


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


@pytest.mark.slow
@LAWS
@given(found=FINDINGS, more=st.integers(500, 2_000))
def test_more_unchanged_rows_take_nothing_from_those_that_matter(found, more):
    body, crowded = (drawn(verdict(*found, *extra)) for extra in ((), rows(more, name="zz")))
    for f in found:
        if f.status in FAILED and "zz" not in f.benchmark and f.benchmark.isalnum() and f.benchmark in body:
            assert f.benchmark in crowded


@pytest.mark.parametrize("name", ["x" * 190, "🐌" * 190])
def test_long_rows_that_go_take_no_short_ones_that_matter_along(name):
    failing = rows(300, Status.REGRESSED, message="m")
    body = drawn(verdict(*failing, *rows(300, name=name)))
    assert_well_formed(body)
    assert body.count("suite.bench_") == 300
    assert name in body


@pytest.mark.slow
@LAWS
@given(found=FINDINGS, long=st.integers(0, 200), number=st.integers(100, 900))
def test_nothing_goes_that_would_have_fitted_and_what_matters_goes_last(found, long, number):
    found = verdict(*found, *rows(number, name="x" * long))
    body = drawn(found)
    gone = re.search(r"… and ([\d,]+) more, see", body)
    sizes = sizes_of(found)
    kept = sum(sizes.values()) - (int(gone[1].replace(",", "")) if gone else 0)
    assert body == drawn_with(found, kept)
    if gone:
        larger = drawn_with(found, kept + 1)
        assert len(larger) > CHARACTERS - 70 or len(larger.encode()) > BYTES - 70


def drawn_with(found, number):
    """Return the body with so many rows, the most important ones; written a second time."""
    kept, left = {}, number
    sizes = sizes_of(found)
    for part in PARTS:
        kept[part] = min(sizes[part], left)
        left -= kept[part]
    gone = sum(sizes.values()) - number
    end = f"… and {gone:,} more, see [the run]({RUN})." if gone else f"More in [the run]({RUN})."
    return f"<!-- perfgate:v1 id=default -->\n{draw(blocks_of(found, kept))}\n{end}\n"


def test_the_parts_are_those_that_a_report_has():
    assert set(sizes_of(verdict(*rows(1)))) == set(PARTS)


def test_when_the_gate_itself_is_too_long_to_tell_the_verdict_stays():
    long = tuple(warning("gate-edited", "🐌" * 600, hint="🐌" * 600) for _ in range(20))
    body = drawn(replace(verdict(*rows(5, Status.REGRESSED)), notes=long))
    assert_well_formed(body)
    assert "Regression" in body
    assert "… and 5 more" in body


@pytest.mark.parametrize("name", ["x" * 190, "🐌" * 190, "é" * 190], ids=["characters", "bytes", "both"])
def test_a_comment_that_is_cut_is_as_long_as_github_takes_and_not_longer(name):
    body = drawn(verdict(*rows(2_000, Status.REGRESSED, name=name)))
    assert len(body) <= 60_000  # GitHub's own error message names 65,536
    assert len(body.encode()) <= 64_000
    assert max(len(body) / 60_000, len(body.encode()) / 64_000) > 0.95
