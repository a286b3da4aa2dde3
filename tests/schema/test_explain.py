"""Explaining: every violation of a schema in words that say the place, what was expected and what was found."""

from __future__ import annotations

import math

import pytest
from records import summary

from perfgate import schema


@pytest.mark.parametrize(
    ("name", "document", "pointer", "message"),
    [
        pytest.param("run", [], "", "expected an object, found []", id="not-an-object"),
        pytest.param("run", summary(elapsed_sec=None), "", 'the key "elapsed_sec" is missing', id="missing"),
        pytest.param("run", summary(run_id=""), "/run_id", "must not be empty", id="empty"),
        pytest.param("run", summary(elapsed_sec=-1), "/elapsed_sec", "expected at least 0, found -1", id="negative"),
        pytest.param("run", summary(elapsed_sec="1"), "/elapsed_sec", 'expected a number, found "1"', id="a-text"),
        pytest.param("run", summary(elapsed_ns=1.5), "/elapsed_ns", "expected an integer, found 1.5", id="a-part"),
        pytest.param("run", summary(status="OK"), "/status", 'expected one of "ok", "failed", found "OK"', id="enum"),
        pytest.param(
            "run",
            summary(schema="perfgate/run/2"),
            "/schema",
            'expected "perfgate/run/1", found "perfgate/run/2"',
            id="another-version",
        ),
        pytest.param(
            "run", summary(metrics={"a/b~c": {}}), "/metrics/a~1b~0c", 'the key "value" is missing', id="escaped"
        ),
        pytest.param(
            "run", summary(run_id="x" * 201), "/run_id", "expected at most 200 characters, found 201", id="too-long"
        ),
        pytest.param(
            "run", summary(shard="2"), "/shard", 'found "2"; expected: Which part of the measuring', id="another-form"
        ),
        pytest.param(
            "config", {"trace": {"sample_rate": 2}}, "/trace/sample_rate", "expected at most 1, found 2", id="rate"
        ),
        pytest.param(
            "config",
            {"trace": {"deadline_ms": 0}},
            "/trace/deadline_ms",
            "expected more than 0, found 0",
            id="deadline",
        ),
        pytest.param(
            "config",
            {"trace": {"deadline_ms": 1e12}},
            "/trace/deadline_ms",
            "expected at most 1000000000, found 1000000000000.0",
            id="long-deadline",
        ),
        pytest.param(
            "config",
            {"defaults": {"floor": 5}},
            "/defaults/floor",
            "expected a string or an object, found 5",
            id="none-of-several-forms",
        ),
        pytest.param(
            "config",
            {"defaults": {"floor": {"time": 5}}},
            "/defaults/floor/time",
            "expected a string, found 5",
            id="one-of-several-forms",
        ),
        pytest.param("config", {"runs": []}, "/runs", "must not be empty", id="an-empty-list"),
        pytest.param(
            "config",
            {"defaults": {"treshold": "+5%"}},
            "/defaults/treshold",
            'unknown key "treshold"; did you mean "threshold"?',
            id="mistyped-key",
        ),
        pytest.param(
            "config",
            {"zzz": 1},
            "/zzz",
            'unknown key "zzz"; known: runs, baselines',
            id="unknown-key",
        ),
        pytest.param("percentiles", {"benchmarks": {}}, "/benchmarks", "must not be empty", id="no-entries"),
    ],
)
def test_a_violation_is_told_with_its_place_and_what_was_expected(name, document, pointer, message):
    (fault,) = schema.explain(name, document)
    assert fault.pointer == pointer
    assert fault.message.startswith(message)


def test_all_violations_are_told_together_in_the_order_of_their_places():
    faults = schema.explain("run", {"run_id": "", "elapsed_sec": -1, "peak_memory_mb": True, "status": None})
    assert [f.pointer for f in faults] == ["", "/elapsed_sec", "/peak_memory_mb", "/run_id", "/status"]


def test_every_unknown_key_is_told_on_its_own():
    faults = schema.explain("config", {"rules": [], "budgets": []})
    assert [f.message for f in faults] == [
        'unknown key "rules"; did you mean "rule"?',
        'unknown key "budgets"; did you mean "budget"?',
    ]


def test_a_valid_document_has_nothing_to_explain():
    assert schema.explain("run", summary()) == []


def test_what_was_found_is_cut_to_a_length_that_fits_a_line():
    (fault,) = schema.explain("run", summary(elapsed_sec="x" * 1000))
    assert len(fault.message) < 100
    assert fault.message.endswith("…")


def test_a_value_that_json_cannot_spell_is_shown_all_the_same():
    (fault,) = schema.explain("run", summary(run_id={1, 2}))
    assert fault.message == "expected a string, found {1, 2}"
    (fault,) = schema.explain("run", summary(run_id=math.inf))
    assert fault.message == "expected a string, found Infinity"
