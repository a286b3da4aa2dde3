"""Units: what a threshold, a floor and a budget may say, and how numbers are scaled for people."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.core.text.units import (
    Limit,
    describe_time,
    display_scale,
    is_known_unit,
    parse_change,
    parse_limit,
    parse_time,
    to_base,
)


@pytest.mark.parametrize(
    ("text", "amount", "sign", "unit"),
    [
        pytest.param("+5%", 0.05, "+", "%", id="relative"),
        pytest.param("-5%", 0.05, "-", "%", id="relative-downwards"),
        pytest.param("+0%", 0.0, "+", "%", id="no-change-at-all"),
        pytest.param("+.5%", 0.005, "+", "%", id="no-leading-zero"),
        pytest.param("+150%", 1.5, "+", "%", id="more-than-double"),
        pytest.param(" + 3 ms ", 0.003, "+", "s", id="with-spaces"),
        pytest.param("+3ms", 0.003, "+", "s", id="time"),
        pytest.param("+1MB", 1e6, "+", "B", id="bytes"),
        pytest.param("+1MiB", 1024.0**2, "+", "B", id="binary-bytes"),
        pytest.param("-20/s", 20.0, "-", "1/s", id="rate"),
        pytest.param("+7µs", 7e-6, "+", "s", id="micro-sign"),
        pytest.param("+7μs", 7e-6, "+", "s", id="greek-mu"),
    ],
)
def test_a_signed_change_is_read_into_base_units(text, amount, sign, unit):
    change = parse_change(text)
    assert (change.amount, change.sign, change.unit, change.text) == (amount, sign, unit, text.strip())
    assert change.is_relative == (unit == "%")


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        pytest.param("1.05", 'did you mean "+5%"?', id="a-ratio"),
        pytest.param("105%", 'did you mean "+5%"?', id="a-ratio-in-percent"),
        pytest.param("100.5%", 'did you mean "+0.5%"?', id="just-above-a-hundred"),
        pytest.param("100%", 'did you mean "+100%"?', id="a-hundred"),
        pytest.param("5", 'did you mean "+5%"?', id="a-bare-number"),
        pytest.param("1", 'did you mean "+1%"?', id="one"),
        pytest.param("1.99", 'did you mean "+99%"?', id="just-below-two"),
        pytest.param("2", 'did you mean "+2%"?', id="two"),
        pytest.param("0.05", 'did you mean "+5%"?', id="a-share"),
        pytest.param("3ms", 'did you mean "+3ms"?', id="no-sign"),
        pytest.param("+5", 'write "+5%"', id="no-unit"),
        pytest.param("-5", 'write "-5%"', id="no-unit-downwards"),
        pytest.param("+3 parsecs", 'unknown unit "parsecs"; known: ns', id="unknown-unit"),
        pytest.param("", 'write it like "+5%" or "+3ms"', id="empty"),
        pytest.param("fast", 'write it like "+5%" or "+3ms"', id="a-word"),
        pytest.param("+-5%", 'write it like "+5%" or "+3ms"', id="two-signs"),
        pytest.param("+1e3%", 'write it like "+5%" or "+3ms"', id="an-exponent"),
        pytest.param("+1,5%", 'write it like "+5%" or "+3ms"', id="a-decimal-comma"),
        pytest.param("+nan%", 'write it like "+5%" or "+3ms"', id="not-a-number"),
    ],
)
def test_what_is_no_signed_change_is_refused_with_what_was_probably_meant(text, cure):
    with pytest.raises(ValueError) as caught:
        parse_change(text)
    assert f'"{text}"' in str(caught.value)
    assert cure in str(caught.value)


@pytest.mark.parametrize(
    ("text", "op", "amount", "unit"),
    [
        pytest.param("< 100ms", "<", 0.1, "s", id="time"),
        pytest.param("<=1%", "<=", 0.01, "1", id="percent-is-a-share"),
        pytest.param(">= 180/s", ">=", 180.0, "1/s", id="rate"),
        pytest.param("> 0.5", ">", 0.5, "1", id="bare-number"),
        pytest.param("  < 2 GiB ", "<", 2 * 1024.0**3, "B", id="spaces"),
    ],
)
def test_a_limit_is_read_into_base_units(text, op, amount, unit):
    assert parse_limit(text) == Limit(op=op, amount=amount, unit=unit, text=text.strip())


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        pytest.param("100ms", 'write it like "< 100ms"', id="no-comparison"),
        pytest.param("= 100ms", 'write it like "< 100ms"', id="equality"),
        pytest.param("< -5ms", 'write it like "< 100ms"', id="negative"),
        pytest.param("<", 'write it like "< 100ms"', id="no-number"),
        pytest.param("< 3 parsecs", 'unknown unit "parsecs"; known: ns', id="unknown-unit"),
    ],
)
def test_what_is_no_limit_is_refused_with_the_right_spelling(text, cure):
    with pytest.raises(ValueError, match=r"is not a limit|unknown unit") as caught:
        parse_limit(text)
    assert cure in str(caught.value)


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [("<", True, False, False), ("<=", True, True, False), (">", False, False, True), (">=", False, True, True)],
)
def test_a_limit_holds_on_its_own_side_of_the_amount(op, below, at, above):
    limit = parse_limit(f"{op} 100ms")
    around = (math.nextafter(0.1, 0), 0.1, math.nextafter(0.1, 1))
    assert tuple(limit.holds(v) for v in around) == (below, at, above)


def test_a_unit_that_is_not_known_keeps_its_values():
    assert to_base(3.5, "parsec") == (3.5, "parsec")
    assert to_base(3.5, "") == (3.5, "1")
    assert not is_known_unit("parsec")
    assert is_known_unit("KiB")


def test_converting_leaves_no_stray_last_bit():
    assert to_base(0.07, "MB") == (70000.0, "B")
    assert to_base(50.0, "%") == (0.5, "1")


@LAWS
@given(st.integers(0, 10**9))
def test_the_unit_of_the_input_changes_nothing(n):
    assert parse_change(f"+{n}s").amount == parse_change(f"+{n}000ms").amount == parse_change(f"+{n}000000us").amount
    assert parse_change(f"+{n}GB").amount == parse_change(f"+{n}000MB").amount == parse_change(f"+{n}000000kB").amount
    assert parse_limit(f"< {n}ms").amount == parse_limit(f"< {n}000µs").amount == parse_limit(f"< {n}000000ns").amount
    assert parse_limit(f"< {n}%").amount == parse_limit(f"< {n / 100:.15g}").amount


@LAWS
@given(st.integers(1, 10**7), st.sampled_from(["s", "ms", "us", "min", "h", "B", "MB", "GiB", "1/s", "%"]))
def test_a_base_unit_stays_what_it_is(n, unit):
    value, base = to_base(float(n), unit)
    assert to_base(value, base) == (value, base)


@pytest.mark.parametrize(
    ("magnitude", "unit", "expected"),
    [
        pytest.param(1.0, "s", (1.0, "s"), id="at-a-second"),
        pytest.param(math.nextafter(1.0, 0), "s", (1e-3, "ms"), id="just-below-a-second"),
        pytest.param(math.nextafter(120.0, 0), "s", (1.0, "s"), id="just-below-two-minutes"),
        pytest.param(120.0, "s", (60.0, "min"), id="at-two-minutes"),
        pytest.param(math.nextafter(7200.0, 0), "s", (60.0, "min"), id="just-below-two-hours"),
        pytest.param(7200.0, "s", (3600.0, "h"), id="at-two-hours"),
        pytest.param(-0.5, "s", (1e-3, "ms"), id="negative"),
        pytest.param(1e-12, "s", (1e-9, "ns"), id="below-the-smallest"),
        pytest.param(999.0, "B", (1.0, "B"), id="just-below-a-kilobyte"),
        pytest.param(1000.0, "B", (1e3, "kB"), id="at-a-kilobyte"),
        pytest.param(2e9, "B", (1e9, "GB"), id="gigabytes"),
        pytest.param(1e12, "B", (1e12, "TB"), id="terabytes"),
        pytest.param(2e6, "1/s", (1e6, "M/s"), id="rate"),
        pytest.param(0.0, "1/s", (1.0, "/s"), id="no-rate-at-all"),
        pytest.param(0.0, "s", (1.0, "s"), id="zero"),
        pytest.param(math.nan, "s", (1.0, "s"), id="not-a-number"),
        pytest.param(math.inf, "B", (1.0, "B"), id="infinite"),
        pytest.param(5e6, "parsec", (1.0, "parsec"), id="unknown-unit"),
        pytest.param(5e6, "1", (1.0, "1"), id="plain-number"),
    ],
)
def test_the_scale_of_a_row_keeps_its_digits_few(magnitude, unit, expected):
    assert display_scale(magnitude, unit) == expected


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("90m", 5400), ("2h", 7200), ("1.5 h", 5400), ("1d", 86_400)])
def test_a_time_is_read_in_seconds(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "1e3s", "2 weeks", "1h 20min", "٣h"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3600, "1 h"), (4800, "1 h 20 min")],
)
def test_a_time_is_described_as_people_say_it(seconds, text):
    assert describe_time(seconds) == text
