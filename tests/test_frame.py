"""Runs, profiles and the history of values as pandas tables."""

import json

import pandas as pd
import pytest
from msgspec.structs import replace

from perfgate.collect import collect
from perfgate.core.history.past import BenchmarkHistory, Past, Reading
from perfgate.core.history.trends import Commits, Mark, Point, Section, Series, Trend
from perfgate.core.metrics import ELAPSED
from perfgate.core.text.units import parse_change
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.frame import history_frame, profiles_frame, runs_frame, summary_frame
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


def past(number, **more):
    reading = Reading(metric=ELAPSED, sources=(), n=number, p50=1.0 + number, p95=None)
    given = {
        "session": f"s{number}", "started_at": f"2026-01-0{number + 1}T08:00:00Z", "recorded_at": "", "machine": "m",
        "commit": "c" * 40, "rows_used": (10,), "environment": (), "restart": None, "readings": {"elapsed": reading},
    }  # fmt: skip
    return Past(**{**given, **more})


def trend(*sessions, starts=(0,), marks=(), labels=(("size", "big"),)):
    history = BenchmarkHistory(
        machine_class="class-a", benchmark="train", labels=labels, is_present=True, sessions=sessions
    )
    ends = (*starts[1:], len(sessions))
    series = Series(
        benchmark=history, metric=ELAPSED, threshold=parse_change("+5%"), is_gated=True,
        points=tuple(Point(past=p, reading=p.readings["elapsed"]) for p in sessions),
        sections=tuple(Section(start=s, end=e, cause="") for s, e in zip(starts, ends, strict=True)),
    )  # fmt: skip
    ends_of = Commits(older="", newer="")
    found = [
        Mark(at=at, before=1.0, after=2.0, change=change, shift=0.0, p=0.0, n_before=1, n_after=1, first=at, last=at,
             is_worse=True, is_open=True, is_ended=False, likely=ends_of, widest=ends_of, environment=(), nearby=())
        for at, change in marks
    ]  # fmt: skip
    return Trend(series=series, marks=tuple(found), slow=(), levels=(), crept=None)


def test_one_row_a_value_and_session_with_its_section_and_its_step():
    frame = history_frame([trend(past(0), past(1), past(2), starts=(0, 1), marks=[(2, 0.25)])])
    assert list(frame.columns) == [
        "machine_class", "benchmark", "metric", "unit", "better", "session", "started_at", "commit", "rows_used", "n",
        "p50", "p95", "section", "step", "is_open", "label.size",
    ]  # fmt: skip
    assert list(frame["session"]) == ["s0", "s1", "s2"]
    assert list(frame["p50"]) == [1.0, 2.0, 3.0]
    assert list(frame["section"]) == [0, 1, 1]
    assert list(frame["n"]) == [0, 1, 2]
    assert frame["step"].isna().tolist() == [True, True, False]
    assert frame["step"].iloc[2] == 0.25
    assert frame["is_open"].isna().tolist() == [True, True, False]
    assert frame["is_open"].iloc[2]
    assert frame[frame["is_open"].fillna(value=False)]["session"].tolist() == ["s2"]
    assert frame["p95"].isna().all()
    assert list(frame["rows_used"]) == [10, 10, 10]
    assert frame["started_at"].iloc[0] == pd.Timestamp("2026-01-01T08:00:00", tz="UTC")
    assert set(frame["label.size"]) == {"big"}


def test_a_session_of_unknown_start_has_the_time_when_git_got_to_know_it():
    recorded = past(0, started_at="", recorded_at="2026-02-01T00:00:00Z")
    frame = history_frame([trend(recorded, past(1, started_at=""), past(2, started_at="soon"))])
    assert frame["started_at"].iloc[0] == pd.Timestamp("2026-02-01", tz="UTC")
    assert frame["started_at"].isna().tolist() == [False, True, True]


def test_rows_that_differ_inside_a_session_are_missing_and_so_are_labels_that_others_have():
    frame = history_frame([trend(past(0, rows_used=(10, 20))), trend(past(1, rows_used=()), labels=())])
    assert frame["rows_used"].isna().all()
    assert frame["label.size"].isna().tolist() == [False, True]


def test_a_unit_that_changed_stands_beside_the_values_that_have_it():
    seconds = past(0)
    metric = replace(ELAPSED, unit="min")
    changed = past(1, readings={"elapsed": Reading(metric=metric, sources=(), n=1, p50=0.5, p95=None)})
    assert list(history_frame([trend(seconds, changed, starts=(0, 1))])["unit"]) == ["s", "min"]


def test_no_history_gives_an_empty_table_with_all_columns():
    frame = history_frame([])
    assert frame.empty
    assert {"session", "p50", "step"} <= set(frame.columns)
    assert str(frame["started_at"].dtype.tz) == "UTC"
