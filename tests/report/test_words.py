"""Numbers in words: few digits, and never a rounding that contradicts the decision."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from laws import DEAR_LAWS

from perfgate.report.words import amount, count, detectable, percent, span

POSITIVE = st.floats(1e-9, 1e12)


@pytest.mark.parametrize(
    ("value", "unit", "beside", "words"),
    [
        pytest.param(0.0, "s", None, "0 s", id="zero"),
        pytest.param(1.0, "s", None, "1 s", id="one"),
        pytest.param(1.23456, "s", None, "1.235 s", id="four-digits"),
        pytest.param(0.0123, "s", None, "12.3 ms", id="ms"),
        pytest.param(12.3e-6, "s", None, "12.3 µs", id="us"),
        pytest.param(5e-10, "s", None, "0.5 ns", id="below-the-smallest-prefix"),
        pytest.param(86_400.0, "s", None, "24 h", id="a-day"),
        pytest.param(0.9, "s", 1.1, "0.9 s", id="the-larger-neighbour-says-the-prefix"),
        pytest.param(57.3e6, "B", None, "57.3 MB", id="MB"),
        pytest.param(-57.3e6, "B", None, "-57.3 MB", id="negative"),
        pytest.param(1.5e3, "1/s", None, "1.5 k/s", id="rate"),
        pytest.param(0.5, "1/s", None, "0.5 /s", id="slow-rate"),
        pytest.param(1234567.0, "1", None, "1,234,567", id="count"),
        pytest.param(0.01, "1", None, "0.01", id="share"),
        pytest.param(1e15, "1", None, "1e+15", id="very-large"),
        pytest.param(1e-7, "1", None, "1e-07", id="very-small"),
        pytest.param(7.0, "widgets", None, "7 widgets", id="an-unknown-unit"),
        pytest.param(1.00001, "s", 1.0, "1.00001 s", id="apart-from-its-neighbour"),
        pytest.param(1.0, "s", 1.00001, "1 s", id="and-the-neighbour"),
        pytest.param(1.0, "s", 1.0, "1 s", id="like-its-neighbour"),
    ],
)
def test_an_amount_in_words(value, unit, beside, words):
    assert amount(value, unit, beside=beside) == words


@pytest.mark.parametrize(
    ("change", "limit", "words"),
    [
        pytest.param(0.0, None, "0.0%", id="zero"),
        pytest.param(-0.0, 0.05, "0.0%", id="minus-zero"),
        pytest.param(0.0004, None, "0.0%", id="rounds-to-zero"),
        pytest.param(-0.0004, None, "0.0%", id="rounds-to-zero-from-below"),
        pytest.param(0.0005001, None, "+0.1%", id="just-shows"),
        pytest.param(0.05, None, "+5.0%", id="plus"),
        pytest.param(-0.05, None, "-5.0%", id="minus"),
        pytest.param(1.0, None, "+100%", id="double"),
        pytest.param(9.99, None, "+999%", id="ten-times"),
        pytest.param(12.345, None, "13×", id="a-multiple"),
        pytest.param(92_173.52, None, "over 10,000×", id="beyond-reason"),
        pytest.param(0.03, 0.03, "+3.0%", id="at-the-limit"),
        pytest.param(0.0301, 0.03, "+3.01%", id="just-beyond"),
        pytest.param(0.0299999, 0.03, "+2.99999%", id="just-within"),
        pytest.param(-0.0300001, -0.03, "-3.00001%", id="just-beyond-downwards"),
        pytest.param(0.030000000032, 0.03, "+3.000000003%", id="by-the-least-that-fails"),
        pytest.param(1e-5, 0.0, "+0.001%", id="beyond-a-limit-of-zero"),
        pytest.param(0.2, 0.03, "+20.0%", id="far-beyond"),
    ],
)
def test_a_change_in_words(change, limit, words):
    assert percent(change, apart_from=limit) == words


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        pytest.param((-0.02, 0.04), "-2 to +4%", id="whole-percent"),
        pytest.param((0.0, 0.019), "0.0 to +1.9%", id="narrow"),
        pytest.param((-0.5, 12.0), "-50% to over 10×", id="wide"),
        pytest.param((0.00003, 0.132), "+0.003 to +13%", id="hardly-worse-than-nothing"),
        pytest.param((-0.0007, 1.3), "-0.1 to +130%", id="hardly-not"),
        pytest.param((0.0, 0.132), "0 to +13%", id="from-nothing"),
        pytest.param((0.0001, 12.0), "+0.01% to over 10×", id="hardly-worse-and-wide"),
    ],
)
def test_an_interval_in_words(interval, words):
    assert span(interval) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12_345, "12,345 rows")],
)
def test_a_count_in_words(number, words):
    assert count(number, "row") == words
    assert count(number, "row is", "rows are").endswith(" is" if number == 1 else " are")


@DEAR_LAWS
@given(limit=st.floats(-0.9, 2.0), beyond=st.floats(1e-10, 1.0))
@example(limit=0.03, beyond=3.1e-11)
@example(limit=0.0, beyond=2e-12)
def test_a_change_beyond_its_limit_never_reads_like_the_limit(limit, beyond):
    for change in (limit + beyond, limit - beyond):
        assume(change != limit)
        words = percent(change, apart_from=limit)
        decimals = len(words.partition(".")[2].rstrip("%"))
        assert words != f"{limit * 100:+,.{decimals}f}%"


@DEAR_LAWS
@given(a=POSITIVE, b=POSITIVE, unit=st.sampled_from(["s", "B", "1/s", "1", "widgets"]))
def test_two_values_that_differ_never_read_alike(a, b, unit):
    assume(abs(a - b) > 1e-12 * max(a, b))
    assert amount(a, unit, beside=b) != amount(b, unit, beside=a)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(0.052, "+5.2%", id="small"),
        pytest.param(-0.5, "-50.0%", id="of-a-rate"),
        pytest.param(10.0, "+1,000%", id="the-largest"),
        pytest.param(4_289_895_725.78, "over +1,000%", id="nothing-is-detected"),
    ],
)
def test_a_detectable_change_beyond_reason_is_said_without_its_digits(change, words):
    assert detectable(change) == words
