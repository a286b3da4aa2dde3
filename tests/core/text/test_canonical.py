"""One spelling of numbers and JSON, strict reading of foreign JSON, and how faults are told."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from records import refused

from perfgate.core.errors import CannotDecideError, error, note, plain, warning
from perfgate.core.reasons import SENTENCES, hint_for, sentence
from perfgate.core.text.canonical import dump_line, dumps, resolution, rounded, short_hash
from perfgate.core.text.strict_json import load_json

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(0.1234564, "0.123456", id="down"),
        pytest.param(0.1234566, "0.123457", id="up"),
        pytest.param(123456.7, "123457", id="to-a-whole-number"),
        pytest.param(999999.5, "1000000", id="to-one-digit-more"),
        pytest.param(45600000.0, "45600000", id="whole"),
        pytest.param(-0.0, "0", id="negative-zero"),
        pytest.param(9.99999e14, "999999000000000", id="just-below-10^15"),
        pytest.param(1e15, "1000000000000000.0", id="at-10^15"),
        pytest.param(1e-9, "1e-09", id="tiny"),
    ],
)
def test_a_stored_value_keeps_six_significant_digits(value, text):
    assert json.dumps(rounded(value)) == text


@LAWS
@given(FINITE)
def test_rounding_is_within_a_millionth_and_rounding_again_changes_nothing(value):
    assert rounded(value) == pytest.approx(value, rel=5.1e-6, abs=1e-322)
    assert repr(rounded(rounded(value))) == repr(rounded(value))


@pytest.mark.parametrize(
    ("values", "step"),
    [
        pytest.param((0.123, 0.1), 0.001, id="three-decimals"),
        pytest.param((45600000.0,), 100000.0, id="megabytes-with-one-decimal"),
        pytest.param((0.0, 0.5), 0.1, id="zero-says-nothing"),
        pytest.param((0.0,), 0.0, id="only-zeros"),
        pytest.param((), 0.0, id="no-values"),
        pytest.param((0.1 + 0.2,), 0.1, id="stray-last-bits"),
        pytest.param((-0.25,), 0.01, id="negative"),
        pytest.param((math.inf,), 0.0, id="infinite"),
        pytest.param((math.nan,), 0.0, id="not-a-number"),
    ],
)
def test_the_resolution_is_the_step_in_which_values_were_written(values, step):
    assert resolution(values) == step


@LAWS
@given(st.lists(st.integers(-(10**8), 10**8), min_size=1, max_size=8), st.integers(0, 6))
def test_values_are_whole_multiples_of_their_resolution(numbers, decimals):
    values = tuple(n / 10**decimals for n in numbers)
    step = resolution(values)
    assert step >= 10**-decimals * (1 - 1e-12) or not any(values)
    assert all(math.isclose(v / step, round(v / step), rel_tol=1e-9) for v in values if step)


def finest_last_digit(values):
    """Return the definition of a resolution, value by value: the smallest weight of a last digit that is not zero."""
    steps = []
    for value in values:
        if value and math.isfinite(value):
            digits = Decimal(f"{value:.11e}").normalize()
            steps.append(float(f"1e{digits.as_tuple().exponent}"))
    return min(steps, default=0.0)


ANY_SIZE = st.floats() | st.integers(-(10**15), 10**15).map(float) | st.sampled_from([5e-324, 9.9999999999996, 1e308])
WRITTEN = st.builds(lambda number, decimals: number / 10**decimals, st.integers(-(10**9), 10**9), st.integers(0, 12))


@LAWS
@given(st.lists(ANY_SIZE | WRITTEN, max_size=12))
def test_the_resolution_is_that_of_the_value_with_the_finest_last_digit(values):
    assert resolution(tuple(values)) == finest_last_digit(values)


def test_values_behind_the_smallest_one_are_read_until_none_can_be_finer():
    assert resolution((1.0, 2.5, 3.125, 4.0)) == 0.001
    assert resolution((100.0, 100.000000001)) == 1e-9


@st.composite
def written(draw):
    """Values of one unit, as tools write them: with few digits, with stray last bits, or with all of them."""
    size = 10.0 ** draw(st.integers(-12, 12) | st.integers(-320, 300))
    amount = draw(st.floats(0.1, 9.99)) * 10.0 ** draw(st.integers(0, 4))
    value = float(f"{amount * size:.{draw(st.integers(1, 17))}g}")
    stray = draw(st.sampled_from([0.0, 2e-16, 3.9e-13, 4.9e-13, 5.1e-13, 3e-12]))
    return value * (1 + draw(st.sampled_from([-1, 1])) * stray)


@LAWS
@given(st.lists(written(), min_size=1, max_size=6))
def test_the_resolution_without_digits_is_that_of_the_digits(values):
    finest = math.inf
    for value in filter(None, values):
        digits, _, exponent = f"{abs(value):.11e}".partition("e")
        finest = min(finest, int(exponent) - len(digits.rstrip("0")) + 2)
    assert resolution(tuple(values)) == (0.0 if math.isinf(finest) else float(f"1e{finest}"))


def test_json_is_spelled_in_one_way_and_never_holds_what_is_no_number():
    assert dumps({"ä": 1}) == '{\n  "ä": 1\n}\n'
    assert dumps({"rows": [1.5, 2], "none": {}, "more": [{"a": []}]}) == (
        '{\n  "rows": [1.5, 2],\n  "none": {},\n  "more": [\n    {\n      "a": []\n    }\n  ]\n}\n'
    )
    for write in (dumps, dump_line):
        with pytest.raises(ValueError, match="Out of range"):
            write(math.nan)


@LAWS
@given(st.recursive(st.none() | st.booleans() | st.integers() | FINITE | st.text(), st.lists, max_leaves=10))
def test_one_line_of_json_is_spelled_as_the_standard_library_does(document):
    assert dump_line(document) == json.dumps(document, ensure_ascii=False, allow_nan=False)


class Word(StrEnum):
    """A text that is no plain one."""

    QUOTED = 'a "word"'


@LAWS
@given(st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=4) | st.sampled_from(Word))
def test_a_single_value_is_written_as_the_standard_library_does(value):
    text = json.dumps(value, ensure_ascii=False)
    assert dumps(value) == f"{text}\n"
    assert dumps({"k": value}) == f'{{\n  "k": {text}\n}}\n'


def test_a_short_hash_is_the_same_in_every_process_and_bears_half_characters():
    assert short_hash("abc") == "ba7816bf8f01"
    assert short_hash("abc", digits=8) == "ba7816bf"
    assert len(short_hash("\ud800")) == 12


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n", "is empty", id="blank"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8 (byte 7: 0xff)", id="not-utf-8"),
        pytest.param(b'{"a":\n 1,', "line 2, column", id="cut-off"),
        pytest.param(b"{} {}", "not JSON: Extra data", id="two-documents"),
        pytest.param(b'{"a": NaN}', "NaN is not a number", id="nan"),
        pytest.param(b'{"a": -Infinity}', "-Infinity is not a number", id="infinity"),
        pytest.param(b'{"a": 1e999}', "the number 1e999 is too large", id="beyond-doubles"),
        pytest.param(b'{"a": 1, "b": 2, "a": 3}', 'the key "a" stands twice', id="twice"),
        pytest.param(b'{"a": "\\ud800"}', "half a character", id="lone-surrogate"),
        pytest.param(b"[" * 200_000, "nested too deeply", id="deep"),
        pytest.param(b"1" * 5000, "", id="an-endless-number"),
    ],
)
def test_json_that_not_every_tool_reads_alike_is_refused_with_place_and_cure(content, message):
    (fault,) = refused(load_json, content, "a.json", "some-slug", "do this")
    assert message in fault.message
    assert (fault.slug, fault.place, fault.hint) == ("some-slug", "a.json", "do this")


@pytest.mark.parametrize(
    ("content", "document"),
    [
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="byte-order-mark"),
        pytest.param(b'"\\ud83d\\ude00"', "\U0001f600", id="a-whole-pair"),
        pytest.param(b'{"a": {"a": 1}}', {"a": {"a": 1}}, id="the-same-key-deeper"),
        pytest.param(b"[1.5, null, true]", [1.5, None, True], id="a-list"),
    ],
)
def test_plain_json_is_read(content, document):
    assert load_json(content, "a.json", "s", "h") == document


@LAWS
@given(st.recursive(st.none() | st.booleans() | st.integers() | FINITE | st.text(), st.lists, max_leaves=10))
def test_a_json_round_trip_changes_nothing(document):
    try:
        content = dumps(document).encode()
    except UnicodeEncodeError:  # half characters have no bytes
        return
    assert load_json(content, "a.json", "s", "h") == document


def test_a_fault_is_told_on_one_line_with_its_cure_on_the_next():
    told = error("a-slug", "it\nbroke \x1b[31m", place="a.json: /b", hint="mend it")
    assert told.lines() == ("cannot decide: a.json: /b: it broke \ufffd[31m [a-slug]", "  hint: mend it")
    assert warning("a-slug", "look").lines() == ("warning: look [a-slug]",)
    assert note("a-slug", "look").lines() == ("note: look [a-slug]",)
    assert plain("ä\t–\x00\u202e") == "ä –\ufffd\ufffd"


def test_the_error_carries_every_fault_and_names_them_all():
    caught = CannotDecideError(error("s", m) for m in ("one", "two"))
    assert str(caught) == "one; two"
    assert [d.message for d in caught.diagnostics] == ["one", "two"]
    assert caught.output == ()


def test_every_reason_has_a_sentence_and_an_unknown_one_stands_for_itself():
    assert sentence("worse") == SENTENCES["worse"][0]
    assert hint_for("worse") == SENTENCES["worse"][1]
    assert (sentence("brand-new"), hint_for("brand-new")) == ("brand-new", "")
