from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from measured_programs import summaries

from perfgate.measure import RunHandle, measure_run_context


@pytest.fixture
def run():
    with measure_run_context("r", write=False) as handle:
        yield handle


def test_rows_can_be_set_and_added_to_in_the_body(run):
    assert isinstance(run, RunHandle)
    assert run.rows_used == 0
    run.rows_used = 5
    run.rows_used += 2
    assert run.rows_used == 7
    assert run.to_dict()["rows_used"] == 7


def test_integers_of_other_libraries_count_rows(run):
    class Count:
        def __index__(self):
            return 9

    run.rows_used = Count()
    assert run.rows_used == 9


@pytest.mark.parametrize("rows", [-1, 2**53 + 1])
def test_impossible_rows_are_refused(run, rows):
    with pytest.raises(ValueError, match="rows_used"):
        run.rows_used = rows


@pytest.mark.parametrize("rows", [1.0, "1", None, True])
def test_rows_that_are_no_integer_are_refused(run, rows):
    with pytest.raises(TypeError):
        run.rows_used = rows


def test_recorded_values_stand_in_the_summary_with_unit_and_direction():
    with measure_run_context() as run:
        run.record("accuracy", 0.91, unit="1", better="higher")
        run.record("loss", Fraction(1, 4))
        run.record("steps", 10**15, "steps")
    assert summaries()[0]["metrics"] == {
        "accuracy": {"value": 0.91, "unit": "1", "better": "higher"},
        "loss": {"value": 0.25, "unit": "1", "better": "lower"},
        "steps": {"value": 10**15, "unit": "steps", "better": "lower"},
    }


def test_the_last_value_of_a_name_counts(run):
    run.record("loss", 2)
    run.record("loss", 1)
    assert run.to_dict()["metrics"] == {"loss": {"value": 1, "unit": "1", "better": "lower"}}


def test_a_summary_without_recorded_values_has_no_metrics(run):
    assert "metrics" not in run.to_dict()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400], ids=lambda value: f"{value!r:.9}")
def test_a_value_that_is_not_finite_is_refused(run, value):
    with pytest.raises(ValueError, match="finite"):
        run.record("loss", value)


@pytest.mark.parametrize("value", ["1", b"1", True, None, 1j, [1]])
def test_a_value_that_is_no_number_is_refused(run, value):
    with pytest.raises(TypeError, match="number"):
        run.record("loss", value)


@pytest.mark.parametrize(
    "name",
    [
        *("elapsed", "elapsed_sec", "peak_memory", "peak_memory_mb", "cpu", "throughput"),
        *("elapsed_ns", "peak_memory_bytes", "cpu_sec"),
    ],
)
def test_names_of_what_is_measured_anyway_are_refused(run, name):
    with pytest.raises(ValueError, match="measured anyway"):
        run.record(name, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        (("", 1), ValueError, "name"),
        (("n" * 201, 1), ValueError, "200"),
        (("\ud800", 1), ValueError, "surrogate"),
        ((3, 1), TypeError, "name"),
        (("a", 1, ""), ValueError, "unit"),
        (("a", 1, 1), TypeError, "unit"),
        (("a", 1, "s", "faster"), ValueError, "'lower' or 'higher'"),
    ],
    ids=repr,
)
def test_a_wrong_record_is_refused_and_nothing_of_it_kept(run, arguments, error, told):
    with pytest.raises(error, match=told):
        run.record(*arguments)
    assert "metrics" not in run.to_dict()


def test_a_run_that_has_ended_takes_nothing_more():
    with measure_run_context(write=False) as run:
        pass
    with pytest.raises(RuntimeError, match="inside the body"):
        run.rows_used = 1
    with pytest.raises(RuntimeError, match="inside the body"):
        run.record("loss", 1)


def test_the_values_so_far_can_be_read_inside_the_body_and_grow(run):
    first, second = run.to_dict(), run.to_dict()
    assert 0 < first["elapsed_ns"] < second["elapsed_ns"]
    assert 0 <= first["cpu_sec"] <= second["cpu_sec"]
    assert first["peak_memory_bytes"] > 1_000_000
    assert first["status"] == "ok"


def test_after_the_end_the_json_is_the_files():
    with measure_run_context(labels={"a": "b"}) as run:
        run.record("loss", 1)
    assert run.to_json() + "\n" == Path(run.path).read_text()
    assert run.to_json() == run.to_json()
    assert "\n" not in run.to_json()
    assert json.loads(run.to_json()) == run.to_dict()


def test_what_a_summary_shows_cannot_be_changed_from_outside(run):
    run.record("loss", 1)
    run.to_dict()["metrics"]["loss"]["value"] = 99
    run.to_dict()["environment"].clear()
    assert run.to_dict()["metrics"]["loss"]["value"] == 1
    assert run.to_dict()["environment"]
