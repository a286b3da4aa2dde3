"""The functions of a performance log: what is read, and what is said to be left out."""

from __future__ import annotations

import json

import pytest

from perfgate.formats.contents import read
from perfgate.formats.detect import detect
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source
from perfgate.formats.readers.top_functions import MOST_FUNCTIONS


def contents(*rows):
    text = "".join(json.dumps({"performance_metrics": {"latency_ms": 5.0, **row}}) + "\n" for row in rows)
    source = Source("api.jsonl", content=text.encode())
    return read(source, detect(source), ForeignOptions())


def functions(*rows):
    return {r.metric: list(r.payload.values) for r in contents(*rows).records if r.metric != "latency"}


def entry(function="score", file="rank.py", own=1.5, calls=2, **more):
    return {"function": function, "file": file, "line": 9, "total_time_ms": own, "calls": calls, **more}


def test_own_time_and_calls_are_read_by_file_and_function_in_the_order_of_the_rows():
    rows = [{"top_functions": [entry(), entry("load", own=4)]}, {"top_functions": [entry(own=2.5, calls=3)]}]
    assert functions(*rows) == {
        "function:rank.py:score": [0.0015, 0.0025],
        "function-calls:rank.py:score": [2.0, 3.0],
        "function:rank.py:load": [0.004],
        "function-calls:rank.py:load": [2.0],
    }


def test_a_log_without_them_has_none():
    assert functions({}, {"top_functions": None}, {"top_functions": []}) == {}


def test_a_function_in_c_has_no_file_and_a_line_that_moves_is_the_same_function():
    found = functions(
        {"top_functions": [entry("<sum>", "~", line=0)]}, {"top_functions": [entry("<sum>", "~", line=8)]}
    )
    assert found["function:<sum>"] == [0.0015, 0.0015]


@pytest.mark.parametrize(
    "listed",
    [
        "score",
        {"function": "score"},
        [7],
        [{"file": "rank.py", "total_time_ms": 1}],
        [entry(function=7)],
        [entry(function="")],
        [entry(own="fast")],
        [entry(own=-1)],
        [entry(own=True)],
        [entry(own=1e300)],
    ],
)
def test_an_entry_that_says_no_name_or_time_is_counted_and_left_out(listed):
    got = contents({"top_functions": listed}, {})
    assert [r.metric for r in got.records] == ["latency"]
    assert [(s.benchmark, s.why) for s in got.skipped] == [
        ('field "top_functions"', "entries without name and time, 1 times")
    ]


def test_more_functions_than_a_program_has_are_left_out_and_named():
    got = contents({"top_functions": [entry(f"request_{n}") for n in range(MOST_FUNCTIONS + 5)]})
    assert len([r for r in got.records if r.metric.startswith("function:")]) == MOST_FUNCTIONS
    assert [s.why for s in got.skipped] == ["more than 1,000 functions"]


def test_the_share_of_anomalies_is_read_with_its_counts():
    rows = [
        {"event": "prediction_metrics", "series_id": "s", "model_version": "v", "latency_total_ms": 5, "anomaly": a}
        for a in (True, False, False, True, False)
    ]
    source = Source("p.jsonl", content="".join(json.dumps(r) + "\n" for r in rows).encode())
    (rate,) = (r for r in read(source, detect(source), ForeignOptions()).records if r.metric == "anomaly_rate")
    assert (rate.payload.hits, rate.payload.of, rate.better) == (2, 5, "lower")
