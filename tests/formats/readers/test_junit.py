"""JUnit XML: times of passing cases, and nothing that grows."""

from __future__ import annotations

import pytest
from cases import values_of
from micro import by_name, refusal, seen, skipped

from perfgate.formats.options import ForeignOptions


def suite(*cases: str) -> str:
    inside = f'<testsuite timestamp="2026-01-01T00:00:00">{"".join(cases)}</testsuite>'
    return f'<?xml version="1.0"?>\n<testsuites>{inside}</testsuites>'


def case(name: str, time: str | None = "1.5", inner: str = "", more: str = "") -> str:
    stated = f' time="{time}"' if time is not None else ""
    return f'<testcase classname="c" name="{name}"{stated} {more}>{inner}</testcase>'


def test_a_case_shorter_than_the_least_time_is_kept_as_stated_with_that_time() -> None:
    found = by_name(suite(case("short", "0.099"), case("long", "0.1")))
    assert {name: (r.least, "short" in r.flags, r.is_side) for (name, _), r in found.items()} == {
        "c::short": (0.1, True, False),
        "c::long": (0.1, False, False),
    }


@pytest.mark.parametrize("inner", ["<failure/>", "<error>x</error>", "<skipped/>"])
def test_a_case_that_did_not_pass_is_no_measurement(inner: str) -> None:
    assert list(by_name(suite(case("a"), case("b", inner=inner)))) == [("c::a", "time")]


@pytest.mark.parametrize("more", ['status="notrun"', 'result="suppressed"', 'status="disabled"'])
def test_a_case_that_was_not_run_is_no_measurement(more: str) -> None:
    assert list(by_name(suite(case("a", more='status="run"'), case("b", more=more)))) == [("c::a", "time")]


def test_a_failure_in_the_output_of_a_passing_case_is_no_failure() -> None:
    inner = "<system-out>&lt;failure/&gt;</system-out><properties><property name='error'/></properties>"
    assert list(by_name(suite(case("a", inner=inner)))) == [("c::a", "time")]


@pytest.mark.parametrize(
    ("written", "seconds"), [("1,234.567", 1234.567), ("2,000", 2000.0), (" 3 ", 3.0), ("1e1", 10.0)]
)
def test_times_are_read_as_test_runners_write_them(written: str, seconds: float) -> None:
    assert list(values_of(seen(suite(case("a", written))).records[0])) == [seconds]


@pytest.mark.parametrize("written", [None, "", "0,123", "NaN", "-1", "1_0"])
def test_a_time_that_is_none_is_skipped(written: str | None) -> None:
    assert "time" in skipped(suite(case("a"), case("b", written)))["c::b"]


def test_nested_suites_and_namespaces_are_seen_through_and_repeats_numbered() -> None:
    text = (
        '<u:testsuites xmlns:u="urn:x"><u:testsuite><u:testsuite><u:testcase name="a" time="1"/></u:testsuite>'
        '<u:testcase name="a" time="2"/></u:testsuite></u:testsuites>'
    )
    assert [(r.benchmark, *values_of(r)) for r in seen(text).records] == [("a", 1.0), ("a#2", 2.0)]


def test_entities_that_grow_are_refused() -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE testsuites [<!ENTITY l0 "ha">{laughs}]>' + suite(case("&l9;"))[21:]
    assert "DTD" in refusal(text)


def test_a_file_outside_is_not_fetched() -> None:
    text = f'<!DOCTYPE testsuites SYSTEM "file:///etc/hostname"><testsuites>{case("a")}</testsuites>'
    assert "DTD" in refusal(text)


def test_depth_is_bounded() -> None:
    assert "nested too deeply" in refusal("<testsuites>" + "<testsuite>" * 1000)


def test_a_report_that_is_cut_off_is_an_error() -> None:
    assert "cut off" in refusal(suite(case("a"), case("b"))[:-30], options=ForeignOptions(min_time=0.0))
