"""Runs and profiles as pandas tables."""

import json

import pandas as pd
import pytest

from perfgate.collect import collect
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.frame import profiles_frame, runs_frame, summary_frame
from perfgate.stats.quantiles import quantile


def runs(count=5):
    reader = SummaryReader()
    for i in range(count):
        summary = {
            "run_id": f"r{i}", "elapsed_sec": 0.1 * (i + 1), "rows_used": 10, "peak_memory_mb": 5.0,
            "benchmark": "train", "labels": {"size": "big"}, "started_at": f"2026-01-01T00:00:0{i}Z", "session": "s",
        }  # fmt: skip
        yield reader.parse(json.dumps(summary).encode(), f"r{i}.json", "model_runs")


def test_one_row_a_run_with_a_column_for_each_metric_and_label():
    frame = runs_frame(runs())
    assert list(frame["elapsed"]) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert set(frame["label.size"]) == {"big"}
    assert str(frame["started_at"].dtype.tz) == "UTC"
    assert frame["peak_memory"].iloc[0] == 5e6


def test_no_runs_give_an_empty_table():
    assert runs_frame([]).empty
    assert profiles_frame([]).empty


def test_one_row_a_value_in_run_order():
    frame = profiles_frame(collect(runs()).profiles)
    elapsed = frame[frame["metric"] == "elapsed"]
    assert list(elapsed["index"]) == [0, 1, 2, 3, 4]
    assert set(frame["benchmark"]) == {"train[size=big]"}


def test_pandas_and_perfgate_mean_the_same_by_a_quantile():
    profiles = collect(runs()).profiles
    row = summary_frame(profiles).set_index("metric").loc["elapsed"]
    ordered = profiles[0].metric("elapsed").pooled()
    assert [row["p50"], row["p95"], row["p99"]] == pytest.approx([quantile(ordered, q) for q in (0.5, 0.95, 0.99)])
    assert row["n"] == 5
    assert isinstance(summary_frame(profiles), pd.DataFrame)
