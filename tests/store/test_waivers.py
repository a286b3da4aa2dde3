"""The file of waivers: every fault is told with its place, and what is written reads back."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from toml_places import place_in

from perfgate import schema
from perfgate.core.errors import CannotDecideError
from perfgate.core.text.units import parse_change
from perfgate.store import waivers

ONE = """
[[waiver]]
benchmark = "train[size=big]"
metric = "elapsed_sec"
ceiling = "+30%"
until = 2026-06-30
reason = "new parser"
"""
LAWS = laws(100)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)


def faults(text):
    with pytest.raises(CannotDecideError) as caught:
        waivers.parse(text if isinstance(text, bytes) else text.encode(), "w.toml")
    return [(d.slug, d.place, d.message) for d in caught.value.diagnostics]


def test_a_number_of_thousands_of_digits_is_no_crash():
    ((_, place, message),) = faults("x = " + "9" * 5000)
    assert (place, message.startswith("is not TOML")) == ("w.toml", True)


def test_a_waiver_reads_as_it_was_written():
    (found,) = waivers.parse(ONE.encode(), "w.toml").waivers
    assert found.row == ("train[size=big]", "elapsed", "p50")
    assert (found.ceiling.amount, found.until, found.reason, found.issue) == (0.3, "2026-06-30", "new parser", "")
    assert found.origin == "waiver 1 (w.toml)"


def test_a_file_without_waivers_holds_none():
    assert waivers.parse(b"# none yet\n", "w.toml") == waivers.Reviewed()


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        pytest.param(('"+30%"', '"30%"'), "/waiver/0/ceiling", "has no sign", id="no-sign"),
        pytest.param(("2026-06-30", '"June"'), "/waiver/0/until", "is not a day", id="no-day"),
        pytest.param(("2026-06-30", '"20260630"'), "/waiver/0/until", 'write "2026-06-30"', id="day-in-short"),
        pytest.param(("2026-06-30", "2026-06-30T10:00:00"), "/waiver/0/until", "is not a day", id="a-time"),
        pytest.param(("2026-06-30", "7"), "/waiver/0/until", "expected a string", id="a-number"),
        pytest.param(("new parser", "a\\nb"), "/waiver/0/reason", "cannot be printed", id="two-lines"),
        pytest.param(("new parser", "x" * 501), "/waiver/0/reason", "longer than 500", id="long"),
        pytest.param(("new parser", ""), "/waiver/0/reason", "must not be empty", id="no-reason"),
        pytest.param(("reason", "reson"), "/waiver/0", 'the key "reason" is missing', id="key-missing"),
        pytest.param(("reason", "issue"), "/waiver/0", 'the key "reason" is missing', id="key-swapped"),
        pytest.param(("[[waiver]]", "[[waivers]]"), "/waivers", "unknown key", id="unknown-table"),
        pytest.param(("[[waiver]]", "[waiver]"), "/waiver", "expected an array", id="one-table"),
        pytest.param(("metric =", "statistic = 'p42'\nmetric ="), "/waiver/0/statistic", "none of p50", id="p42"),
        pytest.param(("[[waiver]]", "[[waiver"), "", "not TOML", id="no-toml"),
    ],
)
def test_a_fault_is_told_with_its_place(change, place, message):
    text = ONE.replace(*change)
    found = faults(text)
    assert found[0][:2] == ("waivers-invalid", place_in(text, place, "w.toml") if place else "w.toml")
    assert message in found[0][2]


REMOVED = '[[removed]]\nbenchmark = "solve[n=3]"\nreason = "replaced"\n'


def test_a_removed_benchmark_reads_as_it_was_written_beside_waivers():
    found = waivers.parse((REMOVED + ONE).encode(), "w.toml")
    (entry,) = found.removals
    assert (entry.benchmark, entry.reason, entry.origin) == ("solve[n=3]", "replaced", "removed 1 (w.toml)")
    assert len(found.waivers) == 1


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        pytest.param(REMOVED + REMOVED, "/removed/1", "solve[n=3] is removed twice", id="twice"),
        pytest.param(REMOVED.replace("replaced", ""), "/removed/0/reason", "must not be empty", id="no-reason"),
        pytest.param(REMOVED.replace("replaced", "  "), "/removed/0/reason", "says nothing", id="blank-reason"),
        pytest.param(REMOVED.replace("replaced", "a\\nb"), "/removed/0/reason", "cannot be printed", id="two-lines"),
        pytest.param(REMOVED.replace("reason", "why"), "/removed/0", 'the key "reason" is missing', id="key-missing"),
        pytest.param(REMOVED + "until = 2026-01-31\n", "/removed/0/until", "unknown key", id="with-a-date"),
        pytest.param("removed = 3\n", "/removed", "expected an array", id="a-number"),
    ],
)
def test_a_fault_of_a_removed_benchmark_is_reported_with_its_place(text, place, message):
    found = faults(text)
    assert found[0][:2] == ("waivers-invalid", place_in(text, place, "w.toml"))
    assert message in found[0][2]


def test_all_faults_are_told_at_once():
    assert len(faults(ONE.replace("+30%", "3") + ONE.replace("2026-06-30", "'soon'") + ONE + ONE)) == 3


def test_a_row_is_waived_once():
    ((_, place, message),) = faults(ONE + ONE.replace("elapsed_sec", "elapsed"))
    assert (place, message) == ("w.toml:9", "[[waiver]]: a second waiver of train[size=big] elapsed p50")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (waivers.LARGEST + 1)], ids=["no-utf-8", "huge"])
def test_what_is_no_text_of_a_sound_size_is_refused(content):
    assert faults(content)[0][0] == "waivers-invalid"


@LAWS
@given(
    row=st.tuples(PLAIN, PLAIN, st.sampled_from(["p50", "p95"])), reason=PLAIN, issue=st.just("") | PLAIN,
    until=st.dates(dt.date(1000, 1, 1)), before=st.sampled_from(["", ONE, ONE.rstrip(), "# a comment\n"]),
)  # fmt: skip
def test_what_is_added_reads_back_and_keeps_what_was_there(row, reason, issue, until, before):
    content = waivers.add_waiver(
        before.encode(), row=row, ceiling=parse_change("+7.5%"), until=until.isoformat(), reason=reason, issue=issue
    )
    assert content.decode().startswith(before)
    *_, found = waivers.parse(content, "w.toml").waivers
    assert (found.benchmark, found.statistic, found.until) == (row[0], row[2], until.isoformat())
    assert (found.reason, found.issue, found.ceiling.text) == (reason, issue, "+7.5%")


KEYS = ["benchmark", "metric", "statistic", "ceiling", "until", "reason", "issue", "other"]
VALUES = st.text(max_size=3) | st.integers() | st.none() | st.lists(st.text(max_size=2), max_size=1)


@LAWS
@given(
    st.dictionaries(
        st.sampled_from(["waiver", "waiver", "other"]),
        st.lists(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=3) | VALUES) | VALUES, max_size=2) | VALUES,
    )
)
def test_the_fast_look_and_the_published_schema_are_one_contract(document):
    assert waivers._is_shaped(document) == (schema.explain("waivers", document) == [])


def test_the_example_is_valid_by_the_schema():
    document = tomllib.loads(ONE.replace("2026-06-30", '"2026-06-30"'))
    assert schema.explain("waivers", document) == []
