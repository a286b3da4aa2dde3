"""Custom JSON and BMF: one value each, and no direction but the user's."""

from __future__ import annotations

import math

import pytest
from cases import values_of
from micro import by_name, refusal, seen, skipped

from perfgate.formats.options import ForeignOptions

NAMED = {"name": "a", "unit": "ms", "value": 2}


def test_without_a_word_from_the_user_no_direction_is_known() -> None:
    assert seen([NAMED]).records[0].better is None


@pytest.mark.parametrize(
    ("written", "factor", "base"),
    [
        ("µs", 1e-6, "s"),
        ("μs", 1e-6, "s"),
        ("Milliseconds", 1e-3, "s"),
        ("ops/sec", 1.0, "1/s"),
        ("KB", 1e3, "B"),
        ("KiB", 1024.0, "B"),
        ("MB/sec", 1e6, "B/s"),
        ("%", 0.01, "1"),
        ("tokens/s", 1.0, "tokens/s"),
        ("ns/iter", 1.0, "ns/iter"),
    ],
)
def test_a_unit_is_brought_to_its_base_or_stays_as_it_is_written(written: str, factor: float, base: str) -> None:
    (record,) = seen([NAMED | {"unit": written}]).records
    assert record.unit == base
    assert math.isclose(values_of(record)[0], 2 * factor)


def test_numbers_count_as_text_and_text_as_numbers_as_the_action_takes_them() -> None:
    (record,) = seen([{"name": 7, "unit": 1, "value": "2.5"}]).records
    assert (record.benchmark, record.unit, list(values_of(record))) == ("7", "1", [2.5])


def test_a_value_that_is_no_number_is_skipped_by_name() -> None:
    assert skipped([NAMED, {"name": "b", "unit": "s", "value": "NaN"}]) == {"b": "the value is no number"}


def test_a_name_that_stands_twice_is_numbered_in_the_order_of_the_file() -> None:
    assert [r.benchmark for r in seen([NAMED, NAMED, NAMED]).records] == ["a", "a#2", "a#3"]


def test_an_empty_list_is_an_error_not_a_pass() -> None:
    assert "holds nothing that was measured" in refusal([], given="github-action-benchmark")


def test_the_history_of_the_action_is_told_from_what_it_is_given() -> None:
    for before in ("", "window.BENCHMARK_DATA = "):
        assert "output-file-path" in refusal(before + '{\n  "lastUpdate": 1, "repoUrl": "", "entries": {}}')


def test_the_name_of_a_hidden_bmf_benchmark_is_without_the_mark_that_hides_it() -> None:
    found = by_name({"a-bencher-ignore": {"latency": {"value": 1500}}}, given="bencher-bmf")
    assert math.isclose(values_of(found["a", "latency"])[0], 1.5e-6)


def test_a_direction_of_the_users_is_taken_for_measures_that_bencher_does_not_define() -> None:
    document = {"a": {"throughput": {"value": 1}, "size": {"value": 0, "lower_value": 5}}}
    found = by_name(document, given="bencher-bmf", options=ForeignOptions(direction="lower"))
    assert (found["a", "throughput"].better, found["a", "size"].better) == ("higher", "lower")
    assert list(values_of(found["a", "size"])) == [0]
    assert found["a", "size"].unit is None


def test_a_measure_without_a_value_is_skipped_and_the_others_are_read() -> None:
    contents = seen({"a": {"latency": {"value": None}, "size": {"value": 1}}, "b": {}}, given="bencher-bmf")
    assert [(s.benchmark, s.metric) for s in contents.skipped] == [("a", "latency"), ("b", "")]
