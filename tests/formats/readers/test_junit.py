"""JUnit XML: times of passing cases, and nothing that grows."""

from __future__ import annotations

from xml.parsers.expat import errors

import pytest
from cases import values_of
from micro import by_name, refusal, seen, skipped

from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.xml_text import is_cut_off


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


@pytest.mark.parametrize(
    "forbidden", ["\x1b", "\0", "\x0b", "\ufffe", "&#27;", "&#x1B;", "&#0;", "&#xD800;", "&#9999999;"]
)
def test_characters_that_xml_does_not_allow_are_left_out(forbidden: str) -> None:
    failed = case("b", inner=f"<failure message='{forbidden}[31mred'>{forbidden}</failure>")
    found = seen(suite(case(f"a{forbidden}z"), failed))
    assert [(r.benchmark, values_of(r)) for r in found.records] == [("c::az", [1.5])]
    assert [s.benchmark for s in found.skipped] == ["c::b"]


def test_characters_that_xml_allows_stay() -> None:
    assert list(by_name(suite(case("a&#233;&#x1F600;&#38;\x85")))) == [("c::aé😀&\x85", "time")]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("ISO-8859-15", "iso8859-15"),
        ("windows-1252", "cp1252"),
        ("Utf-8", "utf-8"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-16-be"),
        ("utf-16", "utf-8"),
        ("x-unheard-of", "utf-8"),
        ("unicode_escape", "utf-8"),
        ("EBCDIC-CP-US", "utf-8"),
    ],
)
def test_the_encoding_that_a_report_declares_is_followed_unless_it_is_plainly_wrong(
    declared: str, encoding: str
) -> None:
    text = suite(case("Größe € \\u0041")).replace('"1.0"', f'"1.0" encoding="{declared}"', 1)
    assert list(by_name(text.encode(encoding))) == [("c::Größe € \\u0041", "time")]


def test_bytes_that_the_declared_encoding_does_not_have_are_an_error() -> None:
    text = suite(case("é")).replace('"1.0"', '"1.0" encoding="us-ascii"', 1)
    assert "not ASCII (byte " in refusal(text.encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("<testsuite><testcase name='a'", "cut off"),
        ("<testsuite><![CDATA[", "cut off"),
        ("<testsuite>\n<testcase name='a' time='1'></testsuite>", "correct that line"),
        ("<testsuite>\n  & </testsuite>", "correct that line"),
    ],
)
def test_a_fault_in_the_middle_names_its_place_and_is_not_called_cut_off(text: str, hint: str) -> None:
    said = refusal(text)
    assert hint in said
    assert ("cut off" in said) is (hint == "cut off")
    assert "(line " in said
    assert "column " in said


def test_the_codes_of_a_text_that_ends_too_early_are_those_of_the_parser() -> None:
    names = ("NO_ELEMENTS", "UNCLOSED_TOKEN", "PARTIAL_CHAR", "UNCLOSED_CDATA_SECTION")
    codes = {errors.codes[getattr(errors, f"XML_ERROR_{name}")] for name in names}
    assert {code for code in errors.messages if is_cut_off(code)} == codes
